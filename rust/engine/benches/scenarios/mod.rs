//! The scenarios to measure. A name consists of a theme, the request, and a size: `theme/request/size`.

mod hostile;
mod ordinary;

use cors_engine::{Custom, Options, Pattern, Policy, Preflight, Reason, Request, Rules};
use std::hint::black_box;
use std::sync::Arc;

/// Runs a scenario the given number of times.
pub(crate) type Run = Box<dyn Fn(u64)>;

/// A decision, or a search for a rule, to measure.
pub(crate) struct Scenario {
    /// `theme/request/size`
    pub(crate) name: String,
    /// The length of the long part of the request in bytes; 0 if no part is long.
    pub(crate) bytes: usize,
    prepare: Box<dyn Fn() -> Run>,
}

impl Scenario {
    /// Compiles the policy or the rules, which can take long, and checks that the result is the expected one.
    pub(crate) fn prepare(&self) -> Run {
        (self.prepare)()
    }
}

/// Returns every scenario.
pub(crate) fn all() -> Vec<Scenario> {
    ordinary::all().chain(hostile::all()).collect()
}

/// Makes patterns when they are needed.
type Patterns = fn() -> Vec<Pattern>;

/// The owned parts of a request.
struct OwnedRequest {
    origin: Option<String>,
    /// The method and the headers of a preflight.
    preflight: Option<(&'static str, String)>,
}

impl OwnedRequest {
    fn nothing() -> Self {
        Self { origin: None, preflight: None }
    }

    fn origin(origin: impl Into<String>) -> Self {
        Self { origin: Some(origin.into()), preflight: None }
    }

    fn preflight(headers: impl Into<String>) -> Self {
        Self { origin: Some(ORIGIN.to_owned()), preflight: Some(("PUT", headers.into())) }
    }

    fn borrowed(&self) -> Request<'_> {
        Request {
            origin: self.origin.as_deref(),
            preflight: self
                .preflight
                .as_ref()
                .map(|(method, headers)| Preflight { method: Some(method), headers: Some(headers) }),
            ..Request::default()
        }
    }
}

/// The Origin of preflights.
const ORIGIN: &str = "https://www.example.com";

/// Returns the scenario of a decision of one policy.
fn decision(
    name: String,
    request: impl Fn() -> OwnedRequest + 'static,
    expected: Reason,
    options: impl Fn() -> Options + 'static,
) -> Scenario {
    let prepare = move || -> Run {
        let policy = Policy::new(&options()).unwrap_or_else(|error| unreachable!("{error}"));
        let owned = request();
        assert_eq!(policy.decide(&owned.borrowed()).reason, expected);
        Box::new(move |count| {
            let request = owned.borrowed();
            for _ in 0..count {
                // By reference, because copying a decision, which is large, would be measured too.
                black_box(&black_box(&policy).decide(black_box(&request)));
            }
        })
    };
    Scenario { name, bytes: 0, prepare: Box::new(prepare) }
}

/// Returns the scenario of a search for the rule of a path.
fn search(name: String, path: String, expected: Option<usize>, rules: impl Fn() -> Vec<Pattern> + 'static) -> Scenario {
    let prepare = move || -> Run {
        let rules = Rules::new(rules().into_iter().map(|pattern| (pattern, ())));
        let path = path.clone();
        assert_eq!(rules.find(&path), expected);
        Box::new(move |count| {
            for _ in 0..count {
                black_box(black_box(&rules).find(black_box(&path)));
            }
        })
    };
    Scenario { name, bytes: 0, prepare: Box::new(prepare) }
}

/// Returns options that allow the given origins, and any request header.
fn options(origins: Vec<Pattern>) -> Options {
    Options { origins, ..Options::default() }
}

fn literal(text: impl Into<String>) -> Pattern {
    Pattern::Literal(text.into())
}

/// Returns a regular expression as the translation from Python's syntax gives it.
fn regex(text: impl Into<String>) -> Pattern {
    struct Unused;
    impl Custom for Unused {
        fn matches(&self, text: &str) -> bool {
            unreachable!("no regular expression here exceeds the size limit: {text}")
        }
    }
    Pattern::Regex(text.into(), Arc::new(Unused))
}

/// Returns different literal origins.
fn literal_origins(count: usize) -> Vec<Pattern> {
    (0..count).map(|number| literal(format!("https://www.example{number}.com"))).collect()
}

/// Returns different regular expressions of subdomains; the one of `example7` is
/// `https://([a-z0-9-]+\.)+example7\.com$` in Python.
fn subdomain_origins(count: usize) -> Vec<Pattern> {
    (0..count).map(|number| regex(format!("https://(?:[a-z0-9-]+\\.)+example{number}\\.com(?:\\n?\\z)"))).collect()
}

/// Returns different header names, sorted as browsers sort them.
fn header_names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("x-name-{number:02}")).collect()
}
