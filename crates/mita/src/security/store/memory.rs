//! The store in this process.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::{Store, StoreError, Window};

/// A handle to a store in this process; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    entries: HashMap<String, Entry>,
    /// Entries beyond which the ones that have expired are looked for.
    sweep_at: usize,
}

struct Entry {
    expires_us: i64,
    content: Content,
}

enum Content {
    Value(String),
    Window(VecDeque<i64>),
    Set(BTreeSet<String>),
}

impl Kept {
    /// The entry, made anew where there is none, or one that has expired or is of another kind.
    fn entry(
        &mut self,
        key: &str,
        now_us: i64,
        expires_us: i64,
        fits: fn(&Content) -> bool,
        new: Content,
    ) -> &mut Entry {
        // Swept as it grows and not at every call: a check must cost the same whatever else is kept.
        if self.entries.len() > self.sweep_at {
            self.entries.retain(|_, entry| entry.expires_us > now_us);
            self.sweep_at = 1024.max(self.entries.len() * 2);
        }
        if self.entries.get(key).is_none_or(|entry| entry.expires_us <= now_us || !fits(&entry.content)) {
            self.entries.insert(key.to_owned(), Entry { expires_us, content: new });
        }
        let entry = self.entries.get_mut(key).expect("it was there, or has just been put there");
        entry.expires_us = expires_us;
        entry
    }

    fn live(&self, key: &str, now_us: i64) -> Option<&Content> {
        self.entries.get(key).filter(|entry| entry.expires_us > now_us).map(|entry| &entry.content)
    }
}

/// Microseconds of a span; spans here are days at most.
pub(super) fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

impl Store for Memory {
    fn put(&mut self, key: &str, value: &str, life: Duration, now_us: i64) -> Result<(), StoreError> {
        let expires_us = now_us.saturating_add(micros(life));
        self.0.lock().entry(key, now_us, expires_us, |_| false, Content::Value(value.to_owned()));
        Ok(())
    }

    fn get(&mut self, key: &str, now_us: i64) -> Result<Option<String>, StoreError> {
        Ok(match self.0.lock().live(key, now_us) {
            Some(Content::Value(value)) => Some(value.clone()),
            _ => None,
        })
    }

    fn add_to_window(&mut self, key: &str, width: Duration, now_us: i64) -> Result<Window, StoreError> {
        let width_us = micros(width);
        let expires_us = now_us.saturating_add(width_us).saturating_add(1_000_000);
        let mut kept = self.0.lock();
        let is_window = |content: &Content| matches!(content, Content::Window(_));
        let entry = kept.entry(key, now_us, expires_us, is_window, Content::Window(VecDeque::new()));
        let Content::Window(times) = &mut entry.content else { unreachable!("checked by `is_window`") };
        drop_old(times, now_us - width_us);
        times.push_back(now_us);
        Ok(Window { count: times.len() as u64, oldest_us: times.front().copied().unwrap_or(now_us) })
    }

    fn count_window(&mut self, key: &str, width: Duration, now_us: i64) -> Result<u64, StoreError> {
        let first_us = now_us - micros(width);
        Ok(match self.0.lock().live(key, now_us) {
            Some(Content::Window(times)) => times.iter().filter(|time| **time > first_us).count() as u64,
            _ => 0,
        })
    }

    fn add_to_set(&mut self, key: &str, member: &str, life: Duration, now_us: i64) -> Result<u64, StoreError> {
        let mut kept = self.0.lock();
        let is_set = |content: &Content| matches!(content, Content::Set(_));
        let expires_us = now_us.saturating_add(micros(life));
        let entry = kept.entry(key, now_us, expires_us, is_set, Content::Set(BTreeSet::new()));
        let Content::Set(members) = &mut entry.content else { unreachable!("checked by `is_set`") };
        if !members.contains(member) {
            members.insert(member.to_owned());
        }
        Ok(members.len() as u64)
    }

    fn members(&mut self, key: &str, now_us: i64) -> Result<Vec<String>, StoreError> {
        Ok(match self.0.lock().live(key, now_us) {
            Some(Content::Set(members)) => members.iter().cloned().collect(),
            _ => Vec::new(),
        })
    }

    fn entries(&mut self) -> Result<u64, StoreError> {
        Ok(self.0.lock().entries.len() as u64)
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        *self.0.lock() = Kept::default();
        Ok(())
    }
}

/// Drops what is at or before `last_us`: as Redis does with `ZREMRANGEBYSCORE key 0 last`.
fn drop_old(times: &mut VecDeque<i64>, last_us: i64) {
    while times.front().is_some_and(|time| *time <= last_us) {
        times.pop_front();
    }
}
