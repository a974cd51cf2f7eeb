//! `Access-Control-Max-Age`, in seconds:
//! [Fetch, HTTP responses](https://fetch.spec.whatwg.org/#http-access-control-max-age).

use crate::header::{InvalidHeaderValue, optional_value};

/// How long a browser may cache the answer to a preflight: `0` forbids it, and an empty value is not sent.
pub(crate) struct MaxAge(Option<String>);

impl MaxAge {
    pub(crate) fn new(seconds: Option<&str>) -> Result<Self, InvalidHeaderValue> {
        optional_value(seconds).map(Self)
    }

    pub(crate) fn value(&self) -> Option<&str> {
        self.0.as_deref()
    }
}
