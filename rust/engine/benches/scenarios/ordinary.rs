//! Requests that browsers send.

use super::{
    ORIGIN, OwnedRequest, Patterns, Scenario, decision, header_names, literal, literal_origins, options, regex, search,
    subdomain_origins,
};
use cors_engine::{Options, Pattern, Reason};

const ALLOWED_HEADERS: usize = 20;

pub(super) fn all() -> impl Iterator<Item = Scenario> {
    without_origin().chain(literals()).chain(subdomains()).chain(preflights()).chain(rules())
}

fn without_origin() -> impl Iterator<Item = Scenario> {
    [1, 10_000].into_iter().map(|count| {
        decision(format!("no origin/of/{count}"), OwnedRequest::nothing, Reason::NoOrigin, move || {
            options(literal_origins(count))
        })
    })
}

/// The last origin of a list, and an origin of the same length that is not in the list.
fn literals() -> impl Iterator<Item = Scenario> {
    [1, 10, 100, 1_000, 10_000, 100_000].into_iter().flat_map(|count| {
        let last = count - 1;
        let requests = [
            ("hit", format!("https://www.example{last}.com"), Reason::Allowed),
            ("miss", format!("https://www.example{last}.org"), Reason::OriginNotAllowed),
        ];
        requests.map(|(what, origin, reason)| {
            decision(
                format!("literal origins/{what}/{count}"),
                move || OwnedRequest::origin(&origin),
                reason,
                move || options(literal_origins(count)),
            )
        })
    })
}

/// An origin that the last regular expression of a list matches, and one that none matches.
fn subdomains() -> impl Iterator<Item = Scenario> {
    [1, 10, 100].into_iter().flat_map(|count| {
        let last = count - 1;
        let requests = [
            ("hit", format!("https://www.shop.example{last}.com"), Reason::Allowed),
            ("miss", format!("https://www.shop.example{last}.org"), Reason::OriginNotAllowed),
        ];
        requests.map(|(what, origin, reason)| {
            decision(
                format!("regex origins/{what}/{count}"),
                move || OwnedRequest::origin(&origin),
                reason,
                move || options(subdomain_origins(count)),
            )
        })
    })
}

/// The first names of the twenty that are allowed, and the same where any name is.
fn preflights() -> impl Iterator<Item = Scenario> {
    [0, 1, 5, ALLOWED_HEADERS].into_iter().flat_map(|count| {
        let request = move || OwnedRequest::preflight(header_names(count).join(","));
        let allowed: [(&str, Patterns); 2] = [
            ("of a list", || header_names(ALLOWED_HEADERS).into_iter().map(Pattern::Literal).collect()),
            ("of any", || vec![Pattern::Wildcard]),
        ];
        allowed.map(|(what, allow_headers)| {
            decision(format!("preflight headers/{what}/{count}"), request, Reason::Allowed, move || Options {
                allow_headers: allow_headers(),
                ..options(vec![literal(ORIGIN)])
            })
        })
    })
}

/// A path that only the last rule matches, a literal or a regular expression.
fn rules() -> impl Iterator<Item = Scenario> {
    [1, 100, 1_000].into_iter().flat_map(|count| {
        let last = count - 1;
        [
            search(format!("rules/literal/{count}"), format!("/api/{last}"), Some(last), move || {
                (0..count).map(|number| literal(format!("/api/{number}"))).collect()
            }),
            search(format!("rules/regex/{count}"), format!("/api/{last}/item"), Some(last), move || {
                (0..count).map(|number| regex(format!("/api/{number}/.*"))).collect()
            }),
        ]
    })
}
