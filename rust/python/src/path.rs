//! The path of a request, decoded by Python.

use crate::once::Once;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// Returns a `PATH_INFO` as Werkzeug reads it.
pub(crate) fn decoded<'py>(path_info: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    static DECODED: Once<PyAny> = Once::new();
    // Nearly all paths are decoded already, which needs no call of Python.
    if let Ok(path) = path_info.cast::<PyString>()
        && path.to_str().is_ok_and(|path| path.starts_with('/') && !path.starts_with("//") && path.is_ascii())
    {
        return Ok(path.clone());
    }
    let decoded = DECODED.import(path_info.py(), "flask_cors_rs._engine.path", "decoded")?;
    Ok(decoded.call1((path_info,))?.cast_into()?)
}

/// Calls `urllib.parse.unquote`.
pub(crate) fn unquote<'py>(path: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyString>> {
    static UNQUOTE: Once<PyAny> = Once::new();
    let unquote = UNQUOTE.import(path.py(), "urllib.parse", "unquote")?;
    Ok(unquote.call1((path,))?.cast_into()?)
}
