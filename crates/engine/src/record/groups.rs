//! What requests and iterations are counted under besides their names: the user's class and the part of its doings, as
//! small numbers.
//!
//! In:  classes and flows of a plan. Out: a [`GroupId`] for each pair. Fixed before the run starts, so that counting
//! needs no lock for them; past [`MAX_GROUPS`] they share one.

use perflab_model::breakdown::Part;

/// Most groups that are counted apart.
const MAX_GROUPS: usize = 500;

/// The class of what belongs to none.
const NO_CLASS: &str = "(other)";

/// A part of what a class does, by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct GroupId(pub(crate) u16);

impl GroupId {
    /// What belongs to no class and no flow.
    pub(crate) const OTHER: Self = Self(0);
}

/// All groups of a run.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    /// The class and the part of each number.
    rows: Vec<(usize, Part)>,
    /// Names of the classes; the last one is [`NO_CLASS`].
    names: Vec<String>,
    classes: Vec<ClassGroups>,
}

/// The groups of one class.
#[derive(Clone, Debug)]
struct ClassGroups {
    flows: Vec<(usize, GroupId)>,
    log_in: GroupId,
    on_start: GroupId,
    on_stop: GroupId,
}

/// A class as its groups are made from it: flows by index.
pub(crate) struct ClassFlows<'a> {
    pub(crate) name: &'a str,
    pub(crate) flows: &'a [usize],
    pub(crate) logs_in: bool,
    pub(crate) on_start: Option<usize>,
    pub(crate) on_stop: Option<usize>,
}

impl Default for Groups {
    fn default() -> Self {
        Self::new(&[], &[])
    }
}

impl Groups {
    /// The groups of these classes.
    pub(crate) fn new(classes: &[ClassFlows<'_>], flow_names: &[String]) -> Self {
        let mut names: Vec<String> = classes.iter().map(|class| class.name.to_owned()).collect();
        names.push(NO_CLASS.to_owned());
        let mut groups = Self { rows: vec![(classes.len(), Part::Other)], names, classes: Vec::new() };
        let name = |flow: usize| flow_names.get(flow).cloned().unwrap_or_default();
        for (index, class) in classes.iter().enumerate() {
            let flows = class.flows.iter().map(|flow| (*flow, groups.push(index, Part::Flow(name(*flow))))).collect();
            let log_in = if class.logs_in { groups.push(index, Part::LogIn) } else { GroupId::OTHER };
            let mut once = |flow: Option<usize>, part: fn(String) -> Part| {
                flow.map_or(GroupId::OTHER, |flow| groups.push(index, part(name(flow))))
            };
            let (on_start, on_stop) = (once(class.on_start, Part::OnStart), once(class.on_stop, Part::OnStop));
            groups.classes.push(ClassGroups { flows, log_in, on_start, on_stop });
        }
        groups
    }

    fn push(&mut self, class: usize, part: Part) -> GroupId {
        if self.rows.len() > MAX_GROUPS {
            return GroupId::OTHER;
        }
        self.rows.push((class, part));
        // At most MAX_GROUPS + 1 rows, so the number always fits.
        GroupId(u16::try_from(self.rows.len() - 1).unwrap_or(0))
    }

    /// A flow that a class chooses by weight.
    pub(crate) fn flow(&self, class: usize, flow: usize) -> GroupId {
        let flows = self.classes.get(class).map_or(&[][..], |class| &class.flows);
        flows.iter().find(|(known, _)| *known == flow).map_or(GroupId::OTHER, |(_, group)| *group)
    }

    /// Log-ins of a class that no flow writes.
    pub(crate) fn log_in(&self, class: usize) -> GroupId {
        self.classes.get(class).map_or(GroupId::OTHER, |class| class.log_in)
    }

    /// The first flow of a class.
    pub(crate) fn on_start(&self, class: usize) -> GroupId {
        self.classes.get(class).map_or(GroupId::OTHER, |class| class.on_start)
    }

    /// The last flow of a class.
    pub(crate) fn on_stop(&self, class: usize) -> GroupId {
        self.classes.get(class).map_or(GroupId::OTHER, |class| class.on_stop)
    }

    /// How many groups there are.
    pub(crate) const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Names of the classes, that of what belongs to none included.
    pub(crate) fn class_names(&self) -> &[String] {
        &self.names
    }

    /// The class and the part of each group, in the order of their numbers.
    pub(crate) fn rows(&self) -> &[(usize, Part)] {
        &self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class<'a>(name: &'a str, flows: &'a [usize]) -> ClassFlows<'a> {
        ClassFlows { name, flows, logs_in: true, on_start: Some(0), on_stop: None }
    }

    fn flow_names(count: usize) -> Vec<String> {
        (0..count).map(|flow| format!("flow {flow}")).collect()
    }

    #[test]
    fn the_same_flow_of_two_classes_is_two_groups_and_a_first_flow_is_another_one() {
        let groups = Groups::new(&[class("a", &[0, 1]), class("b", &[1])], &flow_names(2));
        let of = |group: GroupId| groups.rows()[usize::from(group.0)].clone();
        assert_eq!(of(groups.flow(0, 1)), (0, Part::Flow("flow 1".to_owned())));
        assert_eq!(of(groups.flow(1, 1)), (1, Part::Flow("flow 1".to_owned())));
        assert_eq!(of(groups.on_start(0)), (0, Part::OnStart("flow 0".to_owned())));
        assert_eq!(of(groups.log_in(1)), (1, Part::LogIn));
        assert_eq!(
            (groups.on_stop(0), groups.flow(1, 0), groups.flow(7, 0)),
            (GroupId::OTHER, GroupId::OTHER, GroupId::OTHER)
        );
        assert_eq!(groups.class_names()[of(GroupId::OTHER).0], NO_CLASS);
    }

    #[test]
    fn past_five_hundred_groups_the_rest_is_counted_together() {
        let flows: Vec<usize> = (0..600).collect();
        let groups = Groups::new(&[class("a", &flows)], &flow_names(600));
        assert_eq!((groups.flow(0, 499), groups.flow(0, 500)), (GroupId(500), GroupId::OTHER));
        assert_eq!(groups.len(), MAX_GROUPS + 1);
    }
}
