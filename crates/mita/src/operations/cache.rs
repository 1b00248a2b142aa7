//! Caches: a cycle of setting, getting and deleting; a bound on memory; weak references.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use serde_json::json;

use super::parameters::Parameters;
use super::{Failure, Fields, NotReady, Operation, Ready, Receiver, unlisted};

pub(super) fn prepare<R: Receiver>(name: &str, parameters: &Parameters, receiver: R) -> Result<R::Taken, NotReady> {
    let entries = parameters.whole("entries", 100, 1..=100_000)?;
    let bytes = usize::try_from(parameters.whole("bytes", 1024, 1..=1 << 20)?).unwrap_or(1);
    match name {
        "cache.cycle" => {
            let life = Duration::from_secs(parameters.whole("life_s", 60, 1..=86_400)?);
            receiver.take(Ready::of(move |_| Ok(Cycle { cache: Cache::new(None), entries, bytes, life })))
        }
        "cache.capped" => {
            let cap = usize::try_from(parameters.whole("cap_bytes", 65_536, 1024..=1 << 30)?).unwrap_or(1024);
            receiver.take(Ready::of(move |_| Ok(Capped { cache: Cache::new(Some(cap)), entries, bytes, cap })))
        }
        "cache.weak" => {
            let is_weak = parameters.flag("weak", true)?;
            receiver.take(Ready::of(move |_| Ok(References { is_weak, entries, bytes })))
        }
        _ => Err(unlisted(name)),
    }
}

/// A cache whose entries expire; where it has a bound, the oldest make room.
struct Cache {
    entries: HashMap<u64, (Vec<u8>, Instant)>,
    /// Keys as they came. Only kept where there is a bound.
    order: VecDeque<u64>,
    held: usize,
    bound: Option<usize>,
}

impl Cache {
    fn new(bound: Option<usize>) -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new(), held: 0, bound }
    }

    fn set(&mut self, key: u64, value: Vec<u8>, life: Duration) {
        self.held += value.len();
        if let Some((old, _)) = self.entries.insert(key, (value, Instant::now() + life)) {
            self.held -= old.len();
        } else if self.bound.is_some() {
            self.order.push_back(key);
        }
        while self.bound.is_some_and(|bound| self.held > bound) {
            let Some(oldest) = self.order.pop_front() else { return };
            self.delete(oldest);
        }
    }

    fn get(&self, key: u64) -> Option<&[u8]> {
        let (value, until) = self.entries.get(&key)?;
        (*until > Instant::now()).then_some(value)
    }

    fn delete(&mut self, key: u64) {
        if let Some((value, _)) = self.entries.remove(&key) {
            self.held -= value.len();
        }
    }
}

/// Entries set, all of them read, half of them deleted. The keys are the same each time, so memory stays.
struct Cycle {
    cache: Cache,
    entries: u64,
    bytes: usize,
    life: Duration,
}

/// What a cycle found.
struct Cycled {
    hits: u64,
    left: usize,
}

impl Operation for Cycle {
    type Answer = Cycled;

    fn perform(&mut self, nth: u64) -> Result<Cycled, Failure> {
        let fill = nth.to_le_bytes()[0];
        for key in 0..self.entries {
            self.cache.set(key, vec![fill; self.bytes], self.life);
        }
        let hits = (0..self.entries)
            .filter(|key| self.cache.get(*key).is_some_and(|value| value.first() == Some(&fill)))
            .count() as u64;
        for key in 0..self.entries / 2 {
            self.cache.delete(key);
        }
        Ok(Cycled { hits, left: self.cache.entries.len() })
    }

    fn fields(&self, _: u64, cycled: &Cycled) -> Fields {
        vec![("hits", json!(cycled.hits)), ("left", json!(cycled.left)), ("held_bytes", json!(self.cache.held))]
    }

    fn input(&self, _: u64) -> String {
        format!("{} entries of {} bytes", self.entries, self.bytes)
    }
}

/// Entries under ever new keys.
struct Capped {
    cache: Cache,
    entries: u64,
    bytes: usize,
    cap: usize,
}

impl Operation for Capped {
    type Answer = usize;

    fn perform(&mut self, nth: u64) -> Result<usize, Failure> {
        let mut most = 0;
        for number in 0..self.entries {
            let key = nth.wrapping_mul(self.entries).wrapping_add(number);
            self.cache.set(key, vec![1; self.bytes], Duration::from_secs(3600));
            most = most.max(self.cache.held);
        }
        Ok(most)
    }

    fn fields(&self, _: u64, most: &usize) -> Fields {
        vec![("most_bytes", json!(most)), ("within_cap", json!(*most <= self.cap))]
    }

    fn input(&self, _: u64) -> String {
        format!("{} entries of {} bytes under a cap of {}", self.entries, self.bytes, self.cap)
    }
}

/// A cache of what others hold: with weak references it lets go when they do, with strong ones it holds on.
struct References {
    is_weak: bool,
    entries: u64,
    bytes: usize,
}

enum Reference {
    Weak(Weak<Vec<u8>>),
    Strong(Arc<Vec<u8>>),
}

/// What the cache still reaches.
struct Reached {
    while_held: usize,
    afterwards: usize,
}

impl Operation for References {
    type Answer = Reached;

    fn perform(&mut self, nth: u64) -> Result<Reached, Failure> {
        let fill = nth.to_le_bytes()[0];
        let held: Vec<Arc<Vec<u8>>> = (0..self.entries).map(|_| Arc::new(vec![fill; self.bytes])).collect();
        let cache: HashMap<u64, Reference> = (0..)
            .zip(&held)
            .map(|(key, value)| {
                let weak = Reference::Weak(Arc::downgrade(value));
                (key, if self.is_weak { weak } else { Reference::Strong(Arc::clone(value)) })
            })
            .collect();
        let reached = || {
            let reaches = |reference: &&Reference| match reference {
                Reference::Weak(weak) => weak.upgrade().is_some_and(|value| value.first() == Some(&fill)),
                Reference::Strong(value) => value.first() == Some(&fill),
            };
            cache.values().filter(reaches).count()
        };
        let while_held = reached();
        drop(held);
        Ok(Reached { while_held, afterwards: reached() })
    }

    fn fields(&self, _: u64, reached: &Reached) -> Fields {
        vec![("reached", json!(reached.while_held)), ("retained", json!(reached.afterwards))]
    }

    fn input(&self, _: u64) -> String {
        format!("{} entries of {} bytes", self.entries, self.bytes)
    }
}
