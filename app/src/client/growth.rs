//! Lets the charts of a live run grow: adds a second to every drawing of a series, in the scale that the server chose.
//!
//! In:  the drawing's `data-` attributes (see `perflab-charts::scale`) and the values of one second.
//! Out: `false` when a value has no place on the axes; the caller then fetches new drawings.

use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::Element;
use perflab_charts::Scale;

/// The values of one second for one figure.
pub struct Growth<'a> {
    /// The id of the figure.
    pub figure: &'a str,
    /// Elapsed seconds.
    pub second: f64,
    /// One for each series.
    pub values: Vec<Value>,
}

/// What a series reached in that second.
pub struct Value {
    /// Name of the series.
    pub series: &'static str,
    /// The value; nothing where nothing was measured.
    pub value: Option<f64>,
    /// The new text at the end of the line.
    pub label: Option<String>,
}

/// Adds a second to all drawings of a figure.
pub fn grow(growth: &Growth<'_>) -> bool {
    let drawings = super::page::document()
        .and_then(|document| document.query_selector_all(&format!("#{} .plot > svg", growth.figure)).ok());
    let Some(drawings) = drawings else { return true };
    let mut fits = true;
    for index in 0..drawings.length() {
        if let Some(drawing) = drawings.item(index).and_then(|node| node.dyn_into::<Element>().ok()) {
            fits &= grow_drawing(&drawing, growth);
        }
    }
    fits
}

fn grow_drawing(drawing: &Element, growth: &Growth<'_>) -> bool {
    let attributes = Scale::ATTRIBUTES.map(|name| drawing.get_attribute(name).unwrap_or_default());
    let [plot, x, y, x_kind, y_kind] = &attributes;
    let Ok(scale) = Scale::parse(plot, x, y, x_kind, y_kind) else { return true };
    // The line of the present says up to where the drawing goes; without it nothing has been measured yet.
    let Some(now) = last(drawing, "[data-now]") else { return false };
    let Some(drawn) = number(&now, "x1") else { return true };
    let present = scale.x(growth.second);
    if present <= drawn {
        return true;
    }
    if growth.values.iter().any(|value| value.value.is_some_and(|y| !scale.contains(growth.second, y))) {
        return false;
    }
    let origin = number(drawing, ORIGIN).unwrap_or_else(|| {
        drop(drawing.set_attribute(ORIGIN, &drawn.to_string()));
        drawn
    });
    for value in &growth.values {
        grow_series(drawing, &scale, growth.second, value);
        for part in ["label", "key"] {
            if let Some(part) = last(drawing, &format!("[data-{part}=\"{}\"]", value.series)) {
                drop(part.set_attribute("transform", &format!("translate({:.1} 0)", present - origin)));
            }
        }
    }
    for end in ["x1", "x2"] {
        drop(now.set_attribute(end, &format!("{present:.1}")));
    }
    true
}

/// Where the present was when the server drew: labels are moved from there.
const ORIGIN: &str = "data-drawn-x";

fn grow_series(drawing: &Element, scale: &Scale, second: f64, value: &Value) {
    let find = |part: &str| last(drawing, &format!("[data-{part}=\"{}\"]", value.series));
    let Some(y) = value.value else {
        for shape in ["series", "area"].into_iter().filter_map(find) {
            drop(shape.set_attribute(ENDED, ""));
        }
        return;
    };
    let at = scale.point(second, y);
    let foot = scale.point(second, 0.0);
    if let Some(line) = find("series") {
        extend(&line, &at, &at, 0);
    }
    if let Some(area) = find("area") {
        // The outline ends on the base line below the last value: it moves on with it.
        extend(&area, &format!("{at} {foot}"), &format!("{foot} {at} {foot}"), 1);
    }
    if let (Some(bars), true) = (find("bars"), y > 0.0) {
        append(&bars, &bar(scale, second, y), 0);
    }
    if let (Some(text), Some(label)) = (find("label"), &value.label) {
        text.set_text_content(Some(label));
    }
}

/// Marks a shape that a gap has ended: what comes after it is another shape.
const ENDED: &str = "data-ended";

/// Adds to a shape; after a gap begins another one like it.
fn extend(shape: &Element, more: &str, anew: &str, less: usize) {
    if !shape.has_attribute(ENDED) {
        append(shape, more, less);
        return;
    }
    let copy = shape.clone_node_with_deep(false).ok().and_then(|node| node.dyn_into::<Element>().ok());
    if let (Some(copy), Some(parent)) = (copy, shape.parent_node()) {
        drop(copy.remove_attribute(ENDED));
        drop(copy.set_attribute("points", anew));
        drop(parent.insert_before(&copy, shape.next_sibling().as_ref()));
    }
}

fn number(element: &Element, attribute: &str) -> Option<f64> {
    element.get_attribute(attribute)?.parse().ok()
}

/// Adds points to the end of a list, after taking `less` points from it.
fn append(shape: &Element, points: &str, less: usize) {
    let present = shape.get_attribute("points").unwrap_or_default();
    drop(shape.set_attribute("points", &appended(&present, points, less)));
}

fn appended(present: &str, points: &str, less: usize) -> String {
    let mut kept = present.trim_end();
    for _ in 0..less {
        kept = kept.rsplit_once(' ').map_or("", |(before, _)| before);
    }
    if kept.is_empty() { points.to_owned() } else { format!("{kept} {points}") }
}

/// The outline of one bar, from the base line and back to it.
fn bar(scale: &Scale, second: f64, value: f64) -> String {
    let half = ((scale.x(second + 1.0) - scale.x(second)) * 0.4).max(0.4);
    let (middle, top, base) = (scale.x(second), scale.y(value), scale.y(0.0));
    let (left, right) = (middle - half, middle + half);
    format!("{left:.1},{base:.1} {left:.1},{top:.1} {right:.1},{top:.1} {right:.1},{base:.1}")
}

fn last(drawing: &Element, selector: &str) -> Option<Element> {
    let found = drawing.query_selector_all(selector).ok()?;
    found.item(found.length().checked_sub(1)?)?.dyn_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_grows_at_its_end() {
        assert_eq!(appended("1,2 3,4", "5,6", 0), "1,2 3,4 5,6");
        assert_eq!(appended("", "5,6", 0), "5,6");
    }

    #[test]
    fn the_outline_of_an_area_moves_its_foot_along() {
        assert_eq!(appended("0,9 1,2 1,9", "2,3 2,9", 1), "0,9 1,2 2,3 2,9");
    }

    #[test]
    fn a_bar_stands_on_the_base_line() {
        let scale = Scale::parse("0,0,100,100", "0,100", "0,10", "linear", "linear").expect("a scale of round numbers");
        assert_eq!(bar(&scale, 50.0, 5.0), "49.6,100.0 49.6,50.0 50.4,50.0 50.4,100.0");
    }
}
