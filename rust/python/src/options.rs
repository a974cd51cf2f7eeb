//! The options of a policy from Python.

use crate::pattern;
use cors_engine::{Options, VaryHeader};
use pyo3::prelude::*;
use pyo3::types::PyString;

/// Reads a `PolicyOptions` of `flask_cors_rs._engine.contract`.
pub(crate) fn extract(options: &Bound<'_, PyAny>) -> PyResult<Options> {
    let patterns = |name| -> PyResult<Vec<_>> {
        options.getattr(name)?.try_iter()?.map(|pattern| pattern::extract(&pattern?)).collect()
    };
    Ok(Options {
        origins: patterns("origins")?,
        origin_matchers: patterns("origin_matchers")?,
        methods: options.getattr("methods")?.extract()?,
        allow_headers: patterns("allow_headers")?,
        expose_headers: options.getattr("expose_headers")?.extract()?,
        supports_credentials: options.getattr("supports_credentials")?.extract()?,
        max_age: options.getattr("max_age")?.extract()?,
        send_wildcard: options.getattr("send_wildcard")?.extract()?,
        vary_header: extract_vary_header(&options.getattr("vary_header")?)?,
        always_send: options.getattr("always_send")?.extract()?,
        allow_private_network: options.getattr("allow_private_network")?.extract()?,
    })
}

/// Reads `vary_header`: True, False or `"always"`.
fn extract_vary_header(value: &Bound<'_, PyAny>) -> PyResult<VaryHeader> {
    Ok(if value.is_instance_of::<PyString>() {
        VaryHeader::Always
    } else if value.extract()? {
        VaryHeader::Dynamic
    } else {
        VaryHeader::Never
    })
}
