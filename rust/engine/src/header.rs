//! Names and values of the response headers.

use std::fmt;

/// The response headers that a policy can add, in the order in which they are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum HeaderName {
    /// `Access-Control-Allow-Origin`
    AllowOrigin,
    /// `Access-Control-Expose-Headers`
    ExposeHeaders,
    /// `Access-Control-Allow-Credentials`
    AllowCredentials,
    /// `Access-Control-Allow-Private-Network`
    AllowPrivateNetwork,
    /// `Access-Control-Allow-Headers`
    AllowHeaders,
    /// `Access-Control-Max-Age`
    MaxAge,
    /// `Access-Control-Allow-Methods`
    AllowMethods,
    /// `Vary`
    Vary,
}

impl HeaderName {
    /// Every name, in the order of the discriminants.
    pub const ALL: [Self; 8] = [
        Self::AllowOrigin,
        Self::ExposeHeaders,
        Self::AllowCredentials,
        Self::AllowPrivateNetwork,
        Self::AllowHeaders,
        Self::MaxAge,
        Self::AllowMethods,
        Self::Vary,
    ];

    /// The field name as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AllowOrigin => "Access-Control-Allow-Origin",
            Self::ExposeHeaders => "Access-Control-Expose-Headers",
            Self::AllowCredentials => "Access-Control-Allow-Credentials",
            Self::AllowPrivateNetwork => "Access-Control-Allow-Private-Network",
            Self::AllowHeaders => "Access-Control-Allow-Headers",
            Self::MaxAge => "Access-Control-Max-Age",
            Self::AllowMethods => "Access-Control-Allow-Methods",
            Self::Vary => "Vary",
        }
    }
}

/// The value of a header in a [`Decision`](crate::Decision).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// The policy's own: the same text whenever this policy sends this header.
    Constant(&'a str),
    /// The request's Origin, exactly as it came.
    Origin(&'a str),
    /// Made for this request.
    Built(String),
    /// Names to be merged into the header if the response has it.
    Merged(&'a str),
}

impl Value<'_> {
    /// The value as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Constant(value) | Self::Origin(value) | Self::Merged(value) => value,
            Self::Built(value) => value,
        }
    }
}

/// A header to add to the response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The field name.
    pub name: HeaderName,
    /// The field value.
    pub value: Value<'a>,
}

/// A configured text that cannot be sent as a header value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidHeaderValue {
    /// The first character that is not allowed.
    pub character: char,
}

impl fmt::Display for InvalidHeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the control character {:?} cannot be sent in a header", self.character)
    }
}

impl std::error::Error for InvalidHeaderValue {}

/// Refuses the control characters that
/// [RFC 9110, section 5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5) keeps out of field
/// values. A tab is not one of them.
pub(crate) fn check_value(value: &str) -> Result<(), InvalidHeaderValue> {
    match value.chars().find(|c| c.is_ascii_control() && *c != '\t') {
        Some(character) => Err(InvalidHeaderValue { character }),
        None => Ok(()),
    }
}
