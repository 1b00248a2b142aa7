//! What the page of a run is made of.

use perflab_lab::{Lab, RateNow};
use perflab_model::{
    bench::Measured,
    display,
    event::EventKind,
    kill_switch::KillSwitch,
    order::RateChange,
    problem::Problem,
    run::{Run, RunState},
    runner::{LogLevel, LogLine},
    summary::Progress,
    tick::{Point, Tick},
};

use super::{beside::Beside, tab::Tab};

/// What the address asks for.
pub struct Asked {
    /// Which part of the page.
    pub tab: String,
    /// Which case, of a benchmark suite.
    pub case: Option<String>,
    /// The browser has the charts and asks for the rest.
    pub numbers_only: bool,
}

/// Everything that the page shows.
pub struct RunData {
    /// The run.
    pub run: Run,
    /// Every second so far.
    pub points: Vec<Point>,
    /// How it stands, or stood last.
    pub progress: Option<Progress>,
    /// Its log.
    pub logs: Vec<LogLine>,
    /// What a person ordered of its rate.
    pub changes: Vec<RateChange>,
    /// How its rate stands, while it goes on.
    pub rate: Option<RateNow>,
    /// The kill switch that keeps it waiting.
    pub held: Option<KillSwitch>,
    /// Number of the last event that all this includes.
    pub after: u64,
    /// Its ticks with histograms; only for the tab that draws a distribution.
    pub ticks: Vec<Tick>,
    /// The text of its suite; only for the tab that shows it.
    pub suite_text: Option<String>,
    /// How many runs go first, while it waits.
    pub ahead: Option<u64>,
    /// The case that is asked for, of a benchmark suite.
    pub case: Option<String>,
    /// All that was measured of it.
    pub measured: Option<Measured>,
    /// What history says of it; only for the tab that shows it.
    pub beside: Beside,
    /// Which part of a finished run is shown.
    pub tab: Tab,
    /// The same as the address says it; a live run has other parts.
    pub tab_code: String,
    /// The browser has the charts and asks for the rest.
    pub numbers_only: bool,
}

impl RunData {
    /// Reads what the page of a run needs, and no more.
    pub async fn load(lab: &Lab, address: &str, asked: Asked) -> Result<Self, Problem> {
        let Asked { tab: tab_code, case, numbers_only } = asked;
        let run = lab.run(address).await?;
        let (id, tab) = (run.row.id, Tab::from_code(&tab_code));
        let waiting = matches!(run.row.state, RunState::Queued | RunState::Claimed);
        let over = run.row.state.is_terminal();
        let mut data = Self {
            points: Vec::new(),
            progress: None,
            logs: Vec::new(),
            changes: Vec::new(),
            rate: None,
            held: None,
            // What is read below may already hold later events: the browser then gets them twice and takes them once.
            after: run.last_seq,
            ticks: Vec::new(),
            suite_text: None,
            ahead: None,
            case,
            measured: None,
            beside: Beside::default(),
            tab,
            numbers_only,
            run,
            tab_code,
        };
        if waiting {
            let options = lab.launch_options(Some(&data.run.row.project)).await?;
            let place = options.environments.into_iter().find(|place| place.name == data.run.row.environment);
            // The run itself is one of those that wait.
            data.held = place.as_ref().and_then(|place| place.killed.clone());
            data.ahead = place.map(|place| place.waiting.saturating_sub(1) + u64::from(place.busy_with.is_some()));
            return Ok(data);
        }
        if data.run.plan.load.has_rate() {
            data.changes = lab.rate_changes(&data.run).await?;
        }
        if !over && !data.run.plan.load.adjustable().is_empty() {
            data.rate = Some(lab.rate_now(&data.run).await?);
        }
        if over && tab == Tab::Summary {
            data.beside = Beside {
                comparison: lab.run_comparison(&id.to_string()).await?,
                findings: lab.findings_of_run(id).await?,
                repeats: lab.repeats_of_run(id).await?,
            };
        }
        if (!over && !numbers_only) || (over && matches!(tab, Tab::Summary | Tab::Timeline)) {
            data.points = lab.points(id).await?;
        }
        if !over || data.run.summary.is_none() {
            data.progress = lab.progress(id).await?;
        }
        if tab == Tab::Logs {
            data.logs = logs(lab, &data.run).await?;
        }
        if over && tab == Tab::Distribution {
            data.ticks = lab.ticks(&data.run).await?;
        }
        if let (true, Tab::Cases, Some(case)) = (over, tab, &data.case) {
            data.measured = lab.measured(id, case).await?;
        }
        if over && tab == Tab::Config {
            data.suite_text = lab.suite_text(&data.run).await?;
        }
        Ok(data)
    }
}

/// A change of the rate as a line of the log: when it was asked for, and when it took effect.
fn rate_line(change: &RateChange, at_us: i64) -> LogLine {
    let (by, who) = (change.signed(), &change.asked_by);
    let message = match change.from_second {
        None => format!("{by} was ordered by {who}."),
        Some(second) => format!("{by} counts from {} on, as ordered by {who}.", display::elapsed(second.into())),
    };
    LogLine { at_us, level: LogLevel::Info, message }
}

/// Log lines of a run; at most this many pages of events are read for them.
const MAX_PAGES: usize = 50;

async fn logs(lab: &Lab, run: &Run) -> Result<Vec<LogLine>, Problem> {
    let mut lines = Vec::new();
    let mut seq = 0;
    for _ in 0..MAX_PAGES {
        let events = lab.events_since(run.row.id, seq).await?;
        let Some(last) = events.last() else { break };
        seq = last.seq;
        lines.extend(events.into_iter().filter_map(|event| match event.what {
            EventKind::Log(line) => Some(line),
            EventKind::Rate(change) => Some(rate_line(&change, event.at_us)),
            _ => None,
        }));
    }
    Ok(lines)
}
