//! `Access-Control-Allow-Credentials`:
//! [Fetch, CORS protocol and credentials](https://fetch.spec.whatwg.org/#cors-protocol-and-credentials).

/// Whether requests with credentials are allowed.
pub(crate) struct AllowCredentials(pub(crate) bool);

impl AllowCredentials {
    /// Returns the value. Browsers understand no other than `true`, so a refusal sends no header.
    pub(crate) fn value(&self) -> Option<&'static str> {
        self.0.then_some("true")
    }
}
