//! Decisions, as values for Python.

use cors_engine::{Decision, Reason};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple};

/// Makes a `flask_cors_rs.decision.Decision`.
pub(crate) fn to_python<'py>(py: Python<'py>, decision: &Decision<'_>) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let class = CLASS.import(py, "flask_cors_rs.decision", "Decision")?;
    let headers = decision.headers.iter().map(|header| (header.name.as_str(), header.value.as_str()));
    class.call1((PyTuple::new(py, headers.collect::<Vec<_>>())?, decision.reason.as_str()))
}

/// A reason in words, made once.
pub(crate) fn reason(py: Python<'_>, reason: Reason) -> &Bound<'_, PyString> {
    static WORDS: [PyOnceLock<Py<PyString>>; Reason::COUNT] = [const { PyOnceLock::new() }; _];
    // The discriminants index the array.
    #[allow(clippy::indexing_slicing)]
    WORDS[reason as usize].get_or_init(py, || PyString::intern(py, reason.as_str()).unbind()).bind(py)
}

pub(crate) fn nothing(py: Python<'_>, reason: Reason) -> PyResult<Bound<'_, PyAny>> {
    to_python(py, &Decision::nothing(reason))
}
