//! `Access-Control-Allow-Origin`:
//! [Fetch, CORS check](https://fetch.spec.whatwg.org/#concept-cors-check).

use crate::decision::Reason;
use crate::header::{InvalidHeaderValue, Value, check_value};
use crate::options::Options;
use crate::pattern::Pattern;
use crate::pattern_set::PatternSet;
use crate::request::Request;
use crate::text::{could_be_origin, is_single_line};

/// The allowed origins, and the value for a request without an Origin.
pub(crate) struct AllowOrigin {
    allowed: PatternSet,
    /// The patterns that are asked last, and only about what could be an origin.
    matchers: PatternSet,
    /// Whether the wildcard is among the origins.
    any: bool,
    send_wildcard: bool,
    /// The value for a request without an Origin.
    without_origin: Option<String>,
    allows_several: bool,
}

impl AllowOrigin {
    pub(crate) fn new(options: &Options) -> Result<Self, InvalidHeaderValue> {
        let origins = &options.origins;
        origins.iter().filter_map(Pattern::literal).try_for_each(check_value)?;
        let any = options.any_origin();
        let without_origin = match (options.always_send, any, options.supports_credentials) {
            (false, ..) | (true, true, true) => None,
            (true, true, false) => Some("*".to_owned()),
            (true, false, _) => first_literal(origins).map(str::to_owned),
        };
        Ok(Self {
            allowed: PatternSet::new(origins),
            matchers: PatternSet::new(&options.origin_matchers),
            any,
            send_wildcard: options.send_wildcard,
            without_origin,
            allows_several: origins.len() > 1
                || origins.iter().any(|origin| origin.literal().is_none())
                || !options.origin_matchers.is_empty(),
        })
    }

    /// Returns the value of every response that does not send back the Origin of the request.
    pub(crate) fn constant(&self) -> Option<&str> {
        if self.any { Some("*") } else { self.without_origin.as_deref() }
    }

    /// Returns whether no origin is allowed.
    pub(crate) fn allows_none(&self) -> bool {
        self.allowed.is_empty() && self.matchers.is_empty()
    }

    /// Returns whether more than one origin can be allowed.
    pub(crate) fn allows_several(&self) -> bool {
        self.allows_several
    }

    /// Returns whether requests with different origins, or without one, can get different values.
    pub(crate) fn varies_by_origin(&self) -> bool {
        if self.any { !self.send_wildcard || self.without_origin.is_none() } else { !self.allows_none() }
    }

    /// Returns the value for a request, `None` for no CORS headers, and the reason.
    pub(crate) fn value<'a>(&'a self, request: &Request<'a>) -> (Option<Value<'a>>, Reason) {
        if request.origin_unreadable {
            return if self.any && self.send_wildcard {
                (Some(Value::Constant("*")), Reason::Allowed)
            } else {
                (None, Reason::MalformedOrigin)
            };
        }
        let Some(origin) = request.origin.filter(|origin| !origin.is_empty()) else {
            return (self.without_origin.as_deref().map(Value::Constant), Reason::NoOrigin);
        };
        if self.any && self.send_wildcard {
            (Some(Value::Constant("*")), Reason::Allowed)
        } else if self.allowed.matches_literal(origin) {
            // No literal contains a line break: `new` refuses it.
            (Some(Value::Origin(origin)), Reason::Allowed)
        } else if !is_single_line(origin) {
            (None, Reason::MalformedOrigin)
        } else if self.allowed.matches_non_literal(origin) || self.a_matcher_allows(origin) {
            (Some(Value::Origin(origin)), Reason::Allowed)
        } else {
            (None, Reason::OriginNotAllowed)
        }
    }

    fn a_matcher_allows(&self, origin: &str) -> bool {
        !self.matchers.is_empty() && could_be_origin(origin) && self.matchers.matches_non_literal(origin)
    }
}

/// Returns the first literal in the order of code points, which is that of `sorted()` in Python.
fn first_literal(origins: &[Pattern]) -> Option<&str> {
    let is_sendable = |origin: &&Pattern| matches!(origin, Pattern::Literal(_) | Pattern::CaseSensitive(_));
    origins.iter().filter(is_sendable).filter_map(Pattern::literal).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::literal;

    #[test]
    fn the_first_literal_is_the_smallest_that_was_written_as_text() {
        let case_sensitive = Pattern::CaseSensitive("https://b".into());
        let origins = [Pattern::Converted("1".into()), literal("https://c"), case_sensitive, literal("\u{10ffff}")];
        assert_eq!(first_literal(&origins), Some("https://b"));
        assert_eq!(first_literal(&[Pattern::Converted("1".into()), Pattern::Wildcard]), None);
    }

    #[test]
    fn a_literal_with_a_line_break_is_refused() {
        let origins = vec![literal("https://a"), literal("https://b\r\nX: y")];
        assert!(AllowOrigin::new(&Options { origins, ..Options::default() }).is_err());
    }
}
