//! `Access-Control-Request-Headers` answered by `Access-Control-Allow-Headers`:
//! [Fetch, CORS-preflight fetch](https://fetch.spec.whatwg.org/#cors-preflight-fetch-0).

use crate::pattern::{Pattern, PatternSet};
use crate::text::{is_single_line, strip};
use memchr::memchr_iter;
use smallvec::SmallVec;

/// The header names that a request may have.
pub(crate) struct RequestHeaders {
    allowed: PatternSet,
}

impl RequestHeaders {
    pub(crate) fn new(patterns: Vec<Pattern>) -> Self {
        Self { allowed: PatternSet::new(patterns) }
    }

    /// The requested names that are allowed, sorted and joined as Flask-CORS does, and whether all are.
    /// Duplicates, case and empty elements stay; an empty element asks for nothing. A name that holds a line
    /// break is never allowed.
    pub(crate) fn answer(&self, requested: &str) -> (String, bool) {
        let mut complete = true;
        let mut sorted = true;
        let single_line = is_single_line(requested);
        let mut names: SmallVec<[&str; 16]> = SmallVec::new();
        let mut start = 0;
        for end in memchr_iter(b',', requested.as_bytes()).chain([requested.len()]) {
            let Some(name) = requested.get(start..end) else { break };
            start = end + 1;
            let name = strip(name);
            if self.allowed.matches(name) && (single_line || is_single_line(name)) {
                sorted &= names.last().is_none_or(|last| *last <= name);
                names.push(name);
            } else {
                complete &= name.is_empty();
            }
        }
        if !sorted {
            names.sort_unstable();
        }
        let mut joined = String::with_capacity(requested.len() + names.len());
        for (index, name) in names.iter().enumerate() {
            if index > 0 {
                joined.push_str(", ");
            }
            joined.push_str(name);
        }
        (joined, complete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(names: &[&str]) -> RequestHeaders {
        RequestHeaders::new(names.iter().map(|name| Pattern::Literal((*name).to_owned())).collect())
    }

    #[test]
    fn allowed_names_are_echoed_sorted() {
        let headers = literals(&["X-A", "X-B"]);
        assert_eq!(headers.answer("x-b , X-A"), ("X-A, x-b".to_owned(), true));
        assert_eq!(headers.answer("x-c, x-a, x-a"), ("x-a, x-a".to_owned(), false));
        assert_eq!(headers.answer("x-c"), (String::new(), false));
    }

    #[test]
    fn with_any_name_allowed_empty_elements_stay() {
        let headers = RequestHeaders::new(vec![Pattern::Any]);
        assert_eq!(headers.answer("b,,a"), (", a, b".to_owned(), true));
    }

    #[test]
    fn a_name_with_a_line_break_is_left_out() {
        let headers = RequestHeaders::new(vec![Pattern::Any]);
        assert_eq!(headers.answer("a\r\nSet-Cookie: x, b\n"), ("b".to_owned(), false));
    }
}
