//! Sets of characters.

use crate::required_text::{OTHER, TAKEN_FOR_ASCII, fold};
use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind};
use std::cmp::min;
use std::ops::BitOr;

/// A set of characters, as [`fold`] returns them, with a bit for each. [`OTHER`] shares its bit with U+007F.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Characters(u128);

impl Characters {
    pub(crate) const ALL: Self = Self(u128::MAX);

    /// Returns the characters of the texts that an expression matches.
    pub(crate) fn of(hir: &Hir) -> Self {
        match hir.kind() {
            HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
                Ok(text) => text.chars().map(fold).map(Self::from).collect(),
                Err(_) => Self::ALL,
            },
            HirKind::Class(Class::Unicode(class)) => Self::of_class(class),
            HirKind::Class(Class::Bytes(_)) => Self::ALL,
            HirKind::Capture(group) => Self::of(&group.sub),
            HirKind::Repetition(repeat) => Self::of(&repeat.sub),
            HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().map(Self::of).collect(),
            HirKind::Empty | HirKind::Look(_) => Self::default(),
        }
    }

    fn of_class(class: &ClassUnicode) -> Self {
        let ascii = class.iter().flat_map(|range| range.start()..=min(range.end(), '\u{7F}'));
        let has = |character: &char| class.iter().any(|range| (range.start()..=range.end()).contains(character));
        let taken_for_ascii = TAKEN_FOR_ASCII.into_iter().map(|(character, _)| character).filter(has);
        let other = class.iter().any(|range| range.end() > '\u{7F}').then_some(OTHER);
        ascii.chain(taken_for_ascii).map(fold).chain(other).map(Self::from).collect()
    }

    pub(crate) fn contains(self, folded: u8) -> bool {
        self.0 & Self::from(folded).0 != 0
    }
}

impl From<u8> for Characters {
    fn from(folded: u8) -> Self {
        Self(1 << (folded & 0x7F))
    }
}

impl BitOr for Characters {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl FromIterator<Self> for Characters {
    fn from_iter<I: IntoIterator<Item = Self>>(sets: I) -> Self {
        sets.into_iter().fold(Self::default(), Self::bitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_characters_of_an_expression_are_those_of_its_matches() {
        let all: String = ('\0'..='\u{7F}').chain(['é', '\u{130}', '\u{131}', '\u{17F}', '\u{212A}']).collect();
        let line = all.replace('\n', "");
        let cases = [
            ("", ""),
            (r"\b\z", ""),
            ("A(?:Bc|[Dd-e]?)f*", "abcdef"),
            (r"[\x{130}k](?:[\x{212A}][\x{17F}]){0,9}", "iksé\u{7F}"),
            (r"[\x{110}-\x{190}]", "isé\u{7F}"),
            ("é", "é\u{7F}"),
            ("[^x]", &all.replace('x', "")),
            (".", &line),
        ];
        for (regex, expected) in cases {
            let characters = regex_syntax::parse(regex).map(|hir| Characters::of(&hir));
            let found =
                all.chars().filter(|character| characters.as_ref().is_ok_and(|set| set.contains(fold(*character))));
            let is_expected = |character: &char| expected.chars().any(|one| fold(one) == fold(*character));
            assert_eq!(found.collect::<String>(), all.chars().filter(is_expected).collect::<String>(), "{regex}");
        }
    }
}
