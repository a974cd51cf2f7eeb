//! Options, compiled.

use crate::credentials::Credentials;
use crate::decision::{Decision, Reason};
use crate::expose_headers::ExposeHeaders;
use crate::header::{Header, HeaderName, InvalidHeaderValue, Value, check_value};
use crate::max_age::MaxAge;
use crate::methods::Methods;
use crate::options::{OptionError, OptionName, Options};
use crate::origin::Origins;
use crate::pattern::Pattern;
use crate::private_network::PrivateNetwork;
use crate::request::{Preflight, Request};
use crate::request_headers::RequestHeaders;
use crate::vary::Vary;

/// The options of one resource or view, ready to answer requests.
pub struct Policy {
    origins: Origins,
    expose_headers: ExposeHeaders,
    credentials: Credentials,
    private_network: PrivateNetwork,
    request_headers: RequestHeaders,
    max_age: MaxAge,
    methods: Methods,
    vary: Vary,
}

impl Policy {
    /// Compiles options.
    ///
    /// # Errors
    /// An [`OptionError`] says which option cannot be, and why.
    pub fn new(mut options: Options) -> Result<Self, OptionError> {
        if options.any_origin && options.supports_credentials && options.send_wildcard {
            return Err(OptionError::WildcardWithCredentials);
        }
        let named = |name| move |error: InvalidHeaderValue| OptionError::HeaderValue(name, error);
        if let Some(origin) = &options.first_literal_origin {
            check_value(origin).map_err(named(OptionName::Origins))?;
        }
        let is_dynamic = |pattern: &Pattern| !matches!(pattern, Pattern::Literal(_) | Pattern::Exact(_));
        let dynamic =
            options.origins.len() > 1 || options.origins.iter().chain(&options.origin_matchers).any(is_dynamic);
        let answers = options.any_origin || !options.origins.is_empty() || !options.origin_matchers.is_empty();
        let origins = Origins::new(&mut options);
        Ok(Self {
            expose_headers: ExposeHeaders::new(options.expose_headers).map_err(named(OptionName::ExposeHeaders))?,
            credentials: Credentials(options.supports_credentials),
            private_network: PrivateNetwork(options.allow_private_network),
            request_headers: RequestHeaders::new(options.allow_headers),
            max_age: MaxAge::new(options.max_age).map_err(named(OptionName::MaxAge))?,
            methods: Methods::new(options.methods).map_err(named(OptionName::Methods))?,
            vary: Vary::new(options.vary_header, dynamic, origins.differ(), answers),
            origins,
        })
    }

    /// The headers that this policy sends with one value only, whenever it sends them. They are the
    /// [`Value::Constant`] of its decisions.
    pub fn constants(&self) -> impl Iterator<Item = (HeaderName, &str)> {
        [
            (HeaderName::AllowOrigin, self.origins.constant()),
            (HeaderName::ExposeHeaders, self.expose_headers.header()),
            (HeaderName::AllowCredentials, self.credentials.header()),
            (HeaderName::AllowPrivateNetwork, Some(self.private_network.header())),
            (HeaderName::MaxAge, self.max_age.header()),
            (HeaderName::AllowMethods, Some(self.methods.header())),
            (HeaderName::Vary, self.vary.header()),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
    }

    /// Decides a request.
    #[must_use]
    pub fn decide<'a>(&'a self, request: &Request<'a>) -> Decision<'a> {
        let mut decision = Decision::nothing(Reason::NoOrigin);
        decision.reason = self.answer(request, |header| {
            // One of each name at most: there is always room.
            let _ = decision.headers.try_push(header);
        });
        decision
    }

    /// Decides a request, and gives each header to `add` as soon as it is known.
    #[inline]
    pub fn answer<'a>(&'a self, request: &Request<'a>, mut add: impl FnMut(Header<'a>)) -> Reason {
        let (origin, reason) = self.origins.answer(request);
        let Some(origin) = origin else {
            if let Some(value) = self.vary.refusal(request.preflight.is_some()) {
                add(Header { name: HeaderName::Vary, value });
            }
            return reason;
        };
        let vary = self.vary.answer(origin.as_str(), request.preflight.is_some());
        let mut add = |name, value: Value<'a>| {
            if !value.as_str().is_empty() {
                add(Header { name, value });
            }
        };
        add(HeaderName::AllowOrigin, origin);
        if let Some(value) = self.expose_headers.header() {
            add(HeaderName::ExposeHeaders, Value::Constant(value));
        }
        if let Some(value) = self.credentials.header() {
            add(HeaderName::AllowCredentials, Value::Constant(value));
        }
        if request.private_network {
            add(HeaderName::AllowPrivateNetwork, Value::Constant(self.private_network.header()));
        }
        let mut refusal = None;
        if let Some(Preflight { method: Some(method), headers }) = request.preflight
            && !method.is_empty()
        {
            if self.methods.allows(method) {
                if let Some(requested) = headers.filter(|headers| !headers.is_empty()) {
                    let (allowed, complete) = self.request_headers.answer(requested);
                    add(HeaderName::AllowHeaders, Value::Built(allowed));
                    refusal = (!complete).then_some(Reason::HeaderNotAllowed);
                }
                if let Some(value) = self.max_age.header() {
                    add(HeaderName::MaxAge, Value::Constant(value));
                }
                add(HeaderName::AllowMethods, Value::Constant(self.methods.header()));
            } else {
                refusal = Some(Reason::MethodNotAllowed);
            }
        }
        if let Some(value) = vary {
            add(HeaderName::Vary, value);
        }
        if reason == Reason::Allowed { refusal.unwrap_or(reason) } else { reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::tests::{Suffix, regex};
    use crate::vary::VaryHeader;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn policy(change: impl FnOnce(&mut Options)) -> Policy {
        let mut options = Options::default();
        change(&mut options);
        Policy::new(options).unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn origins(options: &mut Options, literals: &[&str]) {
        options.origins = literals.iter().map(|origin| Pattern::Literal((*origin).to_owned())).collect();
        options.any_origin = false;
        options.first_literal_origin = literals.iter().min().map(|origin| (*origin).to_owned());
    }

    fn sent(policy: &Policy, request: &Request<'_>) -> (Vec<(String, String)>, Reason) {
        let decision = policy.decide(request);
        let headers =
            decision.headers.iter().map(|h| (h.name.as_str().to_owned(), h.value.as_str().to_owned())).collect();
        (headers, decision.reason)
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    const PREFLIGHT: Request<'_> = Request {
        origin: Some("https://a.example"),
        origin_unreadable: false,
        private_network: false,
        preflight: Some(Preflight { method: Some("PUT"), headers: Some("x-b, x-a") }),
    };

    #[test]
    fn by_default_every_origin_is_reflected() {
        let request = Request { origin: Some("https://a.example"), ..Request::default() };
        assert_eq!(
            sent(&policy(|_| ()), &request),
            (pairs(&[("Access-Control-Allow-Origin", "https://a.example"), ("Vary", "Origin")]), Reason::Allowed)
        );
    }

    #[test]
    fn without_an_origin_the_wildcard_is_sent() {
        assert_eq!(
            sent(&policy(|_| ()), &Request::default()),
            (pairs(&[("Access-Control-Allow-Origin", "*")]), Reason::NoOrigin)
        );
        assert_eq!(sent(&policy(|o| o.supports_credentials = true), &Request::default()).0, []);
        assert_eq!(sent(&policy(|o| o.always_send = false), &Request::default()).0, []);
    }

    #[test]
    fn without_an_origin_the_first_literal_is_sent() {
        let policy = policy(|o| origins(o, &["https://b.example", "https://a.example"]));
        assert_eq!(
            sent(&policy, &Request::default()).0,
            pairs(&[("Access-Control-Allow-Origin", "https://a.example"), ("Vary", "Origin")])
        );
    }

    #[test]
    fn an_empty_first_literal_is_dropped_and_the_rest_stays() {
        let policy = policy(|o| origins(o, &["", "https://a.example"]));
        assert_eq!(sent(&policy, &Request::default()).0, pairs(&[("Vary", "Origin")]));
    }

    #[test]
    fn a_preflight_gets_its_headers_in_order() {
        let policy = policy(|o| {
            origins(o, &["https://a.example"]);
            o.expose_headers = Some("X-E".into());
            o.supports_credentials = true;
            o.max_age = Some("0".into());
            o.methods = "GET, PUT".into();
        });
        assert_eq!(
            sent(&policy, &Request { private_network: true, ..PREFLIGHT }),
            (
                pairs(&[
                    ("Access-Control-Allow-Origin", "https://a.example"),
                    ("Access-Control-Expose-Headers", "X-E"),
                    ("Access-Control-Allow-Credentials", "true"),
                    ("Access-Control-Allow-Private-Network", "false"),
                    ("Access-Control-Allow-Headers", "x-a, x-b"),
                    ("Access-Control-Max-Age", "0"),
                    ("Access-Control-Allow-Methods", "GET, PUT"),
                ]),
                Reason::Allowed
            )
        );
    }

    #[test]
    fn refusals_have_their_reasons() {
        let no_put = policy(|o| o.methods = "GET".into());
        assert_eq!(sent(&no_put, &PREFLIGHT).1, Reason::MethodNotAllowed);
        let no_header = policy(|o| o.allow_headers = vec![Pattern::Literal("x-a".into())]);
        assert_eq!(sent(&no_header, &PREFLIGHT).1, Reason::HeaderNotAllowed);
        let other = policy(|o| origins(o, &["https://b.example"]));
        assert_eq!(sent(&other, &PREFLIGHT), (vec![], Reason::OriginNotAllowed));
    }

    #[test]
    fn what_is_not_text_or_breaks_the_line_is_never_reflected() {
        let broken = Request { origin: Some("https://a.example\r\nX: y"), ..Request::default() };
        let unreadable = Request { origin_unreadable: true, ..Request::default() };
        for request in [broken, unreadable] {
            assert_eq!(sent(&policy(|_| ()), &request), (vec![], Reason::MalformedOrigin));
            assert_eq!(
                sent(&policy(|o| o.send_wildcard = true), &request).0,
                pairs(&[("Access-Control-Allow-Origin", "*")])
            );
        }
    }

    #[test]
    fn vary_is_sent_where_the_answer_can_change() {
        let request = Request { origin: Some("https://a.example"), ..Request::default() };
        let vary = |policy: &Policy, request: &Request<'_>| {
            policy.decide(request).headers.iter().any(|header| header.name == HeaderName::Vary)
        };
        assert!(!vary(&policy(|o| origins(o, &["https://a.example"])), &request));
        assert!(vary(&policy(|o| origins(o, &["https://a.example", "https://a.example"])), &request));
        assert!(!vary(&policy(|o| o.vary_header = VaryHeader::Never), &request));
        assert!(!vary(&policy(|_| ()), &Request { origin: Some("*"), ..Request::default() }));
        let one_regex = policy(|o| {
            origins(o, &[]);
            o.origins = vec![regex("https://")];
        });
        assert!(vary(&one_regex, &request));
    }

    #[test]
    fn always_vary_says_what_the_answer_depends_on() {
        let by = |change: &dyn Fn(&mut Options), request: &Request<'_>| {
            let policy = policy(|o| {
                o.vary_header = VaryHeader::Always;
                change(o);
            });
            let found = policy.decide(request).headers.into_iter().find(|header| header.name == HeaderName::Vary);
            found.map_or_else(String::new, |header| header.value.as_str().to_owned())
        };
        let other = Request { origin: Some("https://other.example"), ..Request::default() };
        let one = |o: &mut Options| origins(o, &["https://a.example"]);
        let wildcard = |o: &mut Options| o.send_wildcard = true;
        for request in [Request::default(), other, Request { origin: Some("https://a.example"), ..other }] {
            assert_eq!(by(&one, &request), "Origin");
            assert_eq!(by(&|_| (), &request), "Origin");
            assert_eq!(by(&wildcard, &request), "");
            assert_eq!(by(&|o| origins(o, &[]), &request), "");
        }
        let asked = "Access-Control-Request-Method, Access-Control-Request-Headers, \
                     Access-Control-Request-Private-Network";
        for request in [PREFLIGHT, Request { origin: None, ..PREFLIGHT }] {
            assert_eq!(by(&one, &request), format!("Origin, {asked}"));
            assert_eq!(by(&wildcard, &request), asked);
        }
        let not_unasked = |o: &mut Options| {
            o.send_wildcard = true;
            o.always_send = false;
        };
        assert_eq!(by(&not_unasked, &Request::default()), "Origin");
    }

    #[test]
    fn matchers_are_asked_last_and_only_of_what_may_be_an_origin() {
        let policy = policy(|o| {
            origins(o, &["https://a.example"]);
            o.origin_matchers = vec![Pattern::Foreign(Arc::new(Suffix(".b.example")))];
        });
        let reason = |origin| policy.decide(&Request { origin: Some(origin), ..Request::default() }).reason;
        assert_eq!(reason("https://a.example"), Reason::Allowed);
        assert_eq!(reason("https://x.b.example"), Reason::Allowed);
        assert_eq!(reason("https://c.example"), Reason::OriginNotAllowed);
        assert_eq!(reason("https:// .b.example"), Reason::OriginNotAllowed);
        assert_eq!(reason(&format!("https://{}.b.example", "x".repeat(310))), Reason::OriginNotAllowed);
    }

    #[test]
    fn options_that_browsers_refuse_make_no_policy() {
        let error = Policy::new(Options { supports_credentials: true, send_wildcard: true, ..Options::default() });
        assert_eq!(error.err(), Some(OptionError::WildcardWithCredentials));
        let error = Policy::new(Options { max_age: Some("1\r\n".into()), ..Options::default() });
        assert!(matches!(error.err(), Some(OptionError::HeaderValue(OptionName::MaxAge, _))));
    }

    proptest! {
        #[test]
        fn no_request_breaks_a_line_or_doubles_a_header(
            origin in proptest::option::of(any::<String>()),
            method in proptest::option::of("[A-Z]{0,3}|PUT|get|\\PC*"),
            headers in proptest::option::of("([a-zX,\\- \\r\\n\u{1c}\u{a0}]|\\PC){0,30}"),
            send_wildcard: bool,
            always_send: bool,
            private_network: bool,
            literals in proptest::collection::vec("https://[ab]|\\PC{0,3}", 0..3),
        ) {
            let policy = policy(|o| {
                o.send_wildcard = send_wildcard;
                o.always_send = always_send;
                if !literals.is_empty() {
                    origins(o, &literals.iter().map(String::as_str).collect::<Vec<_>>());
                }
            });
            let request = Request {
                origin: origin.as_deref(),
                origin_unreadable: false,
                private_network,
                preflight: Some(Preflight { method: method.as_deref(), headers: headers.as_deref() }),
            };
            let decision = policy.decide(&request);
            for header in &decision.headers {
                prop_assert!(!header.value.as_str().is_empty());
                prop_assert!(!header.value.as_str().contains(['\r', '\n']));
                prop_assert_eq!(decision.headers.iter().filter(|other| other.name == header.name).count(), 1);
                if let Value::Constant(value) = header.value {
                    prop_assert!(policy.constants().any(|constant| constant == (header.name, value)));
                }
            }
            let mut order: Vec<usize> = decision.headers.iter().map(|header| header.name as usize).collect();
            order.sort_unstable();
            prop_assert_eq!(order, decision.headers.iter().map(|header| header.name as usize).collect::<Vec<_>>());
        }

        #[test]
        fn literal_origins_are_found_in_any_case(literals in proptest::collection::vec("\\PC{1,8}", 1..5)) {
            let policy = policy(|o| origins(o, &literals.iter().map(String::as_str).collect::<Vec<_>>()));
            for literal in &literals {
                for origin in [literal.clone(), literal.to_ascii_uppercase()] {
                    let request = Request { origin: Some(&origin), ..Request::default() };
                    prop_assert_eq!(policy.decide(&request).reason, Reason::Allowed);
                }
            }
        }
    }
}
