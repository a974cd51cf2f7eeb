// Times rs/cors in the scenarios given on standard input, and writes nanoseconds by name: with
// the library, and without.
package main

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"time"

	rs "github.com/rs/cors"
)

type scenario struct {
	Name         string   `json:"name"`
	Literals     []string `json:"literals"`
	Subdomains   []string `json:"subdomains"`
	Regexes      []string `json:"regexes"`
	AllowHeaders []string `json:"allow_headers"`
	Origin       *string  `json:"origin"`
	Headers      *string  `json:"headers"`
	Allowed      bool     `json:"allowed"`
}

// A response that keeps only its headers.
type recorder struct{ header http.Header }

func (r *recorder) Header() http.Header             { return r.header }
func (r *recorder) Write(bytes []byte) (int, error) { return len(bytes), nil }
func (r *recorder) WriteHeader(int)                 {}

func middleware(s scenario) func(http.Handler) http.Handler {
	options := rs.Options{AllowedMethods: []string{"GET", "PUT"}, AllowedHeaders: s.AllowHeaders}
	options.AllowedOrigins = append(options.AllowedOrigins, s.Literals...)
	for _, host := range s.Subdomains {
		options.AllowedOrigins = append(options.AllowedOrigins, "https://*."+host)
	}
	if len(s.Regexes) > 0 {
		var regexes []*regexp.Regexp
		for _, text := range s.Regexes {
			regexes = append(regexes, regexp.MustCompile("^(?:"+text+")$"))
		}
		options.AllowOriginFunc = func(origin string) bool {
			for _, regex := range regexes {
				if regex.MatchString(origin) {
					return true
				}
			}
			return false
		}
	}
	return rs.New(options).Handler
}

func request(s scenario) *http.Request {
	r, _ := http.NewRequest(http.MethodGet, "http://server.example/", nil)
	if s.Origin != nil {
		r.Header.Set("Origin", *s.Origin)
	}
	if s.Headers != nil {
		r.Method = http.MethodOptions
		r.Header.Set("Access-Control-Request-Method", http.MethodPut)
		if *s.Headers != "" {
			r.Header.Set("Access-Control-Request-Headers", *s.Headers)
		}
	}
	return r
}

// Returns the nanoseconds of one call.
func measure(handler http.Handler, r *http.Request) float64 {
	w := &recorder{http.Header{}}
	for count := 1; ; count *= 2 {
		start := time.Now()
		for range count {
			clear(w.header)
			handler.ServeHTTP(w, r)
		}
		if elapsed := time.Since(start); elapsed > 10*time.Millisecond {
			return float64(elapsed.Nanoseconds()) / float64(count)
		}
	}
}

func main() {
	var scenarios []scenario
	if err := json.NewDecoder(os.Stdin).Decode(&scenarios); err != nil {
		panic(err)
	}
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	times := map[string][2]float64{}
	for _, s := range scenarios {
		handler, r, w := middleware(s)(nothing), request(s), &recorder{http.Header{}}
		handler.ServeHTTP(w, r)
		if allowed := w.header.Get("Access-Control-Allow-Origin") != ""; allowed != s.Allowed {
			panic(s.Name + ": not answered as expected")
		}
		times[s.Name] = [2]float64{measure(handler, r), measure(nothing, r)}
	}
	if err := json.NewEncoder(os.Stdout).Encode(map[string]any{"rs/cors (Go)": times}); err != nil {
		panic(err)
	}
}
