//! `Policy`.

use crate::environ::Environ;
use crate::matcher::check_raised;
use crate::{decision, options};
use cors_engine::{HeaderName, Reason, Request, Value, missing_names};
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
    /// Whether a request may call what a user wrote.
    calls: bool,
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
        let calls = !options.origin_matchers.is_empty();
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
        Ok(Self { engine, constants, calls })
    }

    /// Appends the headers for a request to a list of (name, value) pairs.
    pub(crate) fn apply(&self, environ: &Bound<'_, PyDict>, headers: &Bound<'_, PyList>) -> PyResult<()> {
        let environ = Environ::read(environ);
        self.answer(&environ, &environ.request(), headers).map(drop)
    }

    /// The same as a value: the headers and the reason.
    pub(crate) fn decide<'py>(&self, environ: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
        let read = Environ::read(environ);
        let request = read.request();
        let decision = self.engine.decide(&request);
        check_raised()?;
        decision::to_python(environ.py(), &decision)
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
                (Value::Merged(names), ..) => merge(headers, header_name(py, name), names),
                (value, ..) => headers.append((header_name(py, name), value.as_str())),
            };
            if added.is_err() {
                result = added;
            }
        });
        if self.calls {
            check_raised()?;
        }
        result.map(|()| reason)
    }
}

/// Adds to the first header of a name those of `names` that no header of the name has, or a header of them all.
fn merge(headers: &Bound<'_, PyList>, name: &Bound<'_, PyString>, names: &str) -> PyResult<()> {
    let wanted = name.to_str()?;
    let mut present = Vec::new();
    for (index, header) in headers.iter().enumerate() {
        if let Ok((other, value)) = header.extract::<(String, String)>()
            && other.eq_ignore_ascii_case(wanted)
        {
            present.push((index, other, value));
        }
    }
    let values: Vec<&str> = present.iter().map(|(.., value)| value.as_str()).collect();
    let Some(missing) = missing_names(&values, names) else {
        return Ok(());
    };
    match present.into_iter().next() {
        None => headers.append((name, missing)),
        Some((index, other, value)) if value.trim().is_empty() => headers.set_item(index, (other, missing)),
        Some((index, other, value)) => headers.set_item(index, (other, format!("{value}, {missing}"))),
    }
}
