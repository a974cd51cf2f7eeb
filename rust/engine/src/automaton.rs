//! Many regular expressions in one automaton, searched in time linear in the text.

use crate::pattern::Foreign;
use regex_automata::meta::{Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::{Anchored, Input};
use std::sync::Arc;

/// Beyond this, a set of patterns is split and a pattern on its own is left to its foreign matcher.
const NFA_SIZE_LIMIT: usize = 10 << 20;

/// A regular expression, its number, and the matcher to use where it cannot be compiled.
type Numbered = (usize, String, Arc<dyn Foreign>);
type Refused = (usize, Arc<dyn Foreign>);

/// Numbered regular expressions, in ascending order of their numbers.
pub(crate) struct Automata {
    parts: Vec<(Vec<usize>, Regex)>,
}

impl Automata {
    /// Compiles what can be compiled, and gives back the numbers and matchers of the rest.
    pub(crate) fn new(regexes: Vec<Numbered>) -> (Self, Vec<Refused>) {
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

    /// The lowest number of those that match.
    pub(crate) fn first(&self, text: &str) -> Option<usize> {
        // Every match starts where the text does, so "leftmost first" prefers the earliest pattern.
        self.parts.iter().find_map(|(numbers, regex)| {
            let half = regex.search_half(&anchored(text))?;
            numbers.get(half.pattern().as_usize()).copied()
        })
    }
}

fn anchored(text: &str) -> Input<'_> {
    Input::new(text).anchored(Anchored::Yes)
}

fn build(patterns: &[&str]) -> Option<Regex> {
    Regex::builder()
        .configure(Config::new().nfa_size_limit(Some(NFA_SIZE_LIMIT)).which_captures(WhichCaptures::Implicit))
        .build_many(patterns)
        .ok()
}

fn compile(mut regexes: Vec<Numbered>, parts: &mut Vec<(Vec<usize>, Regex)>, refused: &mut Vec<Refused>) {
    if regexes.is_empty() {
        return;
    }
    let patterns: Vec<&str> = regexes.iter().map(|(_, pattern, _)| pattern.as_str()).collect();
    match build(&patterns) {
        Some(regex) => parts.push((regexes.iter().map(|(number, ..)| *number).collect(), regex)),
        None if regexes.len() == 1 => refused.extend(regexes.pop().map(|(number, _, matcher)| (number, matcher))),
        None => {
            let rest = regexes.split_off(regexes.len() / 2);
            compile(regexes, parts, refused);
            compile(rest, parts, refused);
        }
    }
}

/// Whether a pattern matches at the start of a text; `None` if it cannot be compiled.
#[must_use]
pub fn regex_matches(pattern: &str, text: &str) -> Option<bool> {
    build(&[pattern]).map(|regex| regex.is_match(anchored(text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::tests::Suffix;

    fn automata(patterns: &[&str]) -> Automata {
        let numbered = patterns
            .iter()
            .enumerate()
            .map(|(number, pattern)| (number, (*pattern).to_owned(), Arc::new(Suffix("")) as Arc<dyn Foreign>))
            .collect();
        Automata::new(numbered).0
    }

    #[test]
    fn the_first_pattern_wins_not_the_longest() {
        let automata = automata(&["/b", "/a", "/a/b", "/"]);
        assert_eq!(automata.first("/a/b"), Some(1));
        assert_eq!(automata.first("/c"), Some(3));
        assert_eq!(automata.first("c"), None);
    }

    #[test]
    fn a_set_too_large_for_one_automaton_is_split_in_order() {
        let large = "(?:[a-z]{900}){60}";
        let patterns = vec![large; 40];
        let mut patterns: Vec<&str> = patterns;
        patterns.push("x");
        patterns.push("x");
        let automata = automata(&patterns);
        assert!(automata.parts.len() > 1);
        assert_eq!(automata.first("x"), Some(40));
        assert_eq!(automata.first(&"a".repeat(54_000)), Some(0));
    }
}
