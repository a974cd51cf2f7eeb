//! Cross-origin resource sharing, decided.
//!
//! [`Options`] say what a server allows; they are compiled once to a [`Policy`], in which every
//! header value that can be known is a finished string. [`Rules`] find the policy for a path, and a
//! policy answers a [`Request`] with a [`Decision`]: the response headers to add and the [`Reason`].
//!
//! The protocol is that of the [Fetch standard](https://fetch.spec.whatwg.org/#http-cors-protocol);
//! the answers are those of Flask-CORS, so that Flask applications can change from one to the other.
//! The crate knows nothing of Python, Flask or WSGI.
#![forbid(unsafe_code)]

mod automaton;
mod credentials;
mod decision;
mod expose_headers;
mod header;
mod max_age;
mod methods;
mod options;
mod origin;
mod pattern;
mod policy;
mod private_network;
mod request;
mod request_headers;
mod rules;
mod text;
mod vary;

pub use automaton::regex_matches;
pub use decision::{Decision, Reason};
pub use header::{Header, HeaderName, InvalidHeaderValue, Value};
pub use options::{Layer, OptionError, OptionName, Options, merge};
pub use pattern::{Foreign, Pattern};
pub use policy::Policy;
pub use request::{Preflight, Request};
pub use rules::Rules;
pub use vary::{VaryHeader, missing_names};
