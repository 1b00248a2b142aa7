//! One launch at a time for each key: the second of two at once waits for the first, but not for long.
//!
//! In:  a key. Out: a turn, or nothing when another request has had it for too long. The turn ends with its holder,
//! whatever became of the request.
//! Not here: what a key stands for once a launch was accepted (`lab`, kept in the database).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

/// How long a request waits for an earlier one with its key: a launch usually takes milliseconds.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// The keys that are being launched under.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<String, Weak<Turn<()>>>>>);

impl Turns {
    /// The turn of a key; `None` when an earlier request still has it after that time.
    pub(super) async fn of(&self, key: &str, patience: Duration) -> Option<OwnedMutexGuard<()>> {
        let turn = {
            // Only lines of this block run under the lock; a map is whole between any two of them.
            let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            keys.retain(|_, turn| turn.strong_count() > 0);
            keys.get(key).and_then(Weak::upgrade).unwrap_or_else(|| {
                let turn = Arc::new(Turn::new(()));
                keys.insert(key.to_owned(), Arc::downgrade(&turn));
                turn
            })
        };
        tokio::time::timeout(patience, turn.lock_owned()).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_that_is_in_use_is_not_given_and_is_free_with_its_holder() {
        let turns = Turns::default();
        let first = turns.of("one", Duration::ZERO).await;
        assert!(first.is_some());
        assert!(turns.of("two", Duration::ZERO).await.is_some(), "another key is another turn");
        assert!(turns.of("one", Duration::ZERO).await.is_none(), "the first still has it");
        drop(first);
        assert!(turns.of("one", Duration::ZERO).await.is_some());
    }

    #[tokio::test]
    async fn a_second_request_gets_its_turn_as_soon_as_the_first_is_done() {
        let turns = Turns::default();
        let first = turns.of("one", PATIENCE).await;
        let (second, ()) = tokio::join!(turns.of("one", PATIENCE), async { drop(first) });
        assert!(second.is_some());
    }

    #[tokio::test]
    async fn keys_that_nobody_uses_any_more_are_forgotten() {
        let turns = Turns::default();
        for key in 0..100 {
            drop(turns.of(&key.to_string(), PATIENCE).await);
        }
        assert_eq!(turns.0.lock().unwrap_or_else(PoisonError::into_inner).len(), 1);
    }
}
