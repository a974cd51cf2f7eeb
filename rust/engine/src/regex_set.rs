//! Sets of regular expressions, each searched as one automaton in time linear in the text.

use crate::pattern::Custom;
use regex_automata::meta::{Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::{Anchored, Input};
use std::sync::Arc;

/// The size limit of an automaton, in bytes. A set that exceeds it is split; a single expression that exceeds it is
/// left to its custom matcher.
const NFA_SIZE_LIMIT: usize = 10 << 20;

/// A regular expression, its number, and the matcher that replaces it where it exceeds the size limit.
pub(crate) struct NumberedRegex {
    pub(crate) number: usize,
    pub(crate) regex: String,
    pub(crate) matcher: Arc<dyn Custom>,
}

/// The number and the matcher of an expression that exceeds the size limit.
pub(crate) type Refused = (usize, Arc<dyn Custom>);

/// Numbered regular expressions, in ascending order of their numbers.
pub(crate) struct RegexSet {
    /// The automata, each with the numbers of its expressions.
    parts: Vec<(Vec<usize>, Regex)>,
}

impl RegexSet {
    /// Compiles expressions, and returns the numbers and matchers of those that exceed the size limit.
    pub(crate) fn new(regexes: Vec<NumberedRegex>) -> (Self, Vec<Refused>) {
        let mut parts = Vec::new();
        let mut refused = Vec::new();
        compile(regexes, &mut parts, &mut refused);
        (Self { parts }, refused)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        self.parts.iter().any(|(_, regex)| regex.is_match(anchored(text)))
    }

    /// Returns the lowest number of an expression that matches.
    pub(crate) fn first_match(&self, text: &str) -> Option<usize> {
        // Every match starts at the start of the text, so "leftmost first" prefers the earliest expression.
        self.parts.iter().find_map(|(numbers, regex)| {
            let half = regex.search_half(&anchored(text))?;
            numbers.get(half.pattern().as_usize()).copied()
        })
    }
}

fn anchored(text: &str) -> Input<'_> {
    Input::new(text).anchored(Anchored::Yes)
}

/// Builds one automaton of several expressions; `None` if it exceeds the size limit.
fn build(regexes: &[&str]) -> Option<Regex> {
    Regex::builder()
        .configure(Config::new().nfa_size_limit(Some(NFA_SIZE_LIMIT)).which_captures(WhichCaptures::Implicit))
        .build_many(regexes)
        .ok()
}

/// Compiles expressions to as few automata as a division into halves gives.
fn compile(mut regexes: Vec<NumberedRegex>, parts: &mut Vec<(Vec<usize>, Regex)>, refused: &mut Vec<Refused>) {
    if regexes.is_empty() {
        return;
    }
    let texts: Vec<&str> = regexes.iter().map(|numbered| numbered.regex.as_str()).collect();
    match build(&texts) {
        Some(regex) => parts.push((regexes.iter().map(|numbered| numbered.number).collect(), regex)),
        None if regexes.len() == 1 => {
            refused.extend(regexes.pop().map(|numbered| (numbered.number, numbered.matcher)));
        }
        None => {
            let rest = regexes.split_off(regexes.len() / 2);
            compile(regexes, parts, refused);
            compile(rest, parts, refused);
        }
    }
}

/// Returns whether a regular expression matches at the start of a text; `None` if it cannot be compiled.
#[must_use]
pub fn regex_matches(regex: &str, text: &str) -> Option<bool> {
    build(&[regex]).map(|regex| regex.is_match(anchored(text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Suffix;

    fn regex_set(regexes: &[&str]) -> RegexSet {
        let numbered = regexes
            .iter()
            .enumerate()
            .map(|(number, regex)| NumberedRegex { number, regex: (*regex).to_owned(), matcher: Arc::new(Suffix("")) })
            .collect();
        RegexSet::new(numbered).0
    }

    #[test]
    fn the_first_expression_wins_not_the_longest_match() {
        let set = regex_set(&["/b", "/a", "/a/b", "/"]);
        assert_eq!(set.first_match("/a/b"), Some(1));
        assert_eq!(set.first_match("/c"), Some(3));
        assert_eq!(set.first_match("c"), None);
    }

    #[test]
    fn a_set_that_exceeds_the_size_limit_is_split_in_order() {
        let large = "(?:[a-z]{900}){60}";
        let mut regexes = vec![large; 40];
        regexes.extend(["x", "x"]);
        let set = regex_set(&regexes);
        assert!(set.parts.len() > 1);
        assert_eq!(set.first_match("x"), Some(40));
        assert_eq!(set.first_match(&"a".repeat(54_000)), Some(0));
    }
}
