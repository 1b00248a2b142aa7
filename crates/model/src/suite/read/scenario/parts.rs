//! Several loads in one scenario: who comes in each, and when it begins.
//!
//! In:  the parts as they are written, and what the scenario and the defaults say for all of them. Out: their shapes, with
//! the filters that each part has.

use super::{
    super::{Checked, Reader},
    Classes, Filtered, filter,
};
use crate::{
    name::PartName,
    suite::{
        check_name,
        error::Path,
        raw::{RawPart, RawScenario},
        shape::{PartShape, Shape},
    },
    unit::Millis,
};

/// Each part is a process of its own, and all of them share the machine.
const MOST_PARTS: usize = 8;

impl Reader<'_, '_> {
    /// Reads the parts; nothing where not all of them can be made out.
    pub(super) fn parts(
        &mut self,
        parts: &[(String, RawPart)],
        scenario: &RawScenario,
        defaults: &RawScenario,
        checked: &Checked,
        path: &Path,
    ) -> Option<Shape> {
        for field in scenario.load.fields() {
            let hint = Some("write it in a part, or take the parts out".to_owned());
            self.problems.add(&path.key(field), format!("`{field}` stands beside `parts`"), hint);
        }
        let place = path.key("parts");
        if parts.is_empty() {
            let hint = Some("write one at least, such as `browse: {executor: constant_vus, …}`".to_owned());
            self.problems.add(&place, "there are no parts", hint);
        }
        if parts.len() > MOST_PARTS {
            let message = format!("{} parts are too many", parts.len());
            let hint = format!("each is a process of its own: write {MOST_PARTS} at most");
            self.problems.add(&place, message, Some(hint));
        }
        let shapes: Vec<Option<PartShape>> = parts
            .iter()
            .map(|(name, part)| self.part(name, part, scenario, defaults, checked, &place.key(name)))
            .collect();
        let shapes: Option<Vec<PartShape>> = shapes.into_iter().collect();
        Some(Shape::Parts(shapes.filter(|shapes| !shapes.is_empty())?))
    }

    fn part(
        &mut self,
        name: &str,
        own: &RawPart,
        scenario: &RawScenario,
        defaults: &RawScenario,
        checked: &Checked,
        path: &Path,
    ) -> Option<PartShape> {
        let part_name = check_name::<PartName>(name, path, self.problems);
        let classes = [&own.classes, &scenario.classes, &defaults.classes].into_iter().find_map(Clone::clone);
        let tags = [&own.tags, &scenario.tags, &defaults.tags].into_iter().find_map(Clone::clone).unwrap_or_default();
        if self.check_choice(own.classes.as_deref(), own.tags.as_deref(), checked, path)
            && filter(checked, Classes::of_scenario(classes.as_deref()), &tags).classes.is_empty()
        {
            let key = if own.tags.is_some() { path.key("tags") } else { path.key("classes") };
            let message = format!("the part `{name}` selects no class with a flow to do");
            self.problems.add(&key, message, Some("look at its tags and classes, and at the weights".to_owned()));
        }
        let shape = self.shape(&own.load, &defaults.load, path)?;
        Some(PartShape {
            name: part_name?,
            start_after: own.start_after.unwrap_or(Millis::ZERO),
            shape: Box::new(shape),
            classes,
            tags,
        })
    }
}

impl Filtered {
    /// What all parts of a scenario do, each class marked with its part.
    pub(in crate::suite) fn of_parts(checked: &Checked, parts: Vec<(PartName, Self)>) -> Self {
        let has = |of: &dyn Fn(&Self) -> bool| parts.iter().any(|(_, part)| of(part));
        let flows = checked.flows.values().filter(|one| has(&|part| part.flows.iter().any(|f| f.name == one.name)));
        let auth = checked.auth.values().filter(|one| has(&|part| part.auth.iter().any(|a| a.name == one.name)));
        let feeds = checked.feeds.values().filter(|one| has(&|part| part.feeds.iter().any(|f| f.name == one.name)));
        let (flows, auth, feeds) = (flows.cloned().collect(), auth.cloned().collect(), feeds.cloned().collect());
        let marked = parts.into_iter().flat_map(|(name, part)| {
            part.classes.into_iter().map(move |mut class| {
                class.part = Some(name.clone());
                class
            })
        });
        Self { classes: marked.collect(), flows, auth, feeds }
    }
}

/// Flows that the classes of any part name, for what is known of the scenario.
pub(super) fn filtered(checked: &Checked, shape: &[PartShape]) -> Filtered {
    let chosen = |part: &PartShape| {
        let classes = Classes::of_scenario(part.classes.as_deref());
        (part.name.clone(), filter(checked, classes, &part.tags))
    };
    Filtered::of_parts(checked, shape.iter().map(chosen).collect())
}
