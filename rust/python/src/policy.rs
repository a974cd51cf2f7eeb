//! `Policy`.

use crate::environ::Environ;
use crate::{decision, options};
use cors_engine::{HeaderName, Reason, Request, Value};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

/// The options of one resource or view, compiled.
#[pyclass(frozen, module = "flask_cors_rs._rust")]
pub(crate) struct Policy {
    engine: cors_engine::Policy,
    /// The (name, value) pairs that never change, made once.
    constants: [Option<Py<PyTuple>>; HeaderName::ALL.len()],
}

pub(crate) fn header_name(py: Python<'_>, name: HeaderName) -> &Bound<'_, PyString> {
    static NAMES: [PyOnceLock<Py<PyString>>; HeaderName::ALL.len()] = [const { PyOnceLock::new() }; _];
    // The discriminants index the array.
    #[allow(clippy::indexing_slicing)]
    NAMES[name as usize].get_or_init(py, || PyString::intern(py, name.as_str()).unbind()).bind(py)
}

#[pymethods]
impl Policy {
    #[new]
    fn new(options: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = options.py();
        let options = options::extract(options)?;
        let engine = py
            .detach(|| cors_engine::Policy::new(options))
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        let mut constants = [const { None }; HeaderName::ALL.len()];
        for (name, value) in engine.constants() {
            let pair = (header_name(py, name), value).into_pyobject(py)?.unbind();
            if let Some(slot) = constants.get_mut(name as usize) {
                *slot = Some(pair);
            }
        }
        Ok(Self { engine, constants })
    }

    /// Appends the headers for a request to a list of (name, value) pairs.
    pub(crate) fn apply(&self, environ: &Bound<'_, PyDict>, headers: &Bound<'_, PyList>) -> PyResult<()> {
        let environ = Environ::read(environ);
        self.answer(&environ, &environ.request(), headers).map(drop)
    }

    /// The same as a value: the headers and the reason.
    pub(crate) fn decide<'py>(&self, environ: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
        decision::to_python(environ.py(), &self.engine.decide(&Environ::read(environ).request()))
    }
}

impl Policy {
    /// Appends the headers, and gives the reason for them.
    pub(crate) fn answer(
        &self,
        environ: &Environ<'_>,
        request: &Request<'_>,
        headers: &Bound<'_, PyList>,
    ) -> PyResult<Reason> {
        let py = headers.py();
        let mut result = Ok(());
        let reason = self.engine.answer(request, |header| {
            let name = header.name;
            let added = match (header.value, self.constants.get(name as usize), &environ.origin) {
                (Value::Constant(_), Some(Some(pair)), _) => headers.append(pair),
                (Value::Origin(_), _, Some(origin)) => headers.append((header_name(py, name), origin)),
                (value, ..) => headers.append((header_name(py, name), value.as_str())),
            };
            if added.is_err() {
                result = added;
            }
        });
        result.map(|()| reason)
    }
}
