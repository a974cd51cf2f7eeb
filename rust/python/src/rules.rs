//! `Rules`.

use crate::environ::{Environ, is_preflight};
use crate::policy::{Policy, header_name};
use crate::{decision, matcher};
use cors_engine::{HeaderName, Reason};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

/// Policies by path.
#[pyclass(frozen, module = "flask_cors_rs._rust")]
pub(crate) struct Rules(cors_engine::Rules<Py<Policy>>);

impl Rules {
    fn policy(&self, path: &Bound<'_, PyString>) -> Option<&Policy> {
        self.number(path).and_then(|number| self.0.policy(number)).map(Py::get)
    }

    fn number(&self, path: &Bound<'_, PyString>) -> Option<usize> {
        if self.0.first_matches_all() {
            return Some(0);
        }
        let text = path.to_str().ok()?;
        if text.contains('%') { self.0.find(unquote(path).ok()?.to_str().ok()?) } else { self.0.find(text) }
    }
}

/// `PATH_INFO` as Werkzeug decodes it, seldom other than it is.
fn decoded<'py>(path_info: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyString>> {
    static DECODED: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if path_info.to_str().is_ok_and(|path| path.starts_with('/') && !path.starts_with("//") && path.is_ascii()) {
        return Ok(path_info.clone());
    }
    let decoded = DECODED.import(path_info.py(), "flask_cors_rs._path", "decoded")?;
    Ok(decoded.call1((path_info,))?.cast_into()?)
}

/// `urllib.parse.unquote`.
fn unquote<'py>(path: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyString>> {
    static UNQUOTE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let unquote = UNQUOTE.import(path.py(), "urllib.parse", "unquote")?;
    Ok(unquote.call1((path,))?.cast_into()?)
}

/// Whether the first Access-Control-Allow-Origin in the list has a value.
fn has_allow_origin(headers: &Bound<'_, PyList>) -> bool {
    let wanted = header_name(headers.py(), HeaderName::AllowOrigin);
    headers
        .iter()
        .filter_map(|header| header.cast_into::<PyTuple>().ok())
        .find(|header| {
            header.get_item(0).is_ok_and(|name| {
                name.is(wanted)
                    || name.cast::<PyString>().is_ok_and(|name| {
                        name.to_str().is_ok_and(|name| name.eq_ignore_ascii_case(HeaderName::AllowOrigin.as_str()))
                    })
            })
        })
        .is_some_and(|header| header.get_item(1).and_then(|value| value.is_truthy()).unwrap_or(false))
}

#[pymethods]
impl Rules {
    #[new]
    fn new(py: Python<'_>, rules: Vec<(Bound<'_, PyAny>, Py<Policy>)>) -> PyResult<Self> {
        let rules: Vec<_> = rules
            .into_iter()
            .map(|(pattern, policy)| Ok((matcher::extract(&pattern)?, policy)))
            .collect::<PyResult<_>>()?;
        Ok(Self(py.detach(|| cors_engine::Rules::new(rules))))
    }

    /// Appends the headers of the first rule that matches the path, unless the list has an
    /// Access-Control-Allow-Origin.
    fn apply(
        &self,
        environ: &Bound<'_, PyDict>,
        path: &Bound<'_, PyString>,
        headers: &Bound<'_, PyList>,
    ) -> PyResult<()> {
        if has_allow_origin(headers) {
            return Ok(());
        }
        self.policy(path).map_or(Ok(()), |policy| policy.apply(environ, headers))
    }

    /// The same for a path as the server gives it, `PATH_INFO`.
    fn apply_around<'py>(
        &self,
        environ: &Bound<'py, PyDict>,
        path_info: &Bound<'py, PyString>,
        headers: &Bound<'py, PyList>,
    ) -> PyResult<()> {
        if self.0.first_matches_all() {
            self.apply(environ, path_info, headers)
        } else {
            self.apply(environ, &decoded(path_info)?, headers)
        }
    }

    /// Appends the headers that answer an OPTIONS request, and gives the reason for them; None where the request is
    /// no preflight, or no rule matches its path.
    fn preflight<'py>(
        &self,
        environ: &Bound<'py, PyDict>,
        headers: &Bound<'py, PyList>,
    ) -> PyResult<Option<Bound<'py, PyString>>> {
        let read = Environ::read_as(environ, true);
        let request = read.request();
        if !is_preflight(&request) {
            return Ok(None);
        }
        let policy = if self.0.first_matches_all() {
            self.0.policy(0).map(Py::get)
        } else {
            let path = environ.get_item(intern!(environ.py(), "PATH_INFO"))?.and_then(|path| path.cast_into().ok());
            self.policy(&decoded(&path.unwrap_or_else(|| PyString::new(environ.py(), "")))?)
        };
        let Some(policy) = policy else {
            return Ok(None);
        };
        Ok(Some(decision::reason(environ.py(), policy.answer(&read, &request, headers)?).clone()))
    }

    /// The same as a value: the headers and the reason.
    fn decide<'py>(&self, environ: &Bound<'py, PyDict>, path: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        match self.policy(path) {
            Some(policy) => policy.decide(environ),
            None => decision::nothing(environ.py(), Reason::NoRule),
        }
    }

    /// The number of the first rule that matches the path, or None.
    #[pyo3(name = "match")]
    fn find(&self, path: &Bound<'_, PyString>) -> Option<usize> {
        self.number(path)
    }
}
