//! The headers of a response: a list of (name, value) pairs.

use crate::once::Once;
use cors_engine::{HeaderName, missing_names};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};

/// Returns the name of a header. Each `str` is made once.
pub(crate) fn header_name(py: Python<'_>, name: HeaderName) -> &Bound<'_, PyString> {
    static NAMES: [Once<PyString>; HeaderName::COUNT] = [const { Once::new() }; _];
    #[allow(clippy::indexing_slicing)] // Each discriminant is less than COUNT.
    NAMES[name as usize].text(py, name.as_str())
}

/// Returns whether a response already has an `Access-Control-Allow-Origin`. As in Flask-CORS, the first header of
/// that name decides, and an empty value counts as absent.
pub(crate) fn has_allow_origin(headers: &Bound<'_, PyList>) -> bool {
    let wanted = header_name(headers.py(), HeaderName::AllowOrigin);
    headers
        .iter()
        .find_map(|header| {
            let header = header.cast_into::<PyTuple>().ok()?;
            let name = header.get_borrowed_item(0).ok()?;
            let is_wanted = name.is(wanted) || name.cast::<PyString>().is_ok_and(|name| is_allow_origin(&name));
            is_wanted.then(|| header.get_borrowed_item(1).and_then(|value| value.is_truthy()).unwrap_or(false))
        })
        .unwrap_or(false)
}

fn is_allow_origin(name: &Bound<'_, PyString>) -> bool {
    let wanted = HeaderName::AllowOrigin.as_str();
    // The length first, which is faster to ask for than the text.
    name.len().is_ok_and(|length| length == wanted.len())
        && name.to_str().is_ok_and(|name| name.eq_ignore_ascii_case(wanted))
}

/// Adds those of `names` that no header called `name` has to the first such header, or to a new one.
pub(crate) fn merge_names(headers: &Bound<'_, PyList>, name: &Bound<'_, PyString>, names: &str) -> PyResult<()> {
    let wanted = name.to_str()?;
    let mut present = Vec::new();
    for (index, header) in headers.iter().enumerate() {
        if let Ok((other, value)) = header.extract::<(String, String)>()
            && other.eq_ignore_ascii_case(wanted)
        {
            present.push((index, other, value));
        }
    }
    let values: Vec<&str> = present.iter().map(|(.., value)| value.as_str()).collect();
    let Some(missing) = missing_names(&values, names) else {
        return Ok(());
    };
    match present.into_iter().next() {
        None => headers.append((name, missing)),
        Some((index, other, value)) if value.trim().is_empty() => headers.set_item(index, (other, missing)),
        Some((index, other, value)) => headers.set_item(index, (other, format!("{value}, {missing}"))),
    }
}
