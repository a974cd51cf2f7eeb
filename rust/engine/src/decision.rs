//! A policy's answer to a request, as a value.

use crate::header::{Header, HeaderName};
use arrayvec::ArrayVec;
use std::fmt;

/// Why a request got the headers that it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Reason {
    /// The policy allows what is asked.
    Allowed,
    /// There is no Origin: not a request of the CORS protocol.
    NoOrigin,
    /// The Origin cannot be sent back in a header.
    MalformedOrigin,
    /// No configured origin matches.
    OriginNotAllowed,
    /// The preflight asks for a method that is not allowed.
    MethodNotAllowed,
    /// The preflight asks for a header that is not allowed.
    HeaderNotAllowed,
    /// No rule matches the path.
    NoRule,
}

impl Reason {
    /// How many there are.
    pub const COUNT: usize = Self::NoRule as usize + 1;

    /// The reason in words.
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
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The headers to add to the response, in their order, and the reason for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    /// At most one of each name.
    pub headers: ArrayVec<Header<'a>, { HeaderName::ALL.len() }>,
    /// What decided.
    pub reason: Reason,
}

impl Decision<'_> {
    /// A decision without headers.
    #[must_use]
    pub fn nothing(reason: Reason) -> Self {
        Self { headers: ArrayVec::new(), reason }
    }
}
