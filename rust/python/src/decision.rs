//! Decisions and reasons for Python.

use crate::once::Once;
use cors_engine::{Decision, Reason};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

/// Makes a `flask_cors_rs.Decision`.
pub(crate) fn to_python<'py>(py: Python<'py>, decision: &Decision<'_>) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: Once<PyAny> = Once::new();
    let class = CLASS.import(py, "flask_cors_rs._engine.decision", "Decision")?;
    let headers = decision.headers.iter().map(|header| (header.name.as_str(), header.value.as_str()));
    class.call1((PyTuple::new(py, headers.collect::<Vec<_>>())?, reason_to_python(py, decision.reason)))
}

/// Returns a reason in words. Each `str` is made once.
pub(crate) fn reason_to_python(py: Python<'_>, reason: Reason) -> &Bound<'_, PyString> {
    static WORDS: [Once<PyString>; Reason::COUNT] = [const { Once::new() }; _];
    #[allow(clippy::indexing_slicing)] // Each discriminant is less than COUNT.
    WORDS[reason as usize].text(py, reason.as_str())
}
