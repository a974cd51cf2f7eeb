//! Patterns for origins, header names and paths, and sets of them.

use crate::automaton::Automata;
use crate::text::{casefold, is_folded};
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// A matcher that is not of this crate, for patterns that it cannot take.
pub trait Foreign: Send + Sync {
    /// Whether the pattern matches at the start of `text`.
    fn matches(&self, text: &str) -> bool;
}

/// One entry of an option that takes literals and regular expressions.
#[derive(Clone)]
pub enum Pattern {
    /// Compared whole.
    Literal(String),
    /// Compared whole, and exactly where literals are compared without regard to case. It has none itself: it is
    /// its own folding.
    Exact(String),
    /// Matches every text, `.*` for one.
    Any,
    /// A regular expression, anchored at the start only, in the syntax of the `regex` crate, and the
    /// matcher to use where that cannot be compiled within its size limits.
    Regex(String, Arc<dyn Foreign>),
    /// A regular expression that only a foreign matcher understands.
    Foreign(Arc<dyn Foreign>),
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => f.debug_tuple("Literal").field(text).finish(),
            Self::Exact(text) => f.debug_tuple("Exact").field(text).finish(),
            Self::Any => f.write_str("Any"),
            Self::Regex(pattern, _) => f.debug_tuple("Regex").field(pattern).finish(),
            Self::Foreign(_) => f.write_str("Foreign"),
        }
    }
}

/// Patterns of which any may match; literals are compared without regard to case.
///
/// Origins and header names are ASCII case-insensitive in the standards; Flask-CORS compares them by
/// `str.casefold()`.
pub(crate) struct PatternSet {
    any: bool,
    /// Whether case is disregarded, by the folded text. Hashed in the same way in every process: a request adds
    /// nothing to it.
    literals: HashMap<Box<str>, bool, FixedState>,
    longest_literal: usize,
    automata: Automata,
    foreign: Vec<Arc<dyn Foreign>>,
}

impl PatternSet {
    pub(crate) fn new(patterns: Vec<Pattern>) -> Self {
        let mut any = false;
        let mut literals: HashMap<Box<str>, bool, FixedState> = HashMap::default();
        let mut regexes = Vec::new();
        let mut foreign = Vec::new();
        for (index, pattern) in patterns.into_iter().enumerate() {
            match pattern {
                Pattern::Any => any = true,
                Pattern::Literal(text) => {
                    literals.insert(casefold(&text).into(), true);
                }
                Pattern::Exact(text) => {
                    literals.entry(text.into()).or_insert(false);
                }
                Pattern::Regex(regex, matcher) => regexes.push((index, regex, matcher)),
                Pattern::Foreign(matcher) => foreign.push(matcher),
            }
        }
        let (automata, refused) = Automata::new(regexes);
        // What was foreign from the start is asked last.
        foreign.splice(..0, refused.into_iter().map(|(_, matcher)| matcher));
        let longest_literal = literals.keys().map(|text| text.len()).max().unwrap_or(0);
        Self { any, literals, longest_literal, automata, foreign }
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        self.matches_literal(text) || self.matches_pattern(text)
    }

    /// Whether a literal is the text, but for case.
    pub(crate) fn matches_literal(&self, text: &str) -> bool {
        if self.literals.is_empty() {
            return false;
        }
        // Most text is folded as it comes. Folding keeps the length of ASCII text, so what is longer than
        // every literal is none of them.
        (text.len() <= self.longest_literal && self.literals.contains_key(text))
            || (!is_folded(text)
                && (text.len() <= self.longest_literal || !text.is_ascii())
                && self.literals.get(&*casefold(text)).is_some_and(|ignore_case| *ignore_case))
    }

    /// Whether nothing can match.
    pub(crate) fn is_empty(&self) -> bool {
        !self.any && self.literals.is_empty() && self.automata.is_empty() && self.foreign.is_empty()
    }

    /// Whether anything else matches.
    pub(crate) fn matches_pattern(&self, text: &str) -> bool {
        self.any || self.automata.matches(text) || self.foreign.iter().any(|matcher| matcher.matches(text))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) struct Suffix(pub(crate) &'static str);

    impl Foreign for Suffix {
        fn matches(&self, text: &str) -> bool {
            text.ends_with(self.0)
        }
    }

    pub(crate) fn regex(pattern: &str) -> Pattern {
        Pattern::Regex(pattern.to_owned(), Arc::new(Suffix("\0never")))
    }

    #[test]
    fn literals_ignore_case_and_match_whole() {
        let set = PatternSet::new(vec![Pattern::Literal("https://A.example".into())]);
        assert!(set.matches("https://a.example"));
        assert!(set.matches("HTTPS://A.EXAMPLE"));
        assert!(!set.matches("https://a.example.org"));
        assert!(!set.matches("https://a.exampl"));
    }

    #[test]
    fn exact_text_is_compared_with_case() {
        let set = PatternSet::new(vec![Pattern::Exact("https://a".into()), Pattern::Exact("https://b".into())]);
        assert!(set.matches("https://a") && !set.matches("https://A"));
        let both = vec![Pattern::Literal("https://a".into()), Pattern::Exact("https://a".into())];
        for patterns in [both.clone(), both.into_iter().rev().collect()] {
            assert!(PatternSet::new(patterns).matches("https://A"));
        }
    }

    #[test]
    fn a_literal_may_grow_or_shrink_when_folded() {
        let set = PatternSet::new(vec![Pattern::Literal("\u{df}".into()), Pattern::Literal("k".into())]);
        assert!(set.matches("ss"));
        assert!(set.matches("SS"));
        assert!(set.matches("\u{212a}"), "the Kelvin sign folds to k, three bytes to one");
    }

    #[test]
    fn regexes_are_anchored_at_the_start_only() {
        let set = PatternSet::new(vec![regex("https://[a-z]+\\.example"), regex("b")]);
        assert!(set.matches("https://a.example.org"));
        assert!(set.matches("bc"));
        assert!(!set.matches("xhttps://a.example"));
    }

    #[test]
    fn what_cannot_be_compiled_is_left_to_the_foreign_matcher() {
        let set = PatternSet::new(vec![
            Pattern::Regex("(?:(?:[a-z]{999}){999}){999}".into(), Arc::new(Suffix(".huge"))),
            Pattern::Foreign(Arc::new(Suffix(".foreign"))),
            regex("ok"),
        ]);
        assert!(set.matches("a.huge"));
        assert!(set.matches("a.foreign"));
        assert!(set.matches("ok"));
        assert!(!set.matches("a.other"));
    }

    #[test]
    fn any_matches_everything() {
        let set = PatternSet::new(vec![Pattern::Any]);
        assert!(set.matches("") && set.matches("x"));
        assert!(!PatternSet::new(vec![]).matches(""));
    }
}
