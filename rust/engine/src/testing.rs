//! Patterns for tests.

use crate::pattern::{Custom, Pattern};
use std::sync::Arc;

/// A matcher of texts that end with a given one.
pub(crate) struct Suffix(pub(crate) &'static str);

impl Custom for Suffix {
    fn matches(&self, text: &str) -> bool {
        text.ends_with(self.0)
    }
}

pub(crate) fn custom(suffix: &'static str) -> Pattern {
    Pattern::Custom(Arc::new(Suffix(suffix)))
}

pub(crate) fn literal(text: &str) -> Pattern {
    Pattern::Literal(text.to_owned())
}

/// Returns a regular expression whose matcher matches nothing.
pub(crate) fn regex(regex: &str) -> Pattern {
    Pattern::Regex(regex.to_owned(), Arc::new(Suffix("\0never")))
}
