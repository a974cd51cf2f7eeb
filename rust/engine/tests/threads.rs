//! Threads that share rules, from the first search on. The sanitizers watch this test in CI.

use cors_engine::{Custom, Pattern, Rules};
use std::sync::{Arc, Barrier};
use std::thread;

const THREADS: usize = 4;

struct Nothing;

impl Custom for Nothing {
    fn matches(&self, _text: &str) -> bool {
        false
    }
}

/// Returns rules that are regular expressions, and a path for each that it alone matches.
fn rules_and_paths(count: usize) -> (Rules<()>, Vec<String>) {
    let regex = |number| Pattern::Regex(format!("/tenant{number:03}/[a-z-]*-[a-z-]+x$"), Arc::new(Nothing));
    let paths = (0..count).map(|number| format!("/tenant{number:03}/{}x", "a-".repeat(200))).collect();
    (Rules::new((0..count).map(|number| (regex(number), ()))), paths)
}

/// Threads compile what is compiled at the first search, and search with the same automata at the same time.
#[test]
fn threads_find_the_same_rule() {
    // Few expressions are one automaton, and many have an index and an automaton each.
    for (count, rounds) in [(3, 20), (200, 1)] {
        for _ in 0..rounds {
            let (rules, paths) = rules_and_paths(count);
            let together = Barrier::new(THREADS);
            thread::scope(|scope| {
                for _ in 0..THREADS {
                    scope.spawn(|| {
                        together.wait();
                        for (number, path) in paths.iter().enumerate() {
                            assert_eq!(rules.find(path), Some(number));
                        }
                        assert_eq!(rules.find("/tenant000/"), None);
                    });
                }
            });
        }
    }
}
