//! Makes one piece of a page like another by touching only what differs, so that focus, selection, scroll positions
//! and what a person has unfolded stay.

use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, Node};

/// Attributes that belong to the person, not to the server.
const KEPT: [&str; 1] = ["open"];

/// Makes `old` like `new`, which stays as it is.
pub fn morph(old: &Node, new: &Node) {
    if old.node_type() != new.node_type() || old.node_name() != new.node_name() {
        if let (Some(parent), Ok(copy)) = (old.parent_node(), new.clone_node_with_deep(true)) {
            drop(parent.replace_child(&copy, old));
        }
        return;
    }
    match (old.dyn_ref::<Element>(), new.dyn_ref::<Element>()) {
        (Some(old), Some(new)) => {
            attributes(old, new);
            children(old, new);
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

fn children(old: &Element, new: &Element) {
    let (before, after) = (old.child_nodes(), new.child_nodes());
    let (had, has) = (before.length(), after.length());
    for index in 0..had.min(has) {
        if let (Some(old), Some(new)) = (before.item(index), after.item(index)) {
            morph(&old, &new);
        }
    }
    for index in had..has {
        if let Some(copy) = after.item(index).and_then(|child| child.clone_node_with_deep(true).ok()) {
            drop(old.append_child(&copy));
        }
    }
    for _ in has..had {
        if let Some(last) = old.last_child() {
            drop(old.remove_child(&last));
        }
    }
}
