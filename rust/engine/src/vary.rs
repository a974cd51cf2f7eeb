//! `Vary`:
//! [Fetch, CORS protocol and HTTP caches](https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches);
//! [RFC 9110, section 12.5.5](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.5).

use crate::allow_origin::AllowOrigin;
use crate::header::Value;
use crate::options::VaryHeader;

const BY_ORIGIN: &str = "Origin";
const BY_PREFLIGHT: &str =
    "Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network";
const BY_BOTH: &str =
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network";

/// What the responses of a policy vary by.
pub(crate) struct Vary {
    /// Whether [`VaryHeader::Dynamic`] is set and more than one origin can be allowed.
    dynamic: bool,
    /// The values that [`VaryHeader::Always`] sends to most methods and to OPTIONS. With a struct instead of an array,
    /// each decision takes two more instructions.
    always: [Option<&'static str>; 2],
}

impl Vary {
    pub(crate) fn new(wanted: VaryHeader, allow_origin: &AllowOrigin) -> Self {
        let always = if wanted != VaryHeader::Always || allow_origin.allows_none() {
            [None, None]
        } else if allow_origin.varies_by_origin() {
            [Some(BY_ORIGIN), Some(BY_BOTH)]
        } else {
            [None, Some(BY_PREFLIGHT)]
        };
        Self { dynamic: wanted == VaryHeader::Dynamic && allow_origin.allows_several(), always }
    }

    /// Returns the value of [`VaryHeader::Dynamic`], if this policy sends it.
    pub(crate) fn constant(&self) -> Option<&'static str> {
        self.dynamic.then_some(BY_ORIGIN)
    }

    /// Returns the value for a response that allows an origin. As in Flask-CORS, the Origin `*` gets no dynamic Vary.
    #[inline]
    pub(crate) fn value_for_allowed<'a>(&self, origin: &str, is_options: bool) -> Option<Value<'a>> {
        if self.dynamic {
            (origin != "*").then_some(Value::Constant(BY_ORIGIN))
        } else {
            self.value_for_refused(is_options)
        }
    }

    /// Returns the value for a response that does not allow an origin.
    #[inline]
    pub(crate) fn value_for_refused<'a>(&self, is_options: bool) -> Option<Value<'a>> {
        let [to_most_methods, to_options] = self.always;
        if is_options { to_options } else { to_most_methods }.map(Value::Merged)
    }
}

/// Returns those of `names`, a comma-separated list, that the values of a `Vary` lack; `None` if they lack none.
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
    fn names_that_are_present_are_not_missing() {
        assert_eq!(missing_names(&["Cookie", "x , ORIGIN"], "Origin"), None);
        assert_eq!(missing_names(&["Cookie"], "Origin, X"), Some("Origin, X".to_owned()));
        assert_eq!(missing_names(&["x"], "Origin, X"), Some("Origin".to_owned()));
        assert_eq!(missing_names(&[], "Origin"), Some("Origin".to_owned()));
        assert_eq!(missing_names(&["Cookie, *"], "Origin"), None);
    }
}
