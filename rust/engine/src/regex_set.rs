//! Sets of regular expressions, each searched as one automaton in time linear in the text.

use crate::pattern::Custom;
use regex_automata::meta::{Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::{Anchored, Input};
use std::sync::{Arc, OnceLock};

/// The size limit of an automaton, in bytes. A set that exceeds it is split; a single expression that exceeds it is
/// left to its custom matcher.
const NFA_SIZE_LIMIT: usize = 10 << 20;

/// A regular expression, its number, and the matcher that replaces it where it exceeds the size limit.
pub(crate) struct NumberedRegex {
    pub(crate) number: usize,
    pub(crate) regex: String,
    pub(crate) matcher: Arc<dyn Custom>,
}

/// Numbered regular expressions, in ascending order of their numbers.
pub(crate) struct RegexSet {
    /// The expressions of a small set. It is compiled when it is first searched, so that an application with many
    /// policies starts without delay; that takes less than a millisecond.
    uncompiled: Vec<NumberedRegex>,
    compiled: OnceLock<Compiled>,
    is_empty: bool,
}

struct Compiled {
    /// The automata, each with the numbers of its expressions.
    parts: Vec<(Vec<usize>, Regex)>,
    /// The numbers and matchers of the expressions that exceed the size limit.
    refused: Vec<(usize, Arc<dyn Custom>)>,
}

impl RegexSet {
    pub(crate) fn new(regexes: Vec<NumberedRegex>) -> Self {
        let is_empty = regexes.is_empty();
        if is_small(&regexes) {
            return Self { uncompiled: regexes, compiled: OnceLock::new(), is_empty };
        }
        Self { uncompiled: Vec::new(), compiled: Compiled::new(&regexes).into(), is_empty }
    }

    #[inline]
    fn compiled(&self) -> &Compiled {
        match self.compiled.get() {
            Some(compiled) => compiled,
            None => self.compile(),
        }
    }

    #[cold]
    fn compile(&self) -> &Compiled {
        self.compiled.get_or_init(|| Compiled::new(&self.uncompiled))
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.is_empty
    }

    #[inline]
    pub(crate) fn matches(&self, text: &str) -> bool {
        !self.is_empty && self.any_matches(text)
    }

    #[inline(never)] // Inlined, it makes sets of literals slower.
    fn any_matches(&self, text: &str) -> bool {
        let Compiled { parts, refused } = self.compiled();
        parts.iter().any(|(_, regex)| regex.is_match(anchored(text)))
            || refused.iter().any(|(_, matcher)| matcher.matches(text))
    }

    /// Returns the lowest number of an expression that matches. Matchers whose number is not lower than `limit` are not
    /// asked.
    #[inline]
    pub(crate) fn first_match(&self, text: &str, limit: Option<usize>) -> Option<usize> {
        if self.is_empty { None } else { self.first_of_all(text, limit) }
    }

    fn first_of_all(&self, text: &str, limit: Option<usize>) -> Option<usize> {
        let Compiled { parts, refused } = self.compiled();
        // Every match starts at the start of the text, so "leftmost first" prefers the earliest expression.
        let found = parts.iter().find_map(|(numbers, regex)| {
            let half = regex.search_half(&anchored(text))?;
            numbers.get(half.pattern().as_usize()).copied()
        });
        let limit = [found, limit].into_iter().flatten().min();
        first_of(refused, text, limit).or(found)
    }
}

impl Compiled {
    fn new(regexes: &[NumberedRegex]) -> Self {
        let mut compiled = Self { parts: Vec::new(), refused: Vec::new() };
        compiled.add(regexes);
        compiled
    }

    /// Compiles expressions to as few automata as a division into halves gives.
    fn add(&mut self, regexes: &[NumberedRegex]) {
        if regexes.is_empty() {
            return;
        }
        let texts: Vec<&str> = regexes.iter().map(|numbered| numbered.regex.as_str()).collect();
        match (build(&texts), regexes) {
            (Some(regex), _) => self.parts.push((regexes.iter().map(|numbered| numbered.number).collect(), regex)),
            (None, [numbered]) => self.refused.push((numbered.number, Arc::clone(&numbered.matcher))),
            (None, _) => {
                let (first, second) = regexes.split_at(regexes.len() / 2);
                self.add(first);
                self.add(second);
            }
        }
    }
}

/// Returns the first number, in ascending order, whose matcher matches a text, if it is lower than `limit`.
pub(crate) fn first_of(matchers: &[(usize, Arc<dyn Custom>)], text: &str, limit: Option<usize>) -> Option<usize> {
    matchers
        .iter()
        .take_while(|(number, _)| limit.is_none_or(|limit| *number < limit))
        .find(|(_, matcher)| matcher.matches(text))
        .map(|(number, _)| *number)
}

/// The length of the expressions of a small set, in bytes.
const SMALL: usize = 2_048;

/// Returns whether expressions are compiled in less than a millisecond: they are short, and none has a counted repeat,
/// which can make a short expression large.
fn is_small(regexes: &[NumberedRegex]) -> bool {
    let has_counted_repeat = |regex: &str| {
        memchr::memchr_iter(b'{', regex.as_bytes())
            .any(|brace| !regex.get(..brace).is_some_and(|before| before.ends_with("\\x")))
    };
    regexes.iter().map(|numbered| numbered.regex.len()).sum::<usize>() <= SMALL
        && !regexes.iter().any(|numbered| has_counted_repeat(&numbered.regex))
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
        RegexSet::new(numbered)
    }

    #[test]
    fn the_first_expression_wins_not_the_longest_match() {
        let set = regex_set(&["/b", "/a", "/a/b", "/"]);
        assert_eq!(set.first_match("/a/b", None), Some(1));
        assert_eq!(set.first_match("/c", None), Some(3));
        assert_eq!(set.first_match("c", None), None);
    }

    #[test]
    fn a_small_set_is_compiled_when_it_is_first_searched() {
        let set = regex_set(&["/a", "\\x{2F}b"]);
        assert!(set.compiled.get().is_none() && !set.is_empty());
        assert!(set.matches("/b"));
        assert!(set.compiled.get().is_some() && !set.is_empty());
        assert!(regex_set(&["(?:a{9}){9}"]).compiled.get().is_some());
        assert!(regex_set(&["a".repeat(SMALL + 1).as_str()]).compiled.get().is_some());
        let empty = regex_set(&[]);
        assert!(!empty.matches("") && empty.is_empty());
    }

    #[test]
    fn an_expression_that_cannot_be_compiled_keeps_its_place() {
        // Its matcher, that of the test helper, matches every text.
        let set = regex_set(&["/a", "(", "/b"]);
        assert_eq!(set.first_match("/a", None), Some(0));
        assert_eq!(set.first_match("/b", None), Some(1));
        assert_eq!(set.first_match("/b", Some(1)), Some(2));
    }

    #[test]
    fn a_set_that_exceeds_the_size_limit_is_split_in_order() {
        let large = "(?:[a-z]{900}){60}";
        let mut regexes = vec![large; 40];
        regexes.extend(["x", "x"]);
        let set = regex_set(&regexes);
        assert!(set.compiled().parts.len() > 1);
        assert_eq!(set.first_match("x", None), Some(40));
        assert_eq!(set.first_match(&"a".repeat(54_000), None), Some(0));
    }
}
