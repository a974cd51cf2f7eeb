//! `Access-Control-Expose-Headers`:
//! [Fetch, HTTP responses](https://fetch.spec.whatwg.org/#http-access-control-expose-headers).

use crate::header::{InvalidHeaderValue, optional_value};

/// The response headers that scripts may read. An empty list is not sent.
pub(crate) struct ExposeHeaders(Option<String>);

impl ExposeHeaders {
    pub(crate) fn new(list: Option<&str>) -> Result<Self, InvalidHeaderValue> {
        optional_value(list).map(Self)
    }

    pub(crate) fn value(&self) -> Option<&str> {
        self.0.as_deref()
    }
}
