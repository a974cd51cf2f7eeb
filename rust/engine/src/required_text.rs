//! The text that each match of a regular expression contains.

use crate::characters::Characters;
use regex_syntax::hir::{Class, Hir, HirKind, Look};
use std::cmp::{max, min};
use std::slice::SliceIndex;

/// Stands for a character that is not ASCII, or for a part of an expression that can match different texts.
pub(crate) const OTHER: u8 = 0xFF;

/// The other characters that Python's `re.IGNORECASE` takes for an ASCII letter, each with that letter.
pub(crate) const TAKEN_FOR_ASCII: [(char, u8); 4] =
    [('\u{130}', b'i'), ('\u{131}', b'i'), ('\u{17F}', b's'), ('\u{212A}', b'k')];

/// Folds an ASCII character to lower case, one of [`TAKEN_FOR_ASCII`] to its letter, and any other to [`OTHER`].
pub(crate) fn fold(character: char) -> u8 {
    match u8::try_from(character).ok().filter(u8::is_ascii) {
        Some(byte) => byte.to_ascii_lowercase(),
        None => TAKEN_FOR_ASCII.iter().find(|(other, _)| *other == character).map_or(OTHER, |(_, letter)| *letter),
    }
}

/// A range of lengths, in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Length {
    pub(crate) least: usize,
    pub(crate) most: usize,
}

impl Length {
    const ONE: Self = Self { least: 1, most: 1 };
    const ANY: Self = Self { least: 0, most: usize::MAX };

    /// Returns the length of a text that an expression matches. Its characters have one to four bytes.
    fn of(hir: &Hir) -> Self {
        let properties = hir.properties();
        Self {
            least: properties.minimum_len().unwrap_or(0).div_ceil(4),
            most: properties.maximum_len().unwrap_or(usize::MAX),
        }
    }

    pub(crate) fn includes(self, length: usize) -> bool {
        self.least <= length && length <= self.most
    }

    /// Returns the length of several parts.
    pub(crate) fn sum(parts: &[Part]) -> Self {
        parts.iter().fold(Self::default(), |sum, part| sum.plus(part.length))
    }

    /// Returns the smallest range that includes both.
    pub(crate) fn union(self, other: Self) -> Self {
        Self { least: min(self.least, other.least), most: max(self.most, other.most) }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self { least: self.least.saturating_add(other.least), most: self.most.saturating_add(other.most) }
    }

    fn times(self, least: u32, most: Option<u32>) -> Self {
        let times = |length: usize, times: u32| length.saturating_mul(times.try_into().unwrap_or(usize::MAX));
        Self { least: times(self.least, least), most: most.map_or(usize::MAX, |most| times(self.most, most)) }
    }
}

/// The text that each match of a regular expression contains, with gaps.
#[derive(Default)]
pub(crate) struct RequiredText {
    /// A byte for each character, as [`fold`] returns it, and one for each gap.
    bytes: Vec<u8>,
    /// What each byte stands for.
    parts: Vec<Part>,
}

/// A part of the texts that an expression matches.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) length: Length,
    pub(crate) characters: Characters,
}

impl RequiredText {
    /// Reads a regular expression that is compared with the start of a text. An invalid one requires nothing.
    pub(crate) fn new(regex: &str) -> Self {
        let mut required = Self::default();
        if let Ok(hir) = regex_syntax::parse(regex) {
            required.read(&hir);
            if !hir.properties().look_set_suffix().contains(Look::End) {
                required.push(OTHER, Length::ANY, Characters::ALL);
            }
        }
        required
    }

    /// Returns the characters and gaps, a byte for each.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns what the bytes in a range stand for.
    pub(crate) fn parts(&self, range: impl SliceIndex<[Part], Output = [Part]>) -> &[Part] {
        self.parts.get(range).unwrap_or_default()
    }

    fn read(&mut self, hir: &Hir) {
        let characters = || Characters::of(hir);
        match hir.kind() {
            HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
                Ok(text) => text.chars().map(fold).for_each(|byte| self.push(byte, Length::ONE, byte.into())),
                Err(_) => self.push(OTHER, Length::ANY, Characters::ALL),
            },
            HirKind::Class(class) => self.push(folded_class(class), Length::ONE, characters()),
            HirKind::Capture(group) => self.read(&group.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.read(part)),
            HirKind::Repetition(repeat) if repeat.min > 0 => {
                self.read(&repeat.sub);
                let most = repeat.max.map(|most| most.saturating_sub(1));
                self.push(OTHER, Length::of(&repeat.sub).times(repeat.min - 1, most), characters());
            }
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Repetition(_) | HirKind::Alternation(_) => self.push(OTHER, Length::of(hir), characters()),
        }
    }

    fn push(&mut self, byte: u8, length: Length, characters: Characters) {
        self.bytes.push(byte);
        self.parts.push(Part { length, characters });
    }
}

/// Folds a class to what all its characters are folded to, or else to [`OTHER`].
fn folded_class(class: &Class) -> u8 {
    let Class::Unicode(class) = class else { return OTHER };
    let mut characters = class.iter().flat_map(|range| range.start()..=range.end()).map(fold);
    let first = characters.next().unwrap_or(OTHER);
    if first != OTHER && characters.all(|character| character == first) { first } else { OTHER }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::iter::zip;

    /// The least and the greatest number of characters of each gap.
    type Gaps<'a> = &'a [(usize, usize)];

    /// Returns what an expression requires, with "_" for each gap, and the length of each gap.
    fn required(regex: &str) -> (String, Vec<(usize, usize)>) {
        let required = RequiredText::new(regex);
        let text = required.bytes().iter().map(|byte| if *byte == OTHER { '_' } else { char::from(*byte) }).collect();
        let gaps = zip(&required.bytes, &required.parts).filter(|(byte, _)| **byte == OTHER);
        (text, gaps.map(|(_, part)| (part.length.least, part.length.most)).collect())
    }

    #[test]
    fn what_every_match_contains_is_required() {
        const MANY: usize = usize::MAX;
        let cases: &[(&str, &str, Gaps)] = &[
            (r"\A[Aa][Bb](?:[Cc])[Dd]\z", "abcd", &[]),
            (r"(?:ab)(cd)(?:\x{A}?\z)", "abcd_", &[(0, 1)]),
            ("ab", "ab_", &[(0, MANY)]),
            (r"(?m:ab$)", "ab_", &[(0, MANY)]),
            (r"ab|x\z", "__", &[(1, 2), (0, MANY)]),
            (r"a(?:bc|bcde)f\z", "a_f", &[(1, 4)]),
            (r"(?:a\z|b\z)", "_", &[(1, 1)]),
            (r"(?:ab\z)+", "ab_", &[(0, MANY)]),
            (r"ab\z(?:cd)?", "ab__", &[(0, 2), (0, MANY)]),
            (r"a(?:bc)+d(?:ef)*g(?:hi)?\z", "abc_d_g_", &[(0, MANY), (0, MANY), (0, 2)]),
            (r"a(?:bc){2,4}(?:de){0,3}\z", "abc__", &[(1, 6), (0, 6)]),
            (r"a(?:[b-d]|xyz){3}\z", "a__", &[(1, 3), (2, 6)]),
            (r"(?:a+){2,}\z", "a__", &[(0, MANY), (1, MANY)]),
            (r"[Kk\x{212A}][Ss\x{17F}][Ii\x{130}\x{131}]x[d-e]\z", "ksix_", &[(1, 1)]),
            (r"ab.é\z", "ab__", &[(1, 1), (1, 1)]),
            ("(", "", &[]),
        ];
        for (regex, text, gaps) in cases {
            assert_eq!(required(regex), ((*text).to_owned(), gaps.to_vec()), "{regex}");
        }
    }
}
