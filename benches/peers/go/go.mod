module peers

go 1.24

require github.com/rs/cors v1.11.1
