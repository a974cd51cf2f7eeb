//! `Access-Control-Allow-Headers`, the answer to `Access-Control-Request-Headers`:
//! [Fetch, CORS-preflight fetch](https://fetch.spec.whatwg.org/#cors-preflight-fetch-0).

use crate::pattern::Pattern;
use crate::pattern_set::PatternSet;
use crate::text::{is_single_line, strip};
use memchr::memchr_iter;
use smallvec::SmallVec;

/// The request headers that a preflight may ask for.
pub(crate) struct AllowHeaders {
    allowed: PatternSet,
}

impl AllowHeaders {
    pub(crate) fn new(patterns: &[Pattern]) -> Self {
        Self { allowed: PatternSet::new(patterns) }
    }

    /// Returns the list of the requested names that are allowed, and whether all of them are.
    ///
    /// As in Flask-CORS the list is sorted; duplicates, case and empty elements stay. An empty element asks for
    /// nothing. A name with a line break is never allowed.
    pub(crate) fn allowed_request_headers(&self, requested: &str) -> (String, bool) {
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
        let mut list = String::with_capacity(requested.len() + names.len());
        for (index, name) in names.iter().enumerate() {
            if index > 0 {
                list.push_str(", ");
            }
            list.push_str(name);
        }
        (list, complete)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::literal;

    #[test]
    fn allowed_names_are_echoed_in_order() {
        let headers = AllowHeaders::new(&[literal("X-A"), literal("X-B")]);
        assert_eq!(headers.allowed_request_headers("x-b , X-A"), ("X-A, x-b".to_owned(), true));
        assert_eq!(headers.allowed_request_headers("x-c, x-a, x-a"), ("x-a, x-a".to_owned(), false));
        assert_eq!(headers.allowed_request_headers("x-c"), (String::new(), false));
    }

    #[test]
    fn empty_elements_stay_where_any_name_is_allowed() {
        let headers = AllowHeaders::new(&[Pattern::Wildcard]);
        assert_eq!(headers.allowed_request_headers("b,,a"), (", a, b".to_owned(), true));
    }

    #[test]
    fn a_name_with_a_line_break_is_left_out() {
        let headers = AllowHeaders::new(&[Pattern::Wildcard]);
        assert_eq!(headers.allowed_request_headers("a\r\nSet-Cookie: x, b\n"), ("b".to_owned(), false));
    }
}
