//! `flask_cors_rs._rust`: the engine of `cors-engine` for Python.
//!
//! WSGI environs and header lists come in, calls to the engine go out; nothing is decided here. The
//! contract is written down in `python/flask_cors_rs/_backend.py`.
#![forbid(unsafe_code)]
#![allow(missing_docs)] // PyO3's macros make public items; the stub file documents them.

mod decision;
mod environ;
mod matcher;
mod options;
mod policy;
mod rules;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _rust {
    #[pymodule_export]
    use super::options::merge;
    #[pymodule_export]
    use super::policy::Policy;
    #[pymodule_export]
    use super::regex_matches;
    #[pymodule_export]
    use super::rules::Rules;
}

/// Whether a translated pattern matches at the start of a text; None if it cannot be compiled.
#[pyfunction]
fn regex_matches(py: Python<'_>, pattern: &str, text: &str) -> Option<bool> {
    py.detach(|| cors_engine::regex_matches(pattern, text))
}
