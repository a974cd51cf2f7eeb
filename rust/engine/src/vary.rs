//! `Vary: Origin`:
//! [Fetch, CORS protocol and HTTP caches](https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches).

/// Whether an answer other than `*` says that it depends on the Origin.
pub(crate) struct Vary(bool);

impl Vary {
    /// `dynamic` says that more than one origin can be allowed.
    pub(crate) fn new(wanted: bool, dynamic: bool) -> Self {
        Self(wanted && dynamic)
    }

    pub(crate) fn header(&self) -> Option<&'static str> {
        self.0.then_some("Origin")
    }

    /// The header for an answer that allows `origin`. An Origin that is itself `*` gets none, as in
    /// Flask-CORS.
    pub(crate) fn answer(&self, origin: &str) -> Option<&'static str> {
        self.header().filter(|_| origin != "*")
    }
}
