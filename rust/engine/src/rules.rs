//! Policies by path.

use crate::pattern::{Custom, Pattern};
use crate::regex_set::{NumberedRegex, RegexSet, first_of};
use foldhash::fast::FixedState;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The numbers of rules, by text.
type Numbers = HashMap<Box<str>, usize, FixedState>;

/// Policies by path: the first rule whose pattern matches decides.
///
/// Literal paths are compared with case. Regular expressions are anchored at the start only.
pub struct Rules<P> {
    policies: Vec<P>,
    literals: Numbers,
    /// The rules whose pattern is only the beginning of a path, by its length.
    prefixes: Vec<(usize, Numbers)>,
    regexes: RegexSet,
    /// The rules that only a matcher can decide, in ascending order.
    matchers: Vec<(usize, Arc<dyn Custom>)>,
    /// The first rule that matches every path.
    any: Option<usize>,
}

impl<P> Rules<P> {
    /// Compiles rules, in their order.
    pub fn new(rules: impl IntoIterator<Item = (Pattern, P)>) -> Self {
        let mut policies = Vec::new();
        let mut literals: Numbers = HashMap::default();
        let mut prefixes: BTreeMap<usize, Numbers> = BTreeMap::new();
        let mut regexes = Vec::new();
        let mut matchers = Vec::new();
        let mut any = None;
        for (number, (pattern, policy)) in rules.into_iter().enumerate() {
            policies.push(policy);
            if any.is_some() {
                continue; // No path reaches this rule.
            }
            match pattern {
                Pattern::Wildcard => any = Some(number),
                Pattern::Literal(path) | Pattern::CaseSensitive(path) | Pattern::Converted(path) => {
                    literals.entry(path.into_boxed_str()).or_insert(number);
                }
                Pattern::Regex(regex, _) if is_plain(&regex) => {
                    prefixes.entry(regex.len()).or_default().entry(regex.into_boxed_str()).or_insert(number);
                }
                Pattern::Regex(regex, matcher) => regexes.push(NumberedRegex { number, regex, matcher }),
                Pattern::Custom(matcher) => matchers.push((number, matcher)),
            }
        }
        let regexes = RegexSet::new(regexes);
        Self { policies, literals, prefixes: prefixes.into_iter().collect(), regexes, matchers, any }
    }

    /// Returns the number of the first rule that matches a path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<usize> {
        let literal = if self.literals.is_empty() { None } else { self.literals.get(path).copied() };
        if literal == Some(0) {
            return literal; // No rule precedes it.
        }
        let known = [literal, self.first_prefix(path), self.any].into_iter().flatten().min();
        let known = self.regexes.first_match(path, known).or(known);
        first_of(&self.matchers, path, known).or(known)
    }

    fn first_prefix(&self, path: &str) -> Option<usize> {
        let fitting = self.prefixes.iter().take_while(|(length, _)| *length <= path.len());
        fitting.filter_map(|(length, numbers)| numbers.get(path.get(..*length)?).copied()).min()
    }

    /// Returns whether the first rule matches every path.
    #[must_use]
    pub fn first_matches_all(&self) -> bool {
        self.any == Some(0)
    }

    /// Returns the policies of all rules.
    #[must_use]
    pub fn policies(&self) -> &[P] {
        &self.policies
    }

    /// Returns the policy of the rule with a number.
    #[must_use]
    pub fn policy(&self, number: usize) -> Option<&P> {
        self.policies.get(number)
    }
}

/// Returns whether every character of a regular expression stands for itself.
fn is_plain(regex: &str) -> bool {
    regex.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_- ".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regex_set::regex_matches;
    use crate::testing::{custom, literal, regex};
    use proptest::prelude::*;

    fn find(patterns: &[Pattern], path: &str) -> Option<usize> {
        Rules::new(patterns.iter().cloned().map(|pattern| (pattern, ()))).find(path)
    }

    #[test]
    fn the_first_rule_wins_whatever_its_kind() {
        let rules = [literal("/a"), custom("/z"), regex("/b"), literal("/b/c"), Pattern::Wildcard, literal("/never")];
        assert_eq!(find(&rules, "/a"), Some(0));
        assert_eq!(find(&rules, "/a/z"), Some(1));
        assert_eq!(find(&rules, "/b/z"), Some(1));
        assert_eq!(find(&rules, "/b/c"), Some(2));
        assert_eq!(find(&rules, "/never"), Some(4));
        assert_eq!(find(&rules, ""), Some(4));
        assert_eq!(find(&[], "/"), None);
        assert_eq!(find(&[literal("/A")], "/a"), None);
    }

    fn matches_alone(pattern: &Pattern, path: &str) -> bool {
        match pattern {
            Pattern::Wildcard => true,
            Pattern::Literal(text) | Pattern::CaseSensitive(text) | Pattern::Converted(text) => text == path,
            Pattern::Regex(regex, _) => regex_matches(regex, path) == Some(true),
            Pattern::Custom(matcher) => matcher.matches(path),
        }
    }

    proptest! {
        #[test]
        fn rules_agree_with_a_search_one_by_one(
            kinds in proptest::collection::vec((0..8usize, "[ab/]{0,3}"), 0..8),
            path in "[ab/]{0,4}",
        ) {
            let patterns: Vec<Pattern> = kinds
                .into_iter()
                .map(|(kind, text)| match kind {
                    0 => Pattern::Wildcard,
                    1 | 2 => custom("a"),
                    3 => regex(&text),
                    4 | 5 => regex(&format!("(?:{text})")),
                    _ => Pattern::Literal(text),
                })
                .collect();
            let expected = patterns.iter().position(|pattern| matches_alone(pattern, &path));
            prop_assert_eq!(find(&patterns, &path), expected);
        }
    }
}
