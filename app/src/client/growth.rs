//! Lets the charts of a live run grow: adds a second to every drawing of a series, in the scale that the server chose,
//! and moves the labels along with their lines.
//!
//! In:  the drawing's `data-` attributes (see `perflab-charts::scale`) and the values of one second.
//! Out: `false` when the server must draw anew: a value has no place on the axes, a label has no room, a second is
//!      missing between what is drawn and this one, or so much was added that the drawing has more points than pixels.

use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::Element;
use perflab_charts::{
    Scale,
    label::{KEY, LABEL_GAP, TO_BASELINE, beside, width},
};

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

/// How many seconds were added since the server drew.
const GROWN: &str = "data-grown";

/// Marks a shape that a gap has ended: what comes after it is another shape. The server marks its own in the same way.
const ENDED: &str = "data-ended";

/// Adds a second to all drawings of a figure. Seconds that are drawn already change nothing.
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
    let Some(drawn) = number(&now, "data-now") else { return true };
    if growth.second <= drawn {
        return true;
    }
    let grown = number(drawing, GROWN).unwrap_or(0.0) + 1.0;
    let is_next = growth.second <= drawn + 1.0;
    let has_place = |value: &Value| value.value.is_none_or(|y| scale.contains(growth.second, y));
    if !is_next || grown > scale.plot.w || !growth.values.iter().all(has_place) {
        return false;
    }
    for value in &growth.values {
        grow_series(drawing, &scale, growth.second, value);
    }
    let present = scale.x(growth.second);
    for end in ["x1", "x2"] {
        drop(now.set_attribute(end, &format!("{present:.1}")));
    }
    drop(now.set_attribute("data-now", &growth.second.to_string()));
    drop(drawing.set_attribute(GROWN, &grown.to_string()));
    move_labels(drawing, &scale, growth)
}

fn grow_series(drawing: &Element, scale: &Scale, second: f64, value: &Value) {
    let find = |part: &str| part_of(drawing, part, value.series);
    let Some(y) = value.value else {
        for shape in ["series", "area"].into_iter().filter_map(find) {
            drop(shape.set_attribute(ENDED, ""));
        }
        return;
    };
    let at = scale.point(second, y);
    let foot = scale.point(second, 0.0);
    if let Some(line) = find("series") {
        // Twice the same point: a second between two gaps is a dot.
        extend(&line, &at, &format!("{at} {at}"), 0);
    }
    if let Some(area) = find("area") {
        // The outline ends on the base line below the last value: it moves on with it.
        extend(&area, &format!("{at} {foot}"), &format!("{foot} {at} {foot}"), 1);
    }
    if let (Some(bars), true) = (find("bars"), y > 0.0) {
        append(&bars, &bar(scale, second, y), 0);
    }
}

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
        drop(copy.set_attribute("stroke-linecap", "round"));
        drop(parent.insert_before(&copy, shape.next_sibling().as_ref()));
    }
}

/// Where a label stands, as the server has put it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    /// Behind the end of its line: it moves along.
    Behind,
    /// In the margin beside the plot.
    Margin,
    /// Above the end of its line, against the right edge: there was no room behind.
    Above,
}

/// A label of the drawing: its text and its colour key.
struct Label {
    text: Element,
    key: Option<Element>,
    stand: Stand,
    /// Where it would best stand: the height of its line's end, or where it is when the line has ended.
    wish: f64,
    width: f64,
}

/// Brings the labels to the ends of their lines. `false` when one would leave the drawing.
fn move_labels(drawing: &Element, scale: &Scale, growth: &Growth<'_>) -> bool {
    let labels: Vec<Label> = growth.values.iter().filter_map(|value| label(drawing, scale, value)).collect();
    let drawing_width = number(drawing, "width").unwrap_or(0.0);
    let (top, bottom) = (scale.plot.y, scale.plot.y + scale.plot.h);
    let x = scale.x(growth.second) + LABEL_GAP;
    for stand in [Stand::Behind, Stand::Margin] {
        let column: Vec<&Label> = labels.iter().filter(|label| label.stand == stand).collect();
        let wishes: Vec<f64> = column.iter().map(|label| label.wish).collect();
        // Labels of limits stand in the margin as well; behind a line, others go on below its label. Both stay.
        let standing = match stand {
            Stand::Margin => limits(drawing, scale),
            _ => level_lines(drawing, scale),
        };
        for (label, place) in column.into_iter().zip(beside(&wishes, &standing, top, bottom - 3.0)) {
            let Some(y) = place else { return false };
            label.put(y, (stand == Stand::Behind).then_some(x));
        }
    }
    for label in labels.iter().filter(|label| label.stand == Stand::Above) {
        label.put((label.wish - 10.0).max(top + 6.0), None);
    }
    let behind = labels.iter().filter(|label| label.stand == Stand::Behind);
    behind.map(|label| label.width).all(|width| has_room(scale, drawing_width, x, width))
}

/// Whether a label behind the end of its line stays in the drawing.
fn has_room(scale: &Scale, drawing_width: f64, x: f64, width: f64) -> bool {
    x + KEY + width <= (scale.plot.x + scale.plot.w).max(drawing_width - 12.0)
}

fn label(drawing: &Element, scale: &Scale, value: &Value) -> Option<Label> {
    let text = part_of(drawing, "label", value.series)?;
    if let Some(words) = &value.label {
        text.set_text_content(Some(words));
    }
    let at_end = text.get_attribute("text-anchor").as_deref() == Some("end");
    let stand = match number(&text, "x") {
        _ if at_end => Stand::Above,
        Some(x) if x >= scale.plot.x + scale.plot.w => Stand::Margin,
        _ => Stand::Behind,
    };
    let present = number(&text, "y").map(|baseline| baseline - TO_BASELINE);
    let wish = value.value.map(|y| scale.y(y)).or(present)?;
    let width = text.text_content().map_or(0.0, |words| width(&words));
    Some(Label { key: part_of(drawing, "key", value.series), text, stand, wish, width })
}

impl Label {
    fn put(&self, y: f64, x: Option<f64>) {
        drop(self.text.set_attribute("y", &format!("{:.1}", y + TO_BASELINE)));
        if let Some(x) = x {
            let behind_key = if self.key.is_some() { x + KEY } else { x };
            drop(self.text.set_attribute("x", &format!("{behind_key:.1}")));
        }
        let Some(key) = &self.key else { return };
        for (name, at) in [("y1", Some(y)), ("y2", Some(y)), ("x1", x), ("x2", x.map(|x| x + 8.0))] {
            if let Some(at) = at {
                drop(key.set_attribute(name, &format!("{at:.1}")));
            }
        }
    }
}

/// The heights of the labels in the margin that belong to no series.
fn limits(drawing: &Element, scale: &Scale) -> Vec<f64> {
    let margin = scale.plot.x + scale.plot.w;
    let inside = scale.plot.y..=scale.plot.y + scale.plot.h;
    all(drawing, "text:not([data-label])")
        .iter()
        .filter(|text| number(text, "x").is_some_and(|x| x > margin))
        .filter_map(|text| number(text, "y").map(|baseline| baseline - TO_BASELINE))
        .filter(|y| inside.contains(y))
        .collect()
}

/// The heights of the lines that go on behind the present: limits, and what is planned.
fn level_lines(drawing: &Element, scale: &Scale) -> Vec<f64> {
    let inside = scale.plot.y..=scale.plot.y + scale.plot.h;
    let levels = all(drawing, "line[stroke-dasharray]");
    let levels = levels.iter().filter(|line| line.get_attribute("y1") == line.get_attribute("y2"));
    let planned = all(drawing, "polyline[stroke-dasharray]");
    let ends = planned.iter().filter_map(|line| last_height(&line.get_attribute("points")?));
    levels.filter_map(|line| number(line, "y1")).chain(ends).filter(|y| inside.contains(y)).collect()
}

/// The height of the last point of a line.
fn last_height(points: &str) -> Option<f64> {
    points.trim_end().rsplit_once(',')?.1.parse().ok()
}

fn part_of(drawing: &Element, part: &str, series: &str) -> Option<Element> {
    last(drawing, &format!("[data-{part}=\"{series}\"]"))
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
    let half = ((scale.x(second + 1.0) - scale.x(second)) * 0.4).clamp(0.4, 12.0);
    let (middle, top, base) = (scale.x(second), scale.y(value), scale.y(0.0));
    let (left, right) = (middle - half, middle + half);
    format!("{left:.1},{base:.1} {left:.1},{top:.1} {right:.1},{top:.1} {right:.1},{base:.1}")
}

fn last(drawing: &Element, selector: &str) -> Option<Element> {
    all(drawing, selector).pop()
}

fn all(drawing: &Element, selector: &str) -> Vec<Element> {
    let Ok(found) = drawing.query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|index| found.item(index)?.dyn_into().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale() -> Scale {
        Scale::parse("0,0,100,100", "0,100", "0,10", "linear", "linear").expect("a scale of round numbers")
    }

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
        assert_eq!(bar(&scale(), 50.0, 5.0), "49.6,100.0 49.6,50.0 50.4,50.0 50.4,100.0");
    }

    #[test]
    fn a_line_ends_at_its_last_point() {
        assert_eq!(last_height("44,152 93.1,48.7 "), Some(48.7));
        assert_eq!(last_height(""), None);
    }

    #[test]
    fn a_label_that_would_leave_the_drawing_asks_for_a_new_one() {
        assert!(has_room(&scale(), 120.0, 40.0, 50.0));
        assert!(!has_room(&scale(), 120.0, 60.0, 50.0));
    }
}
