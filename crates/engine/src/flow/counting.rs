//! Under what a program's requests and iterations are counted besides their names.
//!
//! In:  the classes of a plan, compiled. Out: a group for each class and each part of what it does.

use perflab_model::plan::Plan;

use super::compile::Class;
use crate::record::{ClassFlows, Groups};

/// Under what the requests of each class and flow are counted.
pub(super) fn groups_of(plan: &Plan, classes: &[Class], flow_names: &[String]) -> Groups {
    let flows: Vec<Vec<usize>> =
        classes.iter().map(|class| class.flows.iter().map(|(flow, _)| *flow).collect()).collect();
    let classes: Vec<ClassFlows<'_>> = plan
        .classes
        .iter()
        .zip(classes.iter().zip(&flows))
        .map(|(plan, (class, flows))| ClassFlows {
            name: &plan.name,
            flows,
            logs_in: class.auth.is_some(),
            on_start: class.on_start,
            on_stop: class.on_stop,
        })
        .collect();
    Groups::new(&classes, flow_names)
}
