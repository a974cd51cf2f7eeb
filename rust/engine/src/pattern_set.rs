//! Sets of patterns of which any may match: origins and header names.

use crate::pattern::{Custom, Pattern};
use crate::regex_set::{NumberedRegex, RegexSet};
use crate::text::{casefold, is_folded};
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::sync::Arc;

/// Patterns of which any may match.
///
/// Literals are compared without case. The standards do so for ASCII letters; Flask-CORS does so for all letters,
/// by `str.casefold()`.
pub(crate) struct PatternSet {
    any: bool,
    /// Whether each literal is compared without case, by its folded text, or by its text if it is compared with case.
    /// The hash function has a fixed seed, because no request adds a key.
    literals: HashMap<Box<str>, bool, FixedState>,
    longest_literal: usize,
    regexes: RegexSet,
    /// They are asked last, because they can be functions of a user.
    matchers: Vec<Arc<dyn Custom>>,
}

impl PatternSet {
    pub(crate) fn new(patterns: &[Pattern]) -> Self {
        let mut any = false;
        let mut literals: HashMap<Box<str>, bool, FixedState> = HashMap::default();
        let mut regexes = Vec::new();
        let mut matchers = Vec::new();
        for (number, pattern) in patterns.iter().enumerate() {
            match pattern {
                Pattern::Wildcard => any = true,
                Pattern::Literal(text) | Pattern::Converted(text) => {
                    literals.insert(casefold(text).into(), true);
                }
                Pattern::CaseSensitive(text) => {
                    literals.entry(text.as_str().into()).or_insert(false);
                }
                Pattern::Regex(regex, matcher) => {
                    regexes.push(NumberedRegex { number, regex: regex.clone(), matcher: Arc::clone(matcher) });
                }
                Pattern::Custom(matcher) => matchers.push(Arc::clone(matcher)),
            }
        }
        let regexes = RegexSet::new(regexes);
        let longest_literal = literals.keys().map(|text| text.len()).max().unwrap_or(0);
        Self { any, literals, longest_literal, regexes, matchers }
    }

    /// Returns whether the set has no patterns.
    pub(crate) fn is_empty(&self) -> bool {
        !self.any && self.literals.is_empty() && self.regexes.is_empty() && self.matchers.is_empty()
    }

    /// Returns whether any pattern matches.
    #[inline]
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.any || self.matches_literal(text) || self.matches_non_literal(text)
    }

    /// Returns whether a literal matches.
    pub(crate) fn matches_literal(&self, text: &str) -> bool {
        if self.literals.is_empty() {
            return false;
        }
        // Most texts are in folded form already. Folding keeps the length of ASCII text, so a text that is longer
        // than every literal equals none of them.
        (text.len() <= self.longest_literal && self.literals.contains_key(text))
            || (!is_folded(text)
                && (text.len() <= self.longest_literal || !text.is_ascii())
                && self.literals.get(&*casefold(text)).is_some_and(|ignores_case| *ignores_case))
    }

    /// Returns whether a pattern that is not a literal matches.
    #[inline]
    pub(crate) fn matches_non_literal(&self, text: &str) -> bool {
        self.any || self.regexes.matches(text) || self.matchers.iter().any(|matcher| matcher.matches(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Suffix, custom, literal, regex};

    #[test]
    fn literals_match_without_case_and_as_a_whole() {
        for pattern in [literal("https://A.example"), Pattern::Converted("https://A.example".into())] {
            let set = PatternSet::new(&[pattern]);
            assert!(set.matches("https://a.example"));
            assert!(set.matches("HTTPS://A.EXAMPLE"));
            assert!(!set.matches("https://a.example.org"));
            assert!(!set.matches("https://a.exampl"));
        }
    }

    #[test]
    fn case_sensitive_text_is_compared_with_case() {
        let case_sensitive = |text: &str| Pattern::CaseSensitive(text.into());
        let set = PatternSet::new(&[case_sensitive("https://a"), case_sensitive("https://b")]);
        assert!(set.matches("https://a") && !set.matches("https://A"));
        let mut both = [literal("https://a"), case_sensitive("https://a")];
        assert!(PatternSet::new(&both).matches("https://A"));
        both.reverse();
        assert!(PatternSet::new(&both).matches("https://A"));
    }

    #[test]
    fn folding_can_change_the_length_of_a_literal() {
        let set = PatternSet::new(&[literal("\u{df}"), literal("k")]);
        assert!(set.matches("ss"));
        assert!(set.matches("SS"));
        assert!(set.matches("\u{212a}"), "the Kelvin sign has three bytes and folds to k");
    }

    #[test]
    fn regexes_are_anchored_at_the_start_only() {
        let set = PatternSet::new(&[regex("https://[a-z]+\\.example"), regex("b")]);
        assert!(set.matches("https://a.example.org"));
        assert!(set.matches("bc"));
        assert!(!set.matches("xhttps://a.example"));
    }

    #[test]
    fn a_regex_that_exceeds_the_size_limit_is_left_to_its_matcher() {
        let set = PatternSet::new(&[
            Pattern::Regex("(?:(?:[a-z]{999}){999}){999}".into(), Arc::new(Suffix(".huge"))),
            custom(".custom"),
            regex("ok"),
        ]);
        assert!(set.matches("a.huge"));
        assert!(set.matches("a.custom"));
        assert!(set.matches("ok"));
        assert!(!set.matches("a.other"));
    }

    #[test]
    fn the_wildcard_matches_everything() {
        let set = PatternSet::new(&[Pattern::Wildcard]);
        assert!(set.matches("") && set.matches("x") && !set.is_empty());
        let empty = PatternSet::new(&[]);
        assert!(!empty.matches("") && empty.is_empty());
    }
}
