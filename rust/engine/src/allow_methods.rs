//! `Access-Control-Allow-Methods`:
//! [Fetch, HTTP responses](https://fetch.spec.whatwg.org/#http-access-control-allow-methods).

use crate::header::{InvalidHeaderValue, check_value};
use crate::text::strip;

/// The allowed methods.
pub(crate) struct AllowMethods {
    value: String,
    names: Vec<Box<str>>,
}

impl AllowMethods {
    /// Takes the value of the header, in upper case.
    pub(crate) fn new(list: &str) -> Result<Self, InvalidHeaderValue> {
        check_value(list)?;
        let names = list.split(',').map(strip).filter(|name| !name.is_empty()).map(Box::from).collect();
        Ok(Self { value: list.to_owned(), names })
    }

    pub(crate) fn value(&self) -> &str {
        &self.value
    }

    /// Returns whether a requested method is in the list, as a whole and without case.
    ///
    /// Fetch compares methods with case; Flask-CORS converts them all to upper case.
    pub(crate) fn allows(&self, requested: &str) -> bool {
        self.names.iter().any(|name| **name == *requested) || {
            let upper = requested.to_uppercase();
            self.names.iter().any(|name| **name == *upper)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_compared_as_a_whole_and_without_case() {
        let methods = AllowMethods::new("GET, PUT,X-Y").unwrap_or_else(|_| unreachable!());
        for allowed in ["GET", "get", "PUT", "x-y"] {
            assert!(methods.allows(allowed), "{allowed}");
        }
        for refused in ["ET", ", ", "T, P", "", " GET", "GET, PUT"] {
            assert!(!methods.allows(refused), "{refused}");
        }
    }

    #[test]
    fn a_line_break_is_refused() {
        assert!(AllowMethods::new("GET\r\nX: y").is_err());
    }
}
