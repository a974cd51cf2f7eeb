//! `Access-Control-Allow-Origin`:
//! [Fetch, CORS check](https://fetch.spec.whatwg.org/#concept-cors-check).

use crate::decision::Reason;
use crate::header::Value;
use crate::options::Options;
use crate::pattern::PatternSet;
use crate::request::Request;
use crate::text::{is_single_line, may_be_origin};

/// Which origins are allowed, and what is said to a request that has none.
pub(crate) struct Origins {
    allowed: PatternSet,
    /// Asked last, and only of what may be an origin.
    matchers: PatternSet,
    /// Whether `*` is configured.
    any: bool,
    send_wildcard: bool,
    /// The answer to a request without an Origin.
    unasked: Option<String>,
}

impl Origins {
    pub(crate) fn new(options: &mut Options) -> Self {
        let any = options.any_origin;
        let unasked = match (options.always_send, any, options.supports_credentials) {
            (false, ..) | (true, true, true) => None,
            (true, true, false) => Some("*".to_owned()),
            (true, false, _) => options.first_literal_origin.take(),
        };
        let allowed = PatternSet::new(std::mem::take(&mut options.origins));
        let matchers = PatternSet::new(std::mem::take(&mut options.origin_matchers));
        Self { allowed, matchers, any, send_wildcard: options.send_wildcard, unasked }
    }

    /// The value that this policy gives to requests of every origin, or of none.
    pub(crate) fn constant(&self) -> Option<&str> {
        if self.any { Some("*") } else { self.unasked.as_deref() }
    }

    /// Whether requests with different origins, or with none, can get different answers.
    pub(crate) fn differ(&self) -> bool {
        if self.any {
            !self.send_wildcard || self.unasked.is_none()
        } else {
            !self.allowed.is_empty() || !self.matchers.is_empty()
        }
    }

    /// The value to send, `None` for no CORS headers at all, and the reason.
    pub(crate) fn answer<'a>(&'a self, request: &Request<'a>) -> (Option<Value<'a>>, Reason) {
        if request.origin_unreadable {
            return if self.any && self.send_wildcard {
                (Some(Value::Constant("*")), Reason::Allowed)
            } else {
                (None, Reason::MalformedOrigin)
            };
        }
        let Some(origin) = request.origin.filter(|origin| !origin.is_empty()) else {
            return (self.unasked.as_deref().map(Value::Constant), Reason::NoOrigin);
        };
        if self.any && self.send_wildcard {
            (Some(Value::Constant("*")), Reason::Allowed)
        } else if self.allowed.matches_literal(origin) {
            // No literal has a line break.
            (Some(Value::Origin(origin)), Reason::Allowed)
        } else if !is_single_line(origin) {
            (None, Reason::MalformedOrigin)
        } else if self.allowed.matches_pattern(origin) || self.matches_last(origin) {
            (Some(Value::Origin(origin)), Reason::Allowed)
        } else {
            (None, Reason::OriginNotAllowed)
        }
    }

    fn matches_last(&self, origin: &str) -> bool {
        !self.matchers.is_empty() && may_be_origin(origin) && self.matchers.matches_pattern(origin)
    }
}
