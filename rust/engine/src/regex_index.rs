//! Many regular expressions, of which a text is compared only with those it can match.
//!
//! Nearly every expression has a few characters in a row that each text it matches contains. Such a window is looked up
//! for each position of a text, so the time depends on how many expressions have theirs in it, not on how many there are.

use crate::regex_set::{Automata, NumberedRegex};
use crate::required_literals::RequiredLiterals;
use crate::required_text::{Length, OTHER, RequiredText, fold};
use foldhash::fast::FixedState;
use smallvec::SmallVec;
use std::collections::HashMap;
use std::iter::zip;

const WIDTH: usize = size_of::<Window>();

/// A few characters in a row, in lower case, as a number, which is quicker to look up.
type Window = u32;

/// How many characters on each side of a window are compared at most.
const BESIDE: usize = 16;

/// The length, in characters, from which a text is checked for literals before it is searched.
const LONG: usize = 512;

/// Numbered regular expressions, by a window that each of them requires.
pub(crate) struct RegexIndex {
    groups: Vec<Group>,
    groups_by_window: HashMap<Window, usize, FixedState>,
}

/// Expressions that have a window in common.
struct Group {
    surroundings: Surroundings,
    /// What each match contains, if there is only one expression.
    literals: Option<RequiredLiterals>,
    /// The number of the first expression, which is greater than that of the group before.
    first_number: usize,
    /// A text can have thousands of windows, so none of these is left to be compiled at a search.
    automata: Automata,
}

/// What each match of some expressions has around a window. A text can contain the windows of thousands of expressions,
/// but seldom with all that is around them, and an automaton that is not searched creates no states.
struct Surroundings {
    /// The characters in a row that the window is among.
    row: SmallVec<[u8; WIDTH + 2 * BESIDE]>,
    /// The index of the window in the row.
    offset: usize,
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
        let mut groups: Vec<(Surroundings, Option<RequiredLiterals>, Vec<NumberedRegex>)> = Vec::new();
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
                Some((shared, literals, group)) => {
                    shared.keep_shared(&surroundings);
                    *literals = None;
                    group.push(numbered);
                }
                None => groups.push((surroundings, Some(RequiredLiterals::new(&required)), vec![numbered])),
            }
        }
        let groups = groups
            .into_iter()
            .map(|(surroundings, literals, group)| Group {
                surroundings,
                literals,
                first_number: group.first().map_or(0, |first| first.number),
                automata: Automata::new(&group),
            })
            .collect();
        (Self { groups, groups_by_window }, others)
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.candidates(text).any(|group| group.automata.is_match(text))
    }

    /// Returns the lowest number of an expression that matches, if it is lower than `limit`. Matchers of higher numbers
    /// are not asked.
    pub(crate) fn first_match(&self, text: &str, limit: Option<usize>) -> Option<usize> {
        let mut found = None;
        for group in self.candidates(text) {
            let limit = found.or(limit);
            if limit.is_some_and(|limit| limit <= group.first_number) {
                break;
            }
            found = group.automata.first_match(text, limit).or(found);
        }
        found
    }

    /// Returns the groups whose window is in a text, with what has to be around it.
    fn candidates(&self, text: &str) -> impl Iterator<Item = &Group> {
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
        let groups = numbers.into_iter().filter_map(|number| self.groups.get(number));
        groups.filter(move |group| {
            text.len() < LONG || group.literals.as_ref().is_none_or(|literals| literals.are_in(&text))
        })
    }
}

impl Surroundings {
    /// Takes what is around the window at an index of the text that an expression requires.
    fn new(required: &RequiredText, at: usize) -> Self {
        let is_required = |byte: &&u8| **byte != OTHER;
        let (before, after) = around(required.bytes(), at);
        let offset = before.iter().rev().take(BESIDE).take_while(is_required).count();
        let following = after.iter().take(BESIDE).take_while(is_required).count();
        let row = required.bytes().get(at.saturating_sub(offset)..at + WIDTH + following).unwrap_or_default();
        Self {
            row: row.into(),
            offset,
            before: Length::sum(required.parts(..at)),
            after: Length::sum(required.parts(at + WIDTH..)),
        }
    }

    /// Keeps what other expressions have around the same window as well, and allows for the lengths of both.
    fn keep_shared(&mut self, others: &Self) {
        let is_same = |(one, other): &(&u8, &u8)| one == other;
        let (before, after) = around(&self.row, self.offset);
        let (others_before, others_after) = around(&others.row, others.offset);
        let offset = zip(before.iter().rev(), others_before.iter().rev()).take_while(is_same).count();
        let following = zip(after, others_after).take_while(is_same).count();
        self.row.truncate(self.offset + WIDTH + following);
        self.row.drain(..self.offset - offset);
        self.offset = offset;
        self.before = self.before.union(others.before);
        self.after = self.after.union(others.after);
    }

    /// Returns whether a text has them around the window at an index.
    fn are_in(&self, text: &[u8], at: usize) -> bool {
        let row_start = at.checked_sub(self.offset);
        self.before.includes(at)
            && self.after.includes(text.len().saturating_sub(at + WIDTH))
            && row_start.and_then(|start| text.get(start..)).is_some_and(|text| text.starts_with(&self.row))
    }
}

/// Returns the windows that are in every text that an expression matches, each with its index in what is required.
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
    use crate::lazy_dfa::LazyDfa;
    use crate::testing::Suffix;
    use proptest::prelude::*;
    use proptest::sample::select;
    use std::sync::Arc;

    fn numbered(regexes: impl Iterator<Item = String>) -> Vec<NumberedRegex> {
        let regexes = regexes.enumerate();
        regexes.map(|(number, regex)| NumberedRegex { number, regex, matcher: Arc::new(Suffix("!")) }).collect()
    }

    fn index(regexes: impl Iterator<Item = String>) -> RegexIndex {
        let (index, others) = RegexIndex::new(numbered(regexes));
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
        assert_eq!(own.first_match("https://app-1008!", Some(9)), Some(8));
        assert_eq!(own.first_match("https://app-1008!", Some(8)), None);
    }

    #[test]
    fn an_expression_is_a_candidate_where_its_window_has_the_right_surroundings() {
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
            "https://.tenant-0x9.example",      // No label before the window.
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
    fn a_long_text_with_windows_of_all_expressions_has_few_candidates_where_these_can_be_anywhere() {
        let windows = (0..1_000).fold("https:..".to_owned(), |windows, number| windows + &format!("-{number:04}-"));
        for (inner, end, first) in [
            (".*", "9", 0),
            ("[a-z]*", "9.example", 700),
            ("[a-z]+", ".example", 700),
            (".*[a-z]+", "9.example", 0),
            (".*-x.*", "9.example", 0),
        ] {
            let regex = |number| format!(r"https:...*-{number:04}-{inner}\.example\z");
            let index = index((0..1_000).map(regex));
            assert!(index.groups.len() > 900);
            assert_eq!(index.candidates(&format!("{windows}{end}")).count(), 0, "{inner}");
            assert_eq!(index.first_match(&format!("{windows}-0700-xa.example"), None), Some(first), "{inner}");
        }
    }

    #[test]
    fn a_text_is_folded_like_a_class() {
        assert_eq!(folded("K\u{212A}\u{17F}é-").as_slice(), b"kks\xFF-");
        assert_eq!(folded("AbC").as_slice(), b"abc");
    }

    /// Pieces of expressions, each with texts that it matches.
    const PIECES: [(&str, &[&str]); 20] = [
        ("abab", &["abab"]),
        ("[Aa][Bb]ka", &["abka", "ABka"]),
        ("[Kk\u{212A}]", &["k", "K", "\u{212A}"]),
        ("[Ii\u{130}\u{131}]", &["i", "\u{130}", "\u{131}"]),
        ("[Ss\u{17F}]", &["s", "\u{17F}"]),
        ("a", &["a"]),
        (".", &["é", "a", "\u{10FFFF}"]),
        (".*", &["", "ab", "é"]),
        ("[^b]?", &["", "a", "é"]),
        ("(a|bab)", &["a", "bab"]),
        ("(é|ab)", &["é", "ab"]),
        ("(ba)+", &["ba", "baba"]),
        ("(ba)*", &["", "baba"]),
        ("(ab|k){1,2}", &["k", "abab"]),
        ("(ab){2,}", &["abab", "ababab"]),
        ("((ab)+k){2,3}", &["abkabk", "abkababkabk"]),
        ("(a|\\z)", &["a", ""]),
        ("(ka){0}", &[""]),
        ("(?-u:\\b)", &[""]),
        ("\\z", &[""]),
    ];
    const ENDS: [(&str, &[&str]); 3] = [("", &["", "ab", "é"]), ("\\z", &[""]), ("(?:\n?\\z)", &["", "\n"])];

    /// Generates expressions, each with a text that it mostly matches.
    fn expressions() -> impl Strategy<Value = (String, String)> {
        let matched = |(regex, texts): (&'static str, &'static [&'static str])| (Just(regex), select(texts));
        let pieces = proptest::collection::vec(select(&PIECES[..]).prop_flat_map(matched), 1..6);
        (pieces, select(&ENDS[..]).prop_flat_map(matched)).prop_map(|(mut pieces, end)| {
            pieces.push(end);
            pieces.into_iter().unzip()
        })
    }

    proptest! {
        #[test]
        fn what_is_looked_up_agrees_with_a_search_one_by_one(
            expressions in proptest::collection::vec(expressions(), 1..4),
        ) {
            let (regexes, texts): (Vec<String>, Vec<String>) = expressions.into_iter().unzip();
            let (index, others) = RegexIndex::new(numbered(regexes.iter().cloned()));
            let all = (0..).zip(&regexes).map(|(number, regex)| (number, LazyDfa::new(&[regex.as_str()])));
            let looked_up: Vec<_> = all.filter(|(number, _)| others.iter().all(|other| other.number != *number)).collect();
            for text in texts {
                for (number, dfa) in &looked_up {
                    let is_match = dfa.as_ref().is_some_and(|dfa| dfa.is_match(&text));
                    let literals = regexes.get(*number).map(|regex| RequiredLiterals::new(&RequiredText::new(regex)));
                    prop_assert!(!is_match || literals.is_some_and(|each| each.are_in(&folded(&text))), "{}", text);
                }
                let mut matching = looked_up.iter().filter(|(_, dfa)| dfa.as_ref().is_some_and(|dfa| dfa.is_match(&text)));
                prop_assert_eq!(index.first_match(&text, None), matching.next().map(|(number, _)| *number), "{}", text);
            }
        }
    }
}
