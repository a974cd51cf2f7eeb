//! The rows of characters that each match of a regular expression contains.

use crate::characters::Characters;
use crate::required_text::{Length, OTHER, Part, RequiredText};
use memchr::memmem::Finder;
use std::cmp::{max, min};

/// Rows of characters, in the order in which each match of an expression contains them.
///
/// Finding them takes less time than a search with an automaton, and makes no states.
pub(crate) struct RequiredRows(Box<[Row]>);

struct Row {
    finder: Finder<'static>,
    /// The least distance from the end of the row before.
    distance: usize,
    /// The length of the text before the row.
    before: Length,
    /// The length of the text after the row.
    after: Length,
    /// The characters that can be right before the row.
    previous: Characters,
    /// The characters that can be right after the row.
    next: Characters,
}

impl RequiredRows {
    pub(crate) fn new(required: &RequiredText) -> Self {
        let after = lengths_after(required.parts(..));
        let mut rows = Vec::new();
        let (mut start, mut end_before) = (0, 0);
        let mut before = Length::default();
        for row in required.bytes().chunk_by(|one, next| (*one == OTHER) == (*next == OTHER)) {
            let end = start + row.len();
            if !row.contains(&OTHER) {
                rows.push(Row {
                    finder: Finder::new(row).into_owned(),
                    distance: Length::sum(required.parts(end_before..start)).least,
                    before,
                    after: after.get(end).copied().unwrap_or_default(),
                    previous: first_characters(required.parts(..start).iter().rev()),
                    next: first_characters(required.parts(end..)),
                });
                end_before = end;
            }
            before = before.plus(Length::sum(required.parts(start..end)));
            start = end;
        }
        Self(rows.into())
    }

    /// Returns whether a text, with its characters folded, contains the rows.
    pub(crate) fn are_in(&self, text: &[u8]) -> bool {
        self.0.iter().try_fold(0, |end, row| row.find_end(text, end)).is_some()
    }
}

impl Row {
    /// Returns the first index in a text where the row can end, if the row before ends at another.
    fn find_end(&self, text: &[u8], end_before: usize) -> Option<usize> {
        let length = self.finder.needle().len();
        let latest = min(text.len().checked_sub(self.after.least)?, self.before.most.saturating_add(length));
        let earliest = max(end_before + self.distance, self.before.least);
        let mut start = max(earliest, text.len().saturating_sub(self.after.most.saturating_add(length)));
        loop {
            start += self.finder.find(text.get(start..latest)?)?;
            let end = start + length;
            let previous = start.checked_sub(1).and_then(|previous| text.get(previous));
            if previous.is_none_or(|byte| self.previous.contains(*byte))
                && text.get(end).is_none_or(|byte| self.next.contains(*byte))
            {
                return Some(end);
            }
            start += 1;
        }
    }
}

/// Returns the lengths of what is from each part to the end.
fn lengths_after(parts: &[Part]) -> Vec<Length> {
    let mut sum = Length::default();
    let mut lengths: Vec<Length> = Vec::with_capacity(parts.len());
    for part in parts.iter().rev() {
        sum = sum.plus(part.length);
        lengths.push(sum);
    }
    lengths.reverse();
    lengths
}

/// Returns the characters that a text can start with that consists of some parts.
fn first_characters<'a>(parts: impl IntoIterator<Item = &'a Part>) -> Characters {
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
    fn a_text_has_the_rows_in_order_and_at_a_possible_distance_between_possible_characters() {
        let cases: &[(&str, Texts, Texts)] = &[
            ("ab.*cd.*ef", &[b"abcdef", b"ab-cd-ef-"], &[b"xabcdef", b"abefcd", b"abccef", b"abcde", b"a", b""]),
            (r"ab.*cd(?:\x{A}?\z)", &[b"abcd", b"abcd-cd", b"abcd\n"], &[b"abcd-", b"abc", b"abcd\n\n", b"ab\ncd-"]),
            ("ab[+-]{2,3}cd", &[b"ab--cd", b"ab---cd"], &[b"ab-cd", b"ab----cd"]),
            ("(?:x?)ab[+-]{2}(?:y?)ab", &[b"xab--ab", b"ab--yab"], &[b"ab-ab", b"xab--zab", b"zab--ab"]),
            ("ab.*aa[b-c]?-", &[b"abaaac-aab-", b"abaaaa-"], &[b"abaaa+", b"abaa+c-"]),
            ("ab.*[0-9]*[x-z]+-[a-c]*(?:d|e)", &[b"ab9x-d", b"abz-cc"], &[b"ab9-d", b"abx-9", b"ab-a"]),
            (r"ab.*-[a-c]*\z", &[b"ab-", b"ab--", b"ab-9-c"], &[b"ab", b"ab-9"]),
            ("[a-c]+", &[b"", b"x"], &[]),
            ("(", &[b"", b"x"], &[]),
        ];
        for (regex, texts, others) in cases {
            let rows = RequiredRows::new(&RequiredText::new(regex));
            for (texts, expected) in [(texts, true), (others, false)] {
                for text in *texts {
                    assert_eq!(rows.are_in(text), expected, "{regex} {}", text.escape_ascii());
                }
            }
        }
    }
}
