//! From path patterns to policies.

use crate::automaton::Automata;
use crate::pattern::{Foreign, Pattern};
use foldhash::fast::FixedState;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The numbers of rules by text.
type Numbers = HashMap<Box<str>, usize, FixedState>;

/// Rules in their order: the first whose pattern matches the path decides. Literal paths are compared
/// exactly, regular expressions are anchored at the start only.
pub struct Rules<P> {
    policies: Vec<P>,
    literals: Numbers,
    /// Regular expressions that are no more than the text that a path begins with, by its length.
    prefixes: Vec<(usize, Numbers)>,
    automata: Automata,
    /// Ascending.
    foreign: Vec<(usize, Arc<dyn Foreign>)>,
    /// The first rule that matches every path.
    any: Option<usize>,
}

impl<P> Rules<P> {
    /// Compiles rules.
    pub fn new(rules: impl IntoIterator<Item = (Pattern, P)>) -> Self {
        let mut policies = Vec::new();
        let mut literals: Numbers = HashMap::default();
        let mut prefixes: BTreeMap<usize, Numbers> = BTreeMap::new();
        let mut regexes = Vec::new();
        let mut foreign = Vec::new();
        let mut any = None;
        for (index, (pattern, policy)) in rules.into_iter().enumerate() {
            policies.push(policy);
            if any.is_some() {
                continue; // Never reached.
            }
            match pattern {
                Pattern::Any => any = Some(index),
                Pattern::Literal(path) | Pattern::Exact(path) => {
                    literals.entry(path.into_boxed_str()).or_insert(index);
                }
                Pattern::Regex(regex, _) if is_plain(&regex) => {
                    prefixes.entry(regex.len()).or_default().entry(regex.into_boxed_str()).or_insert(index);
                }
                Pattern::Regex(regex, matcher) => regexes.push((index, regex, matcher)),
                Pattern::Foreign(matcher) => foreign.push((index, matcher)),
            }
        }
        let (automata, refused) = Automata::new(regexes);
        foreign.extend(refused);
        foreign.sort_by_key(|(index, _)| *index);
        Self { policies, literals, prefixes: prefixes.into_iter().collect(), automata, foreign, any }
    }

    /// The number of the first rule that matches.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<usize> {
        let literal = if self.literals.is_empty() { None } else { self.literals.get(path).copied() };
        // A literal that is the very first rule needs no comparison with the others.
        let known = if literal == Some(0) {
            literal
        } else {
            [literal, self.first_prefix(path), self.automata.first(path), self.any].into_iter().flatten().min()
        };
        self.foreign
            .iter()
            .take_while(|(index, _)| known.is_none_or(|known| *index < known))
            .find(|(_, matcher)| matcher.matches(path))
            .map_or(known, |(index, _)| Some(*index))
    }

    fn first_prefix(&self, path: &str) -> Option<usize> {
        let fitting = self.prefixes.iter().take_while(|(length, _)| *length <= path.len());
        fitting.filter_map(|(length, numbers)| numbers.get(path.get(..*length)?).copied()).min()
    }

    /// Whether the first rule matches every path, so that none need be looked at.
    #[must_use]
    pub fn first_matches_all(&self) -> bool {
        self.any == Some(0)
    }

    /// The policy of a rule.
    #[must_use]
    pub fn policy(&self, index: usize) -> Option<&P> {
        self.policies.get(index)
    }
}

/// Whether a regular expression has no character that means anything but itself.
fn is_plain(regex: &str) -> bool {
    regex.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_- ".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::tests::{Suffix, regex};
    use proptest::prelude::*;

    fn literal(path: &str) -> Pattern {
        Pattern::Literal(path.to_owned())
    }

    fn find(patterns: &[Pattern], path: &str) -> Option<usize> {
        Rules::new(patterns.iter().cloned().map(|pattern| (pattern, ()))).find(path)
    }

    #[test]
    fn the_first_rule_wins_whatever_its_kind() {
        let foreign = Pattern::Foreign(Arc::new(Suffix("/z")));
        let rules = [literal("/a"), foreign, regex("/b"), literal("/b/c"), Pattern::Any, literal("/never")];
        assert_eq!(find(&rules, "/a"), Some(0));
        assert_eq!(find(&rules, "/a/z"), Some(1));
        assert_eq!(find(&rules, "/b/z"), Some(1));
        assert_eq!(find(&rules, "/b/c"), Some(2));
        assert_eq!(find(&rules, "/never"), Some(4));
        assert_eq!(find(&rules, ""), Some(4));
        assert_eq!(find(&[], "/"), None);
        assert_eq!(find(&[literal("/A")], "/a"), None);
    }

    fn naive(pattern: &Pattern, path: &str) -> bool {
        match pattern {
            Pattern::Any => true,
            Pattern::Literal(literal) | Pattern::Exact(literal) => literal == path,
            Pattern::Regex(regex, _) => crate::automaton::regex_matches(regex, path) == Some(true),
            Pattern::Foreign(matcher) => matcher.matches(path),
        }
    }

    proptest! {
        #[test]
        fn rules_agree_with_a_scan(
            kinds in proptest::collection::vec((0..8usize, "[ab/]{0,3}"), 0..8),
            path in "[ab/]{0,4}",
        ) {
            let patterns: Vec<Pattern> = kinds
                .into_iter()
                .map(|(kind, text)| match kind {
                    0 => Pattern::Any,
                    1 | 2 => Pattern::Foreign(Arc::new(Suffix("a"))),
                    3 => regex(&text),
                    4 | 5 => regex(&format!("(?:{text})")),
                    _ => Pattern::Literal(text),
                })
                .collect();
            let expected = patterns.iter().position(|pattern| naive(pattern, &path));
            prop_assert_eq!(find(&patterns, &path), expected);
        }
    }
}
