//! `Access-Control-Allow-Private-Network`:
//! [Private Network Access](https://wicg.github.io/private-network-access/#headers).

/// Whether a page on a public network may access this server on a private one.
pub(crate) struct AllowPrivateNetwork(pub(crate) bool);

impl AllowPrivateNetwork {
    /// Returns the value for a request that asks for access.
    pub(crate) fn value(&self) -> &'static str {
        if self.0 { "true" } else { "false" }
    }
}
