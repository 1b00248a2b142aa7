//! What the runner of one part is told: the plan as if the run had no other part.
//!
//! In:  the plan of a run with parts. Out: a plan for each of its runners.
//! Promise: two parts never use the same row of a `unique` feed and never draw the same random numbers, also where the same
//! class comes in both. What a part draws depends on the run's seed and on its own name only: another part beside it
//! changes nothing.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::rows;
use crate::{
    flow::{Feed, FeedOrder, Flow, RowShare},
    load::Load,
    name::PartName,
    plan::{Plan, Whole},
    suite::read,
};

impl Plan {
    /// The plans of the parts, in their order; none where there are no parts. The load of each has that one part only, so
    /// that its time still counts from the start of the run.
    pub fn of_parts(&self) -> Vec<Self> {
        let mut own: Vec<Self> = (0..self.load.parts().len()).map(|at| self.of_part(at)).collect();
        let whole = Whole {
            parts: u32::try_from(own.len()).unwrap_or(u32::MAX),
            requests_per_s: own.iter().filter_map(Self::planned_requests_per_s).sum(),
        };
        own.iter_mut().for_each(|part| part.whole = Some(whole));
        own
    }

    fn of_part(&self, at: usize) -> Self {
        let mut own = self.clone();
        let part = self.load.parts()[at].clone();
        own.classes.retain(|class| class.part.as_ref() == Some(&part.name));
        let names: BTreeSet<&str> = own.classes.iter().flat_map(read::flows_of).collect();
        let flows: Vec<Flow> = self.flows.iter().filter(|flow| names.contains(flow.name.as_str())).cloned().collect();
        let auth: BTreeSet<String> = own.classes.iter().flat_map(|class| rows::auth_names(class, &flows)).collect();
        own.flows = flows;
        own.auth.retain(|one| auth.contains(&one.name));
        own.feeds = self.feeds.iter().filter_map(|feed| self.share_of(feed, at)).collect();
        own.seed = seed_of(self.seed, &part.name);
        own.load = Load::Combined { parts: vec![part] };
        own
    }

    /// A feed with the rows of a part; nothing where the part reads none.
    fn share_of(&self, feed: &Feed, at: usize) -> Option<Feed> {
        if feed.order != FeedOrder::Unique {
            return Some(feed.clone());
        }
        let wanted: Vec<u64> = rows::wanted(self, &feed.name).into_iter().map(|wanted| wanted.rows).collect();
        let (before, count) = (wanted.iter().take(at).sum(), *wanted.get(at)?);
        (count > 0).then(|| Feed { share: Some(RowShare { first: before, count }), ..feed.clone() })
    }
}

/// A seed of its own for each name.
fn seed_of(seed: u64, part: &PartName) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    hash.update(part.as_str());
    let digest = hash.finalize();
    digest.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}
