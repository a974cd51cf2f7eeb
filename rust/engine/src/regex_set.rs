//! Sets of regular expressions, each searched as one automaton in time linear in the text.

use crate::lazy_dfa::LazyDfa;
use crate::pattern::Custom;
use crate::regex_index::RegexIndex;
use std::sync::{Arc, OnceLock};

/// A regular expression, its number, and the matcher that replaces it where it exceeds the size limit.
pub(crate) struct NumberedRegex {
    pub(crate) number: usize,
    pub(crate) regex: String,
    pub(crate) matcher: Arc<dyn Custom>,
}

impl NumberedRegex {
    /// Returns whether the expression is compiled in much less than a millisecond: it is short, and has no counted
    /// repeat, which can make a short expression large.
    fn is_quick_to_compile(&self) -> bool {
        let has_counted_repeat = memchr::memchr_iter(b'{', self.regex.as_bytes())
            .any(|brace| !self.regex.get(..brace).is_some_and(|before| before.ends_with("\\x")));
        self.regex.len() <= SMALL && !has_counted_repeat
    }
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
    /// Most of the expressions of a large set.
    index: Option<RegexIndex>,
    others: Automata,
}

/// Compiled expressions that are all searched.
#[derive(Default)]
pub(crate) struct Automata {
    /// The automata, each with the numbers of its expressions.
    parts: Vec<(Vec<usize>, LazyDfa)>,
    /// The numbers and matchers of the expressions that exceed the size limit.
    refused: Vec<(usize, Arc<dyn Custom>)>,
}

impl RegexSet {
    pub(crate) fn new(regexes: Vec<NumberedRegex>) -> Self {
        let is_empty = regexes.is_empty();
        if is_small(&regexes) {
            return Self { uncompiled: regexes, compiled: OnceLock::new(), is_empty };
        }
        Self { uncompiled: Vec::new(), compiled: Compiled::new(regexes).into(), is_empty }
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
        self.compiled.get_or_init(|| Compiled { index: None, others: Automata::new(&self.uncompiled) })
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
        let Compiled { index, others } = self.compiled();
        index.as_ref().is_some_and(|index| index.is_match(text)) || others.is_match(text)
    }

    /// Returns the lowest number of an expression that matches, if it is lower than `limit`. Matchers of higher numbers
    /// are not asked.
    #[inline]
    pub(crate) fn first_match(&self, text: &str, limit: Option<usize>) -> Option<usize> {
        if self.is_empty { None } else { self.first_of_all(text, limit) }
    }

    fn first_of_all(&self, text: &str, limit: Option<usize>) -> Option<usize> {
        let Compiled { index, others } = self.compiled();
        let Some(index) = index else { return others.first_match(text, limit) };
        let indexed = index.first_match(text, limit);
        others.first_match(text, indexed.or(limit)).or(indexed)
    }
}

impl Compiled {
    /// Compiles a set, the greater part of a large one as an index.
    #[cold] // Inlined, it makes every start read its code.
    fn new(regexes: Vec<NumberedRegex>) -> Self {
        if regexes.len() <= MANY {
            return Self { index: None, others: Automata::new(&regexes) };
        }
        let (index, others) = RegexIndex::new(regexes);
        Self { index: Some(index), others: Automata::new(&others) }
    }
}

impl Automata {
    pub(crate) fn new(regexes: &[NumberedRegex]) -> Self {
        let mut automata = Self::default();
        for regexes in regexes.chunks(MANY) {
            automata.add(regexes);
        }
        automata
    }

    #[inline]
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.parts.iter().any(|(_, dfa)| dfa.is_match(text))
            || self.refused.iter().any(|(_, matcher)| matcher.matches(text))
    }

    /// Returns the lowest number of an expression that matches, if it is lower than `limit`.
    #[inline]
    pub(crate) fn first_match(&self, text: &str, limit: Option<usize>) -> Option<usize> {
        let found = self.parts.iter().find_map(|(numbers, dfa)| numbers.get(dfa.first_match(text)?).copied());
        let found = found.filter(|found| limit.is_none_or(|limit| *found < limit));
        if self.refused.is_empty() { found } else { first_of(&self.refused, text, found.or(limit)).or(found) }
    }

    /// Compiles expressions to as few automata as a division into halves gives. A single expression that exceeds the
    /// size limit is left to its custom matcher.
    fn add(&mut self, regexes: &[NumberedRegex]) {
        let texts: Vec<&str> = regexes.iter().map(|numbered| numbered.regex.as_str()).collect();
        match (LazyDfa::new(&texts), regexes) {
            (Some(dfa), _) => self.parts.push((regexes.iter().map(|numbered| numbered.number).collect(), dfa)),
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

/// The largest number of expressions in one automaton. Each of its states is a set of places in all of them, so the time
/// to make one grows with them.
const MANY: usize = 128;

/// The length of the expressions of a small set, in bytes.
const SMALL: usize = 2_048;

/// Returns whether expressions are compiled in less than a millisecond.
fn is_small(regexes: &[NumberedRegex]) -> bool {
    regexes.iter().map(|numbered| numbered.regex.len()).sum::<usize>() <= SMALL
        && regexes.iter().all(NumberedRegex::is_quick_to_compile)
}

/// Returns whether a regular expression matches at the start of a text; `None` if it cannot be compiled.
#[must_use]
pub fn regex_matches(regex: &str, text: &str) -> Option<bool> {
    LazyDfa::new(&[regex]).map(|dfa| dfa.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Suffix;
    use proptest::prelude::*;

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
        assert_eq!(set.first_match("/b", Some(1)), None);
        assert_eq!(set.first_match("/a", Some(0)), None);
    }

    #[test]
    fn a_set_that_exceeds_the_size_limit_is_split_in_order() {
        let large = "(?:[a-z]{900}){60}";
        let mut regexes = vec![large; 40];
        regexes.extend(["x", "x"]);
        let set = regex_set(&regexes);
        assert!(set.compiled().others.parts.len() > 1);
        assert_eq!(set.first_match("x", None), Some(40));
        assert_eq!(set.first_match(&"a".repeat(54_000), None), Some(0));
    }

    #[test]
    fn a_large_set_finds_expressions_by_a_window() {
        let mut regexes: Vec<String> =
            (0..3 * MANY).map(|number| format!(r"https:..app-{number}\.example\z")).collect();
        regexes.push(r"https:..[Aa]pp-7\.example".to_owned());
        regexes.push("(?:x|y)z?".to_owned()); // It requires no window.
        let texts: Vec<&str> = regexes.iter().map(String::as_str).collect();
        let set = regex_set(&texts);
        assert!(set.compiled().index.is_some());
        assert!(!set.compiled().others.parts.is_empty());
        for (text, expected) in [
            ("https://app-0.example", Some(0)),
            ("https://app-7.example", Some(7)),
            ("https://App-7.example", Some(3 * MANY)),
            ("https://app-300.example", Some(300)),
            ("https://app-7.example.evil", Some(3 * MANY)),
            ("https://app-8.example.evil", None),
            ("https://app-\u{e9}.example", None),
            ("yz", Some(3 * MANY + 1)),
            ("app", None),
            ("", None),
        ] {
            assert_eq!(set.first_match(text, None), expected, "{text}");
            assert_eq!(set.matches(text), expected.is_some(), "{text}");
        }
    }

    proptest! {
        // Each case compiles hundreds of expressions.
        #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 10))]
        #[test]
        fn a_large_set_agrees_with_a_search_one_by_one(
            regexes in proptest::collection::vec(
                "(?:ab|\\[Aa\\]\\[Bb\\]|\\[Kk\\u{212A}\\]|\\[a-b\\]|(?:a\\|b)|(?:ba)[+*]|\\(\\?-u:\\\\b\\)|\\\\z){0,6}",
                MANY + 1..2 * MANY,
            ),
            text in "[abABkK\u{212A}]{0,10}",
        ) {
            let texts: Vec<&str> = regexes.iter().map(String::as_str).collect();
            let set = regex_set(&texts);
            let expected = texts.iter().position(|regex| regex_matches(regex, &text) == Some(true));
            prop_assert_eq!(set.first_match(&text, None), expected);
            prop_assert_eq!(set.matches(&text), expected.is_some());
        }
    }
}
