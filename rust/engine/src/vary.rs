//! `Vary`:
//! [Fetch, CORS protocol and HTTP caches](https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches);
//! [RFC 9110, section 12.5.5](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5).

use crate::header::Value;

/// When answers say what they vary by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VaryHeader {
    /// Never.
    Never,
    /// By `Origin`, where an origin is allowed and more than one can be, as in Flask-CORS.
    #[default]
    Dynamic,
    /// By all that they depend on, whether an origin is allowed or not; merged into a `Vary` that is there.
    Always,
}

const BY_ORIGIN: &str = "Origin";
const BY_PREFLIGHT: &str =
    "Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network";
const BY_BOTH: &str =
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network";

/// What the answers of a policy vary by.
pub(crate) struct Vary {
    dynamic: bool,
    /// What is always said: to most requests, and to OPTIONS.
    always: [Option<&'static str>; 2],
}

impl Vary {
    /// `dynamic` says that more than one origin can be allowed, `differ` that answers can differ by the Origin, and
    /// `answers` that there are any at all.
    pub(crate) fn new(wanted: VaryHeader, dynamic: bool, differ: bool, answers: bool) -> Self {
        let always = match (wanted == VaryHeader::Always && answers, differ) {
            (false, _) => [None, None],
            (true, false) => [None, Some(BY_PREFLIGHT)],
            (true, true) => [Some(BY_ORIGIN), Some(BY_BOTH)],
        };
        Self { dynamic: wanted == VaryHeader::Dynamic && dynamic, always }
    }

    pub(crate) fn header(&self) -> Option<&'static str> {
        self.dynamic.then_some(BY_ORIGIN)
    }

    /// The header for an answer that allows `origin`. An Origin that is itself `*` gets none, as in
    /// Flask-CORS.
    #[inline]
    pub(crate) fn answer<'a>(&self, origin: &str, is_options: bool) -> Option<Value<'a>> {
        if self.dynamic { (origin != "*").then_some(Value::Constant(BY_ORIGIN)) } else { self.refusal(is_options) }
    }

    /// The header for an answer that allows none.
    #[inline]
    pub(crate) fn refusal<'a>(&self, is_options: bool) -> Option<Value<'a>> {
        let [most, options] = self.always;
        if is_options { options } else { most }.map(Value::Merged)
    }
}

/// Which of `names`, a comma-separated list, the values of a `Vary` lack; `None` where they lack none.
#[must_use]
pub fn missing_names(present: &[&str], names: &str) -> Option<String> {
    let members = || present.iter().flat_map(|value| value.split(',')).map(str::trim);
    if members().any(|member| member == "*") {
        return None;
    }
    let is_missing = |name: &&str| !members().any(|member| member.eq_ignore_ascii_case(name));
    let missing: Vec<&str> = names.split(", ").filter(is_missing).collect();
    (!missing.is_empty()).then(|| missing.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_there_are_not_said_again() {
        assert_eq!(missing_names(&["Cookie", "x , ORIGIN"], "Origin"), None);
        assert_eq!(missing_names(&["Cookie"], "Origin, X"), Some("Origin, X".to_owned()));
        assert_eq!(missing_names(&["x"], "Origin, X"), Some("Origin".to_owned()));
        assert_eq!(missing_names(&[], "Origin"), Some("Origin".to_owned()));
        assert_eq!(missing_names(&["Cookie, *"], "Origin"), None);
    }
}
