//! Who did what, added up: classes of users, and within a class its flows.
//!
//! In:  the classes of ticks, and at the end the plan, which knows what was wanted.
//! Out: a row for every class and flow of the plan, also for those that never had their turn: a mix that was wanted and
//!      did not come about must be seen. Log-ins and what is done once have a row where they did anything.

use perflab_model::{
    breakdown::{ClassSummary, Part, PartCounts, PartSummary, PartSums, ShareOf},
    flow::UserClass,
    plan::Plan,
    summary::LatencyKind,
};

use super::{read::ReadClass, tally::distribution};
use crate::Histogram;

/// Classes in the order of their first appearance.
#[derive(Clone, Debug, Default)]
pub(super) struct Classes(Vec<Class>);

#[derive(Clone, Debug, Default)]
struct Class {
    name: String,
    user_seconds: u64,
    parts: Vec<(Part, Sums)>,
}

#[derive(Clone, Debug, Default)]
struct Sums {
    counts: PartCounts,
    latency: Histogram,
    duration: Histogram,
}

impl Classes {
    /// Adds a second. Users who are still there after the last start are not part of the mix.
    pub(super) fn add(&mut self, classes: &[ReadClass], under_load: bool) {
        for read in classes {
            let class = self.class(&read.name);
            if under_load {
                class.user_seconds += read.user_seconds;
            }
            for part in &read.parts {
                let sums = class.part(&part.part);
                sums.counts.add(&part.counts);
                sums.latency.merge(&part.latency);
                sums.duration.merge(&part.duration);
            }
        }
    }

    fn class(&mut self, name: &str) -> &mut Class {
        let at = self.0.iter().position(|class| class.name == name).unwrap_or_else(|| {
            self.0.push(Class { name: name.to_owned(), ..Class::default() });
            self.0.len() - 1
        });
        &mut self.0[at]
    }

    /// The rows; none where nothing was counted, as in runs of earlier versions.
    pub(super) fn summary(&self, plan: &Plan, kind: LatencyKind) -> Vec<ClassSummary> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let share_of = match kind {
            LatencyKind::Response => ShareOf::Iterations,
            LatencyKind::Service => ShareOf::Users,
        };
        let nothing = Class::default();
        let known = |name: &str| self.0.iter().find(|class| class.name == name);
        // A class may come in several parts of a run: it is one row all the same, and weights of different parts are of
        // different users.
        let first = |class: &&UserClass| {
            plan.classes.iter().find(|known| known.name == class.name).is_some_and(|known| std::ptr::eq(known, *class))
        };
        let planned = plan.classes.iter().filter(first).map(|class| {
            let flows: Vec<(&str, u32)> = class.flows.iter().map(|(flow, weight)| (flow.as_str(), *weight)).collect();
            (class.name.as_str(), class.weight, flows, known(&class.name).unwrap_or(&nothing))
        });
        let of_no_plan = self.0.iter().filter(|class| plan.classes.iter().all(|planned| planned.name != class.name));
        let rest = of_no_plan.map(|class| (class.name.as_str(), 0, Vec::new(), class));
        let in_parts = !plan.load.parts().is_empty();
        let all_weights = if in_parts { 0 } else { plan.classes.iter().map(|class| u64::from(class.weight)).sum() };
        let amount = |class: &Class| match share_of {
            ShareOf::Users => class.user_seconds,
            ShareOf::Iterations => class.counts().iterations_started,
        };
        let all_amounts = self.0.iter().map(amount).sum();
        planned
            .chain(rest)
            .map(|(name, weight, flows, class)| ClassSummary {
                name: name.to_owned(),
                weight,
                share_of,
                share_wanted: share(weight.into(), all_weights),
                share: share(amount(class), all_amounts),
                sums: class.sums().told(kind),
                parts: class.rows(&flows, kind),
            })
            .collect()
    }
}

impl Class {
    fn part(&mut self, part: &Part) -> &mut Sums {
        let at = self.parts.iter().position(|(known, _)| known == part).unwrap_or_else(|| {
            self.parts.push((part.clone(), Sums::default()));
            self.parts.len() - 1
        });
        &mut self.parts[at].1
    }

    fn counts(&self) -> PartCounts {
        let mut counts = PartCounts::default();
        for (_, sums) in &self.parts {
            counts.add(&sums.counts);
        }
        counts
    }

    fn sums(&self) -> Sums {
        let mut all = Sums { counts: self.counts(), ..Sums::default() };
        for (_, sums) in &self.parts {
            all.latency.merge(&sums.latency);
            all.duration.merge(&sums.duration);
        }
        all
    }

    /// Flows in the order of the plan, then what else was done.
    fn rows(&self, flows: &[(&str, u32)], kind: LatencyKind) -> Vec<PartSummary> {
        let nothing = Sums::default();
        let is_planned = |part: &Part| matches!(part, Part::Flow(flow) if flows.iter().any(|(name, _)| name == flow));
        let planned = flows.iter().map(|(flow, weight)| {
            let part = Part::Flow((*flow).to_owned());
            let sums = self.parts.iter().find(|(known, _)| *known == part).map_or(&nothing, |(_, sums)| sums);
            (part, Some(*weight), sums)
        });
        let mut rest: Vec<_> = self.parts.iter().filter(|(part, _)| !is_planned(part)).collect();
        rest.sort_by(|(a, _), (b, _)| a.cmp(b));
        let all_weights = flows.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let all_started = self.counts().iterations_started;
        planned
            .chain(rest.into_iter().map(|(part, sums)| (part.clone(), None, sums)))
            .map(|(part, weight, sums)| PartSummary {
                share_wanted: weight.and_then(|weight| share(weight.into(), all_weights)),
                share: weight.and_then(|_| share(sums.counts.iterations_started, all_started)),
                part,
                weight,
                sums: sums.told(kind),
            })
            .collect()
    }
}

impl Sums {
    fn told(&self, kind: LatencyKind) -> PartSums {
        PartSums {
            counts: self.counts,
            latency: distribution(&self.latency, Some(kind)),
            duration: distribution(&self.duration, None),
        }
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
