//! Compiled options, and what they decide about a request.

use crate::allow_credentials::AllowCredentials;
use crate::allow_headers::AllowHeaders;
use crate::allow_methods::AllowMethods;
use crate::allow_origin::AllowOrigin;
use crate::allow_private_network::AllowPrivateNetwork;
use crate::decision::{Decision, Reason};
use crate::expose_headers::ExposeHeaders;
use crate::header::{Header, HeaderName, Value};
use crate::max_age::MaxAge;
use crate::options::{OptionError, Options};
use crate::request::{Preflight, Request};
use crate::vary::Vary;

/// The compiled options of one resource or view.
pub struct Policy {
    allow_origin: AllowOrigin,
    expose_headers: ExposeHeaders,
    allow_credentials: AllowCredentials,
    allow_private_network: AllowPrivateNetwork,
    allow_headers: AllowHeaders,
    max_age: MaxAge,
    allow_methods: AllowMethods,
    vary: Vary,
}

impl Policy {
    /// Compiles options.
    ///
    /// # Errors
    /// The options do not make a valid policy: the [`OptionError`] says which one is wrong, and why.
    pub fn new(options: &Options) -> Result<Self, OptionError> {
        if options.any_origin() && options.supports_credentials && options.send_wildcard {
            return Err(OptionError::WildcardWithCredentials);
        }
        let in_option = OptionError::in_option;
        let allow_origin = AllowOrigin::new(options).map_err(in_option("origins"))?;
        Ok(Self {
            expose_headers: ExposeHeaders::new(options.expose_headers.as_deref())
                .map_err(in_option("expose_headers"))?,
            allow_credentials: AllowCredentials(options.supports_credentials),
            allow_private_network: AllowPrivateNetwork(options.allow_private_network),
            allow_headers: AllowHeaders::new(&options.allow_headers),
            max_age: MaxAge::new(options.max_age.as_deref()).map_err(in_option("max_age"))?,
            allow_methods: AllowMethods::new(&options.methods).map_err(in_option("methods"))?,
            vary: Vary::new(options.vary_header, &allow_origin),
            allow_origin,
        })
    }

    /// Returns the headers whose value is the same whenever this policy sends them as [`Value::Constant`].
    pub fn constants(&self) -> impl Iterator<Item = (HeaderName, &str)> {
        [
            (HeaderName::AllowOrigin, self.allow_origin.constant()),
            (HeaderName::ExposeHeaders, self.expose_headers.value()),
            (HeaderName::AllowCredentials, self.allow_credentials.value()),
            (HeaderName::AllowPrivateNetwork, Some(self.allow_private_network.value())),
            (HeaderName::MaxAge, self.max_age.value()),
            (HeaderName::AllowMethods, Some(self.allow_methods.value())),
            (HeaderName::Vary, self.vary.constant()),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
    }

    /// Decides about a request.
    #[must_use]
    pub fn decide<'a>(&'a self, request: &Request<'a>) -> Decision<'a> {
        let mut decision = Decision::without_headers(Reason::NoOrigin);
        decision.reason = self.apply(request, |header| {
            // There is always room, because no name occurs twice.
            let _ = decision.headers.try_push(header);
        });
        decision
    }

    /// Decides about a request, passes each header to `add`, and returns the reason.
    #[inline]
    pub fn apply<'a>(&'a self, request: &Request<'a>, mut add: impl FnMut(Header<'a>)) -> Reason {
        let (origin, reason) = self.allow_origin.value(request);
        let Some(origin) = origin else {
            if let Some(value) = self.vary.value_for_refused(request.preflight.is_some()) {
                add(Header { name: HeaderName::Vary, value });
            }
            return reason;
        };
        let vary = self.vary.value_for_allowed(origin.as_str(), request.preflight.is_some());
        let mut add = |name, value: Value<'a>| {
            if !value.as_str().is_empty() {
                add(Header { name, value });
            }
        };
        add(HeaderName::AllowOrigin, origin);
        if let Some(value) = self.expose_headers.value() {
            add(HeaderName::ExposeHeaders, Value::Constant(value));
        }
        if let Some(value) = self.allow_credentials.value() {
            add(HeaderName::AllowCredentials, Value::Constant(value));
        }
        if request.private_network {
            add(HeaderName::AllowPrivateNetwork, Value::Constant(self.allow_private_network.value()));
        }
        let mut refusal = None;
        if let Some(Preflight { method: Some(method), headers }) = request.preflight
            && !method.is_empty()
        {
            if self.allow_methods.allows(method) {
                if let Some(requested) = headers.filter(|headers| !headers.is_empty()) {
                    let (allowed, complete) = self.allow_headers.allowed_request_headers(requested);
                    add(HeaderName::AllowHeaders, Value::Built(allowed));
                    refusal = (!complete).then_some(Reason::HeaderNotAllowed);
                }
                if let Some(value) = self.max_age.value() {
                    add(HeaderName::MaxAge, Value::Constant(value));
                }
                add(HeaderName::AllowMethods, Value::Constant(self.allow_methods.value()));
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
    use crate::header::InvalidHeaderValue;
    use crate::options::VaryHeader;
    use crate::pattern::Pattern;
    use crate::testing::{custom, literal, regex};
    use proptest::prelude::*;

    fn policy(change: impl FnOnce(&mut Options)) -> Policy {
        let mut options = Options::default();
        change(&mut options);
        Policy::new(&options).unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn origins(options: &mut Options, literals: &[&str]) {
        options.origins = literals.iter().map(|text| literal(text)).collect();
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
    fn by_default_every_origin_is_sent_back() {
        let request = Request { origin: Some("https://a.example"), ..Request::default() };
        assert_eq!(
            sent(&policy(|_| ()), &request),
            (pairs(&[("Access-Control-Allow-Origin", "https://a.example"), ("Vary", "Origin")]), Reason::Allowed)
        );
    }

    #[test]
    fn a_request_without_an_origin_gets_the_wildcard() {
        assert_eq!(
            sent(&policy(|_| ()), &Request::default()),
            (pairs(&[("Access-Control-Allow-Origin", "*")]), Reason::NoOrigin)
        );
        assert_eq!(sent(&policy(|o| o.supports_credentials = true), &Request::default()).0, []);
        assert_eq!(sent(&policy(|o| o.always_send = false), &Request::default()).0, []);
    }

    #[test]
    fn a_request_without_an_origin_gets_the_first_literal() {
        let policy = policy(|o| origins(o, &["https://b.example", "https://a.example"]));
        assert_eq!(
            sent(&policy, &Request::default()).0,
            pairs(&[("Access-Control-Allow-Origin", "https://a.example"), ("Vary", "Origin")])
        );
    }

    #[test]
    fn an_empty_first_literal_is_not_sent_but_the_other_headers_are() {
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
        let no_header = policy(|o| o.allow_headers = vec![literal("x-a")]);
        assert_eq!(sent(&no_header, &PREFLIGHT).1, Reason::HeaderNotAllowed);
        let other = policy(|o| origins(o, &["https://b.example"]));
        assert_eq!(sent(&other, &PREFLIGHT), (vec![], Reason::OriginNotAllowed));
    }

    #[test]
    fn an_origin_with_a_line_break_or_that_is_not_text_is_never_sent_back() {
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
    fn vary_is_sent_where_another_origin_can_be_allowed() {
        let request = Request { origin: Some("https://a.example"), ..Request::default() };
        let vary = |policy: &Policy, request: &Request<'_>| {
            policy.decide(request).headers.iter().any(|header| header.name == HeaderName::Vary)
        };
        assert!(!vary(&policy(|o| origins(o, &["https://a.example"])), &request));
        assert!(vary(&policy(|o| origins(o, &["https://a.example", "https://a.example"])), &request));
        assert!(!vary(&policy(|o| o.vary_header = VaryHeader::Never), &request));
        assert!(!vary(&policy(|_| ()), &Request { origin: Some("*"), ..Request::default() }));
        assert!(vary(&policy(|o| o.origins = vec![regex("https://")]), &request));
        assert!(!vary(&policy(|o| o.origins = vec![Pattern::Converted("https://a.example".into())]), &request));
        let one_matcher = |o: &mut Options| {
            origins(o, &[]);
            o.origin_matchers = vec![custom(".example")];
        };
        assert!(vary(&policy(one_matcher), &request));
    }

    #[test]
    fn always_vary_names_everything_that_the_response_depends_on() {
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
        let not_without_origin = |o: &mut Options| {
            o.send_wildcard = true;
            o.always_send = false;
        };
        assert_eq!(by(&not_without_origin, &Request::default()), "Origin");
    }

    #[test]
    fn matchers_are_asked_only_about_what_could_be_an_origin() {
        let policy = policy(|o| {
            origins(o, &["https://a.example"]);
            o.origin_matchers = vec![custom(".b.example")];
        });
        let reason = |origin| policy.decide(&Request { origin: Some(origin), ..Request::default() }).reason;
        assert_eq!(reason("https://a.example"), Reason::Allowed);
        assert_eq!(reason("https://x.b.example"), Reason::Allowed);
        assert_eq!(reason("https://c.example"), Reason::OriginNotAllowed);
        assert_eq!(reason("https:// .b.example"), Reason::OriginNotAllowed);
        assert_eq!(reason(&format!("https://{}.b.example", "x".repeat(310))), Reason::OriginNotAllowed);
    }

    #[test]
    fn invalid_options_do_not_make_a_policy() {
        let refused = Options { supports_credentials: true, send_wildcard: true, ..Options::default() };
        assert_eq!(Policy::new(&refused).err(), Some(OptionError::WildcardWithCredentials));
        let named = Options { origins: vec![regex(".*")], ..refused };
        assert!(Policy::new(&named).is_ok(), "a regular expression is never answered with *");
        let refused = Options { max_age: Some("1\r\n".into()), ..Options::default() };
        let error = InvalidHeaderValue { value: "1\r\n".into(), character: '\r' };
        assert_eq!(Policy::new(&refused).err(), Some(OptionError::HeaderValue { option: "max_age", error }));
    }

    proptest! {
        #[test]
        fn no_request_adds_a_line_break_or_a_second_header_of_a_name(
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
