//! The patterns of options and rules.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// A matcher that the caller implements, for patterns that this crate cannot match itself.
///
/// It is `Any`, so that the caller can find out which of its types a matcher has.
pub trait Custom: Any + Send + Sync {
    /// Returns whether the pattern matches at the start of `text`.
    fn matches(&self, text: &str) -> bool;
}

/// One item of an option, or the path of a rule.
#[derive(Clone)]
pub enum Pattern {
    /// The `"*"` of a user: matches every text. Among the origins it allows any origin.
    Wildcard,
    /// A text that is compared as a whole: without case in options, with case in rules.
    Literal(String),
    /// A text that is compared as a whole and with case.
    CaseSensitive(String),
    /// An item that the user did not write as text, a number for example. It matches like [`Pattern::Literal`], but
    /// is never sent to a request without an Origin.
    Converted(String),
    /// A regular expression in the syntax of the `regex` crate, anchored at the start only. The matcher replaces it
    /// where it exceeds the size limit.
    Regex(String, Arc<dyn Custom>),
    /// A pattern that only its matcher can decide.
    Custom(Arc<dyn Custom>),
}

impl Pattern {
    /// Returns the text of a pattern that is compared as a whole.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match self {
            Self::Literal(text) | Self::CaseSensitive(text) | Self::Converted(text) => Some(text),
            Self::Wildcard | Self::Regex(..) | Self::Custom(_) => None,
        }
    }

    /// Returns the matcher of a pattern that has one.
    #[must_use]
    pub fn matcher(&self) -> Option<&Arc<dyn Custom>> {
        match self {
            Self::Regex(_, matcher) | Self::Custom(matcher) => Some(matcher),
            Self::Wildcard | Self::Literal(_) | Self::CaseSensitive(_) | Self::Converted(_) => None,
        }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wildcard => f.write_str("Wildcard"),
            Self::Literal(text) => f.debug_tuple("Literal").field(text).finish(),
            Self::CaseSensitive(text) => f.debug_tuple("CaseSensitive").field(text).finish(),
            Self::Converted(text) => f.debug_tuple("Converted").field(text).finish(),
            Self::Regex(regex, _) => f.debug_tuple("Regex").field(regex).finish(),
            Self::Custom(_) => f.write_str("Custom"),
        }
    }
}
