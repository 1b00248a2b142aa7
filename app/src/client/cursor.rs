//! The cursor of a page's charts: one second of the run, marked in every chart and read out above it.
//!
//! In:  where a person points, or an arrow key. Out: a line in each drawing, the values of that second in the chart's
//!      readout. The values are the chart's own file (`.json`), not what the line looks like.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use leptos::wasm_bindgen::{JsCast, JsValue, closure::Closure};
use leptos::web_sys::{Element, Event, KeyboardEvent, PointerEvent, Response};
use perflab_charts::Scale;
use perflab_model::display;
use wasm_bindgen_futures::JsFuture;

use super::page;

/// The SVG name space.
const SVG: &str = "http://www.w3.org/2000/svg";

/// The figures of a page, with the numbers of those that have been looked at.
#[derive(Default)]
pub struct Cursor {
    second: RefCell<Option<f64>>,
    rows: RefCell<HashMap<String, Vec<Row>>>,
}

/// One second of a chart.
struct Row {
    second: f64,
    text: String,
}

/// Lets people point at the charts of this page.
pub fn watch() {
    let cursor = Rc::new(Cursor::default());
    for figure in all(".chart[data-values]") {
        let Ok(Some(plot)) = figure.query_selector(".plot") else { continue };
        for (name, value) in
            [("tabindex", "0"), ("role", "group"), ("aria-label", "Chart; arrow keys read it out second by second")]
        {
            drop(plot.set_attribute(name, value));
        }
        let (pointing, stepping) = (cursor.clone(), cursor.clone());
        let of_pointer = plot.clone();
        listen(&plot, "pointermove", move |event| {
            if let Some(second) = event.dyn_ref::<PointerEvent>().and_then(|event| pointed(&of_pointer, event)) {
                Cursor::show(&pointing, second);
            }
        });
        let of_keys = plot.clone();
        listen(&plot, "keydown", move |event| {
            let step = match event.dyn_ref::<KeyboardEvent>().map(KeyboardEvent::key).as_deref() {
                Some("ArrowRight") => 1.0,
                Some("ArrowLeft") => -1.0,
                Some("PageDown") => 10.0,
                Some("PageUp") => -10.0,
                _ => return,
            };
            let Some(scale) = shown(&of_keys).as_ref().and_then(scale_of) else { return };
            event.prevent_default();
            let from = stepping.second.borrow().unwrap_or(scale.x.from());
            Cursor::show(&stepping, (from + step).clamp(scale.x.from(), scale.x.to()));
        });
    }
}

impl Cursor {
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
            let known = cursor.rows.borrow().contains_key(&address);
            if known {
                cursor.read_out(&figure, &address);
            } else {
                cursor.rows.borrow_mut().insert(address.clone(), Vec::new());
                let cursor = cursor.clone();
                leptos::task::spawn_local(async move {
                    if let Some(rows) = fetch(&address).await {
                        cursor.rows.borrow_mut().insert(address.clone(), rows);
                    } else {
                        cursor.rows.borrow_mut().remove(&address);
                    }
                    cursor.read_out(&figure, &address);
                });
            }
        }
    }

    fn read_out(&self, figure: &Element, address: &str) {
        let (Some(second), Ok(Some(readout))) = (*self.second.borrow(), figure.query_selector(".readout")) else {
            return;
        };
        let rows = self.rows.borrow();
        let found = rows.get(address).and_then(|rows| rows.iter().find(|row| row.second == second));
        let values = found.map_or("not measured", |row| row.text.as_str());
        readout.set_text_content(Some(&format!("{}  {values}", display::elapsed(second.max(0.0) as u64))));
    }
}

/// The values of every second, in words.
async fn fetch(address: &str) -> Option<Vec<Row>> {
    let window = leptos::web_sys::window()?;
    let reply: Response = JsFuture::from(window.fetch_with_str(address)).await.ok()?.dyn_into().ok()?;
    let chart = JsFuture::from(reply.json().ok()?).await.ok()?;
    let unit = get(&chart, "unit")?.as_string()?;
    let points: js_sys::Array = get(&chart, "points")?.dyn_into().ok()?;
    Some(points.iter().filter_map(|point| row(&point, &unit)).collect())
}

fn row(point: &JsValue, unit: &str) -> Option<Row> {
    let second = get(point, "second")?.as_f64()?;
    let names = js_sys::Object::keys(point.dyn_ref::<js_sys::Object>()?);
    let values = names.iter().filter_map(|name| name.as_string()).filter(|name| name != "second").map(|name| {
        let shown = match get(point, &name).and_then(|value| value.as_f64()) {
            Some(value) if unit.starts_with('/') => format!("{}{unit}", display::number(value)),
            Some(value) => format!("{} {unit}", display::number(value)),
            None => "–".to_owned(),
        };
        format!("{} {}", name.replace('_', " "), shown.trim_end())
    });
    Some(Row { second, text: values.collect::<Vec<_>>().join("  ") })
}

fn get(object: &JsValue, name: &str) -> Option<JsValue> {
    js_sys::Reflect::get(object, &JsValue::from_str(name)).ok()
}

/// The second under a pointer.
fn pointed(plot: &Element, event: &PointerEvent) -> Option<f64> {
    let drawing = shown(plot)?;
    let scale = scale_of(&drawing)?;
    let room = drawing.get_bounding_client_rect();
    let width: f64 = drawing.get_attribute("width")?.parse().ok()?;
    let pixel = (f64::from(event.client_x()) - room.left()) / room.width() * width;
    let second = scale.x_at(pixel);
    scale.x.contains(second).then_some(second)
}

/// The drawing that the style sheet shows.
fn shown(plot: &Element) -> Option<Element> {
    within(plot, ":scope > svg").into_iter().find(|drawing| drawing.get_bounding_client_rect().width() > 0.0)
}

fn scale_of(drawing: &Element) -> Option<Scale> {
    let [plot, x, y, x_kind, y_kind] = Scale::ATTRIBUTES.map(|name| drawing.get_attribute(name).unwrap_or_default());
    Scale::parse(&plot, &x, &y, &x_kind, &y_kind).ok()
}

/// Moves the line of the cursor, or makes it.
fn mark(drawing: &Element, second: f64) {
    let Some(scale) = scale_of(drawing) else { return };
    let line = drawing.query_selector("[data-cursor]").ok().flatten().or_else(|| {
        let line = page::document()?.create_element_ns(Some(SVG), "line").ok()?;
        drop(line.set_attribute("data-cursor", ""));
        drop(line.set_attribute("stroke", "var(--ink-3)"));
        drop(line.set_attribute("y1", &scale.plot.y.to_string()));
        drop(line.set_attribute("y2", &(scale.plot.y + scale.plot.h).to_string()));
        drawing.append_child(&line).ok()?;
        Some(line)
    });
    if let Some(line) = line {
        let x = format!("{:.1}", scale.x(second));
        drop(line.set_attribute("x1", &x));
        drop(line.set_attribute("x2", &x));
    }
}

fn all(selector: &str) -> Vec<Element> {
    page::document()
        .and_then(|document| document.document_element())
        .map(|root| within(&root, selector))
        .unwrap_or_default()
}

fn within(element: &Element, selector: &str) -> Vec<Element> {
    let Ok(found) = element.query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|index| found.item(index)?.dyn_into().ok()).collect()
}

fn listen(element: &Element, event: &str, action: impl Fn(Event) + 'static) {
    let listener = Closure::<dyn Fn(Event)>::new(action).into_js_value();
    drop(element.add_event_listener_with_callback(event, listener.unchecked_ref()));
}
