//! Inputs for the engine that a fuzzer makes from bytes.

use bolero::TypeGenerator;
use cors_engine::{Custom, Options, Pattern, VaryHeader, regex_matches};
use std::sync::Arc;

/// A text that is short, and made of what headers, paths and patterns consist of most of the time.
#[derive(Clone, Debug, TypeGenerator)]
pub struct Text(Vec<Piece>);

#[derive(Clone, Debug, TypeGenerator)]
enum Piece {
    Usual(u8),
    Any(char),
}

#[rustfmt::skip]
const USUAL: [&str; 32] = [
    "https://", "http://", "a.example", "b.example", "A", "b", ".", "*", "/", "(?:", ")", "[a-z]", "+", "?", "|", "{2}",
    "\\", "$", "^", ":", ",", ", ", " ", "\t", "\r\n", "null", "GET", "PUT", "X-", "-", "(?i)", "\u{e9}",
];

impl Text {
    /// Returns the text.
    #[must_use]
    pub fn get(&self) -> String {
        let mut text = String::new();
        for piece in self.0.iter().take(12) {
            match piece {
                Piece::Usual(number) => text.extend(USUAL.get(usize::from(*number) % USUAL.len()).copied()),
                Piece::Any(character) => text.push(*character),
            }
        }
        text
    }
}

struct StartsWith(String);

impl Custom for StartsWith {
    fn matches(&self, text: &str) -> bool {
        text.starts_with(&self.0)
    }
}

/// An item of an option, or the path of a rule. Each variant is a variant of [`Pattern`].
#[allow(missing_docs)]
#[derive(Clone, Debug, TypeGenerator)]
pub enum Item {
    Wildcard,
    Literal(Text),
    CaseSensitive(Text),
    Converted(Text),
    Regex(Text),
    Custom(Text),
}

impl Item {
    /// Returns the pattern. The matcher of a regular expression matches nothing, so that refused ones do not either.
    #[must_use]
    pub fn pattern(&self) -> Pattern {
        match self {
            Self::Wildcard => Pattern::Wildcard,
            Self::Literal(text) => Pattern::Literal(text.get()),
            Self::CaseSensitive(text) => Pattern::CaseSensitive(text.get()),
            Self::Converted(text) => Pattern::Converted(text.get()),
            Self::Regex(text) => Pattern::Regex(text.get(), Arc::new(StartsWith("\0never".to_owned()))),
            Self::Custom(text) => Pattern::Custom(Arc::new(StartsWith(text.get()))),
        }
    }

    /// Returns whether the pattern of a rule matches a path, by itself.
    #[must_use]
    pub fn matches_path(&self, path: &str) -> bool {
        match self {
            Self::Wildcard => true,
            Self::Literal(text) | Self::CaseSensitive(text) | Self::Converted(text) => text.get() == path,
            Self::Regex(text) => regex_matches(&text.get(), path) == Some(true),
            Self::Custom(text) => path.starts_with(&text.get()),
        }
    }

    /// Returns whether an item among the origins allows an origin, by itself.
    #[must_use]
    pub fn matches_origin(&self, origin: &str) -> bool {
        match self {
            // Literals are compared without case, by full folding of Unicode, which is left to the engine's own tests.
            Self::Literal(text) | Self::Converted(text) => {
                text.get() == origin || text.get().eq_ignore_ascii_case(origin) || !text.get().is_ascii()
            }
            _ => self.matches_path(origin),
        }
    }
}

fn patterns(items: &[Item]) -> Vec<Pattern> {
    items.iter().take(6).map(Item::pattern).collect()
}

/// The options of a policy.
#[allow(missing_docs)]
#[derive(Clone, Debug, TypeGenerator)]
pub struct Configuration {
    pub origins: Vec<Item>,
    pub methods: Text,
    pub allow_headers: Vec<Item>,
    pub expose_headers: Option<Text>,
    pub max_age: Option<Text>,
    pub supports_credentials: bool,
    pub send_wildcard: bool,
    pub always_send: bool,
    pub vary: Option<bool>,
    pub allow_private_network: bool,
}

impl Configuration {
    /// Returns the options of the engine.
    #[must_use]
    pub fn options(&self) -> Options {
        Options {
            origins: patterns(&self.origins),
            origin_matchers: Vec::new(),
            methods: self.methods.get(),
            allow_headers: patterns(&self.allow_headers),
            expose_headers: self.expose_headers.as_ref().map(Text::get),
            supports_credentials: self.supports_credentials,
            max_age: self.max_age.as_ref().map(Text::get),
            send_wildcard: self.send_wildcard,
            vary_header: match self.vary {
                None => VaryHeader::Never,
                Some(false) => VaryHeader::Dynamic,
                Some(true) => VaryHeader::Always,
            },
            always_send: self.always_send,
            allow_private_network: self.allow_private_network,
        }
    }
}

/// The headers of a request. `preflight` holds the requested method and headers of an OPTIONS request.
#[allow(missing_docs)]
#[derive(Clone, Debug, TypeGenerator)]
pub struct Input {
    pub origin: Option<Text>,
    pub private_network: bool,
    pub preflight: Option<(Option<Text>, Option<Text>)>,
}
