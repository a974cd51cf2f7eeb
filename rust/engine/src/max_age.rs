//! `Access-Control-Max-Age`, in seconds:
//! [Fetch, HTTP responses](https://fetch.spec.whatwg.org/#http-access-control-max-age).

use crate::header::{InvalidHeaderValue, check_value};

/// How long a browser may keep the answer to a preflight; `0` is not at all, empty sends none.
pub(crate) struct MaxAge(Option<String>);

impl MaxAge {
    pub(crate) fn new(seconds: Option<String>) -> Result<Self, InvalidHeaderValue> {
        let seconds = seconds.filter(|seconds| !seconds.is_empty());
        seconds.as_deref().map_or(Ok(()), check_value)?;
        Ok(Self(seconds))
    }

    pub(crate) fn header(&self) -> Option<&str> {
        self.0.as_deref()
    }
}
