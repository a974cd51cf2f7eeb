//! Python's `re`, for patterns that Rust cannot take.

use cors_engine::{Foreign, Pattern};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;
use std::sync::Arc;

/// The `match` method of a compiled `re.Pattern`.
struct PythonRegex(Py<PyAny>);

impl Foreign for PythonRegex {
    fn matches(&self, text: &str) -> bool {
        Python::attach(|py| match self.0.bind(py).call1((text,)) {
            Ok(found) => !found.is_none(),
            Err(error) => {
                // A request must not fail: what cannot be matched does not match.
                error.write_unraisable(py, Some(self.0.bind(py)));
                false
            }
        })
    }
}

/// A pattern as `flask_cors_rs.options` gives it: a `str` for a literal, or a `Regex`.
pub(crate) fn extract(pattern: &Bound<'_, PyAny>) -> PyResult<Pattern> {
    let py = pattern.py();
    if let Ok(text) = pattern.cast::<PyString>() {
        return Ok(Pattern::Literal(text.to_string_lossy().into_owned()));
    }
    if pattern.getattr(intern!(py, "matches_all"))?.extract()? {
        return Ok(Pattern::Any);
    }
    let matcher = pattern.getattr(intern!(py, "pattern"))?.getattr(intern!(py, "match"))?;
    let matcher: Arc<dyn Foreign> = Arc::new(PythonRegex(matcher.unbind()));
    Ok(match pattern.getattr(intern!(py, "rust"))?.extract()? {
        Some(regex) => Pattern::Regex(regex, matcher),
        None => Pattern::Foreign(matcher),
    })
}
