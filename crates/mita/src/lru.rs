//! A cache with a fixed number of entries: the one that was not asked for longest goes first.
//!
//! In:  keys and values. Out: values that are still kept.

use std::collections::HashMap;
use std::hash::Hash;

/// The cache. It is meant for few entries: making room looks at all of them.
#[derive(Clone, Debug)]
pub(crate) struct Lru<K, V> {
    entries: HashMap<K, (V, u64)>,
    most: usize,
    clock: u64,
}

impl<K: Eq + Hash + Clone, V> Lru<K, V> {
    /// For so many entries.
    pub(crate) fn new(most: usize) -> Self {
        Self { entries: HashMap::with_capacity(most), most: most.max(1), clock: 0 }
    }

    /// What is kept under a key.
    pub(crate) fn get(&mut self, key: &K) -> Option<&V> {
        self.clock += 1;
        let (value, used) = self.entries.get_mut(key)?;
        *used = self.clock;
        Some(value)
    }

    /// Keeps a value.
    pub(crate) fn put(&mut self, key: K, value: V) {
        self.clock += 1;
        if self.entries.len() >= self.most && !self.entries.contains_key(&key) {
            let oldest = self.entries.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                self.entries.remove(&oldest);
            }
        }
        self.entries.insert(key, (value, self.clock));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_that_was_not_asked_for_longest_makes_room() {
        let mut cache = Lru::new(2);
        cache.put("a", 1);
        cache.put("b", 2);
        assert_eq!(cache.get(&"a"), Some(&1));
        cache.put("c", 3);
        assert_eq!(["a", "b", "c"].map(|key| cache.get(&key).copied()), [Some(1), None, Some(3)]);
    }
}
