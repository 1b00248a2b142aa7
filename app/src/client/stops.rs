//! The cursor of charts that bring along where it stops: the runs of a trend, the spans of a distribution, the seconds of
//! a plan. Each chart has its own.
//!
//! In:  where a person points, or a key; the stops, from an attribute of the chart. Out: a line in its drawing, and the
//!      words of that stop in its readout and as the value of a slider, as which assistive technology knows the chart. A
//!      click or Enter follows a stop that leads somewhere.

use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Element, Event, KeyboardEvent, PointerEvent};

use super::{
    cursor::{all, listen, mark, pointed, scale_of, shown, within},
    page,
};

/// Says which stop is shown.
const NOW: &str = "aria-valuenow";

/// The words before any is.
const NONE: &str = "nothing chosen";

/// Lets people point at the charts of this page, also at those that come later.
pub fn watch() {
    prepare();
    let Some(root) = page::document().and_then(|document| document.document_element()) else { return };
    listen(&root, "pointermove", |event| {
        let Some((figure, slider)) = charted(&event) else { return };
        let stops = stops(&figure);
        let value = event.dyn_ref::<PointerEvent>().and_then(|event| pointed(&slider, event));
        if let Some(at) = value.and_then(|value| nearest(&slider, &stops, value)) {
            show(&figure, &slider, &stops, at);
        }
    });
    listen(&root, "keydown", |event| {
        let Some((figure, slider)) = charted(&event) else { return };
        let Some(key) = event.dyn_ref::<KeyboardEvent>().map(KeyboardEvent::key) else { return };
        if key == "Escape" {
            hide(&figure, &slider);
            return;
        }
        let stops = stops(&figure);
        let now = shown_at(&slider);
        if key == "Enter" {
            follow(&stops, now);
        } else if let Some(at) = stepped(&key, now, stops.len()) {
            event.prevent_default();
            show(&figure, &slider, &stops, at);
        }
    });
    listen(&root, "click", |event| {
        // Only what is read out is followed: a finger that taps is shown first where it would lead.
        if let Some((figure, slider)) = charted(&event) {
            follow(&stops(&figure), shown_at(&slider));
        }
    });
}

/// The stop that is shown.
fn shown_at(slider: &Element) -> Option<usize> {
    slider.get_attribute(NOW)?.parse::<usize>().ok()?.checked_sub(1)
}

fn follow(stops: &[Stop], at: Option<usize>) {
    let address = at.and_then(|at| stops.get(at)).filter(|stop| !stop.leads_to.is_empty());
    if let (Some(stop), Some(window)) = (address, leptos::web_sys::window()) {
        drop(window.location().set_href(&stop.leads_to));
    }
}

/// A place, its words, and the address that it leads to, empty where it leads nowhere.
#[derive(Debug, PartialEq)]
struct Stop {
    at: f64,
    words: String,
    leads_to: String,
}

/// Makes sliders of the charts that have come.
pub fn prepare() {
    for figure in all(".chart[data-stops]") {
        let Ok(Some(slider)) = figure.query_selector(".scan") else { continue };
        let title = figure.query_selector("figcaption h3").ok().flatten().and_then(|title| title.text_content());
        let name = format!("{}, value by value", title.unwrap_or_default());
        let last = stops(&figure).len().to_string();
        for (attribute, value) in [
            ("tabindex", "0"),
            ("role", "slider"),
            ("aria-label", name.as_str()),
            ("aria-valuemin", "0"),
            ("aria-valuemax", last.as_str()),
            (NOW, "0"),
            ("aria-valuetext", NONE),
        ] {
            drop(slider.set_attribute(attribute, value));
        }
    }
}

/// The chart that an event is about, and its slider.
fn charted(event: &Event) -> Option<(Element, Element)> {
    let slider = event.target()?.dyn_into::<Element>().ok()?.closest(".scan").ok()??;
    let figure = slider.closest(".chart[data-stops]").ok()??;
    Some((figure, slider))
}

fn stops(figure: &Element) -> Vec<Stop> {
    figure.get_attribute("data-stops").map(|lines| read(&lines)).unwrap_or_default()
}

/// A line for each stop: its place, its words and its address, parted by tabs.
fn read(lines: &str) -> Vec<Stop> {
    let stop = |line: &str| {
        let mut parts = line.split('\t');
        let (at, words) = (parts.next()?.parse().ok()?, parts.next()?.to_owned());
        Some(Stop { at, words, leads_to: parts.next().unwrap_or_default().to_owned() })
    };
    lines.lines().filter_map(stop).collect()
}

/// The stop that is nearest as the drawing shows them.
fn nearest(slider: &Element, stops: &[Stop], value: f64) -> Option<usize> {
    let scale = scale_of(&shown(slider)?)?;
    let distance = |stop: &Stop| (scale.x(stop.at) - scale.x(value)).abs();
    (0..stops.len()).min_by(|one, other| distance(&stops[*one]).total_cmp(&distance(&stops[*other])))
}

/// Where a key leads; nothing for keys that are not the slider's.
fn stepped(key: &str, from: Option<usize>, stops: usize) -> Option<usize> {
    let last = stops.checked_sub(1)?;
    let on = |step: usize| from.map_or(0, |from| (from + step).min(last));
    // The first key shows where one stands: at the beginning, or at the end for those who go back.
    let back = |step: usize| from.map_or(last, |from| from.saturating_sub(step));
    match key {
        "Home" => Some(0),
        "End" => Some(last),
        "ArrowRight" | "ArrowUp" => Some(on(1)),
        "ArrowLeft" | "ArrowDown" => Some(back(1)),
        "PageUp" => Some(on(10)),
        "PageDown" => Some(back(10)),
        _ => None,
    }
}

fn show(figure: &Element, slider: &Element, stops: &[Stop], at: usize) {
    let now = (at + 1).to_string();
    if slider.get_attribute(NOW).as_ref() == Some(&now) {
        return;
    }
    let Some(Stop { at: place, words, .. }) = stops.get(at) else { return };
    within(figure, ".plot > svg").iter().for_each(|drawing| mark(drawing, *place));
    drop(slider.set_attribute(NOW, &now));
    drop(slider.set_attribute("aria-valuetext", words));
    if let Ok(Some(readout)) = figure.query_selector(".readout") {
        readout.set_text_content(Some(words));
    }
}

fn hide(figure: &Element, slider: &Element) {
    within(figure, "[data-cursor]").iter().for_each(Element::remove);
    drop(slider.set_attribute(NOW, "0"));
    drop(slider.set_attribute("aria-valuetext", NONE));
    if let Ok(Some(readout)) = figure.query_selector(".readout") {
        readout.set_text_content(None);
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::the_first_key_begins_at_the_beginning("ArrowRight", None, Some(0))]
    #[case::or_at_the_end_when_it_goes_back("ArrowLeft", None, Some(11))]
    #[case::one_on("ArrowRight", Some(4), Some(5))]
    #[case::not_beyond_the_end("PageUp", Some(5), Some(11))]
    #[case::not_before_the_beginning("PageDown", Some(3), Some(0))]
    #[case::end("End", Some(0), Some(11))]
    #[case::other_keys_are_left_alone("Tab", Some(3), None)]
    fn keys_lead_from_stop_to_stop(#[case] key: &str, #[case] from: Option<usize>, #[case] to: Option<usize>) {
        assert_eq!(stepped(key, from, 12), to);
    }

    #[test]
    fn a_chart_without_stops_leads_nowhere() {
        assert_eq!(stepped("End", None, 0), None);
    }

    #[test]
    fn stops_are_read_with_their_words_and_what_is_none_is_left_out() {
        let stop =
            |at: f64, words: &str, leads_to: &str| Stop { at, words: words.to_owned(), leads_to: leads_to.to_owned() };
        let read = read("1.5\t#7  12 ms\t/runs/7\nnonsense\n2\td");
        assert_eq!(read, [stop(1.5, "#7  12 ms", "/runs/7"), stop(2.0, "d", "")]);
    }
}
