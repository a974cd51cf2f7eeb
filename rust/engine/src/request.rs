//! The parts of a request that decide CORS.

/// The parts of a request that a policy reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request<'a> {
    /// `Origin`. An empty value counts as absent.
    pub origin: Option<&'a str>,
    /// Whether there is an `Origin` that is not valid text, with a lone surrogate for example. No policy reflects it.
    pub origin_unreadable: bool,
    /// Whether `Access-Control-Request-Private-Network` is exactly `true`.
    pub private_network: bool,
    /// What an OPTIONS request asks for; `None` for every other method.
    pub preflight: Option<Preflight<'a>>,
}

/// What a [CORS-preflight request](https://fetch.spec.whatwg.org/#cors-preflight-request) asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preflight<'a> {
    /// `Access-Control-Request-Method`. An empty value counts as absent.
    pub method: Option<&'a str>,
    /// `Access-Control-Request-Headers`. An empty value counts as absent.
    pub headers: Option<&'a str>,
}

impl Request<'_> {
    /// Returns whether this is a
    /// [CORS-preflight request](https://fetch.spec.whatwg.org/#cors-preflight-request): OPTIONS with an Origin and an
    /// `Access-Control-Request-Method`.
    #[must_use]
    pub fn is_preflight(&self) -> bool {
        let is_present = |value: Option<&str>| value.is_some_and(|value| !value.is_empty());
        (is_present(self.origin) || self.origin_unreadable)
            && self.preflight.is_some_and(|preflight| is_present(preflight.method))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preflight_has_an_origin_and_a_method() {
        let preflight = Some(Preflight { method: Some("PUT"), headers: None });
        let complete = Request { origin: Some("https://a.example"), preflight, ..Request::default() };
        assert!(complete.is_preflight());
        assert!(Request { origin: None, origin_unreadable: true, ..complete }.is_preflight());
        assert!(!Request { origin: Some(""), ..complete }.is_preflight());
        assert!(!Request { preflight: None, ..complete }.is_preflight());
        let without_method = Some(Preflight { method: Some(""), headers: None });
        assert!(!Request { preflight: without_method, ..complete }.is_preflight());
    }
}
