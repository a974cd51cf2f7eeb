//! Many regular expressions, of which a text is compared only with those it can match.
//!
//! Nearly every expression has a few characters in a row that each text it matches contains. Such a window is looked up
//! for each position of a text, so the time does not depend on how many expressions there are.

use crate::regex_set::{Automata, NumberedRegex};
use crate::required_text::{Length, OTHER, RequiredText, fold};
use foldhash::fast::FixedState;
use smallvec::SmallVec;
use std::collections::HashMap;
use std::iter::zip;

const WIDTH: usize = size_of::<Window>();

/// A few characters in a row, in lower case, as a number, which is quicker to look up.
type Window = u32;

/// How many characters on each side of a window are compared.
const BESIDE: usize = 16;

/// Numbered regular expressions, by a window that each of them requires.
pub(crate) struct RegexIndex {
    groups: Vec<Group>,
    groups_by_window: HashMap<Window, usize, FixedState>,
}

/// Expressions that have a window in common.
struct Group {
    surroundings: Surroundings,
    /// A text can have thousands of windows, so none of these is left to be compiled at a search.
    automata: Automata,
}

/// What each match of some expressions has around a window. A text can be made of the windows of thousands of
/// expressions, but not with all that is around them, so hardly one of their automata makes states for it.
struct Surroundings {
    /// The characters in a row that the window is among.
    row: SmallVec<[u8; WIDTH + 2 * BESIDE]>,
    /// The index of the window in the row.
    at: usize,
    /// The length of the text before the window.
    before: Length,
    /// The length of the text after the window.
    after: Length,
}

impl RegexIndex {
    /// Takes the expressions that require a window, and returns the others too.
    pub(crate) fn new(regexes: Vec<NumberedRegex>) -> (Self, Vec<NumberedRegex>) {
        let required: Vec<RequiredText> = regexes.iter().map(|numbered| RequiredText::new(&numbered.regex)).collect();
        let mut counts: HashMap<Window, u32, FixedState> = HashMap::default();
        for (_, window) in required.iter().flat_map(required_windows) {
            *counts.entry(window).or_default() += 1;
        }
        let mut groups: Vec<(Surroundings, Vec<NumberedRegex>)> = Vec::new();
        let mut groups_by_window = HashMap::default();
        let mut others = Vec::new();
        for (numbered, required) in zip(regexes, required) {
            // The rarest window, as most of "https://" is in all of them.
            let rarest = required_windows(&required).min_by_key(|(_, window)| counts.get(window));
            let Some((at, window)) = rarest else {
                others.push(numbered);
                continue;
            };
            let surroundings = Surroundings::new(&required, at);
            let group = *groups_by_window.entry(window).or_insert(groups.len());
            match groups.get_mut(group) {
                Some((shared, group)) => {
                    shared.keep_shared(&surroundings);
                    group.push(numbered);
                }
                None => groups.push((surroundings, vec![numbered])),
            }
        }
        let groups = groups
            .into_iter()
            .map(|(surroundings, group)| Group { surroundings, automata: Automata::new(&group) })
            .collect();
        (Self { groups, groups_by_window }, others)
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.candidates(text).any(|group| group.is_match(text))
    }

    /// Returns the lowest number of an expression that matches, if it is lower than `limit`. Matchers of higher numbers
    /// are not asked.
    pub(crate) fn first_match(&self, text: &str, limit: Option<usize>) -> Option<usize> {
        self.candidates(text).fold(None, |found, group| group.first_match(text, found.or(limit)).or(found))
    }

    /// Returns the groups whose window is in a text, with what has to be around it.
    fn candidates(&self, text: &str) -> impl Iterator<Item = &Automata> {
        let text = folded(text);
        let mut numbers: SmallVec<[usize; 16]> = SmallVec::new();
        for (at, window) in windows(&text) {
            if let Some(number) = self.groups_by_window.get(&window)
                && let Some(group) = self.groups.get(*number)
                && group.surroundings.are_in(&text, at)
            {
                numbers.push(*number);
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().filter_map(|number| Some(&self.groups.get(number)?.automata))
    }
}

impl Surroundings {
    /// Takes what is around the window at an index of the text that an expression requires.
    fn new(required: &RequiredText, at: usize) -> Self {
        let is_same = |byte: &&u8| **byte != OTHER;
        let (before, after) = around(required.bytes(), at);
        let before = before.iter().rev().take(BESIDE).take_while(is_same).count();
        let after = after.iter().take(BESIDE).take_while(is_same).count();
        let row = required.bytes().get(at.saturating_sub(before)..at + WIDTH + after).unwrap_or_default();
        Self { row: row.into(), at: before, before: required.length(..at), after: required.length(at + WIDTH..) }
    }

    /// Leaves out what others do not have.
    fn keep_shared(&mut self, others: &Self) {
        let (before, after) = around(&self.row, self.at);
        let (others_before, others_after) = around(&others.row, others.at);
        let is_same = |(one, other): &(&u8, &u8)| one == other;
        let at = zip(before.iter().rev(), others_before.iter().rev()).take_while(is_same).count();
        let after = zip(after, others_after).take_while(is_same).count();
        self.row.truncate(self.at + WIDTH + after);
        self.row.drain(..self.at - at);
        self.at = at;
        self.before = self.before.or(others.before);
        self.after = self.after.or(others.after);
    }

    /// Returns whether they are around the window at an index of a text.
    fn are_in(&self, text: &[u8], at: usize) -> bool {
        self.before.includes(at)
            && self.after.includes(text.len().saturating_sub(at + WIDTH))
            && at
                .checked_sub(self.at)
                .and_then(|start| text.get(start..))
                .is_some_and(|text| text.starts_with(&self.row))
    }
}

/// Returns the windows that are in every text that an expression matches.
fn required_windows(required: &RequiredText) -> impl Iterator<Item = (usize, Window)> {
    windows(required.bytes()).filter(|(_, window)| !window.to_be_bytes().contains(&OTHER))
}

/// Returns the windows of a text, each with its index.
fn windows(text: &[u8]) -> impl Iterator<Item = (usize, Window)> {
    text.windows(WIDTH).filter_map(|window| Some(Window::from_be_bytes(window.try_into().ok()?))).enumerate()
}

/// Returns what is before and after the window at an index of a text.
fn around(text: &[u8], at: usize) -> (&[u8], &[u8]) {
    (text.get(..at).unwrap_or_default(), text.get(at + WIDTH..).unwrap_or_default())
}

/// Returns a text with a byte for each character, in lower case.
fn folded(text: &str) -> SmallVec<[u8; 128]> {
    if text.is_ascii() {
        return text.bytes().map(|byte| byte.to_ascii_lowercase()).collect();
    }
    text.chars().map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regex_set::regex_matches;
    use crate::testing::Suffix;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn index(regexes: impl Iterator<Item = String>) -> RegexIndex {
        let numbered =
            regexes.enumerate().map(|(number, regex)| NumberedRegex { number, regex, matcher: Arc::new(Suffix("!")) });
        let (index, others) = RegexIndex::new(numbered.collect());
        assert!(others.is_empty());
        index
    }

    #[test]
    fn expressions_are_found_by_a_window_that_they_share_and_by_their_own() {
        let shared = index((0..1_000).map(|number| format!("https:..(?:t{number}|u{number})[a-z]*\\z")));
        assert!(shared.groups.len() < 100);
        assert!(shared.is_match("https://u999"));
        assert_eq!(shared.first_match("https://t7x", None), Some(7));
        assert_eq!(shared.first_match("https://t1000", None), None);

        let own = index((1_000..2_000).map(|number| match number {
            1_008 => "https:..app-1008(?:[a-z]{900}){0,900}".to_owned(), // Exceeds the size limit.
            _ => format!("https:..app-{number}"),
        }));
        assert!(own.groups.len() > 900);
        assert_eq!(own.first_match("https://app-1009", None), Some(9));
        assert_eq!(own.first_match("https://app-1008!", None), Some(8));
        assert_eq!(own.first_match("https://app-1008!", Some(8)), None);
    }

    #[test]
    fn an_expression_is_a_candidate_where_all_around_its_window_is_right() {
        let index = index((0..200).map(|number| match number {
            0 => r"https:..[a-z]+\.tenant-0x9\.example(?:\x{A}?\z)".to_owned(),
            1 => r"https:..one-0x9z[a-z]{2}\.(?:com|example)\z".to_owned(),
            2 => r"https:..two.*-7x7-(?:ab){2,3}\z".to_owned(),
            _ => format!("https:..[a-z]+-{number:04}-"),
        }));
        let candidates = |text: &str| index.candidates(text).count();
        for text in [
            "https://a.tenant-0x9.example",
            "https://a.tenant-0x9.example\n",
            "HTTPS://ABC.TENANT-0X9.EXAMPLE",
            "https://one-0x9zab.com",
            "https://one-0x9zab.example",
            "https://two-7x7-abab",
            "https://two..-7x7-ababab",
            "https://two\u{e9}\u{e9}-7x7-ababab",
        ] {
            assert_eq!(candidates(text), 1, "{text}");
        }
        for text in [
            "https://.tenant-0x9.example",      // Nothing before the window but what it stands in.
            "https://a.tenant-0x9.example\n\n", // More after it.
            "https://a.tenant-0x9.examples-",
            "https://a.fenant-0x9.example",
            "https://a.tenant-0x9.elample",
            "https://oone-0x9zab.com",
            "https://one-0x9zab.",
            "https://one-0x9zab.examples",
            "https://two-7x7-a",
            "https://two-7x7-abababa",
        ] {
            assert_eq!(candidates(text), 0, "{text}");
        }
    }

    #[test]
    fn only_what_all_expressions_of_a_window_have_around_it_is_compared() {
        // "9q9q" is in two expressions, and each window that reaches beyond it is in more.
        let mut regexes = vec![r"x9q9qvz\z".to_owned(), r"[a-x]{0,9}y9q9qwz.\z".to_owned()];
        for other in ["x9q9", "y9q9", "q9qv", "q9qw", "9qvz", "9qwz"] {
            regexes.extend((0..3).map(|number| format!("[a-c]{other}[d-f]{number}")));
        }
        let index = index(regexes.into_iter());
        let group =
            index.groups_by_window.get(&Window::from_be_bytes(*b"9q9q")).and_then(|number| index.groups.get(*number));
        assert!(group.is_some_and(|group| group.surroundings.row.as_slice() == b"9q9q"));
        assert_eq!(index.first_match("x9q9qvz", None), Some(0));
        assert_eq!(index.first_match("y9q9qwz.", None), Some(1));
        assert_eq!(index.first_match("abcdefghiy9q9qwz.", None), Some(1));
        assert_eq!(index.first_match("x9q9qwz", None), None);
        assert_eq!(index.candidates("x9q9qwz").count(), 1);
        assert_eq!(index.candidates("abcdefghijy9q9qwz.").count(), 0);
        assert_eq!(index.candidates("x9q9qwz..").count(), 0);
    }

    #[test]
    fn a_long_text_with_windows_of_all_expressions_has_few_candidates() {
        let index = index((0..4_000).map(|number| format!(r"https:..[a-z]+\.t{number:04}\.example\z")));
        let windows = (0..4_000).fold(String::new(), |windows, number| windows + &format!("{number:04}"));
        assert_eq!(index.candidates(&format!("https://a.t0000.example{windows}")).count(), 0);
        assert_eq!(index.candidates(&format!("https://a.t0000.example{windows}a.t3999.example")).count(), 1);
    }

    #[test]
    fn a_text_is_folded_like_a_class() {
        assert_eq!(folded("K\u{212A}\u{17F}é-").as_slice(), b"kks\xFF-");
        assert_eq!(folded("AbC").as_slice(), b"abc");
    }

    proptest! {
        #[test]
        fn what_is_looked_up_agrees_with_a_search_one_by_one(
            regexes in proptest::collection::vec(
                "(?:\\\\A)?(?:abab|[Aa][Bb]ka|[Kk\u{212A}]|[.][*?]?|\\(a\\|bab\\)|\\(ba\\)[+*]|\\(ab\\|k\\)\\{1,2\\}){1,6}(?:\\\\z|\\(\n\\?\\\\z\\))?",
                1..4,
            ),
            texts in proptest::collection::vec("(?:ab|ABAB|baka|[abkK\u{212A}é]){0,6}\n?", 16),
        ) {
            let numbered = regexes.into_iter().enumerate();
            let numbered = numbered.map(|(number, regex)| NumberedRegex { number, regex, matcher: Arc::new(Suffix("!")) });
            let numbered: Vec<_> = numbered.filter(|numbered| required_windows(&RequiredText::new(&numbered.regex)).next().is_some()).collect();
            let regexes: Vec<_> = numbered.iter().map(|numbered| (numbered.number, numbered.regex.clone())).collect();
            let (index, others) = RegexIndex::new(numbered);
            prop_assert!(others.is_empty());
            for text in texts {
                let first = regexes.iter().find(|(_, regex)| regex_matches(regex, &text) == Some(true));
                prop_assert_eq!(index.first_match(&text, None), first.map(|(number, _)| *number), "{}", text);
            }
        }
    }
}
