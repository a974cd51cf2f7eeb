//! Smaller regular expressions for texts that are known to be valid UTF-8.

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicode, Hir, HirKind, Literal, Repetition};

/// Returns an expression that matches at the start of the same valid texts, but distinguishes fewer bytes.
///
/// A class that contains all non-ASCII characters, such as `.`, checks only their first byte. A match can then end inside
/// a character, which matters only to word boundaries.
pub(crate) fn reduced(hir: Hir) -> Hir {
    if hir.properties().look_set().contains_word() { hir } else { with_reduced_classes(hir) }
}

fn with_reduced_classes(hir: Hir) -> Hir {
    match hir.into_kind() {
        HirKind::Class(Class::Unicode(class)) if has_all_non_ascii(&class) => first_and_following_bytes(&class),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Repetition(Repetition { min, max, greedy, sub }) => {
            Hir::repetition(Repetition { min, max, greedy, sub: Box::new(with_reduced_classes(*sub)) })
        }
        HirKind::Capture(group) => with_reduced_classes(*group.sub),
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(with_reduced_classes).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(with_reduced_classes).collect()),
        HirKind::Literal(Literal(bytes)) => Hir::literal(bytes),
        HirKind::Look(look) => Hir::look(look),
        HirKind::Empty => Hir::empty(),
    }
}

fn has_all_non_ascii(class: &ClassUnicode) -> bool {
    // A range can end before the surrogates, which are not characters.
    [('\u{80}', '\u{D7FF}'), ('\u{E000}', char::MAX)]
        .iter()
        .all(|(start, end)| class.iter().any(|range| range.start() <= *start && *end <= range.end()))
}

/// Returns the first bytes of the characters of a class, followed by any number of continuation bytes.
fn first_and_following_bytes(class: &ClassUnicode) -> Hir {
    let ascii = class.iter().filter_map(|range| {
        let start = u8::try_from(range.start()).ok().filter(u8::is_ascii)?;
        Some(ClassBytesRange::new(start, u8::try_from(range.end()).unwrap_or(0x7F).min(0x7F)))
    });
    let first = ascii.chain([ClassBytesRange::new(0xC2, 0xF4)]);
    let following = Hir::class(Class::Bytes(ClassBytes::new([ClassBytesRange::new(0x80, 0xBF)])));
    Hir::concat(vec![
        Hir::class(Class::Bytes(ClassBytes::new(first))),
        Hir::repetition(Repetition { min: 0, max: None, greedy: true, sub: Box::new(following) }),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::select;
    use regex_automata::hybrid::dfa::DFA;
    use regex_automata::nfa::thompson::NFA;
    use regex_automata::{Anchored, Input};
    use regex_syntax::ParserBuilder;
    use std::slice;

    fn parse(regex: &str) -> Hir {
        ParserBuilder::new().utf8(false).build().parse(regex).unwrap_or_else(|_| Hir::fail())
    }

    #[test]
    fn a_class_of_all_non_ascii_characters_is_reduced() {
        let lines = [r".", r"[^\n]", r"[\x{0}-\x{9}\x{B}-\x{D7FF}\x{E000}-\x{10FFFF}]", r"(.)"];
        for regex in lines {
            assert_eq!(reduced(parse(regex)), parse(r"(?s-u:[\x00-\x09\x0B-\x7F\xC2-\xF4][\x80-\xBF]*)"), "{regex}");
        }
        for regex in [r"[^é]", r"[^\x{80}]", r"[^\x{D7FF}]", r"[^\x{E000}]", r"[^\x{10FFFF}]", r".(?-u:\b)", "a|é", ""]
        {
            assert_eq!(reduced(parse(regex)), parse(regex), "{regex}");
        }
        assert_eq!(first_match(&[reduced(parse(r".(?-u:\b{end-half})"))], "éa"), None);
    }

    /// Returns the index of the first expression that matches at the start of a text.
    fn first_match(hirs: &[Hir], text: &str) -> Option<usize> {
        let nfa = NFA::compiler().configure(NFA::config().utf8(false)).build_many_from_hir(hirs).ok()?;
        let dfa = DFA::builder().build_from_nfa(nfa).ok()?;
        let found = dfa.try_search_fwd(&mut dfa.create_cache(), &Input::new(text).anchored(Anchored::Yes));
        Some(found.ok()??.pattern().as_usize())
    }

    const PIECES: [&str; 25] = [
        ".",
        ".*?",
        "(?s:.)",
        "(?s:.{1,2})",
        "[^a]",
        "[^é]",
        "[^\\x{10FFFF}]",
        "[é-ü]",
        "\u{e9}",
        "a",
        "(?:.|ab)",
        "(?:.a|[^b]*?b)+",
        "(?:[^a]?|é)",
        "[a-z]",
        "(?m:$)",
        "(?m:^)",
        "(?Rm:$)",
        "(?Rm:^)",
        r"\A",
        r"[^\x00-\x7F]",
        "\\z",
        "(?-u:\\b)",
        "(?-u:\\B)",
        "(?-u:\\b{start-half})",
        "(?-u:\\b{end-half})",
    ];

    proptest! {
        #[test]
        fn what_is_reduced_matches_the_same_texts(
            regexes in proptest::collection::vec(proptest::collection::vec(select(&PIECES[..]), 1..6), 1..4),
            text in "[ab\r\n\u{7F}\u{80}éü€\u{D7FF}\u{E000}\u{10FFFF}]{0,6}",
        ) {
            let hirs: Vec<Hir> = regexes.iter().map(|pieces| parse(&pieces.concat())).collect();
            let reduced: Vec<Hir> = hirs.iter().cloned().map(reduced).collect();
            let first = hirs.iter().position(|hir| first_match(slice::from_ref(hir), &text).is_some());
            prop_assert_eq!(first_match(&reduced, &text), first, "{:?} {:?}", regexes, text);
        }
    }
}
