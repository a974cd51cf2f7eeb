//! The merge of layers of options for Python.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping};
use std::cell::Cell;
use std::hash::{Hash, Hasher};

/// The key of a Python mapping.
#[derive(Clone)]
struct Key<'py, 'a> {
    object: Bound<'py, PyAny>,
    hash: isize,
    /// The last exception that a comparison of keys raised.
    raised: &'a Cell<Option<PyErr>>,
}

impl Hash for Key<'_, '_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

impl PartialEq for Key<'_, '_> {
    fn eq(&self, other: &Self) -> bool {
        self.object.is(&other.object)
            || (self.hash == other.hash
                && self.object.eq(&other.object).unwrap_or_else(|error| {
                    self.raised.set(Some(error));
                    false
                }))
    }
}

impl Eq for Key<'_, '_> {}

/// Merge layers of options: each name gets its value from the first layer that has it.
#[pyfunction]
pub(crate) fn merge<'py>(py: Python<'py>, layers: Vec<Bound<'py, PyMapping>>) -> PyResult<Bound<'py, PyDict>> {
    let raised = Cell::new(None);
    let layers = layers.into_iter().map(|layer| items(&layer, &raised)).collect::<PyResult<Vec<_>>>()?;
    let merged = cors_engine::merge(layers);
    raised.take().map_or(Ok(()), Err)?;
    let dict = PyDict::new(py);
    for (key, value) in merged {
        dict.set_item(key.object, value)?;
    }
    Ok(dict)
}

type Item<'py, 'a> = (Key<'py, 'a>, Bound<'py, PyAny>);

fn items<'py, 'a>(layer: &Bound<'py, PyMapping>, raised: &'a Cell<Option<PyErr>>) -> PyResult<Vec<Item<'py, 'a>>> {
    // A copy in a dict: hashing a key can call Python code, which could change the mapping during the iteration.
    let copy = PyDict::new(layer.py());
    copy.update(layer)?;
    copy.iter().map(|(object, value)| Ok((Key { hash: object.hash()?, object, raised }, value))).collect()
}
