//! `Rules`.

use crate::environ::Environ;
use crate::headers::has_allow_origin;
use crate::once::text;
use crate::path::{decoded, unquote};
use crate::pattern::check_raised;
use crate::policy::Policy;
use crate::{decision, pattern};
use cors_engine::Reason;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use pyo3::{PyTraverseError, PyVisit};

/// Policies by path: the first rule whose pattern matches decides.
#[pyclass(frozen, module = "flask_cors_rs._rust")]
pub(crate) struct Rules(cors_engine::Rules<Py<Policy>>);

impl Rules {
    /// Returns the policy of the first rule that matches a path.
    fn policy(&self, path: &Bound<'_, PyString>) -> PyResult<Option<&Policy>> {
        Ok(self.find(path)?.and_then(|number| self.0.policy(number)).map(Py::get))
    }

    /// Returns the policy of the first rule that matches a `PATH_INFO`.
    fn policy_for_path_info(&self, path_info: &Bound<'_, PyAny>) -> PyResult<Option<&Policy>> {
        if self.0.first_matches_all() {
            return Ok(self.0.policy(0).map(Py::get)); // The path need not be decoded.
        }
        self.policy(&decoded(path_info)?)
    }

    /// Returns the policy of the first rule that matches a `PATH_INFO`, by default that of an environ.
    fn policy_for_preflight(
        &self,
        environ: &Bound<'_, PyDict>,
        path_info: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Option<&Policy>> {
        match path_info {
            Some(path_info) => self.policy_for_path_info(path_info),
            None if self.0.first_matches_all() => Ok(self.0.policy(0).map(Py::get)),
            None => {
                let path_info = environ.get_item(text!(environ.py(), "PATH_INFO"))?;
                self.policy_for_path_info(&path_info.unwrap_or_else(|| environ.py().None().into_bound(environ.py())))
            }
        }
    }
}

#[pymethods]
impl Rules {
    #[new]
    fn new(py: Python<'_>, rules: &Bound<'_, PyAny>) -> PyResult<Self> {
        let rules = rules
            .try_iter()?
            .map(|rule| {
                let (pattern, policy): (Bound<'_, PyAny>, Py<Policy>) = rule?.extract()?;
                Ok((pattern::extract_path(&pattern)?, policy))
            })
            .collect::<PyResult<Vec<_>>>()?;
        // The engine drops what it does not need. If it dropped the last reference to a matcher while detached, PyO3
        // would lock a list, and a process that is forked meanwhile could wait for it for ever.
        let matchers: Vec<_> = rules.iter().filter_map(|(pattern, _)| pattern.matcher().cloned()).collect();
        let compiled = py.detach(|| cors_engine::Rules::new(rules));
        drop(matchers);
        Ok(Self(compiled))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.0.policies().iter().try_for_each(|policy| visit.call(policy))
    }

    /// Whether the first rule matches every path.
    #[getter]
    fn first_matches_all(&self) -> bool {
        self.0.first_matches_all()
    }

    /// Append the headers of the rule for a path, unless the list has an Access-Control-Allow-Origin.
    fn apply(
        &self,
        environ: &Bound<'_, PyDict>,
        path: &Bound<'_, PyString>,
        headers: &Bound<'_, PyList>,
    ) -> PyResult<()> {
        if has_allow_origin(headers) {
            return Ok(());
        }
        self.policy(path)?.map_or(Ok(()), |policy| policy.apply(environ, headers))
    }

    /// Append the headers of the rule for a `PATH_INFO`, unless the list has an Access-Control-Allow-Origin.
    fn apply_path_info(
        &self,
        environ: &Bound<'_, PyDict>,
        path_info: &Bound<'_, PyAny>,
        headers: &Bound<'_, PyList>,
    ) -> PyResult<()> {
        if has_allow_origin(headers) {
            return Ok(());
        }
        self.policy_for_path_info(path_info)?.map_or(Ok(()), |policy| policy.apply(environ, headers))
    }

    /// Append the headers that answer an OPTIONS request, and return the reason. The rule is that for a `PATH_INFO`,
    /// by default for that of the environ.
    #[pyo3(signature = (environ, headers, path_info = None, /))]
    fn preflight<'py>(
        &self,
        environ: &Bound<'py, PyDict>,
        headers: &Bound<'py, PyList>,
        path_info: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyString>> {
        let read = Environ::read_options(environ);
        let request = read.request();
        let reason = if !request.is_preflight() {
            Reason::NotPreflight
        } else if let Some(policy) = self.policy_for_preflight(environ, path_info)? {
            policy.apply_with_reason(&read, &request, headers)?
        } else {
            Reason::NoRule
        };
        Ok(decision::reason_to_python(environ.py(), reason).clone())
    }

    /// Return the number of the first rule that matches a path, unquoted once more as in Flask-CORS.
    #[pyo3(name = "match")]
    fn find(&self, path: &Bound<'_, PyString>) -> PyResult<Option<usize>> {
        if self.0.first_matches_all() {
            return Ok(Some(0));
        }
        let Ok(text) = path.to_str() else { return Ok(None) };
        let found = if text.contains('%') {
            unquote(path).ok().and_then(|path| self.0.find(path.to_str().ok()?))
        } else {
            self.0.find(text)
        };
        check_raised()?;
        Ok(found)
    }
}
