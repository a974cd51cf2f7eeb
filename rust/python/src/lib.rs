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
mod once;
mod options;
mod path;
mod pattern;
mod policy;
mod rules;

use once::Once;
use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _rust {
    use pyo3::prelude::*;
    use pyo3::types::PyMapping;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::refuse_other_interpreters(module.py())?;
        // PyO3 makes this once, when `merge` first gets a mapping that is not a dict: see `once`.
        module.py().get_type::<PyMapping>();
        Ok(())
    }

    #[pymodule_export]
    use super::merge::merge;
    #[pymodule_export]
    use super::policy::Policy;
    #[pymodule_export]
    use super::regex_matches;
    #[pymodule_export]
    use super::rules::Rules;
}

/// Raises an `ImportError` in all interpreters of the process but the first one that imports this module.
///
/// The module keeps classes and functions of Python, and each interpreter has its own. Servers such as `mod_wsgi` run
/// applications in interpreters of their own.
fn refuse_other_interpreters(py: Python<'_>) -> PyResult<()> {
    static SYS: Once<PyModule> = Once::new();
    let sys = py.import("sys")?;
    if SYS.get(py, || Ok(sys.clone()))?.is(&sys) {
        return Ok(());
    }
    Err(PyImportError::new_err("another interpreter of this process has imported it"))
}

/// Return whether a translated pattern matches at the start of a text; None if it cannot be compiled.
#[pyfunction]
fn regex_matches(py: Python<'_>, pattern: &str, text: &str) -> Option<bool> {
    py.detach(|| cors_engine::regex_matches(pattern, text))
}
