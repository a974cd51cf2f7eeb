//! Requests made to be expensive.

use super::{
    ORIGIN, OwnedRequest, Patterns, Scenario, decision, header_names, literal, literal_origins, options, regex,
    subdomain_origins,
};
use cors_engine::{Options, Pattern, Reason};
use std::fmt::Write;

/// Makes a text of the given length in bytes.
type Text = fn(usize) -> String;

const KIB: usize = 1 << 10;

pub(super) fn all() -> impl Iterator<Item = Scenario> {
    request_headers().chain(origins()).chain(explosions())
}

/// `Access-Control-Request-Headers` longer than servers accept, where five names or any name is allowed.
fn request_headers() -> impl Iterator<Item = Scenario> {
    [("16 KiB", 16 * KIB), ("1 MiB", KIB * KIB)].into_iter().flat_map(|(size, bytes)| {
        let texts: [(&str, Text); 3] =
            [("commas", |bytes| ",".repeat(bytes)), ("one name", |bytes| "x".repeat(bytes)), ("names", names)];
        texts.into_iter().flat_map(move |(what, text)| {
            let allowed: [(&str, Reason, Patterns); 2] = [
                ("of a list", Reason::HeaderNotAllowed, || header_names(5).into_iter().map(literal).collect()),
                ("of any", Reason::Allowed, || vec![Pattern::Wildcard]),
            ];
            allowed.map(|(whence, reason, allow_headers)| {
                // An empty element asks for nothing.
                let reason = if what == "commas" { Reason::Allowed } else { reason };
                let name = format!("hostile headers/{what} {whence}/{size}");
                let request = move || OwnedRequest::preflight(text(bytes));
                let options = move || Options { allow_headers: allow_headers(), ..options(vec![literal(ORIGIN)]) };
                Scenario { bytes, ..decision(name, request, reason, options) }
            })
        })
    })
}

/// Returns a list of different names in random order, of the given length in bytes.
fn names(length: usize) -> String {
    let mut text = String::with_capacity(length + 8);
    let mut number = 1_u32;
    while text.len() < length {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let _ = write!(text, "x{:05x},", number >> 12);
    }
    text.truncate(length);
    text
}

/// An Origin of 10 KiB that begins like the allowed ones.
fn origins() -> impl Iterator<Item = Scenario> {
    let allowed: [(&str, Patterns); 2] =
        [("of 1000 literals", || literal_origins(1_000)), ("of 100 regexes", || subdomain_origins(100))];
    allowed.into_iter().map(|(what, origins)| {
        let name = format!("hostile origin/{what}/10 KiB");
        let request = || OwnedRequest::origin("https://www.".to_owned() + &"www.".repeat(10 * KIB / 4 - 3));
        Scenario { bytes: 10 * KIB, ..decision(name, request, Reason::OriginNotAllowed, move || options(origins())) }
    })
}

/// Regular expressions that take time exponential in the length, or a high power of it, when matched by backtracking.
fn explosions() -> impl Iterator<Item = Scenario> {
    // Without the `$`, the last one would match every text with twelve `a`.
    let patterns = [
        ("(a+)+$", "(?:a+)+(?:\\n?\\z)"),
        ("(a|aa)+$", "(?:a(?:|a))+(?:\\n?\\z)"),
        ("([a-z]+)*x", "(?:[a-z]+)*x"),
        ("(.*a){12}$", "(?:[^\\n]*a){12}(?:\\n?\\z)"),
    ];
    patterns.into_iter().flat_map(|(name, pattern)| {
        [64, KIB, 16 * KIB].map(|bytes| {
            let name = format!("explosive {name}/bytes/{bytes}");
            let request = move || OwnedRequest::origin("a".repeat(bytes - 1) + "!");
            let options = move || options(vec![regex(pattern)]);
            Scenario { bytes, ..decision(name, request, Reason::OriginNotAllowed, options) }
        })
    })
}
