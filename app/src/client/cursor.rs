//! The cursor of a page's charts: one second of the run, marked in every chart and read out above it.
//!
//! In:  where a person points, or a key. Out: a line in each drawing, the values of that second in the chart's readout.
//!      The values are the chart's own file (`.json`), not what the line looks like; of a live run they grow with it.
//!
//! To assistive technology a chart is a slider over its seconds: keys move it, and what is read out is its value. So
//! only the chart that has the focus speaks.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use leptos::wasm_bindgen::{JsCast, JsValue, closure::Closure};
use leptos::web_sys::{Element, Event, KeyboardEvent, PointerEvent, Response};
use perflab_charts::Scale;
use perflab_model::display;
use wasm_bindgen_futures::JsFuture;

use super::page;

/// The SVG name space.
const SVG: &str = "http://www.w3.org/2000/svg";

/// Pause before values that could not be had are asked for again, milliseconds.
const AGAIN_MS: f64 = 5_000.0;

thread_local! {
    /// The cursor of the open page: what follows a live run brings it up to date.
    static CURSOR: RefCell<Option<Rc<Cursor>>> = const { RefCell::new(None) };
}

/// The figures of a page, with the numbers of those that have been looked at.
#[derive(Default)]
struct Cursor {
    second: RefCell<Option<f64>>,
    values: RefCell<HashMap<String, Values>>,
}

/// The numbers of a chart, by the address of its file.
enum Values {
    Awaited,
    Known {
        unit: String,
        rows: Vec<Row>,
    },
    /// They could not be had; since when, in milliseconds.
    Missing {
        since: f64,
    },
}

/// One point of a chart.
struct Row {
    second: f64,
    /// How many seconds it holds.
    seconds: f64,
    text: String,
}

/// Lets people point at the charts of this page.
pub fn watch() {
    let cursor = Rc::new(Cursor::default());
    CURSOR.set(Some(cursor.clone()));
    for figure in all(".chart[data-values]") {
        let Ok(Some(slider)) = figure.query_selector(".scan") else { continue };
        let title = figure.query_selector("figcaption h3").ok().flatten().and_then(|title| title.text_content());
        let name = format!("{}, second by second", title.unwrap_or_default());
        for (attribute, value) in [
            ("tabindex", "0"),
            ("role", "slider"),
            ("aria-label", name.as_str()),
            ("aria-valuemin", "0"),
            ("aria-valuenow", "0"),
            ("aria-valuetext", "no second chosen"),
        ] {
            drop(slider.set_attribute(attribute, value));
        }
        let (pointing, of_pointer) = (cursor.clone(), slider.clone());
        listen(&slider, "pointermove", move |event| {
            if let Some(second) = event.dyn_ref::<PointerEvent>().and_then(|event| pointed(&of_pointer, event)) {
                Cursor::show(&pointing, second);
            }
        });
        let (stepping, of_keys) = (cursor.clone(), slider.clone());
        listen(&slider, "keydown", move |event| {
            let Some(key) = event.dyn_ref::<KeyboardEvent>().map(KeyboardEvent::key) else { return };
            if key == "Escape" {
                stepping.hide();
                return;
            }
            let Some(range) = shown(&of_keys).as_ref().and_then(range) else { return };
            let from = *stepping.second.borrow();
            if let Some(second) = stepped(&key, from, range, stepping.stride()) {
                event.prevent_default();
                Cursor::show(&stepping, second);
            }
        });
    }
}

/// Puts the line back into drawings that have been replaced.
pub fn mark_again() {
    CURSOR.with_borrow(|cursor| {
        if let Some(second) = cursor.as_ref().and_then(|cursor| *cursor.second.borrow()) {
            all(".chart[data-values] .plot > svg").iter().for_each(|drawing| mark(drawing, second));
        }
    });
}

/// A second of a live run has passed: a chart that has been looked at knows it from now on.
pub fn learn(figure: &str, second: f64, values: &[(&'static str, Option<f64>)]) {
    CURSOR.with_borrow(|cursor| {
        let Some(cursor) = cursor else { return };
        let figure = page::document().and_then(|document| document.get_element_by_id(figure));
        let Some(address) = figure.and_then(|figure| figure.get_attribute("data-values")) else { return };
        if let Some(Values::Known { unit, rows }) = cursor.values.borrow_mut().get_mut(&address)
            && rows.last().is_none_or(|last| last.second < second)
        {
            let named = values.iter().map(|(name, value)| ((*name).to_owned(), *value));
            rows.push(Row { second, seconds: 1.0, text: told(named, unit) });
        }
    });
}

/// Where a key leads; nothing for keys that are not the slider's.
fn stepped(key: &str, from: Option<f64>, (first, last): (f64, f64), stride: f64) -> Option<f64> {
    let step = match key {
        "Home" => return Some(first),
        "End" => return Some(last),
        "ArrowRight" | "ArrowUp" => stride,
        "ArrowLeft" | "ArrowDown" => -stride,
        "PageUp" => 10.0 * stride,
        "PageDown" => -10.0 * stride,
        _ => return None,
    };
    // The first key shows where one stands: at the beginning, or at the end for those who go back.
    let begin = if step > 0.0 { first } else { last };
    Some(from.map_or(begin, |second| (second + step).clamp(first, last)))
}

/// The point that a second belongs to.
fn covering(rows: &[Row], second: f64) -> Option<&Row> {
    let next = rows.partition_point(|row| row.second <= second);
    rows.get(next.checked_sub(1)?).filter(|row| second < row.second + row.seconds)
}

impl Cursor {
    /// How far one step goes: over the seconds of a point.
    fn stride(&self) -> f64 {
        let values = self.values.borrow();
        let widths = values.values().filter_map(|values| match values {
            Values::Known { rows, .. } => rows.first().map(|row| row.seconds),
            Values::Awaited | Values::Missing { .. } => None,
        });
        widths.fold(1.0, f64::max)
    }

    fn show(cursor: &Rc<Self>, second: f64) {
        let second = second.round();
        if cursor.second.replace(Some(second)) == Some(second) {
            return;
        }
        for figure in all(".chart[data-values]") {
            for drawing in within(&figure, ".plot > svg") {
                mark(&drawing, second);
            }
            let Some(address) = figure.get_attribute("data-values") else { continue };
            if cursor.wants(&address) {
                cursor.values.borrow_mut().insert(address.clone(), Values::Awaited);
                let (cursor, figure, address) = (cursor.clone(), figure.clone(), address.clone());
                leptos::task::spawn_local(async move {
                    let missing = Values::Missing { since: js_sys::Date::now() };
                    let values = fetch(&address).await.unwrap_or(missing);
                    cursor.values.borrow_mut().insert(address.clone(), values);
                    cursor.read_out(&figure, &address);
                });
            }
            cursor.read_out(&figure, &address);
        }
    }

    /// Whether a chart's values have to be fetched.
    fn wants(&self, address: &str) -> bool {
        match self.values.borrow().get(address) {
            None => true,
            Some(Values::Missing { since }) => js_sys::Date::now() - since > AGAIN_MS,
            Some(Values::Awaited | Values::Known { .. }) => false,
        }
    }

    fn read_out(&self, figure: &Element, address: &str) {
        let Some(second) = *self.second.borrow() else { return };
        let values = self.values.borrow();
        let found = match values.get(address) {
            Some(Values::Known { rows, .. }) => covering(rows, second).map_or("not measured", |row| row.text.as_str()),
            Some(Values::Missing { .. }) => "the values could not be fetched",
            Some(Values::Awaited) | None => "fetching the values",
        };
        let text = format!("{}  {found}", display::elapsed(second.max(0.0) as u64));
        if let Ok(Some(readout)) = figure.query_selector(".readout") {
            readout.set_text_content(Some(&text));
        }
        if let Ok(Some(slider)) = figure.query_selector(".scan") {
            let last = shown(&slider).as_ref().and_then(range).map_or(second, |(_, last)| last);
            drop(slider.set_attribute("aria-valuemax", &last.to_string()));
            drop(slider.set_attribute("aria-valuenow", &second.to_string()));
            drop(slider.set_attribute("aria-valuetext", &text));
        }
    }

    fn hide(&self) {
        self.second.replace(None);
        for line in all(".chart [data-cursor]") {
            line.remove();
        }
        for readout in all(".chart > .readout") {
            readout.set_text_content(None);
        }
        for slider in all(".chart > .scan[role]") {
            drop(slider.set_attribute("aria-valuetext", "no second chosen"));
        }
    }
}

/// The values of every second, in words.
async fn fetch(address: &str) -> Option<Values> {
    let window = leptos::web_sys::window()?;
    let reply: Response = JsFuture::from(window.fetch_with_str(address)).await.ok()?.dyn_into().ok()?;
    if !reply.ok() {
        return None;
    }
    let chart = JsFuture::from(reply.json().ok()?).await.ok()?;
    let unit = get(&chart, "unit")?.as_string()?;
    let points: js_sys::Array = get(&chart, "points")?.dyn_into().ok()?;
    let rows = points.iter().filter_map(|point| row(&point, &unit)).collect();
    Some(Values::Known { unit, rows })
}

fn row(point: &JsValue, unit: &str) -> Option<Row> {
    let second = get(point, "second")?.as_f64()?;
    let seconds = get(point, "seconds").and_then(|seconds| seconds.as_f64()).unwrap_or(1.0);
    let names = js_sys::Object::keys(point.dyn_ref::<js_sys::Object>()?);
    let names = names.iter().filter_map(|name| name.as_string()).filter(|name| name != "second" && name != "seconds");
    let values = names.map(|name| (name.replace('_', " "), get(point, &name).and_then(|value| value.as_f64())));
    Some(Row { second, seconds, text: told(values, unit) })
}

/// `p50 86.1 ms  p95 187 ms`: by name, for a file keeps no order.
fn told(values: impl Iterator<Item = (String, Option<f64>)>, unit: &str) -> String {
    let shown = |value: f64| {
        let gap = if unit.starts_with('/') { "" } else { " " };
        format!("{}{gap}{unit}", display::number(value)).trim_end().to_owned()
    };
    let mut told: Vec<String> =
        values.map(|(name, value)| format!("{name} {}", value.map_or_else(|| "–".to_owned(), shown))).collect();
    told.sort();
    told.join("  ")
}

fn get(object: &JsValue, name: &str) -> Option<JsValue> {
    js_sys::Reflect::get(object, &JsValue::from_str(name)).ok()
}

/// The value under a pointer along the axis of the drawing that is shown: a second, where it is a run's.
pub(super) fn pointed(slider: &Element, event: &PointerEvent) -> Option<f64> {
    let drawing = shown(slider)?;
    let scale = scale_of(&drawing)?;
    let room = drawing.get_bounding_client_rect();
    let width: f64 = drawing.get_attribute("width")?.parse().ok()?;
    let pixel = (f64::from(event.client_x()) - room.left()) / room.width() * width;
    let value = scale.x_at(pixel);
    scale.x.contains(value).then_some(value)
}

/// The drawing that the style sheet shows.
pub(super) fn shown(slider: &Element) -> Option<Element> {
    within(slider, ".plot > svg").into_iter().find(|drawing| drawing.get_bounding_client_rect().width() > 0.0)
}

/// The first and the last second that a drawing can show: of a live run up to the present.
fn range(drawing: &Element) -> Option<(f64, f64)> {
    let scale = scale_of(drawing)?;
    let now = drawing.query_selector("[data-now]").ok().flatten();
    let now = now.and_then(|now| now.get_attribute("data-now")?.parse().ok());
    Some((scale.x.from(), now.unwrap_or(scale.x.to())))
}

pub(super) fn scale_of(drawing: &Element) -> Option<Scale> {
    let [plot, x, y, x_kind, y_kind] = Scale::ATTRIBUTES.map(|name| drawing.get_attribute(name).unwrap_or_default());
    Scale::parse(&plot, &x, &y, &x_kind, &y_kind).ok()
}

/// Moves the line of the cursor, or makes it.
pub(super) fn mark(drawing: &Element, value: f64) {
    let Some(scale) = scale_of(drawing) else { return };
    let line = drawing.query_selector("[data-cursor]").ok().flatten().or_else(|| {
        let line = page::document()?.create_element_ns(Some(SVG), "line").ok()?;
        drop(line.set_attribute("data-cursor", ""));
        drop(line.set_attribute("stroke", "var(--ink-3)"));
        drawing.append_child(&line).ok()?;
        Some(line)
    });
    if let Some(line) = line {
        let x = format!("{:.1}", scale.x(value));
        let (top, bottom) = (scale.plot.y.to_string(), (scale.plot.y + scale.plot.h).to_string());
        for (name, at) in [("x1", &x), ("x2", &x), ("y1", &top), ("y2", &bottom)] {
            drop(line.set_attribute(name, at));
        }
    }
}

pub(super) fn all(selector: &str) -> Vec<Element> {
    page::document()
        .and_then(|document| document.document_element())
        .map(|root| within(&root, selector))
        .unwrap_or_default()
}

pub(super) fn within(element: &Element, selector: &str) -> Vec<Element> {
    let Ok(found) = element.query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|index| found.item(index)?.dyn_into().ok()).collect()
}

pub(super) fn listen(element: &Element, event: &str, action: impl Fn(Event) + 'static) {
    let listener = Closure::<dyn Fn(Event)>::new(action).into_js_value();
    drop(element.add_event_listener_with_callback(event, listener.unchecked_ref()));
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::the_first_key_begins_at_the_beginning("ArrowRight", None, Some(0.0))]
    #[case::or_at_the_end_when_it_goes_back("ArrowLeft", None, Some(90.0))]
    #[case::one_on("ArrowRight", Some(4.0), Some(5.0))]
    #[case::ten_on("PageUp", Some(4.0), Some(14.0))]
    #[case::not_beyond_the_end("PageUp", Some(85.0), Some(90.0))]
    #[case::not_before_the_beginning("PageDown", Some(3.0), Some(0.0))]
    #[case::home("Home", Some(50.0), Some(0.0))]
    #[case::end("End", None, Some(90.0))]
    #[case::other_keys_are_left_alone("Tab", Some(3.0), None)]
    fn keys_lead_through_the_seconds(#[case] key: &str, #[case] from: Option<f64>, #[case] to: Option<f64>) {
        assert_eq!(stepped(key, from, (0.0, 90.0), 1.0), to);
    }

    #[test]
    fn a_second_within_a_point_of_several_is_found_and_a_step_goes_over_all_of_them() {
        let row = |second: f64, seconds: f64| Row { second, seconds, text: second.to_string() };
        let rows = [row(0.0, 4.0), row(4.0, 2.0), row(8.0, 4.0)];
        let found = |second| covering(&rows, second).map(|row| row.second);
        assert_eq!(
            [0.0, 3.0, 5.0, 6.0, 11.0, 12.0].map(found),
            [Some(0.0), Some(0.0), Some(4.0), None, Some(8.0), None]
        );
        assert_eq!(stepped("ArrowRight", Some(4.0), (0.0, 90.0), 4.0), Some(8.0));
    }

    #[test]
    fn values_are_told_with_their_unit_and_a_gap_as_a_gap() {
        let values = |names: [(&str, Option<f64>); 2]| names.map(|(name, value)| (name.to_owned(), value)).into_iter();
        assert_eq!(told(values([("p95", Some(187.2)), ("p99", None)]), "ms"), "p95 187 ms  p99 –");
        assert_eq!(
            told(values([("planned", Some(100.0)), ("starts", Some(99.0))]), "/s"),
            "planned 100/s  starts 99.0/s"
        );
        assert_eq!(told(values([("planned", Some(5.0)), ("users", Some(5.0))]), ""), "planned 5.00  users 5.00");
    }
}
