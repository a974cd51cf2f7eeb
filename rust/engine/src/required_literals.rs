//! The literals that each match of a regular expression contains.

use crate::characters::Characters;
use crate::required_text::{Length, OTHER, Part, RequiredText};
use memchr::memmem::Finder;
use std::cmp::{max, min};

/// The most places of a literal that are checked, so that a text full of it takes no longer than any other. After that,
/// the literal counts as found.
const PLACES: usize = 64;

/// Literals, in the order in which each match of an expression contains them.
///
/// Finding them usually takes less time than a search with an automaton, and creates no states.
pub(crate) struct RequiredLiterals(Box<[Literal]>);

struct Literal {
    text: Box<[u8]>,
    /// The least distance from the end of the previous literal.
    distance: usize,
    /// The length of the text before the literal.
    before: Length,
    /// The length of the text after the literal.
    after: Length,
    /// The characters that can be right before the literal.
    previous: Characters,
    /// The characters that can be right after the literal.
    next: Characters,
}

impl RequiredLiterals {
    /// Takes the literals of what an expression requires.
    pub(crate) fn new(required: &RequiredText) -> Self {
        let lengths = lengths_to_end(required.parts(..));
        let mut literals = Vec::new();
        let (mut start, mut end_before) = (0, 0);
        let mut before = Length::default();
        for bytes in required.bytes().chunk_by(|one, next| (*one == OTHER) == (*next == OTHER)) {
            let end = start + bytes.len();
            if !bytes.contains(&OTHER) {
                literals.push(Literal {
                    text: bytes.into(),
                    distance: Length::sum(required.parts(end_before..start)).least,
                    before,
                    after: lengths.get(end).copied().unwrap_or_default(),
                    previous: nearest_characters(required.parts(..start).iter().rev()),
                    next: nearest_characters(required.parts(end..)),
                });
                end_before = end;
            }
            before = before.plus(Length::sum(required.parts(start..end)));
            start = end;
        }
        Self(literals.into())
    }

    /// Returns whether a text, with its characters folded, contains the literals.
    pub(crate) fn are_in(&self, text: &[u8]) -> bool {
        // The first place of each leaves the most room for those after it.
        self.0.iter().try_fold(0, |end, literal| literal.find_end(text, end)).is_some()
    }
}

impl Literal {
    /// Returns the least index at which the literal can end, given that of the previous literal.
    fn find_end(&self, text: &[u8], end_before: usize) -> Option<usize> {
        let length = self.text.len();
        let latest = min(text.len().checked_sub(self.after.least)?, self.before.most.saturating_add(length));
        let earliest = max(end_before + self.distance, self.before.least);
        let mut start = max(earliest, text.len().saturating_sub(self.after.most.saturating_add(length)));
        let finder = Finder::new(&self.text);
        for _ in 0..PLACES {
            start += finder.find(text.get(start..latest)?)?;
            let end = start + length;
            let previous = start.checked_sub(1).and_then(|previous| text.get(previous));
            if previous.is_none_or(|byte| self.previous.contains(*byte))
                && text.get(end).is_none_or(|byte| self.next.contains(*byte))
            {
                return Some(end);
            }
            start += 1;
        }
        Some(start + length)
    }
}

/// Returns the length of each part together with all that follow it.
fn lengths_to_end(parts: &[Part]) -> Vec<Length> {
    let mut sum = Length::default();
    let mut lengths: Vec<Length> = Vec::with_capacity(parts.len());
    for part in parts.iter().rev() {
        sum = sum.plus(part.length);
        lengths.push(sum);
    }
    lengths.reverse();
    lengths
}

/// Returns the characters that can come first in a text made of some parts.
fn nearest_characters<'a>(parts: impl IntoIterator<Item = &'a Part>) -> Characters {
    let mut characters = Characters::default();
    for part in parts {
        characters = characters | part.characters;
        if part.length.least > 0 {
            break;
        }
    }
    characters
}

#[cfg(test)]
mod tests {
    use super::*;

    type Texts<'a> = &'a [&'a [u8]];

    #[test]
    fn a_text_has_the_literals_in_order_and_at_a_possible_distance_between_possible_characters() {
        let cases: &[(&str, Texts, Texts)] = &[
            ("ab.*cd.*ef", &[b"abcdef", b"ab-cd-ef-"], &[b"xabcdef", b"abefcd", b"abccef", b"abcde", b"a", b""]),
            (r"ab.*cd(?:\x{A}?\z)", &[b"abcd", b"abcd-cd", b"abcd\n"], &[b"abcd-", b"abc", b"abcd\n\n", b"ab\ncd-"]),
            ("ab[+-]{2,3}cd", &[b"ab--cd", b"ab---cd"], &[b"ab-cd", b"ab----cd"]),
            ("(?:x?)ab[+-]{2}(?:y?)ab", &[b"xab--ab", b"ab--yab"], &[b"ab-ab", b"xab--zab", b"zab--ab"]),
            ("ab.*aa[b-c]?-", &[b"abaaac-aab-", b"abaaaa-"], &[b"abaaa+", b"abaa+c-"]),
            ("ab.*[0-9]*[x-z]+-[a-c]*(?:d|e)", &[b"ab9x-d", b"abz-cc"], &[b"ab9-d", b"abx-9", b"ab-a"]),
            (r"ab.*-[a-c]*\z", &[b"ab-", b"ab--", b"ab-9-c"], &[b"ab", b"ab-9"]),
            ("ab.*-[a-c].*z", &[b"ab-az"], &[b"ab--z"]),
            ("[a-c]+", &[b"", b"x"], &[]),
            ("(", &[b"", b"x"], &[]),
        ];
        for (regex, texts, others) in cases {
            let literals = RequiredLiterals::new(&RequiredText::new(regex));
            for (texts, expected) in [(texts, true), (others, false)] {
                for text in *texts {
                    assert_eq!(literals.are_in(text), expected, "{regex} {}", text.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn a_literal_that_is_in_many_impossible_places_may_be_in_a_text() {
        let literals = RequiredLiterals::new(&RequiredText::new("ab.*-[a-c].*z"));
        let are_in = |places, end| literals.are_in(format!("ab{}{end}", "-".repeat(places)).as_bytes());
        assert!(!are_in(PLACES - 1, "++z") && are_in(PLACES, "++z"));
        assert!(!are_in(PLACES, "++y") && !are_in(PLACES, "+z"));
    }
}
