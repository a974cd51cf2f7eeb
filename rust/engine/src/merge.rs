//! The merge of layers of options.
//!
//! A layer is what one place sets: a resource, the extension, the configuration of the application, the defaults.
//! The names and values are the caller's: this crate does not know which options exist.

use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

/// Merges layers: each name gets its value from the first layer that has it.
///
/// The order of the names is that of first appearance, beginning with the last layer, which is usually that of the
/// defaults.
pub fn merge<K, V, L>(layers: impl IntoIterator<Item = L, IntoIter: DoubleEndedIterator>) -> Vec<(K, V)>
where
    K: Clone + Eq + Hash,
    L: IntoIterator<Item = (K, V)>,
{
    let mut merged: Vec<(K, V)> = Vec::new();
    let mut positions: HashMap<K, usize, FixedState> = HashMap::default();
    for (name, value) in layers.into_iter().rev().flatten() {
        match positions.entry(name) {
            Entry::Vacant(position) => {
                merged.push((position.key().clone(), value));
                position.insert(merged.len() - 1);
            }
            Entry::Occupied(position) => {
                if let Some((_, merged_value)) = merged.get_mut(*position.get()) {
                    *merged_value = value;
                }
            }
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_layer_that_has_a_name_wins() {
        let resource = vec![("max_age", 1)];
        let application = vec![("max_age", 2), ("origins", 3), ("not an option", 4)];
        let defaults = vec![("origins", 5), ("methods", 6)];
        assert_eq!(
            merge([resource, application, defaults]),
            [("origins", 3), ("methods", 6), ("max_age", 1), ("not an option", 4)]
        );
    }

    #[test]
    fn no_layers_make_no_options() {
        assert_eq!(merge(Vec::<Vec<(u8, u8)>>::new()), []);
    }

    proptest! {
        #[test]
        fn each_name_appears_once_with_its_first_value(
            layers in proptest::collection::vec(proptest::collection::hash_map(0..6_u8, any::<u8>(), 0..6), 0..5),
        ) {
            let merged = merge(layers.clone());
            for (index, (name, value)) in merged.iter().enumerate() {
                prop_assert_eq!(layers.iter().find_map(|layer| layer.get(name)), Some(value));
                prop_assert!(merged.iter().skip(index + 1).all(|(other, _)| other != name));
            }
            let names: std::collections::HashSet<_> = layers.iter().flat_map(|layer| layer.keys()).collect();
            prop_assert_eq!(merged.len(), names.len());
        }
    }
}
