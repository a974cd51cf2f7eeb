//! `Access-Control-Allow-Credentials`:
//! [Fetch, credentials](https://fetch.spec.whatwg.org/#cors-protocol-and-credentials).

/// Whether credentialed requests are allowed.
pub(crate) struct Credentials(pub(crate) bool);

impl Credentials {
    /// Only the exact value `true` has a meaning.
    pub(crate) fn header(&self) -> Option<&'static str> {
        self.0.then_some("true")
    }
}
