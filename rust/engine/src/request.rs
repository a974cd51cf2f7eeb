//! What a policy reads of a request.

/// The parts of a request that decide CORS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request<'a> {
    /// `Origin`; absent and empty are the same.
    pub origin: Option<&'a str>,
    /// Whether there is an `Origin` that is not text (a lone surrogate, say): no policy allows it.
    pub origin_unreadable: bool,
    /// Whether `Access-Control-Request-Private-Network` is exactly `true`.
    pub private_network: bool,
    /// What an OPTIONS request asks for; `None` for every other method.
    pub preflight: Option<Preflight<'a>>,
}

/// The two questions of a [CORS-preflight request](https://fetch.spec.whatwg.org/#cors-preflight-request).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preflight<'a> {
    /// `Access-Control-Request-Method`; absent and empty are the same.
    pub method: Option<&'a str>,
    /// `Access-Control-Request-Headers`; absent and empty are the same.
    pub headers: Option<&'a str>,
}
