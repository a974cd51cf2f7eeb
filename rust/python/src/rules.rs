//! `Rules`.

use crate::policy::{Policy, header_name};
use crate::{decision, matcher};
use cors_engine::{HeaderName, Reason};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

/// Policies by path.
#[pyclass(frozen, module = "flask_cors_rs._rust")]
pub(crate) struct Rules(cors_engine::Rules<Py<Policy>>);

impl Rules {
    fn policy(&self, path: &Bound<'_, PyString>) -> Option<&Policy> {
        self.number(path).and_then(|number| self.0.policy(number)).map(Py::get)
    }

    fn number(&self, path: &Bound<'_, PyString>) -> Option<usize> {
        path.to_str().ok().and_then(|path| self.0.find(path))
    }
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
