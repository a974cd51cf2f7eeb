//! Python's `re`, for patterns that Rust cannot take.

use cors_engine::{Foreign, Pattern};
use pyo3::exceptions::PyException;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;
use std::cell::Cell;
use std::sync::Arc;

thread_local! {
    /// What ends a thread or a program, and came out of a matcher: the engine cannot pass it on.
    static RAISED: Cell<Option<PyErr>> = const { Cell::new(None) };
}

/// The `match` method of a compiled `re.Pattern`, or of what stands for one.
struct PythonMatch(Py<PyAny>);

impl Foreign for PythonMatch {
    fn matches(&self, text: &str) -> bool {
        Python::attach(|py| match self.0.bind(py).call1((text,)) {
            Ok(found) => !found.is_none(),
            Err(error) => {
                if error.is_instance_of::<PyException>(py) {
                    // A request must not fail: what cannot be matched does not match.
                    error.write_unraisable(py, Some(self.0.bind(py)));
                } else {
                    RAISED.set(Some(error));
                }
                false
            }
        })
    }
}

/// Passes on what the matchers of this thread raised that is no mere `Exception`.
pub(crate) fn check_raised() -> PyResult<()> {
    RAISED.take().map_or(Ok(()), Err)
}

/// Whether a `str` is an `Origin`, which is compared exactly.
fn is_exact(text: &Bound<'_, PyString>) -> PyResult<bool> {
    static ORIGIN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if text.is_exact_instance_of::<PyString>() {
        return Ok(false);
    }
    text.is_instance(ORIGIN.import(text.py(), "flask_cors_rs.origins", "Origin")?)
}

/// A pattern as `flask_cors_rs.options` gives it: a `str` for a literal, or a `Matcher`.
pub(crate) fn extract(pattern: &Bound<'_, PyAny>) -> PyResult<Pattern> {
    let py = pattern.py();
    if let Ok(text) = pattern.cast::<PyString>() {
        let literal = text.to_string_lossy().into_owned();
        return Ok(if is_exact(text)? { Pattern::Exact(literal) } else { Pattern::Literal(literal) });
    }
    if pattern.getattr(intern!(py, "matches_all"))?.extract()? {
        return Ok(Pattern::Any);
    }
    let matcher: Arc<dyn Foreign> = Arc::new(PythonMatch(pattern.getattr(intern!(py, "match"))?.unbind()));
    Ok(match pattern.getattr(intern!(py, "rust"))?.extract()? {
        Some(regex) => Pattern::Regex(regex, matcher),
        None => Pattern::Foreign(matcher),
    })
}
