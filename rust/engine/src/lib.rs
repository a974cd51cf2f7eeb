//! Decides cross-origin resource sharing (CORS).
//!
//! [`Options`] describe what a server allows. [`Policy::new`] compiles them once, so that every header
//! value that does not depend on the request is a finished string. [`Rules`] find the policy for a path.
//! A policy decides about a [`Request`]: [`Policy::decide`] returns a [`Decision`], which holds the response
//! headers and the [`Reason`] for them, and [`Policy::apply`] passes the same headers to a function.
//!
//! The protocol is that of the [Fetch standard](https://fetch.spec.whatwg.org/#http-cors-protocol).
//! The decisions are those of Flask-CORS, so that Flask applications can switch from one to the other.
//! This crate does not depend on Python, Flask or WSGI.
#![forbid(unsafe_code)]

mod allow_credentials;
mod allow_headers;
mod allow_methods;
mod allow_origin;
mod allow_private_network;
mod characters;
mod decision;
mod expose_headers;
mod header;
mod lazy_dfa;
mod max_age;
mod merge;
mod options;
mod pattern;
mod pattern_set;
mod policy;
mod regex_index;
mod regex_set;
mod request;
mod required_literals;
mod required_text;
mod rules;
#[cfg(test)]
mod testing;
mod text;
mod valid_utf8;
mod vary;

pub use decision::{Decision, Reason};
pub use header::{Header, HeaderName, InvalidHeaderValue, Value};
pub use merge::merge;
pub use options::{OptionError, Options, VaryHeader};
pub use pattern::{Custom, Pattern};
pub use policy::Policy;
pub use regex_set::regex_matches;
pub use request::{Preflight, Request};
pub use rules::Rules;
pub use vary::missing_names;

// Threads share policies. All that changes behind a shared reference: the `OnceLock` in `regex_set`, which the first
// search fills, and in `lazy_dfa` the states of each automaton, in a `Mutex`, with the static list and size of those that
// are kept. `docs/testing.md` says why no thread sees a partial update.
const _: () = {
    const fn is_shared<T: Send + Sync>() {}
    is_shared::<Policy>();
    is_shared::<Rules<Policy>>();
};
