//! What may be configured, the layers in which it is, and their merge.

use crate::header::InvalidHeaderValue;
use crate::pattern::Pattern;
use crate::vary::VaryHeader;
use std::fmt;

/// The options that a layer may hold. The names are those of Flask-CORS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum OptionName {
    /// `origins`
    Origins,
    /// `methods`
    Methods,
    /// `allow_headers`
    AllowHeaders,
    /// `expose_headers`
    ExposeHeaders,
    /// `supports_credentials`
    SupportsCredentials,
    /// `max_age`
    MaxAge,
    /// `send_wildcard`
    SendWildcard,
    /// `automatic_options`
    AutomaticOptions,
    /// `vary_header`
    VaryHeader,
    /// `resources`
    Resources,
    /// `intercept_exceptions`
    InterceptExceptions,
    /// `always_send`
    AlwaysSend,
    /// `allow_private_network`
    AllowPrivateNetwork,
    /// `middleware`, which Flask-CORS does not have
    Middleware,
    /// `audit`, which Flask-CORS does not have
    Audit,
}

impl OptionName {
    /// Every option, in the order of the discriminants.
    pub const ALL: [Self; 15] = [
        Self::Origins,
        Self::Methods,
        Self::AllowHeaders,
        Self::ExposeHeaders,
        Self::SupportsCredentials,
        Self::MaxAge,
        Self::SendWildcard,
        Self::AutomaticOptions,
        Self::VaryHeader,
        Self::Resources,
        Self::InterceptExceptions,
        Self::AlwaysSend,
        Self::AllowPrivateNetwork,
        Self::Middleware,
        Self::Audit,
    ];

    /// The name as users write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Origins => "origins",
            Self::Methods => "methods",
            Self::AllowHeaders => "allow_headers",
            Self::ExposeHeaders => "expose_headers",
            Self::SupportsCredentials => "supports_credentials",
            Self::MaxAge => "max_age",
            Self::SendWildcard => "send_wildcard",
            Self::AutomaticOptions => "automatic_options",
            Self::VaryHeader => "vary_header",
            Self::Resources => "resources",
            Self::InterceptExceptions => "intercept_exceptions",
            Self::AlwaysSend => "always_send",
            Self::AllowPrivateNetwork => "allow_private_network",
            Self::Middleware => "middleware",
            Self::Audit => "audit",
        }
    }
}

/// The options set at one level: application configuration, extension, resource, defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer<V>([Option<V>; OptionName::ALL.len()]);

impl<V> Default for Layer<V> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| None))
    }
}

impl<V> Layer<V> {
    /// Sets an option at this level.
    pub fn set(&mut self, name: OptionName, value: V) {
        if let Some(slot) = self.0.get_mut(name as usize) {
            *slot = Some(value);
        }
    }

    /// The value of an option, if this level has one.
    pub fn get(&self, name: OptionName) -> Option<&V> {
        self.0.get(name as usize).and_then(Option::as_ref)
    }
}

/// Merges layers, the strongest first: each option has the value of the first layer that sets it.
pub fn merge<V>(layers: impl IntoIterator<Item = Layer<V>>) -> Layer<V> {
    layers.into_iter().fold(Layer::default(), |mut merged, layer| {
        for (slot, value) in merged.0.iter_mut().zip(layer.0) {
            if slot.is_none() {
                *slot = value;
            }
        }
        merged
    })
}

/// The options of one policy, after the merge, each in its own type.
#[derive(Clone, Debug)]
pub struct Options {
    /// The origins allowed.
    pub origins: Vec<Pattern>,
    /// More of them: what the whole of an origin has to match. They are asked last, in their order, and only of
    /// visible ASCII text of an origin's length.
    pub origin_matchers: Vec<Pattern>,
    /// Whether the wildcard `*` is one of them.
    pub any_origin: bool,
    /// The literal origin that sorts first, for requests without an Origin.
    pub first_literal_origin: Option<String>,
    /// The value of `Access-Control-Allow-Methods`, upper-cased.
    pub methods: String,
    /// The request headers allowed.
    pub allow_headers: Vec<Pattern>,
    /// The value of `Access-Control-Expose-Headers`.
    pub expose_headers: Option<String>,
    /// Whether credentialed requests are allowed.
    pub supports_credentials: bool,
    /// The value of `Access-Control-Max-Age`, in seconds.
    pub max_age: Option<String>,
    /// Whether any origin is answered with `*` and not with the Origin.
    pub send_wildcard: bool,
    /// Whether answers say that they vary by Origin.
    pub vary_header: VaryHeader,
    /// Whether requests without an Origin are answered too.
    pub always_send: bool,
    /// Whether access from public to private networks is allowed.
    pub allow_private_network: bool,
}

impl Default for Options {
    /// The defaults of Flask-CORS: any origin, any header, no credentials.
    fn default() -> Self {
        Self {
            origins: vec![Pattern::Any],
            origin_matchers: Vec::new(),
            any_origin: true,
            first_literal_origin: None,
            methods: "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT".to_owned(),
            allow_headers: vec![Pattern::Any],
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

/// Options that make no policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionError {
    /// Any origin, with credentials, answered with `*`: browsers refuse that
    /// ([Fetch, CORS check](https://fetch.spec.whatwg.org/#concept-cors-check)).
    WildcardWithCredentials,
    /// The value of an option cannot be sent.
    HeaderValue(OptionName, InvalidHeaderValue),
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WildcardWithCredentials => f.write_str(
                "origins '*' cannot be combined with supports_credentials and send_wildcard: browsers refuse \
                 '*' on credentialed requests; name the origins, or leave send_wildcard off",
            ),
            Self::HeaderValue(name, error) => write!(f, "{}: {error}", name.as_str()),
        }
    }
}

impl std::error::Error for OptionError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_layer_that_sets_an_option_wins() {
        let mut resource = Layer::default();
        resource.set(OptionName::MaxAge, 1);
        let mut application = Layer::default();
        application.set(OptionName::MaxAge, 2);
        application.set(OptionName::Origins, 3);
        let merged = merge([resource, application]);
        assert_eq!(merged.get(OptionName::MaxAge), Some(&1));
        assert_eq!(merged.get(OptionName::Origins), Some(&3));
        assert_eq!(merged.get(OptionName::Methods), None);
    }

    #[test]
    fn names_stand_at_their_discriminants() {
        for (index, name) in OptionName::ALL.into_iter().enumerate() {
            assert_eq!(name as usize, index);
        }
    }
}
