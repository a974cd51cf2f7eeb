//! The request in a WSGI environ ([PEP 3333](https://peps.python.org/pep-3333/#environ-variables)).

use crate::once::text;
use cors_engine::{Preflight, Request};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// The variables of an environ that decide CORS. A value that is not a `str` counts as absent.
pub(crate) struct Environ<'py> {
    pub(crate) origin: Option<Bound<'py, PyString>>,
    private_network: bool,
    preflight: Option<RequestedAccess<'py>>,
}

/// What an OPTIONS request asks for.
struct RequestedAccess<'py> {
    method: Option<Bound<'py, PyString>>,
    headers: Option<Bound<'py, PyString>>,
}

fn variable<'py>(environ: &Bound<'py, PyDict>, name: &Bound<'py, PyString>) -> Option<Bound<'py, PyString>> {
    environ.get_item(name).ok().flatten().and_then(|value| value.cast_into().ok())
}

impl<'py> Environ<'py> {
    pub(crate) fn read(environ: &Bound<'py, PyDict>) -> Self {
        let py = environ.py();
        let is_options = variable(environ, text!(py, "REQUEST_METHOD"))
            .is_some_and(|method| method.to_str().is_ok_and(|method| method.eq_ignore_ascii_case("OPTIONS")));
        Self::read_as(environ, is_options)
    }

    /// Reads the environ of an OPTIONS request, whatever its `REQUEST_METHOD`.
    pub(crate) fn read_options(environ: &Bound<'py, PyDict>) -> Self {
        Self::read_as(environ, true)
    }

    fn read_as(environ: &Bound<'py, PyDict>, is_options: bool) -> Self {
        let py = environ.py();
        Self {
            origin: variable(environ, text!(py, "HTTP_ORIGIN")),
            private_network: variable(environ, text!(py, "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK"))
                .is_some_and(|value| value.to_str().is_ok_and(|value| value == "true")),
            preflight: is_options.then(|| RequestedAccess {
                method: variable(environ, text!(py, "HTTP_ACCESS_CONTROL_REQUEST_METHOD")),
                headers: variable(environ, text!(py, "HTTP_ACCESS_CONTROL_REQUEST_HEADERS")),
            }),
        }
    }

    /// Returns the request for the engine. Text with lone surrogates, which WSGI servers never send, matches nothing.
    pub(crate) fn request(&self) -> Request<'_> {
        let origin = self.origin.as_ref().map(|origin| origin.to_str());
        Request {
            origin: origin.as_ref().and_then(|origin| origin.as_ref().ok()).copied(),
            origin_unreadable: matches!(origin, Some(Err(_))),
            private_network: self.private_network,
            preflight: self.preflight.as_ref().map(|RequestedAccess { method, headers }| Preflight {
                method: method.as_ref().map(|method| method.to_str().unwrap_or("\u{fffd}")),
                headers: headers.as_ref().and_then(|headers| headers.to_str().ok()),
            }),
        }
    }
}
