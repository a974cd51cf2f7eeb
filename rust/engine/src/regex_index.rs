//! Many regular expressions, of which a text is compared only with those it can match.
//!
//! Nearly every expression has a few characters in a row that each text it matches contains. Such a window is looked up
//! for each position of a text, so the time does not depend on how many expressions there are.

use crate::regex_set::{Automata, NumberedRegex};
use foldhash::fast::FixedState;
use regex_syntax::hir::{Class, Hir, HirKind};
use smallvec::SmallVec;
use std::collections::HashMap;

const WIDTH: usize = 4;

/// A few characters in a row, in lower case.
type Window = [u8; WIDTH];

/// Stands for a character that is in no window.
const OTHER: u8 = 0xFF;

/// Numbered regular expressions, by a window that each of them requires.
pub(crate) struct RegexIndex {
    /// The expressions that have a window in common. A text can have thousands of windows, so none of them is left to be
    /// compiled at a search.
    groups: Vec<Automata>,
    groups_by_window: HashMap<Window, usize, FixedState>,
}

impl RegexIndex {
    /// Takes the expressions that require a window, and returns the others too.
    pub(crate) fn new(regexes: Vec<NumberedRegex>) -> (Self, Vec<NumberedRegex>) {
        let windows: Vec<Vec<Window>> = regexes.iter().map(|numbered| required_windows(&numbered.regex)).collect();
        let mut counts: HashMap<Window, u32, FixedState> = HashMap::default();
        for window in windows.iter().flatten() {
            *counts.entry(*window).or_default() += 1;
        }
        let mut groups: Vec<Vec<NumberedRegex>> = Vec::new();
        let mut groups_by_window = HashMap::default();
        let mut others = Vec::new();
        for (numbered, windows) in regexes.into_iter().zip(windows) {
            // The rarest window, as most of "https://" is in all of them.
            let Some(window) = windows.into_iter().min_by_key(|window| counts.get(window)) else {
                others.push(numbered);
                continue;
            };
            let group = *groups_by_window.entry(window).or_insert(groups.len());
            match groups.get_mut(group) {
                Some(group) => group.push(numbered),
                None => groups.push(vec![numbered]),
            }
        }
        (Self { groups: groups.iter().map(|group| Automata::new(group)).collect(), groups_by_window }, others)
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.candidates(text).any(|group| group.is_match(text))
    }

    /// Returns the lowest number of an expression that matches, if it is lower than `limit`. Matchers of higher numbers
    /// are not asked.
    pub(crate) fn first_match(&self, text: &str, limit: Option<usize>) -> Option<usize> {
        self.candidates(text).fold(None, |found, group| group.first_match(text, found.or(limit)).or(found))
    }

    /// Returns the groups whose window is in a text.
    fn candidates(&self, text: &str) -> impl Iterator<Item = &Automata> {
        let folded = folded(text);
        let windows = folded.windows(WIDTH).filter_map(|window| <&Window>::try_from(window).ok());
        let mut groups: SmallVec<[usize; 16]> =
            windows.filter_map(|window| self.groups_by_window.get(window).copied()).collect();
        groups.sort_unstable();
        groups.dedup();
        groups.into_iter().filter_map(|group| self.groups.get(group))
    }
}

/// Returns a text with a byte for each character, in lower case.
fn folded(text: &str) -> SmallVec<[u8; 128]> {
    if text.is_ascii() {
        return text.bytes().map(|byte| byte.to_ascii_lowercase()).collect();
    }
    text.chars().map(fold).collect()
}

/// Returns the ASCII character that a character is without regard to case.
fn fold(character: char) -> u8 {
    match character {
        '\u{17F}' => b's',
        '\u{212A}' => b'k',
        _ => u8::try_from(character).ok().filter(u8::is_ascii).map_or(OTHER, |byte| byte.to_ascii_lowercase()),
    }
}

/// Returns windows that are in every text that an expression matches.
fn required_windows(regex: &str) -> Vec<Window> {
    let mut required = Required::default();
    if let Ok(hir) = regex_syntax::parse(regex) {
        required.read(&hir);
    }
    required.end();
    required.windows
}

#[derive(Default)]
struct Required {
    windows: Vec<Window>,
    /// The characters in a row at the end of what has been read.
    row: Vec<u8>,
}

impl Required {
    fn read(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
                Ok(text) => text.chars().for_each(|character| self.push(fold(character))),
                Err(_) => self.end(),
            },
            HirKind::Class(class) => self.push(folded_class(class)),
            HirKind::Capture(group) => self.read(&group.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.read(part)),
            HirKind::Repetition(repeat) => {
                self.end();
                if repeat.min > 0 {
                    self.read(&repeat.sub);
                    self.end();
                }
            }
            HirKind::Alternation(_) => self.end(),
        }
    }

    fn push(&mut self, byte: u8) {
        if byte == OTHER { self.end() } else { self.row.push(byte) }
    }

    fn end(&mut self) {
        self.windows.extend(self.row.windows(WIDTH).filter_map(|window| Window::try_from(window).ok()));
        self.row.clear();
    }
}

/// Returns the character that all characters of a class are without regard to case, or else [`OTHER`].
fn folded_class(class: &Class) -> u8 {
    let Class::Unicode(class) = class else { return OTHER };
    let mut found = None;
    for range in class.ranges() {
        let byte = fold(range.start());
        if range.start() != range.end() || found.is_some_and(|found| found != byte) {
            return OTHER;
        }
        found = Some(byte);
    }
    found.unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Suffix;
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
            1_008 => "https:..app-1008(?:[a-z]{900}){900}".to_owned(), // Exceeds the size limit.
            _ => format!("https:..app-{number}"),
        }));
        assert!(own.groups.len() > 900);
        assert_eq!(own.first_match("https://app-1009", None), Some(9));
        assert_eq!(own.first_match("https://app-1008!", None), Some(8));
        assert_eq!(own.first_match("https://app-1008!", Some(8)), None);
    }

    fn windows(regex: &str) -> Vec<String> {
        required_windows(regex).iter().map(|window| String::from_utf8_lossy(window).into_owned()).collect()
    }

    #[test]
    fn a_window_is_what_every_match_contains() {
        assert_eq!(windows(r"\A[Aa][Bb](?:[Cc])[Dd]\z"), ["abcd"]);
        assert_eq!(windows(r"ab(?:cd)+efgh|x"), [""; 0]);
        assert_eq!(windows(r"ab(?:cdcd)+efgh(?:wxyz)*(?:zyxw)?"), ["cdcd", "efgh"]);
        assert_eq!(windows("[K\\x{6B}\\x{212A}]eyed"), ["keye", "eyed"]);
        assert_eq!(windows("ab[c-d]defé"), [""; 0]);
        assert_eq!(windows("("), [""; 0]);
    }

    #[test]
    fn a_text_is_folded_like_a_class() {
        assert_eq!(folded("K\u{212A}\u{17F}é-").as_slice(), b"kks\xFF-");
        assert_eq!(folded("AbC").as_slice(), b"abc");
    }
}
