//! The response headers that a policy can add: their names and values.

use std::fmt;

/// The name of a response header, in the order in which a policy adds them.
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
    /// The number of names. Each discriminant is less.
    pub const COUNT: usize = Self::Vary as usize + 1;

    /// Returns the name as it is sent.
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

/// The value of a response header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A text of the policy, the same whenever this policy sends this header.
    Constant(&'a str),
    /// The Origin of the request, unchanged.
    Origin(&'a str),
    /// A text made for this request.
    Built(String),
    /// Names to merge into the header if the response has it already; see [`missing_names`](crate::missing_names).
    Merged(&'a str),
}

impl Value<'_> {
    /// Returns the value as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Constant(value) | Self::Origin(value) | Self::Merged(value) => value,
            Self::Built(value) => value,
        }
    }
}

/// A response header to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The name.
    pub name: HeaderName,
    /// The value.
    pub value: Value<'a>,
}

/// The error for a configured text that cannot be sent as a header value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidHeaderValue {
    /// The text.
    pub value: String,
    /// Its first character that cannot be sent.
    pub character: char,
}

impl fmt::Display for InvalidHeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { value, character } = self;
        write!(f, "{value:?} contains {character:?} and cannot be sent in a header: remove that character")
    }
}

impl std::error::Error for InvalidHeaderValue {}

/// Refuses a value with a control character other than a tab
/// ([RFC 9110, section 5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)).
pub(crate) fn check_value(value: &str) -> Result<(), InvalidHeaderValue> {
    match value.chars().find(|character| character.is_ascii_control() && *character != '\t') {
        Some(character) => Err(InvalidHeaderValue { value: value.to_owned(), character }),
        None => Ok(()),
    }
}

/// Returns the value of a header that is sent only if the value is not empty.
pub(crate) fn optional_value(value: Option<&str>) -> Result<Option<String>, InvalidHeaderValue> {
    let value = value.filter(|value| !value.is_empty());
    value.map_or(Ok(()), check_value)?;
    Ok(value.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_with_a_control_character_is_refused() {
        assert_eq!(check_value("a\tb \u{e9}"), Ok(()));
        let error = check_value("GET\r\nX: y").err().map(|error| error.to_string());
        let expected = r#""GET\r\nX: y" contains '\r' and cannot be sent in a header: remove that character"#;
        assert_eq!(error.as_deref(), Some(expected));
        assert!(check_value("\u{7f}").is_err());
    }

    #[test]
    fn an_empty_optional_value_counts_as_none() {
        assert_eq!(optional_value(Some("")), Ok(None));
        assert_eq!(optional_value(Some("0")), Ok(Some("0".to_owned())));
        assert!(optional_value(Some("\n")).is_err());
    }
}
