//! `Policy`.

use crate::environ::Environ;
use crate::headers::{header_name, merge_names};
use crate::pattern::{PythonMatcher, check_raised};
use crate::{decision, options};
use cors_engine::{Custom, HeaderName, Pattern, Reason, Request, Value};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use pyo3::{PyTraverseError, PyVisit};
use std::sync::Arc;

/// The compiled options of one resource or view.
#[pyclass(frozen, module = "flask_cors_rs._rust")]
pub(crate) struct Policy {
    engine: cors_engine::Policy,
    /// The (name, value) pairs that are the same in every response, by the discriminant of the name.
    constants: [Option<Py<PyTuple>>; HeaderName::COUNT],
    /// The matchers among the options that only Python matches. `engine` has them too.
    matchers: Vec<Arc<dyn Custom>>,
}

#[pymethods]
impl Policy {
    #[new]
    fn new(options: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = options.py();
        let options = options::extract(options)?;
        let engine = py
            .detach(|| cors_engine::Policy::new(&options))
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        let mut constants = [const { None }; HeaderName::COUNT];
        for (name, value) in engine.constants() {
            let pair = (header_name(py, name), value).into_pyobject(py)?.unbind();
            if let Some(slot) = constants.get_mut(name as usize) {
                *slot = Some(pair);
            }
        }
        let matchers = options.origin_matchers.into_iter().filter_map(|pattern| match pattern {
            Pattern::Custom(matcher) => Some(matcher),
            _ => None,
        });
        Ok(Self { engine, constants, matchers: matchers.collect() })
    }

    /// Nothing is cleared: what closes a cycle is the function or the application, which can be.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.matchers.iter().try_for_each(|matcher| PythonMatcher::traverse(&**matcher, &visit))
    }

    /// Append the response headers for the request in a WSGI environ.
    pub(crate) fn apply(&self, environ: &Bound<'_, PyDict>, headers: &Bound<'_, PyList>) -> PyResult<()> {
        let environ = Environ::read(environ);
        self.apply_with_reason(&environ, &environ.request(), headers).map(drop)
    }

    /// Decide about the request in a WSGI environ.
    pub(crate) fn decide<'py>(&self, environ: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
        let read = Environ::read(environ);
        let request = read.request();
        let decision = self.engine.decide(&request);
        check_raised()?;
        decision::to_python(environ.py(), &decision)
    }
}

impl Policy {
    /// Appends the response headers for a request, and returns the reason for them.
    pub(crate) fn apply_with_reason(
        &self,
        environ: &Environ<'_>,
        request: &Request<'_>,
        headers: &Bound<'_, PyList>,
    ) -> PyResult<Reason> {
        let py = headers.py();
        let mut result = Ok(());
        let reason = self.engine.apply(request, |header| {
            let name = header.name;
            let added = match (header.value, self.constants.get(name as usize), &environ.origin) {
                (Value::Constant(_), Some(Some(pair)), _) => headers.append(pair),
                (Value::Origin(_), _, Some(origin)) => headers.append((header_name(py, name), origin)),
                (Value::Merged(names), ..) => merge_names(headers, header_name(py, name), names),
                (value, ..) => headers.append((header_name(py, name), value.as_str())),
            };
            if added.is_err() {
                result = added;
            }
        });
        check_raised()?;
        result.map(|()| reason)
    }
}
