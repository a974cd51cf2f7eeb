//! The decision of a policy about a request, as a value.

use crate::header::{Header, HeaderName};
use arrayvec::ArrayVec;

/// Why a request gets the headers that it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Reason {
    /// The policy allows what the request asks for.
    Allowed,
    /// The request has no Origin, so it does not use the CORS protocol.
    NoOrigin,
    /// The Origin cannot be sent back in a header.
    MalformedOrigin,
    /// None of the configured origins matches.
    OriginNotAllowed,
    /// The preflight asks for a method that is not allowed.
    MethodNotAllowed,
    /// The preflight asks for a header that is not allowed.
    HeaderNotAllowed,
    /// No rule matches the path.
    NoRule,
    /// The OPTIONS request lacks an Origin or an Access-Control-Request-Method.
    NotPreflight,
}

impl Reason {
    /// The number of reasons. Each discriminant is less.
    pub const COUNT: usize = Self::NotPreflight as usize + 1;

    /// Returns the reason in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::NoOrigin => "no Origin header",
            Self::MalformedOrigin => "malformed Origin header",
            Self::OriginNotAllowed => "origin not allowed",
            Self::MethodNotAllowed => "method not allowed",
            Self::HeaderNotAllowed => "header not allowed",
            Self::NoRule => "no rule for this path",
            Self::NotPreflight => "not a preflight",
        }
    }
}

/// The response headers for a request, and the reason for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    /// The headers to add to the response, in their order. No name occurs twice.
    pub headers: ArrayVec<Header<'a>, { HeaderName::COUNT }>,
    /// The reason.
    pub reason: Reason,
}

impl Decision<'_> {
    /// Returns a decision without headers.
    pub(crate) fn without_headers(reason: Reason) -> Self {
        Self { headers: ArrayVec::new(), reason }
    }
}
