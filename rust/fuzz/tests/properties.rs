//! Properties of the engine's public functions, over inputs that a coverage-guided fuzzer searches for: `make fuzz`.
//!
//! `cargo test` checks them for the seeds in `__fuzz__`, and for some random inputs.

use bolero::check;
use cors_engine::{HeaderName, Policy, Preflight, Reason, Request, Rules, Value, merge, missing_names};
use cors_fuzz::{Configuration, Input, Item, Text};
use std::collections::HashMap;

#[test]
fn policies() {
    check!().with_type::<(Configuration, Input)>().for_each(|(configuration, input)| {
        let Ok(policy) = Policy::new(&configuration.options()) else { return };
        let origin = input.origin.as_ref().map(Text::get);
        let asked = input
            .preflight
            .as_ref()
            .map(|(method, headers)| (method.as_ref().map(Text::get), headers.as_ref().map(Text::get)));
        let request = Request {
            origin: origin.as_deref(),
            private_network: input.private_network,
            preflight: asked
                .as_ref()
                .map(|(method, headers)| Preflight { method: method.as_deref(), headers: headers.as_deref() }),
            ..Request::default()
        };
        let decision = policy.decide(&request);
        let mut applied = Vec::new();
        let reason = policy.apply(&request, |header| applied.push(header));
        assert_eq!(decision.reason, reason);
        assert_eq!(&decision.headers[..], &applied[..]);

        let values: HashMap<HeaderName, &str> =
            applied.iter().map(|header| (header.name, header.value.as_str())).collect();
        assert_eq!(values.len(), applied.len(), "a name occurs twice");
        for header in &applied {
            // What a request sends is not in this set of characters only where it was sent as it is: such a request has
            // passed a server that allowed it.
            let injected = header.value.as_str().contains(['\r', '\n', '\0']);
            let sent = origin.iter().chain(asked.iter().flat_map(|(method, headers)| method.iter().chain(headers)));
            assert!(!injected || sent.into_iter().any(|text| text.contains(['\r', '\n', '\0'])), "{header:?}");
        }
        let Some(allowed) = values.get(&HeaderName::AllowOrigin) else {
            // As in Flask-CORS, a response to a request without an Origin can have the other headers alone.
            let by_origin = origin.as_deref().is_some_and(|origin| !origin.is_empty());
            let only_vary = applied.iter().all(|header| matches!(header.value, Value::Merged(_)));
            assert!(only_vary || !by_origin, "{applied:?}");
            return;
        };
        if *allowed == "*" {
            let any = configuration.origins.iter().any(|item| matches!(item, Item::Wildcard));
            let text = configuration.origins.iter().take(6).any(|item| item.matches_origin("*"));
            assert!(any || text, "the wildcard is not among the origins");
        } else if let Some(origin) = origin.as_deref().filter(|origin| !origin.is_empty()) {
            assert_eq!(*allowed, origin, "another origin than that of the request is allowed");
            let matching = configuration.origins.iter().take(6).any(|item| item.matches_origin(origin));
            assert!(matching, "no item of the origins matches {origin:?}");
        }
        let credentials = values.get(&HeaderName::AllowCredentials);
        assert_eq!(credentials.is_some(), configuration.supports_credentials);
        let answers = [HeaderName::AllowHeaders, HeaderName::MaxAge, HeaderName::AllowMethods];
        if answers.iter().any(|name| values.contains_key(name)) {
            let method = request.preflight.and_then(|preflight| preflight.method);
            assert!(method.is_some_and(|method| !method.is_empty()), "only a preflight gets these headers");
            assert_ne!(reason, Reason::MethodNotAllowed);
        }
    });
}

#[test]
fn rules() {
    check!().with_type::<(Vec<Item>, Text)>().for_each(|(items, path)| {
        check_rules(items.get(..8).unwrap_or(items), &path.get());
    });
}

#[test]
fn many_regexes() {
    check!().with_type::<(Vec<Text>, Text)>().for_each(|(regexes, text)| {
        // More than 128 expressions have an index. Those at the end match only what those before them match.
        let items: Vec<Item> = regexes.iter().take(40).cycle().take(130).cloned().map(Item::Regex).collect();
        check_rules(&items, &text.get());
    });
}

fn check_rules(items: &[Item], path: &str) {
    let rules = Rules::new(items.iter().map(|item| (item.pattern(), ())));
    assert_eq!(rules.find(path), items.iter().position(|item| item.matches_path(path)));
}

#[test]
fn vary() {
    check!().with_type::<(Vec<Text>, Vec<Text>)>().for_each(|(present, names)| {
        let present: Vec<String> = present.iter().map(Text::get).collect();
        let names = names.iter().map(Text::get).filter(|name| !name.contains(',') && name.trim() == name);
        let names = names.collect::<Vec<_>>().join(", ");
        let mut values: Vec<&str> = present.iter().map(String::as_str).collect();
        if let Some(missing) = missing_names(&values, &names) {
            values.push(&missing);
            assert_eq!(missing_names(&values, &names), None, "a name is still missing");
        }
    });
}

#[test]
fn layers() {
    check!().with_type::<Vec<Vec<(u8, u8)>>>().for_each(|layers| {
        let merged = merge(layers.iter().map(|layer| layer.iter().copied()));
        for (name, value) in &merged {
            let first = layers.iter().find_map(|layer| layer.iter().rev().find(|(other, _)| other == name));
            assert_eq!(first, Some(&(*name, *value)));
        }
        let mut names: Vec<u8> = layers.iter().flatten().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), merged.len());
    });
}
