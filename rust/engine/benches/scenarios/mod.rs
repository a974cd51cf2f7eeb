//! The decisions that are measured. A name is a theme, what is asked, and of how much.

mod hostile;
mod ordinary;

use cors_engine::{Foreign, Options, Pattern, Policy, Preflight, Reason, Request, Rules};
use std::hint::black_box;
use std::sync::Arc;

/// Makes one decision as often as it is told.
pub(crate) type Run = Box<dyn Fn(u64)>;

/// One decision to measure.
pub(crate) struct Scenario {
    /// `theme/what/size`
    pub(crate) name: String,
    /// The length of the part of the request that is long, 0 where none is.
    pub(crate) bytes: usize,
    prepare: Box<dyn Fn() -> Run>,
}

impl Scenario {
    /// Compiles the policy, which may take long, and makes sure that it decides as the scenario says.
    pub(crate) fn prepare(&self) -> Run {
        (self.prepare)()
    }
}

/// Every scenario.
pub(crate) fn all() -> Vec<Scenario> {
    ordinary::all().chain(hostile::all()).collect()
}

/// Patterns, made when they are needed.
type Patterns = fn() -> Vec<Pattern>;

/// What a request holds.
struct Asked {
    origin: Option<String>,
    /// The method and the headers of a preflight.
    preflight: Option<(&'static str, String)>,
}

impl Asked {
    fn nothing() -> Self {
        Self { origin: None, preflight: None }
    }

    fn origin(origin: impl Into<String>) -> Self {
        Self { origin: Some(origin.into()), preflight: None }
    }

    fn preflight(headers: impl Into<String>) -> Self {
        Self { origin: Some(ORIGIN.to_owned()), preflight: Some(("PUT", headers.into())) }
    }

    fn request(&self) -> Request<'_> {
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

/// The origin that preflights come from.
const ORIGIN: &str = "https://www.example.com";

/// A decision of one policy.
fn decision(
    name: String,
    asked: impl Fn() -> Asked + 'static,
    expected: Reason,
    options: impl Fn() -> Options + 'static,
) -> Scenario {
    let prepare = move || -> Run {
        let policy = Policy::new(options()).unwrap_or_else(|error| unreachable!("{error}"));
        let asked = asked();
        assert_eq!(policy.decide(&asked.request()).reason, expected);
        Box::new(move |count| {
            let request = asked.request();
            for _ in 0..count {
                // By reference: a decision is large, and is not to be copied for the benchmark's sake.
                black_box(&black_box(&policy).decide(black_box(&request)));
            }
        })
    };
    Scenario { name, bytes: 0, prepare: Box::new(prepare) }
}

/// The search for the rule of a path.
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

/// Options that allow these origins, and any header.
fn options(origins: Vec<Pattern>) -> Options {
    let literals = origins.iter().filter_map(|pattern| match pattern {
        Pattern::Literal(text) => Some(text.clone()),
        _ => None,
    });
    Options { any_origin: false, first_literal_origin: literals.min(), origins, ..Options::default() }
}

fn literal(text: impl Into<String>) -> Pattern {
    Pattern::Literal(text.into())
}

/// A regular expression, as the translation of Python's gives them.
fn regex(text: impl Into<String>) -> Pattern {
    struct Unused;
    impl Foreign for Unused {
        fn matches(&self, text: &str) -> bool {
            unreachable!("every pattern here fits into an automaton: {text}")
        }
    }
    Pattern::Regex(text.into(), Arc::new(Unused))
}

/// So many literal origins.
fn literal_origins(count: usize) -> Vec<Pattern> {
    (0..count).map(|number| literal(format!("https://www.example{number}.com"))).collect()
}

/// So many origins with subdomains, `https://([a-z0-9-]+\.)+example7\.com$` in Python.
fn subdomain_origins(count: usize) -> Vec<Pattern> {
    (0..count).map(|number| regex(format!("https://(?:[a-z0-9-]+\\.)+example{number}\\.com(?:\\n?\\z)"))).collect()
}

/// So many header names, in the order of a browser.
fn header_names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("x-name-{number:02}")).collect()
}
