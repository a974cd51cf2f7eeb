//! `Access-Control-Allow-Private-Network`:
//! [Private Network Access](https://wicg.github.io/private-network-access/#headers).

/// Whether a page on a public network may reach this server on a private one.
pub(crate) struct PrivateNetwork(pub(crate) bool);

impl PrivateNetwork {
    /// The answer to a request that asks.
    pub(crate) fn header(&self) -> &'static str {
        if self.0 { "true" } else { "false" }
    }
}
