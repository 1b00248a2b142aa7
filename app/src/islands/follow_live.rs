//! A run under way: its charts grow with every second, its numbers and tables are brought up to date.
//!
//! In:  the run's event stream, from where the page was rendered.
//! Out: the page as the server would render it now. When the run ends the page is loaded again: it is then another. While
//!      a person has paused it nothing of it changes; afterwards it catches up by the same stream.
//! The numbers come as the server draws them, not as data: one way to draw them, and little to send to browsers.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use leptos::prelude::*;
use perflab_model::{run::RunState, tick::Point};
use serde::{Deserialize, de::DeserializeOwned};

use super::pause::PauseButton;
use crate::{
    charts::series::RunChart,
    client::{cursor, growth, page, stream},
};

/// Parts of the page that follow the run.
pub const PARTS: [&str; 11] = [
    "live-state",
    "live-actions",
    "live-pace",
    "live-rate",
    "live-rate-buttons",
    "live-numbers",
    "live-answer",
    "live-loads",
    "live-tabs",
    "live-table",
    "live-beside",
];

/// Those of them that hold the log when its tab is open.
const LOG_PARTS: [&str; 2] = ["live-tabs", "live-table"];

/// Id of the line that is shown while the lab cannot be reached.
pub const BROKEN: &str = "live-broken";

/// Id of the line that is shown while the lab answers, but gives this page no stream.
pub const REFUSED: &str = "live-refused";

/// The event kinds that the page follows.
const KINDS: &[&str] = &["tick", "progress", "state", "cancel", "rate", "log"];

/// Wait before new drawings are fetched: a burst of seconds after a reconnect needs them only once.
const REDRAW_MS: i32 = 400;

/// Events of a second come together: the parts are fetched once for them.
const PARTS_MS: i32 = 50;

/// How often the page asks for the numbers when it is given no stream.
const POLL_MS: i32 = 5_000;

/// Seconds kept to be drawn again after new drawings have come.
const KEPT_SECONDS: usize = 120;

/// The body of an event.
#[derive(Deserialize)]
struct Envelope<T> {
    body: T,
}

/// The new state of a run.
#[derive(Deserialize)]
struct NewState {
    state: RunState,
}

/// Follows a run for as long as the page is open. Shows the button that pauses it.
#[island]
pub fn FollowLive(
    /// The run.
    id: String,
    /// Number of the last event that the page holds.
    after: u64,
    /// Whether starts come at a planned rate.
    open: bool,
) -> impl IntoView {
    let paused = RwSignal::new(false);
    Effect::new(move || {
        let id = id.clone();
        let parts = Rc::new(Parts::default());
        let charts = Rc::new(Charts::of(open, parts.held.clone()));
        let address = move |after| format!("/api/v1/runs/{id}/events?after={after}");
        let (of_events, drawings) = (parts.clone(), charts.clone());
        let on_event = move |kind: &'static str, data: String| match kind {
            "tick" => {
                if let Some(point) = read::<Point>(&data) {
                    Charts::add(&drawings, point);
                }
            }
            "state" => {
                let state = read::<NewState>(&data).map(|change| change.state);
                if state.is_some_and(RunState::is_terminal) {
                    page::reload();
                }
                Parts::fetch_soon(&of_events);
            }
            "rate" => {
                // Another plan is to be drawn, and the log has a line more.
                Charts::redraw_soon(&drawings);
                of_events.logged.set(true);
                Parts::fetch_soon(&of_events);
            }
            "log" => {
                of_events.logged.set(true);
                Parts::fetch_soon(&of_events);
            }
            _ => Parts::fetch_soon(&of_events),
        };
        let on_link = {
            let parts = parts.clone();
            move |link| {
                parts.link.set(link);
                parts.say_link(true);
                Parts::fetch_soon(&parts);
            }
        };
        let pause = stream::open(address, after, KINDS, on_event, on_link);
        let polled = parts.clone();
        page::every(POLL_MS, move || {
            if polled.link.get() == stream::Link::Refused && page::is_visible() && !polled.held.get() {
                Parts::fetch_soon(&polled);
                Charts::redraw_soon(&charts);
            }
        });
        let hold = move |paused: &bool, _: Option<&bool>, _: Option<()>| {
            parts.held.set(*paused);
            pause(*paused);
            if *paused {
                // Nothing is asked for, so nothing is known of the lab.
                parts.link.set(stream::Link::Connected);
                parts.say_link(true);
            } else {
                Parts::fetch_soon(&parts);
            }
        };
        Effect::watch(move || paused.get(), hold, false);
    });
    view! { <PauseButton paused=paused/> }
}

fn read<T: DeserializeOwned>(data: &str) -> Option<T> {
    serde_json::from_str::<Envelope<T>>(data).ok().map(|event| event.body)
}

/// The charts of the page.
struct Charts {
    open: bool,
    timer: page::Timer,
    /// New drawings are under way: what comes meanwhile is drawn on those.
    awaited: Cell<bool>,
    /// A person has paused the page.
    held: Rc<Cell<bool>>,
    recent: RefCell<VecDeque<Point>>,
}

impl Charts {
    fn of(open: bool, held: Rc<Cell<bool>>) -> Self {
        Self { open, timer: page::Timer::default(), awaited: Cell::new(false), held, recent: RefCell::default() }
    }

    fn add(charts: &Rc<Self>, point: Point) {
        let drawn = charts.awaited.get() || charts.grow(&point);
        let mut recent = charts.recent.borrow_mut();
        if recent.len() == KEPT_SECONDS {
            recent.pop_front();
        }
        recent.push_back(point);
        if !drawn {
            Self::redraw_soon(charts);
        }
    }

    /// Adds a second to the charts; `false` when one of them must be drawn anew.
    fn grow(&self, point: &Point) -> bool {
        let mut fits = true;
        for chart in RunChart::ALL {
            let figure = chart.figure();
            cursor::learn(&figure, point.second.into(), &chart.values(self.open, point));
            let values = chart.drawn(self.open, point).into_iter().map(|(series, value)| growth::Value {
                series,
                value,
                label: chart.label(series, value),
            });
            let growth = growth::Growth { figure: &figure, second: point.second.into(), values: values.collect() };
            fits &= growth::grow(&growth);
        }
        fits
    }

    fn redraw_soon(charts: &Rc<Self>) {
        if charts.awaited.replace(true) {
            return;
        }
        let drawing = charts.clone();
        charts.timer.after(REDRAW_MS, move || leptos::task::spawn_local(drawing.redraw()));
    }

    async fn redraw(self: Rc<Self>) {
        let fetched = match page::address() {
            Some(address) => page::fetch(&wanted(&address, false).0).await,
            None => None,
        };
        self.awaited.set(false);
        // Without new drawings the next second asks for them again, be it after a pause.
        let Some(fetched) = fetched.filter(|fetched| page::holds(fetched, PARTS[0]) && !self.held.get()) else {
            return;
        };
        let ids: Vec<String> = RunChart::ALL.into_iter().flat_map(RunChart::drawings).collect();
        page::replace(&fetched, &ids);
        // Seconds that passed while the page was on its way are not in it yet.
        let recent = self.recent.borrow().clone();
        let drawn = recent.iter().all(|point| self.grow(point));
        cursor::mark_again();
        if !drawn {
            Self::redraw_soon(&self);
        }
    }
}

/// Brings the parts up to date: one request at a time, and one more when something happened meanwhile.
struct Parts {
    timer: page::Timer,
    under_way: Cell<bool>,
    again: Cell<bool>,
    /// A line was logged since the log was fetched.
    logged: Cell<bool>,
    link: Cell<stream::Link>,
    /// A person has paused the page.
    held: Rc<Cell<bool>>,
}

impl Default for Parts {
    fn default() -> Self {
        Self {
            timer: page::Timer::default(),
            under_way: Cell::new(false),
            again: Cell::new(false),
            logged: Cell::new(false),
            link: Cell::new(stream::Link::Connected),
            held: Rc::default(),
        }
    }
}

impl Parts {
    fn fetch_soon(parts: &Rc<Self>) {
        if parts.held.get() || parts.under_way.get() || !page::is_visible() {
            parts.again.set(true);
            return;
        }
        let fetching = parts.clone();
        parts.timer.after(PARTS_MS, move || leptos::task::spawn_local(fetching.fetch()));
    }

    async fn fetch(self: Rc<Self>) {
        if self.under_way.replace(true) {
            return;
        }
        loop {
            self.again.set(false);
            let answered = self.fetch_once().await;
            self.say_link(answered);
            if !answered || !self.again.get() || self.held.get() || !page::is_visible() {
                break;
            }
        }
        self.under_way.set(false);
    }

    /// Fetches the parts once; `false` when the lab did not answer.
    async fn fetch_once(&self) -> bool {
        let Some(address) = page::address() else { return true };
        let logged = self.logged.replace(false);
        let (address, parts) = wanted(&address, logged);
        let Some(fetched) = page::fetch(&page::with_word(&address, "only=numbers")).await else { return false };
        if self.held.get() {
            // Paused while the answer was on its way: it is asked for anew when the page goes on.
            self.logged.set(logged || self.logged.get());
            return true;
        }
        if !page::holds(&fetched, PARTS[0]) {
            // It is no longer the page of a live run.
            page::reload();
            return true;
        }
        let sentences = RunChart::ALL.into_iter().map(RunChart::finding);
        let ids: Vec<String> = parts.into_iter().map(str::to_owned).chain(sentences).collect();
        page::replace(&fetched, &ids);
        true
    }

    /// Says how the page and the lab are connected, as far as that is known here.
    fn say_link(&self, answered: bool) {
        let link = self.link.get();
        page::set_hidden(BROKEN, answered && link != stream::Link::Lost);
        page::set_hidden(REFUSED, !(answered && link == stream::Link::Refused));
    }
}

/// Which address has the parts, and which of them to take from it. The log is long and read from its beginning, so it is
/// asked for only when something was logged.
fn wanted(address: &str, logged: bool) -> (String, Vec<&'static str>) {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let log_is_open = query.split('&').any(|word| word == "tab=logs");
    if log_is_open && !logged {
        (path.to_owned(), PARTS.into_iter().filter(|part| !LOG_PARTS.contains(part)).collect())
    } else {
        (address.to_owned(), PARTS.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_asked_for_only_when_something_was_logged() {
        let (address, parts) = wanted("/runs/7?tab=logs", false);
        assert_eq!(address, "/runs/7");
        assert!(!parts.contains(&"live-table") && parts.contains(&"live-numbers"));
        assert_eq!(wanted("/runs/7?tab=logs", true), ("/runs/7?tab=logs".to_owned(), PARTS.to_vec()));
    }

    #[test]
    fn other_tabs_follow_every_second() {
        assert_eq!(wanted("/runs/7?tab=errors", false), ("/runs/7?tab=errors".to_owned(), PARTS.to_vec()));
        assert_eq!(wanted("/runs/7", false), ("/runs/7".to_owned(), PARTS.to_vec()));
    }
}
