//! Python objects that are made once.
//!
//! `PyOnceLock::get_or_init` detaches from the interpreter while it makes an object. If another thread forks the process
//! meanwhile, the child waits for that object for ever. Here no thread waits: two can make an object at the same time, and
//! the first one is kept.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

/// A Python object that is made once.
pub(crate) struct Once<T>(PyOnceLock<Py<T>>);

impl<T> Once<T> {
    pub(crate) const fn new() -> Self {
        Self(PyOnceLock::new())
    }

    /// Returns the object, which is made first if it is missing.
    #[inline]
    pub(crate) fn get<'py>(
        &self,
        py: Python<'py>,
        make: impl FnOnce() -> PyResult<Bound<'py, T>>,
    ) -> PyResult<&Bound<'py, T>> {
        match self.0.get(py) {
            Some(object) => Ok(object.bind(py)),
            None => Ok(self.keep(py, make()?)),
        }
    }

    /// Keeps an object, unless there is one already, and returns the one that is kept.
    #[cold]
    fn keep<'py>(&self, py: Python<'py>, made: Bound<'py, T>) -> &Bound<'py, T> {
        let _ = self.0.set(py, made.clone().unbind());
        self.0.get_or_init(py, || made.unbind()).bind(py) // There is one now.
    }
}

impl Once<PyAny> {
    /// Returns an attribute of a module.
    pub(crate) fn import<'py>(&self, py: Python<'py>, module: &str, name: &str) -> PyResult<&Bound<'py, PyAny>> {
        self.get(py, || py.import(module)?.getattr(name))
    }
}

impl Once<PyString> {
    /// Returns an interned `str`, always of the same text.
    #[inline]
    pub(crate) fn text<'py>(&self, py: Python<'py>, text: &str) -> &Bound<'py, PyString> {
        match self.0.get(py) {
            Some(object) => object.bind(py),
            None => self.keep(py, PyString::intern(py, text)),
        }
    }
}

/// Returns an interned `str`, like `pyo3::intern!`.
macro_rules! text {
    ($py:expr, $text:expr) => {{
        static TEXT: $crate::once::Once<pyo3::types::PyString> = $crate::once::Once::new();
        TEXT.text($py, $text)
    }};
}
pub(crate) use text;
