//! The plan of one level of a capacity search: the scenario's users, flows, slots and rules under the search's own load.
//!
//! A level is not an override of the scenario's stages: stretched and scaled they would hold the level for a part of the
//! run only, and its numbers would be of many loads at once.

use super::{Draft, PlanError, PlanRequest, check};
use crate::{
    capacity::{CapacityUnit, Level},
    load::Warmup,
    suite::{Suite, SuiteKind},
};

impl Suite {
    /// The plan of a scenario at a level, as far as it can be made out, with everything that stands in its way.
    ///
    /// Its rules are those that a run at this level alone can answer. Saturation is what the search looks for, so it makes
    /// a level fail and not its run invalid.
    pub fn level_draft(&self, request: PlanRequest<'_>, level: &Level) -> Draft {
        if self.kind() == SuiteKind::Benchmark {
            return Draft { plan: None, problems: vec![PlanError::NoLoad { suite: self.name.clone() }] };
        }
        let spawn_rate = request.overrides.spawn_rate;
        let mut draft = self.draft(request);
        // What the scenario's own load asks for is not what will be sent.
        draft.problems.retain(|problem| !is_of_load(problem));
        let Some(plan) = &mut draft.plan else { return draft };
        let Some(load) = level.of(&plan.load, spawn_rate) else {
            let (field, fits) = match level.unit {
                CapacityUnit::Users => ("users", "constant_vus, ramping_vus and other scenarios of users"),
                CapacityUnit::Rate => ("rate", "constant_rate, ramping_rate and other scenarios of a rate"),
            };
            let executor = self.scenarios().iter().find(|scenario| scenario.name == plan.scenario);
            let executor = executor.map_or("it has", |scenario| scenario.executor);
            draft.problems.push(PlanError::DoesNotFit { field, executor, fits });
            return draft;
        };
        match level.unit {
            CapacityUnit::Users => plan.overrides.users = load.peak_users(),
            CapacityUnit::Rate => plan.overrides.rate = Some(level.amount),
        }
        plan.overrides.duration = Some(load.duration());
        plan.load = load;
        plan.warmup = Warmup::Ramp;
        plan.find_limit = true;
        plan.rules.retain(|rule| level.judges(&rule.threshold));
        let mut found = Vec::new();
        check::check(plan, &mut found);
        // What is wrong at any load was found before.
        found.retain(|problem| !draft.problems.contains(problem));
        draft.problems.extend(found);
        draft
    }
}

/// Whether a problem is one of the scenario's own load.
fn is_of_load(problem: &PlanError) -> bool {
    matches!(
        problem,
        PlanError::DoesNotFit { field: "spawn_rate", .. }
            | PlanError::NoHold { .. }
            | PlanError::FewerIterations { .. }
            | PlanError::SeveralParts { .. }
            | PlanError::NothingMeasured { .. }
            | PlanError::UsersAboveCap { .. }
            | PlanError::StartedAboveCap { .. }
            | PlanError::RateAboveCap { .. }
            | PlanError::InFlightAboveCap { .. }
            | PlanError::DurationAboveCap { .. }
            | PlanError::TooFewRows { .. }
    )
}
