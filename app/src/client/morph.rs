//! Makes one piece of a page like another by touching only what differs, so that focus, selection, scroll positions
//! and what a person has unfolded stay.
//!
//! An element with an `id` or a `data-key` is somebody: it is found again wherever it stands now and never becomes
//! somebody else. A new line above others adds a line instead of renaming all of them, and a field that gives way to
//! another takes what was typed into it along. The values of fields follow the server, but for the one with the cursor.

use std::collections::VecDeque;

use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, HtmlInputElement, HtmlSelectElement, Node};

/// Attributes that belong to the person, not to the server.
const KEPT: [&str; 1] = ["open"];

/// Makes `old` like `new`, which stays as it is.
pub fn morph(old: &Node, new: &Node) {
    if Mark::of(old) != Mark::of(new) {
        if let (Some(parent), Ok(copy)) = (old.parent_node(), new.clone_node_with_deep(true)) {
            drop(parent.replace_child(&copy, old));
        }
        return;
    }
    match (old.dyn_ref::<Element>(), new.dyn_ref::<Element>()) {
        (Some(old), Some(new)) => {
            attributes(old, new);
            children(old, new);
            value(old, new);
        }
        _ => {
            if old.node_value() != new.node_value() {
                old.set_node_value(new.node_value().as_deref());
            }
        }
    }
}

fn attributes(old: &Element, new: &Element) {
    for name in names(old) {
        if !new.has_attribute(&name) && !KEPT.contains(&name.as_str()) {
            drop(old.remove_attribute(&name));
        }
    }
    for name in names(new) {
        let value = new.get_attribute(&name);
        if let Some(value) = value.filter(|value| old.get_attribute(&name).as_deref() != Some(value))
            && !KEPT.contains(&name.as_str())
        {
            drop(old.set_attribute(&name, &value));
        }
    }
}

fn names(element: &Element) -> Vec<String> {
    element.get_attribute_names().iter().filter_map(|name| name.as_string()).collect()
}

/// What stands in a field. Its attributes do not say it any more once somebody has typed or chosen.
fn value(old: &Element, new: &Element) {
    if let (Some(old), Some(new)) = (old.dyn_ref::<HtmlSelectElement>(), new.dyn_ref::<HtmlSelectElement>()) {
        if old.selected_index() != new.selected_index() {
            old.set_selected_index(new.selected_index());
        }
    } else if let (Some(field), Some(new)) = (old.dyn_ref::<HtmlInputElement>(), new.dyn_ref::<HtmlInputElement>()) {
        let focused = super::page::document().and_then(|document| document.active_element());
        if focused.as_ref() != Some(old) && field.value() != new.value() {
            field.set_value(&new.value());
        }
    }
}

fn children(old: &Element, new: &Element) {
    let (had, has) = (nodes(old), nodes(new));
    let marks = |nodes: &[Node]| nodes.iter().map(Mark::of).collect::<Vec<_>>();
    for step in steps(&marks(&had), &marks(&has)) {
        let before = |place: Option<usize>| place.and_then(|place| had.get(place));
        match step {
            Step::Keep { from, to } => {
                if let (Some(from), Some(to)) = (had.get(from), has.get(to)) {
                    morph(from, to);
                }
            }
            Step::Bring { from, to, place } => {
                if let (Some(from), Some(to)) = (had.get(from), has.get(to)) {
                    drop(old.insert_before(from, before(place)));
                    morph(from, to);
                }
            }
            Step::Add { to, place } => {
                if let Some(copy) = has.get(to).and_then(|node| node.clone_node_with_deep(true).ok()) {
                    drop(old.insert_before(&copy, before(place)));
                }
            }
            Step::Drop { from } => {
                if let Some(from) = had.get(from) {
                    drop(old.remove_child(from));
                }
            }
        }
    }
}

fn nodes(parent: &Element) -> Vec<Node> {
    let children = parent.child_nodes();
    (0..children.length()).filter_map(|index| children.item(index)).collect()
}

/// What kind of node it is, and who.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    kind: String,
    key: Option<String>,
}

impl Mark {
    fn of(node: &Node) -> Self {
        let key = node.dyn_ref::<Element>().and_then(|element| {
            let key = element.get_attribute("id").or_else(|| element.get_attribute("data-key"));
            key.filter(|key| !key.is_empty())
        });
        Self { kind: node.node_name(), key }
    }
}

/// One step from the old children to the new ones. Places are those of the old children at the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It stays where it is and becomes like its counterpart.
    Keep { from: usize, to: usize },
    /// The same, but it stands before another one from now on, or last.
    Bring { from: usize, to: usize, place: Option<usize> },
    /// A new one comes before an old one, or last.
    Add { to: usize, place: Option<usize> },
    /// An old one goes.
    Drop { from: usize },
}

/// The steps, to be made in this order. Those that nobody knows by name are matched in the order they stand in.
fn steps(old: &[Mark], new: &[Mark]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut wanted: Vec<&Mark> = new.iter().filter(|mark| mark.key.is_some()).collect();
    let mut left = VecDeque::new();
    for (from, mark) in old.iter().enumerate() {
        let place = wanted.iter().position(|wanted| *wanted == mark);
        if let Some(place) = place {
            // Taken: who stands there twice is not found twice.
            wanted.swap_remove(place);
        }
        if mark.key.is_none() || place.is_some() {
            left.push_back((from, mark));
        } else {
            steps.push(Step::Drop { from });
        }
    }
    for (to, mark) in new.iter().enumerate() {
        let known = mark.key.is_some() && left.iter().any(|(_, old)| *old == mark);
        // What nobody knows by name and stands before somebody has no counterpart here.
        while known && let Some((from, _)) = left.pop_front_if(|(_, old)| old.key.is_none()) {
            steps.push(Step::Drop { from });
        }
        let next = left.front().copied();
        match next {
            Some((from, old)) if old == mark || (old.key.is_none() && mark.key.is_none()) => {
                left.pop_front();
                steps.push(Step::Keep { from, to });
            }
            _ => {
                let place = next.map(|(place, _)| place);
                let found = left.iter().position(|(_, old)| known && *old == mark).and_then(|at| left.remove(at));
                steps.push(match found {
                    Some((from, _)) => Step::Bring { from, to, place },
                    None => Step::Add { to, place },
                });
            }
        }
    }
    steps.extend(left.into_iter().map(|(from, _)| Step::Drop { from }));
    steps
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// `a` is somebody called a, `.` is text.
    fn marks(letters: &str) -> Vec<Mark> {
        letters
            .chars()
            .map(|letter| match letter {
                '.' => Mark { kind: "#text".to_owned(), key: None },
                letter => Mark { kind: "TR".to_owned(), key: Some(letter.to_string()) },
            })
            .collect()
    }

    /// What the steps make of the old children, and who was moved or made on the way.
    fn carried_out(old: &str, new: &str) -> (String, String) {
        let (before, after) = (old.chars().collect::<Vec<_>>(), new.chars().collect::<Vec<_>>());
        let mut now: Vec<(Option<usize>, char)> =
            before.iter().enumerate().map(|(place, letter)| (Some(place), *letter)).collect();
        let mut touched = String::new();
        let at = |now: &[(Option<usize>, char)], place: Option<usize>| match place {
            Some(place) => now.iter().position(|(from, _)| *from == Some(place)).expect("the place is still there"),
            None => now.len(),
        };
        for step in steps(&marks(old), &marks(new)) {
            match step {
                Step::Keep { from, to } => assert_eq!(before[from], after[to], "{old} to {new}"),
                Step::Bring { from, to, place } => {
                    let own = at(&now, Some(from));
                    let moved = now.remove(own);
                    assert_eq!(moved.1, after[to], "{old} to {new}");
                    touched.push(moved.1);
                    now.insert(at(&now, place), moved);
                }
                Step::Add { to, place } => {
                    touched.push(after[to]);
                    now.insert(at(&now, place), (None, after[to]));
                }
                Step::Drop { from } => {
                    now.remove(at(&now, Some(from)));
                }
            }
        }
        (now.into_iter().map(|(_, letter)| letter).collect(), touched)
    }

    #[rstest]
    #[case::nothing_changes(".a.b.", ".a.b.", "")]
    #[case::a_line_comes_above_the_others("bcd", "abcd", "a")]
    #[case::the_last_line_leaves_as_one_comes("bcd", "abc", "a")]
    #[case::a_line_goes("abc", "bc", "")]
    #[case::a_field_gives_way_to_another(".a.b.c", ".x.y.c", "xy")]
    #[case::text_around_somebody_who_goes(".a.b", ".b", "")]
    #[case::two_change_places("ab", "ba", "b")]
    #[case::all_are_new("", "a.b", "a.b")]
    #[case::all_go("a.b", "", "")]
    fn whoever_is_known_is_found_again_and_nobody_becomes_somebody_else(
        #[case] old: &str,
        #[case] new: &str,
        #[case] touched: &str,
    ) {
        assert_eq!(carried_out(old, new), (new.to_owned(), touched.to_owned()));
    }

    #[test]
    fn a_name_that_stands_twice_is_taken_once() {
        assert_eq!(carried_out("aa.", "a.").0, "a.");
        assert_eq!(carried_out("a", "aa").0, "aa");
    }
}
