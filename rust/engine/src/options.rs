//! The options of a policy.

use crate::header::InvalidHeaderValue;
use crate::pattern::Pattern;
use std::fmt;

/// When a policy sends `Vary`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VaryHeader {
    /// Never.
    Never,
    /// Where it allows an origin and could allow another one, as in Flask-CORS. The value is `Origin`.
    #[default]
    Dynamic,
    /// Whether it allows an origin or not. The value names everything that the response depends on, and is merged
    /// into a `Vary` that the response has already.
    Always,
}

/// The options of one policy that the engine decides by.
#[derive(Clone, Debug)]
pub struct Options {
    /// The allowed origins.
    pub origins: Vec<Pattern>,
    /// Regular expressions and custom patterns that are asked about a whole origin, after `origins` and in their
    /// order. They are asked only about visible ASCII text that is no longer than an origin can be.
    pub origin_matchers: Vec<Pattern>,
    /// The value of `Access-Control-Allow-Methods`, in upper case.
    pub methods: String,
    /// The request headers that a preflight may ask for.
    pub allow_headers: Vec<Pattern>,
    /// The value of `Access-Control-Expose-Headers`.
    pub expose_headers: Option<String>,
    /// Whether `Access-Control-Allow-Credentials` is sent.
    pub supports_credentials: bool,
    /// The value of `Access-Control-Max-Age`, in seconds.
    pub max_age: Option<String>,
    /// Whether any origin is answered with `*` instead of the Origin.
    pub send_wildcard: bool,
    /// When `Vary` is sent.
    pub vary_header: VaryHeader,
    /// Whether requests without an Origin get headers.
    pub always_send: bool,
    /// Whether `Access-Control-Allow-Private-Network` is `true`.
    pub allow_private_network: bool,
}

impl Options {
    /// Returns whether the wildcard is among the origins.
    #[must_use]
    pub fn any_origin(&self) -> bool {
        self.origins.iter().any(|origin| matches!(origin, Pattern::Wildcard))
    }
}

impl Default for Options {
    /// Returns the defaults of Flask-CORS: any origin, any request header, no credentials.
    fn default() -> Self {
        Self {
            origins: vec![Pattern::Wildcard],
            origin_matchers: Vec::new(),
            methods: "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT".to_owned(),
            allow_headers: vec![Pattern::Wildcard],
            expose_headers: None,
            supports_credentials: false,
            max_age: None,
            send_wildcard: false,
            vary_header: VaryHeader::Dynamic,
            always_send: true,
            allow_private_network: false,
        }
    }
}

/// The error for options that do not make a valid policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionError {
    /// Any origin is allowed, with credentials, and answered with `*`, which browsers refuse
    /// ([Fetch, CORS check](https://fetch.spec.whatwg.org/#concept-cors-check)).
    WildcardWithCredentials,
    /// The value of an option cannot be sent in a header.
    HeaderValue {
        /// The name of the field of [`Options`].
        option: &'static str,
        /// The value, and what is wrong with it.
        error: InvalidHeaderValue,
    },
}

impl OptionError {
    /// Returns a function that adds the name of an option to an error.
    pub(crate) fn in_option(option: &'static str) -> impl Fn(InvalidHeaderValue) -> Self {
        move |error| Self::HeaderValue { option, error }
    }
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WildcardWithCredentials => f.write_str(
                "origins='*' cannot be combined with supports_credentials=True and send_wildcard=True, because \
                 browsers refuse '*' for requests with credentials: name the origins, or leave send_wildcard off",
            ),
            Self::HeaderValue { option, error } => write!(f, "{option}: {error}"),
        }
    }
}

impl std::error::Error for OptionError {}
