//! Python's notions of text, where they differ from Rust's.

use std::borrow::Cow;
use unicase::UniCase;

/// Whether ASCII text is its own folding; text beyond ASCII is not looked at that closely.
pub(crate) fn is_folded(text: &str) -> bool {
    // Without an early exit it takes many bytes at a time.
    !text.bytes().fold(false, |found, byte| found | !byte.is_ascii() | byte.is_ascii_uppercase())
}

/// `str.casefold()`: the full case folding of Unicode.
pub(crate) fn casefold(text: &str) -> Cow<'_, str> {
    if is_folded(text) {
        Cow::Borrowed(text)
    } else if text.is_ascii() {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Owned(UniCase::unicode(text).to_folded_case())
    }
}

/// `str.strip()`: besides Unicode's white space it cuts the four ASCII separators U+001C to U+001F.
pub(crate) fn strip(text: &str) -> &str {
    if let [b'!'..=b'~', .., b'!'..=b'~'] | [b'!'..=b'~'] = text.as_bytes() {
        return text;
    }
    text.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}

/// Whether text from a request may be sent back inside a header: a line break would end the header
/// ([RFC 9110, section 5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)).
pub(crate) fn is_single_line(text: &str) -> bool {
    memchr::memchr2(b'\r', b'\n', text.as_bytes()).is_none()
}

/// The longest scheme that is registered or plausible, the longest name of a host, a port, and what is between them.
const LONGEST_ORIGIN: usize = 64 + "://".len() + 253 + ":65535".len();

/// Whether text can be the
/// [serialization of an origin](https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin):
/// visible ASCII of no more than its length.
pub(crate) fn may_be_origin(text: &str) -> bool {
    text.len() <= LONGEST_ORIGIN && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casefold_is_full_folding() {
        assert_eq!(casefold("HTTPS://Example.COM"), "https://example.com");
        assert_eq!(casefold("Stra\u{df}e"), "strasse");
        assert_eq!(casefold("\u{b5}"), "\u{3bc}");
        assert_eq!(casefold("\u{c0}\u{d7}\u{de}"), "\u{e0}\u{d7}\u{fe}");
    }

    #[test]
    fn an_origin_is_visible_ascii_of_bounded_length() {
        assert!(may_be_origin("https://a.example:8443") && may_be_origin("null"));
        assert!(!may_be_origin("https://a .example") && !may_be_origin("https://\u{e9}.example"));
        assert!(!may_be_origin("https://a\u{7f}.example"));
        assert!(may_be_origin(&"a".repeat(326)) && !may_be_origin(&"a".repeat(327)));
    }

    #[test]
    fn strip_cuts_what_python_cuts() {
        assert_eq!(strip(" \t\u{1c}\u{1f}\u{85}\u{a0}a b\u{2003} "), "a b");
        assert_eq!(strip("\u{200b}"), "\u{200b}");
        assert_eq!(strip(" "), "");
    }
}
