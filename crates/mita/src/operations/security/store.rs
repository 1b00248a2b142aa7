//! Stores of a case, a handle for each thread.

use super::super::{AtHand, CleanUp, NotReady};
use crate::config::Secret;
use crate::security::store::{Memory, Redis, Store};

/// A store that handles for several threads can be had of.
#[derive(Clone)]
pub(in crate::operations) enum Kept {
    InProcess(Memory),
    Redis { address: Secret, prefix: String },
}

impl Kept {
    /// A handle.
    pub(in crate::operations) fn handle(&self) -> Result<Box<dyn Store>, NotReady> {
        Ok(match self {
            Self::InProcess(memory) => Box::new(memory.clone()),
            Self::Redis { address, prefix } => {
                let connected = Redis::connect(address.reveal(), prefix);
                Box::new(connected.map_err(|error| {
                    // The source tells an address at most, and addresses with passwords are secrets that are taken out.
                    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                    NotReady::new("builtin.redis", format!("Redis (variable REDIS_URL) cannot be used: {cause}"))
                })?)
            }
        })
    }

    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::InProcess(_) => "in process",
            Self::Redis { .. } => "redis",
        }
    }
}

/// The store of a case: in Redis where an address is given, else in this process; and what empties it.
pub(in crate::operations) fn stores(at_hand: &AtHand) -> Result<(Kept, CleanUp), NotReady> {
    if let Some(refusal) = at_hand.refusal() {
        return Err(refusal);
    }
    let kept = match &at_hand.redis {
        None => Kept::InProcess(Memory::default()),
        Some(address) => {
            let prefix = format!("perflab:{:016x}:", rand::random::<u64>());
            Kept::Redis { address: address.clone(), prefix }
        }
    };
    // Asked now, so that a store that is away is told before the case begins.
    let mut store = kept.handle()?;
    let clean_up: CleanUp = Box::new(move || {
        let cleared = store.clear().and_then(|()| store.entries());
        match cleared {
            Ok(0) => Ok(()),
            Ok(left) => Err(format!("{left} entries stay behind in the store of this case")),
            Err(error) => Err(format!("the entries of this case stay behind in the store until they expire: {error}")),
        }
    });
    Ok((kept, clean_up))
}
