//! Option layers and parsed options, from Python.

use crate::matcher;
use cors_engine::{Layer, OptionName, Options, VaryHeader};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyString};

/// Merge option layers, the strongest first. Names that are no options are left out.
#[pyfunction]
pub(crate) fn merge<'py>(py: Python<'py>, layers: Vec<Bound<'py, PyMapping>>) -> PyResult<Bound<'py, PyDict>> {
    let mut typed = Vec::with_capacity(layers.len());
    for mapping in layers {
        let mut layer = Layer::default();
        for name in OptionName::ALL {
            if mapping.contains(name.as_str())? {
                layer.set(name, mapping.get_item(name.as_str())?);
            }
        }
        typed.push(layer);
    }
    let merged = cors_engine::merge(typed);
    let result = PyDict::new(py);
    for name in OptionName::ALL {
        if let Some(value) = merged.get(name) {
            result.set_item(name.as_str(), value)?;
        }
    }
    Ok(result)
}

/// Reads a `flask_cors_rs.options.Options`.
pub(crate) fn extract(options: &Bound<'_, PyAny>) -> PyResult<Options> {
    let patterns = |name| -> PyResult<Vec<_>> {
        options.getattr(name)?.try_iter()?.map(|pattern| matcher::extract(&pattern?)).collect()
    };
    let vary_header = options.getattr("vary_header")?;
    let vary_header = if vary_header.is_instance_of::<PyString>() {
        VaryHeader::Always
    } else if vary_header.extract()? {
        VaryHeader::Dynamic
    } else {
        VaryHeader::Never
    };
    Ok(Options {
        origins: patterns("origins")?,
        origin_matchers: patterns("origin_matchers")?,
        any_origin: options.getattr("any_origin")?.extract()?,
        first_literal_origin: options.getattr("first_literal_origin")?.extract()?,
        methods: options.getattr("methods")?.extract()?,
        allow_headers: patterns("allow_headers")?,
        expose_headers: options.getattr("expose_headers")?.extract()?,
        supports_credentials: options.getattr("supports_credentials")?.extract()?,
        max_age: options.getattr("max_age")?.extract()?,
        send_wildcard: options.getattr("send_wildcard")?.extract()?,
        vary_header,
        always_send: options.getattr("always_send")?.extract()?,
        allow_private_network: options.getattr("allow_private_network")?.extract()?,
    })
}
