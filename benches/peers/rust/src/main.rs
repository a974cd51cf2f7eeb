//! Times the engine and tower-http in the scenarios given on standard input, and writes nanoseconds
//! by name.

use cors_engine::{Custom, Options, Pattern, Policy, Preflight, Reason};
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
};
use http::{HeaderName, HeaderValue, Method, Request, Response};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::io::{stdin, stdout};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tower::{Layer, Service, service_fn};
use tower_http::cors::{AllowOrigin, CorsLayer};

#[derive(Deserialize)]
struct Scenario {
    name: String,
    literals: Vec<String>,
    subdomains: Vec<String>,
    regexes: Vec<String>,
    allow_headers: Vec<String>,
    origin: Option<String>,
    headers: Option<String>,
    allowed: bool,
}

/// Returns the nanoseconds of one call.
fn measure(mut call: impl FnMut()) -> f64 {
    let mut count = 1_u32;
    loop {
        let start = Instant::now();
        (0..count).for_each(|_| call());
        let elapsed = start.elapsed();
        if elapsed > Duration::from_millis(10) {
            return elapsed.as_secs_f64() * 1e9 / f64::from(count);
        }
        count *= 2;
    }
}

struct Unused;

impl Custom for Unused {
    fn matches(&self, text: &str) -> bool {
        unreachable!("every pattern here is compiled to a regex set: {text}")
    }
}

/// Returns the nanoseconds with the engine, and those of the loop by itself.
fn ours(scenario: &Scenario) -> [f64; 2] {
    let literal = |text: &String| Pattern::Literal(text.clone());
    let subdomains = scenario.subdomains.iter().map(|host| format!("https://[^/]+\\.{}", regex::escape(host)));
    let regexes = subdomains.chain(scenario.regexes.iter().cloned());
    let regexes = regexes.map(|text| Pattern::Regex(format!("(?:{text})(?:\\n?\\z)"), Arc::new(Unused)));
    let policy = Policy::new(&Options {
        origins: scenario.literals.iter().map(literal).chain(regexes).collect(),
        methods: "GET, PUT".to_owned(),
        allow_headers: scenario.allow_headers.iter().map(literal).collect(),
        ..Options::default()
    })
    .unwrap();
    let request = cors_engine::Request {
        origin: scenario.origin.as_deref(),
        preflight: scenario.headers.as_deref().map(|headers| Preflight { method: Some("PUT"), headers: Some(headers) }),
        ..cors_engine::Request::default()
    };
    // The refused preflights come from an allowed origin.
    let reason = policy.decide(&request).reason;
    assert_eq!(reason == Reason::Allowed, scenario.allowed, "{}: {reason}", scenario.name);
    // `black_box` keeps the compiler from moving work out of the loop. References avoid copies.
    let whole = measure(|| {
        black_box(&black_box(&policy).decide(black_box(&request)));
    });
    let alone = measure(|| {
        black_box(black_box(&request));
    });
    [whole, alone]
}

fn layer(scenario: &Scenario) -> CorsLayer {
    let subdomains: Vec<String> = scenario.subdomains.iter().map(|host| format!(".{host}")).collect();
    let origins = if !scenario.regexes.is_empty() {
        let regexes = scenario.regexes.iter().map(|text| format!("^(?:{text})$"));
        let set = regex::bytes::RegexSet::new(regexes).unwrap();
        AllowOrigin::predicate(move |origin, _| set.is_match(origin.as_bytes()))
    } else if !subdomains.is_empty() {
        AllowOrigin::predicate(move |origin, _| {
            let origin = origin.as_bytes();
            origin.starts_with(b"https://") && subdomains.iter().any(|end| origin.ends_with(end.as_bytes()))
        })
    } else {
        AllowOrigin::list(scenario.literals.iter().map(|origin| HeaderValue::from_str(origin).unwrap()))
    };
    let headers: Vec<HeaderName> = scenario.allow_headers.iter().map(|name| name.parse().unwrap()).collect();
    CorsLayer::new().allow_origin(origins).allow_methods([Method::GET, Method::PUT]).allow_headers(headers)
}

fn request(scenario: &Scenario) -> Request<()> {
    let mut request = Request::new(());
    let headers = request.headers_mut();
    if let Some(origin) = &scenario.origin {
        headers.insert(ORIGIN, origin.parse().unwrap());
    }
    if let Some(names) = &scenario.headers {
        headers.insert(ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("PUT"));
        if !names.is_empty() {
            headers.insert(ACCESS_CONTROL_REQUEST_HEADERS, names.parse().unwrap());
        }
        *request.method_mut() = Method::OPTIONS;
    }
    request
}

/// Calls a service whose response is ready at once.
fn call<S: Service<Request<()>, Response = Response<()>, Error = Infallible>>(
    service: &mut S,
    request: &Request<()>,
) -> Response<()> {
    let future = pin!(service.call(black_box(request).clone()));
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(response)) => response,
        _ => unreachable!("nothing here waits"),
    }
}

fn nothing(_: Request<()>) -> Ready<Result<Response<()>, Infallible>> {
    ready(Ok(Response::new(())))
}

/// Returns the nanoseconds with the layer, and those of the service by itself.
fn tower_http(scenario: &Scenario) -> [f64; 2] {
    let mut alone = service_fn(nothing);
    let mut service = layer(scenario).layer(alone);
    let request = request(scenario);
    // tower-http checks only the origin, and leaves the rest to the browser.
    let answered = call(&mut service, &request).headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN);
    assert!(answered == scenario.allowed || scenario.headers.is_some(), "{}", scenario.name);
    let whole = measure(|| {
        black_box(&call(black_box(&mut service), &request));
    });
    let alone = measure(|| {
        black_box(&call(black_box(&mut alone), &request));
    });
    [whole, alone]
}

fn main() {
    let scenarios: Vec<Scenario> = serde_json::from_reader(stdin()).unwrap();
    let candidates: [(&str, fn(&Scenario) -> [f64; 2]); 2] =
        [("flask-cors-rs' engine", ours), ("tower-http (Rust)", tower_http)];
    let times: BTreeMap<_, BTreeMap<_, _>> = candidates
        .into_iter()
        .map(|(name, time)| (name, scenarios.iter().map(|scenario| (&scenario.name, time(scenario))).collect()))
        .collect();
    serde_json::to_writer(stdout(), &times).unwrap();
}
