//! Patterns from Python: literals, and matchers that the engine compiles or calls.

use crate::once::{Once, text};
use cors_engine::{Custom, Pattern};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyString;
use pyo3::{PyTraverseError, PyVisit};
use std::any::Any;
use std::cell::Cell;
use std::sync::Arc;

thread_local! {
    /// An exception that a matcher raised and that must not be suppressed, such as `KeyboardInterrupt`. It waits here
    /// until the engine returns, because the engine cannot pass it on.
    static RAISED: Cell<Option<Box<PyErr>>> = const { Cell::new(None) };
}

/// Raises the exception that a matcher raised on this thread, unless it is an `Exception`.
///
/// Every call of the engine that can match a pattern is followed by this.
pub(crate) fn check_raised() -> PyResult<()> {
    RAISED.take().map_or(Ok(()), |error| Err(*error))
}

/// A `Matcher` of `flask_cors_rs._engine.contract` that only Python matches.
pub(crate) struct PythonMatcher {
    matcher: Py<PyAny>,
    /// The attribute `match`.
    match_function: Py<PyAny>,
}

impl PythonMatcher {
    /// Shows the garbage collector the objects of a matcher, which can lead to an application.
    pub(crate) fn traverse(matcher: &dyn Custom, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Some(Self { matcher, match_function }) = (matcher as &dyn Any).downcast_ref() else { return Ok(()) };
        visit.call(matcher)?;
        visit.call(match_function)
    }
}

impl Custom for PythonMatcher {
    fn matches(&self, text: &str) -> bool {
        ask(&self.matcher, |py| is_match(self.match_function.bind(py), text))
    }
}

/// A `Matcher` that Python matches if its regular expression is too large for the engine.
struct TranslatedMatcher {
    matcher: Py<PyAny>,
    /// The attribute `match`. It is read when it is first needed, because reading it can compile the expression.
    match_function: Once<PyAny>,
}

impl Custom for TranslatedMatcher {
    fn matches(&self, text: &str) -> bool {
        ask(&self.matcher, |py| {
            is_match(self.match_function.get(py, || self.matcher.bind(py).getattr(text!(py, "match")))?, text)
        })
    }
}

fn is_match(match_function: &Bound<'_, PyAny>, text: &str) -> PyResult<bool> {
    Ok(!match_function.call1((text,))?.is_none())
}

/// Asks a matcher, which does not match if it raises an exception.
fn ask(matcher: &Py<PyAny>, call: impl FnOnce(Python<'_>) -> PyResult<bool>) -> bool {
    if let Some(error) = RAISED.take() {
        RAISED.set(Some(error)); // Nothing is called after such an exception.
        return false;
    }
    Python::attach(|py| {
        call(py).unwrap_or_else(|error| {
            if error.is_instance_of::<PyException>(py) {
                // A request must not fail.
                error.write_unraisable(py, Some(matcher.bind(py)));
            } else {
                RAISED.set(Some(Box::new(error)));
            }
            false
        })
    })
}

/// Reads a `Pattern` of `flask_cors_rs._engine.contract` among options.
pub(crate) fn extract(pattern: &Bound<'_, PyAny>) -> PyResult<Pattern> {
    let py = pattern.py();
    if let Ok(text) = pattern.cast::<PyString>() {
        return extract_literal(text);
    }
    if pattern.getattr(text!(py, "is_wildcard"))?.is_truthy()? {
        return Ok(Pattern::Wildcard);
    }
    let matcher = pattern.clone().unbind();
    if let Some(regex) = pattern.getattr(text!(py, "rust"))?.extract()? {
        return Ok(Pattern::Regex(regex, Arc::new(TranslatedMatcher { matcher, match_function: Once::new() })));
    }
    let match_function = pattern.getattr(text!(py, "match"))?.unbind();
    Ok(Pattern::Custom(Arc::new(PythonMatcher { matcher, match_function })))
}

/// Reads a `Pattern` of `flask_cors_rs._engine.contract` for paths, of which any that matches every path is a wildcard.
pub(crate) fn extract_path(pattern: &Bound<'_, PyAny>) -> PyResult<Pattern> {
    let py = pattern.py();
    // `is_wildcard` first: `matches_all` can have to translate a regular expression.
    if !pattern.is_instance_of::<PyString>()
        && (pattern.getattr(text!(py, "is_wildcard"))?.is_truthy()?
            || pattern.getattr(text!(py, "matches_all"))?.is_truthy()?)
    {
        return Ok(Pattern::Wildcard);
    }
    extract(pattern)
}

/// Reads a literal. Nearly all are exact instances of `str`, which lack the attribute `case_sensitive`.
fn extract_literal(text: &Bound<'_, PyString>) -> PyResult<Pattern> {
    let literal = text.to_string_lossy().into_owned();
    if text.is_exact_instance_of::<PyString>() {
        return Ok(Pattern::Literal(literal));
    }
    let case_sensitive = text.getattr_opt(text!(text.py(), "case_sensitive"))?;
    Ok(if case_sensitive.map_or(Ok(false), |value| value.is_truthy())? {
        Pattern::CaseSensitive(literal)
    } else {
        Pattern::Converted(literal)
    })
}
