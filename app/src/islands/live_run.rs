//! A run under way: header, answer and tables follow every second, and the charts between them grow.
//!
//! In:  how the run stood when the page was rendered, and its event stream from there on.
//! Out: the page as the server would render it now. When the run ends the page is loaded again: it is then another.

use leptos::prelude::*;
use perflab_model::{event::StateChange, run::RunState, runner::LogLine, summary::Progress, tick::Point};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::live_head::LiveHead;
use super::live_parts::{LiveAnswer, LiveParts};
use crate::client::{growth, page, stream};
use crate::components::series::RunChart;

/// What does not change while the run goes on, as the page needs it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveFacts {
    /// The run.
    pub id: String,
    /// Its number.
    pub number: u64,
    /// What is run.
    pub scenario: String,
    /// Where.
    pub environment: String,
    /// What is measured.
    pub revision: String,
    /// `started 14:25 UTC by browser`.
    pub started: String,
    /// `ends 14:36 UTC`.
    pub ends: String,
    /// Seconds from first to last start.
    pub planned_seconds: f64,
    /// Seconds that are not judged.
    pub warmup_seconds: f64,
    /// Whether starts come at a planned rate.
    pub open: bool,
    /// Most iterations at once of an open run.
    pub cap: Option<u32>,
    /// The limit on p95 of all requests, milliseconds.
    pub p95_limit: Option<f64>,
    /// The limit on p99 of all requests, milliseconds.
    pub p99_limit: Option<f64>,
    /// Number of the last event that the page holds.
    pub after: u64,
    /// Which tab is open.
    pub tab: LiveTab,
    /// Where Stop goes.
    pub stop_action: String,
    /// Where Abort goes.
    pub abort_action: String,
    /// What has been asked for already: `Stop` or `Abort`.
    pub asked: Option<String>,
    /// How long replies are waited for after Stop: `30s`.
    pub graceful_stop: String,
}

/// The tabs below the charts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LiveTab {
    /// Requests.
    #[default]
    Endpoints,
    /// Failed requests.
    Errors,
    /// The rules as they stand.
    Thresholds,
    /// The log.
    Logs,
}

impl LiveTab {
    /// All, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Endpoints, Self::Errors, Self::Thresholds, Self::Logs];

    /// The word on the screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Endpoints => "Endpoints",
            Self::Errors => "Errors",
            Self::Thresholds => "Thresholds",
            Self::Logs => "Logs",
        }
    }

    /// The word in addresses.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Endpoints => "endpoints",
            Self::Errors => "errors",
            Self::Thresholds => "thresholds",
            Self::Logs => "logs",
        }
    }

    /// The tab of an address; the first for anything else.
    pub fn from_code(code: &str) -> Self {
        Self::ALL.into_iter().find(|tab| tab.code() == code).unwrap_or_default()
    }
}

/// What changes, as signals.
#[derive(Clone, Copy)]
pub(super) struct Live {
    pub(super) state: RwSignal<RunState>,
    pub(super) progress: RwSignal<Option<Progress>>,
    pub(super) logs: RwSignal<Vec<LogLine>>,
    pub(super) connected: RwSignal<bool>,
}

/// The event kinds that the page follows.
const KINDS: &[&str] = &["tick", "progress", "state", "log"];

/// Log lines that the page keeps; the whole log is on the finished page.
const MAX_LOG_LINES: usize = 500;

/// The body of an event; the rest of it is known from the stream.
#[derive(Deserialize)]
struct Envelope<T> {
    #[serde(default)]
    seq: u64,
    body: T,
}

/// The page of a run under way.
#[island]
pub fn LiveRun(
    /// What stays.
    facts: LiveFacts,
    /// The state when the page was rendered.
    state: RunState,
    /// How the run stood then.
    progress: Option<Progress>,
    /// The log up to then.
    logs: Vec<LogLine>,
    /// The charts, drawn by the server.
    children: Children,
) -> impl IntoView {
    let live = Live {
        state: RwSignal::new(state),
        progress: RwSignal::new(progress),
        logs: RwSignal::new(logs),
        connected: RwSignal::new(true),
    };
    let followed = facts.clone();
    Effect::new(move || follow(followed.clone(), live));
    view! {
        <LiveHead facts=facts.clone() live=live/>
        <div class="page-body snug">
            <div role="status">
                {move || {
                    (!live.connected.get())
                        .then(|| {
                            view! {
                                <div class="note-line" data-v="running">
                                    <p>
                                        "Connection lost. Trying again; the run goes on, nothing is lost. "
                                        <a href="">"Try now"</a>
                                    </p>
                                </div>
                            }
                        })
                }}
            </div>
            <LiveAnswer facts=facts.clone() live=live/>
            {children()}
            <LiveParts facts=facts live=live/>
        </div>
    }
}

/// Follows the run's event stream for as long as the page is open.
fn follow(facts: LiveFacts, live: Live) {
    let seen = RwSignal::new(facts.after);
    let id = facts.id.clone();
    let address = move || format!("/api/v1/runs/{id}/events?after={}", seen.get_untracked());
    let on_event = move |kind: &'static str, data: String| match kind {
        "tick" => {
            if let Some(point) = read::<Point>(&data, seen) {
                grow(facts.open, &point);
            }
        }
        "progress" => {
            if let Some(progress) = read::<Progress>(&data, seen) {
                live.progress.set(Some(progress));
            }
        }
        "log" => {
            if let Some(line) = read::<LogLine>(&data, seen) {
                live.logs.update(|lines| {
                    lines.push(line);
                    let surplus = lines.len().saturating_sub(MAX_LOG_LINES);
                    lines.drain(..surplus);
                });
            }
        }
        _ => {
            if let Some(change) = read::<StateChange>(&data, seen) {
                live.state.set(change.state);
                if change.state.is_terminal() {
                    page::reload();
                }
            }
        }
    };
    stream::open(address, KINDS, on_event, move |connected| live.connected.set(connected));
}

fn read<T: DeserializeOwned>(data: &str, seen: RwSignal<u64>) -> Option<T> {
    let event: Envelope<T> = serde_json::from_str(data).ok()?;
    seen.update(|seq| *seq = event.seq.max(*seq));
    Some(event.body)
}

thread_local! {
    /// Postpones and gathers requests for new drawings.
    static REDRAW: page::Timer = page::Timer::default();
}

/// Wait before new drawings are fetched: a burst of seconds after a reconnect needs them only once.
const REDRAW_MS: i32 = 400;

fn grow(open: bool, point: &Point) {
    let mut fits = true;
    for chart in RunChart::ALL {
        let figure = chart.figure();
        let values = chart
            .values(open, point)
            .into_iter()
            .map(|(series, value)| growth::Value {
                series,
                value,
                label: value.and_then(|value| chart.label(series, value)),
            })
            .collect();
        fits &= growth::grow(&growth::Growth { figure: &figure, second: point.second.into(), values });
    }
    if !fits {
        REDRAW.with(|timer| timer.after(REDRAW_MS, || leptos::task::spawn_local(redraw())));
    }
}

/// Fetches new drawings: a value has left the axes.
async fn redraw() {
    let Some(address) = page::address() else { return };
    if let Some(fetched) = page::fetch(&address).await {
        let ids: Vec<String> = RunChart::ALL.into_iter().map(RunChart::figure).collect();
        page::replace(&fetched, &ids);
    }
}
