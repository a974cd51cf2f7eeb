//! Properties and transformations of text, as Python defines them where it differs from Rust.

use std::borrow::Cow;
use unicase::UniCase;

/// Returns whether a text is ASCII without upper case, which folding does not change.
pub(crate) fn is_folded(text: &str) -> bool {
    // Without an early exit, the compiler makes this loop process many bytes at a time.
    !text.bytes().fold(false, |found, byte| found | !byte.is_ascii() | byte.is_ascii_uppercase())
}

/// Folds case as `str.casefold()` does: by the full case folding of Unicode.
pub(crate) fn casefold(text: &str) -> Cow<'_, str> {
    if is_folded(text) {
        Cow::Borrowed(text)
    } else if text.is_ascii() {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Owned(UniCase::unicode(text).to_folded_case())
    }
}

/// Removes white space at both ends as `str.strip()` does: that of Unicode, and the separators U+001C to U+001F.
pub(crate) fn strip(text: &str) -> &str {
    if let [b'!'..=b'~', .., b'!'..=b'~'] | [b'!'..=b'~'] = text.as_bytes() {
        return text;
    }
    text.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}

/// Returns whether a text from a request can be sent back in a header: a line break would end the header
/// ([RFC 9110, section 5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)).
pub(crate) fn is_single_line(text: &str) -> bool {
    memchr::memchr2(b'\r', b'\n', text.as_bytes()).is_none()
}

/// The longest plausible scheme, the longest host name, the longest port, and the delimiters between them.
const LONGEST_ORIGIN: usize = 64 + "://".len() + 253 + ":65535".len();

/// Returns whether a text could be a
/// [serialized origin](https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin):
/// visible ASCII of at most 326 characters.
pub(crate) fn could_be_origin(text: &str) -> bool {
    text.len() <= LONGEST_ORIGIN && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_text_has_no_upper_case_and_nothing_but_ascii() {
        assert!(is_folded("") && is_folded("https://a-1.example"));
        for text in ["A", "AB", "aBcD", "\u{e9}", "\u{e9}\u{e9}", "A\u{e9}"] {
            assert!(!is_folded(text), "{text}");
        }
    }

    #[test]
    fn casefold_is_full_folding() {
        assert_eq!(casefold("HTTPS://Example.COM"), "https://example.com");
        assert_eq!(casefold("Stra\u{df}e"), "strasse");
        assert_eq!(casefold("\u{b5}"), "\u{3bc}");
        assert_eq!(casefold("\u{c0}\u{d7}\u{de}"), "\u{e0}\u{d7}\u{fe}");
    }

    #[test]
    fn an_origin_is_visible_ascii_of_bounded_length() {
        assert!(could_be_origin("https://a.example:8443") && could_be_origin("null"));
        assert!(!could_be_origin("https://a .example") && !could_be_origin("https://\u{e9}.example"));
        assert!(!could_be_origin("https://a\u{7f}.example"));
        assert!(could_be_origin(&"a".repeat(326)) && !could_be_origin(&"a".repeat(327)));
    }

    #[test]
    fn strip_removes_what_python_removes() {
        assert_eq!(strip(" \t\u{1c}\u{1f}\u{85}\u{a0}a b\u{2003} "), "a b");
        assert_eq!(strip("\u{200b}"), "\u{200b}");
        assert_eq!(strip(" "), "");
    }
}
