//! `Access-Control-Expose-Headers`:
//! [Fetch, HTTP responses](https://fetch.spec.whatwg.org/#http-access-control-expose-headers).

use crate::header::{InvalidHeaderValue, check_value};

/// The response headers that scripts may read, as the header that names them; empty sends none.
pub(crate) struct ExposeHeaders(Option<String>);

impl ExposeHeaders {
    pub(crate) fn new(list: Option<String>) -> Result<Self, InvalidHeaderValue> {
        let list = list.filter(|list| !list.is_empty());
        list.as_deref().map_or(Ok(()), check_value)?;
        Ok(Self(list))
    }

    pub(crate) fn header(&self) -> Option<&str> {
        self.0.as_deref()
    }
}
