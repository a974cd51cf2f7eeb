//! `flask_cors_rs._rust`: the bindings of `cors-engine` for Python.
//!
//! The bindings read WSGI environs, call the engine, and write to lists of headers. They decide nothing. Their
//! contract is `python/flask_cors_rs/_engine/contract.py`.
#![forbid(unsafe_code)]
#![allow(missing_docs)] // PyO3's macros make public items, which the stub file describes.

mod decision;
mod environ;
mod headers;
mod merge;
mod options;
mod path;
mod pattern;
mod policy;
mod rules;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _rust {
    #[pymodule_export]
    use super::merge::merge;
    #[pymodule_export]
    use super::policy::Policy;
    #[pymodule_export]
    use super::regex_matches;
    #[pymodule_export]
    use super::rules::Rules;
}

/// Return whether a translated pattern matches at the start of a text; None if it cannot be compiled.
#[pyfunction]
fn regex_matches(py: Python<'_>, pattern: &str, text: &str) -> Option<bool> {
    py.detach(|| cors_engine::regex_matches(pattern, text))
}
