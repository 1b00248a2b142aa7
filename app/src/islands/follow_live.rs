//! A run under way: its charts grow with every second, its numbers and tables are brought up to date.
//!
//! In:  the run's event stream, from where the page was rendered.
//! Out: the page as the server would render it now. When the run ends the page is loaded again: it is then another.
//! The numbers come as the server draws them, not as data: one way to draw them, and little to send to browsers.

use std::{cell::Cell, rc::Rc};

use leptos::prelude::*;
use perflab_model::{run::RunState, tick::Point};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    charts::series::RunChart,
    client::{growth, page, stream},
};

/// Parts of the page that follow the run.
pub const PARTS: [&str; 7] =
    ["live-state", "live-pace", "live-numbers", "live-answer", "live-tabs", "live-table", "live-beside"];

/// Id of the line that is shown while the stream is broken.
pub const BROKEN: &str = "live-broken";

/// The event kinds that the page follows.
const KINDS: &[&str] = &["tick", "progress", "state", "log"];

/// Wait before new drawings are fetched: a burst of seconds after a reconnect needs them only once.
const REDRAW_MS: i32 = 400;

/// Events of a second come together: the parts are fetched once for them.
const PARTS_MS: i32 = 50;

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

/// Follows a run for as long as the page is open. Shows nothing itself.
#[island]
pub fn FollowLive(
    /// The run.
    id: String,
    /// Number of the last event that the page holds.
    after: u64,
    /// Whether starts come at a planned rate.
    open: bool,
) -> impl IntoView {
    Effect::new(move || {
        let id = id.clone();
        let parts = Rc::new(Parts::default());
        let redraw = Rc::new(page::Timer::default());
        let address = move || format!("/api/v1/runs/{id}/events?after={after}");
        let on_event = move |kind: &'static str, data: String| match kind {
            "tick" => {
                if read::<Point>(&data).is_some_and(|point| !grow(open, &point)) {
                    redraw.after(REDRAW_MS, || leptos::task::spawn_local(fetch_drawings()));
                }
            }
            "state" => {
                let state = read::<NewState>(&data).map(|change| change.state);
                if state.is_some_and(RunState::is_terminal) {
                    page::reload();
                }
                Parts::fetch_soon(&parts);
            }
            _ => Parts::fetch_soon(&parts),
        };
        stream::open(address, KINDS, on_event, |connected| page::set_hidden(BROKEN, connected));
    });
}

fn read<T: DeserializeOwned>(data: &str) -> Option<T> {
    serde_json::from_str::<Envelope<T>>(data).ok().map(|event| event.body)
}

/// Adds a second to the charts; `false` when one of them must be drawn anew.
fn grow(open: bool, point: &Point) -> bool {
    let mut fits = true;
    for chart in RunChart::ALL {
        let figure = chart.figure();
        let values = chart.values(open, point).into_iter().map(|(series, value)| growth::Value {
            series,
            value,
            label: value.and_then(|value| chart.label(series, value)),
        });
        let growth = growth::Growth { figure: &figure, second: point.second.into(), values: values.collect() };
        fits &= growth::grow(&growth);
    }
    fits
}

async fn fetch_drawings() {
    let Some(address) = page::address() else { return };
    if let Some(fetched) = page::fetch(&address).await {
        let ids: Vec<String> = RunChart::ALL.into_iter().map(RunChart::figure).collect();
        page::replace(&fetched, &ids);
    }
}

/// Brings the parts up to date: one request at a time, and one more when something happened meanwhile.
#[derive(Default)]
struct Parts {
    timer: page::Timer,
    under_way: Cell<bool>,
    again: Cell<bool>,
}

impl Parts {
    fn fetch_soon(parts: &Rc<Self>) {
        if parts.under_way.get() || !page::is_visible() {
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
            if let Some(address) = page::address_with("only=numbers")
                && let Some(fetched) = page::fetch(&address).await
            {
                let sentences = RunChart::ALL.into_iter().map(RunChart::finding);
                let ids: Vec<String> = PARTS.into_iter().map(str::to_owned).chain(sentences).collect();
                page::replace(&fetched, &ids);
            }
            if !self.again.get() || !page::is_visible() {
                break;
            }
        }
        self.under_way.set(false);
    }
}
