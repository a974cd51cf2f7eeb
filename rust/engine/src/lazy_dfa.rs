//! Regular expressions as one automaton, whose states are made when a text first reaches them.
//!
//! A search takes time linear in the text, also where no state can be kept. The states of all automata of a process share
//! [`BUDGET`]: a request can add states, but cannot make the memory grow.

use crate::valid_utf8::reduced;
use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson::{Config as NfaConfig, NFA, WhichCaptures};
use regex_automata::{Anchored, Input};
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError, Weak};

/// The size limit of an automaton without its states, in bytes.
const NFA_SIZE_LIMIT: usize = 10 << 20;

/// The size of the states of one automaton, in bytes. When it is reached, they are made anew.
const CAPACITY: usize = 256 << 10;

/// The size of the states that all automata of the process keep after a search, in bytes. When it is exceeded, all are
/// dropped.
const BUDGET: usize = 16 << 20;

/// The size of the states that are kept now.
static KEPT: AtomicUsize = AtomicUsize::new(0);

/// The automata that keep states.
static KEEPERS: Mutex<Vec<Weak<States>>> = Mutex::new(Vec::new());

/// The states of an automaton between searches.
struct States(Mutex<Kept>);

impl States {
    /// Drops what is kept, unless a search is using it. Returns whether it is dropped.
    fn drop_kept(&self) -> bool {
        match self.0.try_lock() {
            Ok(mut kept) => *kept = Kept::default(),
            Err(TryLockError::Poisoned(poisoned)) => *poisoned.into_inner() = Kept::default(),
            Err(TryLockError::WouldBlock) => return false,
        }
        true
    }
}

#[derive(Default)]
struct Kept {
    cache: Option<Box<Cache>>,
    /// How much of [`KEPT`] it is.
    size: usize,
    /// Whether the automaton is one of [`KEEPERS`].
    is_listed: bool,
}

impl Kept {
    /// Records the size of the states, which a search may have changed.
    fn resize(&mut self, size: usize) {
        let before = mem::replace(&mut self.size, size);
        KEPT.fetch_add(size.wrapping_sub(before), Ordering::Relaxed); // Wraps around to subtract.
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.resize(0);
    }
}

/// An automaton of one or several regular expressions, anchored at the start.
pub(crate) struct LazyDfa {
    dfa: DFA,
    states: Arc<States>,
}

impl LazyDfa {
    /// Compiles regular expressions; `None` if they exceed the size limit or are invalid.
    pub(crate) fn new(regexes: &[&str]) -> Option<Self> {
        let parsed = regexes.iter().map(|regex| Some(reduced(regex_syntax::parse(regex).ok()?)));
        let parsed: Vec<_> = parsed.collect::<Option<_>>()?;
        let config =
            NfaConfig::new().utf8(false).nfa_size_limit(Some(NFA_SIZE_LIMIT)).which_captures(WhichCaptures::None);
        let nfa = NFA::compiler().configure(config).build_many_from_hir(&parsed).ok()?;
        // The check asks for much more than two states, which are enough to go on.
        let config = Config::new().cache_capacity(CAPACITY).skip_cache_capacity_check(true);
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
        Some(Self { dfa, states: Arc::new(States(Mutex::default())) })
    }

    /// Returns whether one of the expressions matches at the start of a text.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.search(&anchored(text).earliest(true)).is_some()
    }

    /// Returns the index of the first expression that matches at the start of a text.
    pub(crate) fn first_match(&self, text: &str) -> Option<usize> {
        // Every match starts at the start of the text, so "leftmost first" prefers the earliest expression.
        self.search(&anchored(text))
    }

    fn search(&self, input: &Input<'_>) -> Option<usize> {
        let mut kept = match self.states.0.try_lock() {
            Ok(kept) => kept,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Another thread searches. Its states cannot be used at the same time.
            Err(TryLockError::WouldBlock) => return find(&self.dfa, &mut self.dfa.create_cache(), input),
        };
        let cache = kept.cache.get_or_insert_with(|| Box::new(self.dfa.create_cache()));
        let found = find(&self.dfa, cache, input);
        // Clearing a cache does not free its memory.
        let most = if cache.clear_count() > 0 { CAPACITY } else { 0 };
        let size = cache.memory_usage().max(most);
        if size != kept.size {
            kept.resize(size);
            kept.is_listed = kept.is_listed || self.list();
            if !kept.is_listed {
                *kept = Kept::default();
            }
            drop(kept);
            drop_beyond_budget();
        }
        found
    }

    /// Adds this automaton to those that keep states. Returns whether that was possible.
    #[cold]
    fn list(&self) -> bool {
        let Some(mut keepers) = try_keepers() else { return false };
        if keepers.len().is_power_of_two() {
            keepers.retain(|states| states.strong_count() > 0);
        }
        keepers.push(Arc::downgrade(&self.states));
        true
    }
}

/// Drops the states of all automata if they exceed the budget.
#[cold]
fn drop_beyond_budget() {
    if KEPT.load(Ordering::Relaxed) <= BUDGET {
        return;
    }
    if let Some(mut keepers) = try_keepers() {
        // What another thread searches with stays on the list, as it cannot be dropped now.
        keepers.retain(|states| states.upgrade().is_some_and(|states| !states.drop_kept()));
    }
}

/// Returns the automata that keep states, unless another thread has the list. After a fork, that may stay so for ever.
fn try_keepers() -> Option<MutexGuard<'static, Vec<Weak<States>>>> {
    match KEEPERS.try_lock() {
        Ok(keepers) => Some(keepers),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

fn anchored(text: &str) -> Input<'_> {
    Input::new(text).anchored(Anchored::Yes)
}

/// Returns the index of the expression that matches.
fn find(dfa: &DFA, cache: &mut Cache, input: &Input<'_>) -> Option<usize> {
    // There is no error: the automaton has no byte at which it stops, and never gives up making states.
    let half = dfa.try_search_fwd(cache, input).ok()??;
    Some(half.pattern().as_usize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    /// Held by each test that looks at what all automata have in common.
    static ALONE: Mutex<()> = Mutex::new(());

    /// Returns whether the list has those of some automata that are marked as listed, and no others of them.
    fn list_is_right(automata: &[LazyDfa]) -> bool {
        KEEPERS.lock().is_ok_and(|keepers| {
            automata.iter().all(|LazyDfa { states, .. }| {
                let is_there = keepers.iter().any(|keeper| keeper.as_ptr() == Arc::as_ptr(states));
                states.0.lock().is_ok_and(|kept| kept.is_listed == is_there)
            })
        })
    }

    #[test]
    fn automata_stay_listed_until_they_are_dropped() {
        let _alone = ALONE.lock();
        let searched = || LazyDfa::new(&["a"]).filter(|automaton| automaton.is_match("a"));
        let automata: Vec<_> = (0..1_000).filter_map(|_| searched()).collect();
        assert_eq!(automata.len(), 1_000);
        assert!(list_is_right(&automata));
        assert!(automata.iter().all(|automaton| automaton.states.0.lock().is_ok_and(|kept| kept.size < CAPACITY)));
        drop(automata);
        assert_eq!((0..4_000).filter_map(|_| searched()).count(), 4_000);
        assert!(KEEPERS.lock().is_ok_and(|keepers| keepers.len() <= 2_048));
    }

    #[test]
    fn all_automata_together_stay_within_the_budget() {
        let _alone = ALONE.lock();
        let automata: Vec<_> = (0..300).filter_map(|_| LazyDfa::new(&[r"[a-z-]*-[a-z-]{1,60}\.example$"])).collect();
        assert_eq!(automata.len(), 300);
        // Nearly every character leads to a state of its own.
        let mut random: u32 = 1;
        let hostile: String = (0..8_192)
            .map(|_| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if random >> 31 == 0 { '-' } else { 'x' }
            })
            .collect();
        // The states of one automaton are made anew, and count as what they have been at most.
        let alone = LazyDfa::new(&[r"[a-z-]*-[a-z-]{1,60}\.example$"]);
        assert!(alone.is_some_and(|alone| {
            !alone.is_match(&hostile) && alone.states.0.lock().is_ok_and(|kept| kept.size >= CAPACITY)
        }));
        let hostile = hostile.get(..500).unwrap_or_default();
        let largest = |automata: &[LazyDfa]| {
            automata.iter().fold(0, |largest, automaton| {
                assert!(!automaton.is_match(hostile));
                largest.max(KEPT.load(Ordering::Relaxed))
            })
        };
        let most = thread::scope(|scope| {
            let threads: Vec<_> = automata.chunks(75).map(|chunk| scope.spawn(|| largest(chunk))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or(usize::MAX)).max()
        });
        // Each thread can have finished one more search.
        let limit = BUDGET + 5 * 2 * CAPACITY;
        assert!(most.is_some_and(|most| 8 << 20 < most && most <= limit), "{most:?}");
        assert!(list_is_right(&automata));

        let unlisted = LazyDfa::new(&["a+b"]);
        let held = KEEPERS.lock();
        assert!(held.is_ok());
        assert!(unlisted.is_some_and(|unlisted| {
            unlisted.is_match("aab") && unlisted.states.0.lock().is_ok_and(|kept| kept.size == 0)
        }));
    }
}
