//! `Access-Control-Allow-Methods`:
//! [Fetch, HTTP responses](https://fetch.spec.whatwg.org/#http-access-control-allow-methods).

use crate::header::{InvalidHeaderValue, check_value};
use crate::text::strip;

/// The allowed methods, and the header that lists them.
pub(crate) struct Methods {
    header: String,
    names: Vec<Box<str>>,
}

impl Methods {
    /// `list` is the value of the header, upper-cased.
    pub(crate) fn new(list: String) -> Result<Self, InvalidHeaderValue> {
        check_value(&list)?;
        let names = list.split(',').map(strip).filter(|name| !name.is_empty()).map(Box::from).collect();
        Ok(Self { header: list, names })
    }

    pub(crate) fn header(&self) -> &str {
        &self.header
    }

    /// Whether the requested method, upper-cased, is one of them, compared whole. (Methods are
    /// case-sensitive in Fetch; Flask-CORS upper-cases them all.)
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
    fn methods_are_compared_whole_and_without_case() {
        let methods = Methods::new("GET, PUT,X-Y".to_owned()).unwrap_or_else(|_| unreachable!());
        for allowed in ["GET", "get", "PUT", "x-y"] {
            assert!(methods.allows(allowed), "{allowed}");
        }
        for refused in ["ET", ", ", "T, P", "", " GET", "GET, PUT"] {
            assert!(!methods.allows(refused), "{refused}");
        }
    }

    #[test]
    fn a_line_break_is_refused() {
        assert!(Methods::new("GET\r\nX: y".to_owned()).is_err());
    }
}
