//! The sticky header: state, pace, eight numbers, Stop and Abort.

use leptos::prelude::*;
use perflab_model::{display, run::RunState, summary::Progress, tick::Phase, verdict::Gate};

use super::facts::LiveFacts;
use crate::components::{
    Figure, Headline, Milliseconds, PerSecond, Percent, ProgressBar, StateBadge, Strip, VerdictBadge, chosen,
    quantity::Shown,
};

/// The header.
#[component]
pub fn LiveHead(
    /// What stays.
    facts: LiveFacts,
    /// How the run stands.
    progress: Option<Progress>,
) -> impl IntoView {
    let pulse = (facts.state == RunState::Running).then_some("pulse");
    view! {
        <div class="livebar">
            <div class="head-row">
                <div class="title">
                    <span id="live-state" class=pulse><StateBadge state=facts.state/></span>
                    <h1>{facts.scenario.clone()} " " <span class="faint light">{format!("#{}", facts.number)}</span></h1>
                    <span class="p2">{facts.environment.clone()}</span>
                    <span class="mono faint p2">{facts.revision.clone()}</span>
                    <span class="faint p3">{facts.started.clone()}</span>
                </div>
                <Actions facts=facts.clone()/>
            </div>
            <div id="live-pace"><Pace facts=facts.clone() progress=progress.clone()/></div>
            <div id="live-numbers"><Numbers facts=facts progress=progress/></div>
        </div>
    }
    .into_any()
}

/// Stop, and Abort with its question. Both are forms: they work without scripts.
#[component]
fn Actions(facts: LiveFacts) -> impl IntoView {
    let stop_title = format!("No new starts; waits up to {} for replies", facts.graceful_stop);
    let asked = facts.asked;
    view! {
        <div class="btn-group">
            {asked.map(|what| view! { <span class="note faint">{format!("{what} has been asked for")}</span> })}
            <form method="post" action=facts.stop_action>
                <input type="hidden" name="id" value=facts.id.clone()/>
                <button class="btn" title=stop_title>"Stop"</button>
            </form>
            <button class="btn danger" type="button" popovertarget="abort-question" title="Last byte within 2 s">"Abort"</button>
            <div id="abort-question" class="question" popover="auto" role="dialog" aria-labelledby="abort-title">
                <h2 id="abort-title">"Abort this run?"</h2>
                <p>
                    "Open requests are cut off within 2 s, and the run gets no verdict. "
                    "Stop waits for them instead."
                </p>
                <div class="btn-group">
                    <form method="post" action=facts.abort_action>
                        <input type="hidden" name="id" value=facts.id/>
                        <button class="btn danger">"Abort now"</button>
                    </form>
                    <button class="btn" type="button" popovertarget="abort-question" popovertargetaction="hide">
                        "Keep it running"
                    </button>
                </div>
            </div>
        </div>
    }
    .into_any()
}

/// Elapsed of planned, as words and as a line.
#[component]
fn Pace(facts: LiveFacts, progress: Option<Progress>) -> impl IntoView {
    let passed = progress.as_ref().map_or(0, |progress| progress.second);
    let phase = progress.as_ref().map_or_else(|| "starting".to_owned(), |progress| phase_text(&facts, progress));
    view! {
        <div class="pace">
            <span>
                <b>{display::elapsed(passed.into())}</b>
                " of "
                {display::elapsed(facts.planned_seconds.round() as u64)}
            </span>
            <ProgressBar passed=passed.into() planned=facts.planned_seconds warmup=facts.warmup_seconds/>
            <span>{phase} ", " {facts.ends}</span>
        </div>
    }
    .into_any()
}

/// `warm-up, to 100/s`: the phase and what the plan wants now.
fn phase_text(facts: &LiveFacts, progress: &Progress) -> String {
    let target = if facts.open {
        format!("{}/s", chosen(progress.target))
    } else {
        format!("{} users", chosen(progress.target.round()))
    };
    match progress.phase {
        Phase::WarmUp => format!("warm-up, {target}"),
        Phase::Measured => target,
        Phase::Draining => "waiting for open requests".to_owned(),
    }
}

/// The eight numbers: the last 10 seconds large, the total below.
#[component]
fn Numbers(facts: LiveFacts, progress: Option<Progress>) -> impl IntoView {
    let Some(progress) = progress else {
        return view! { <p class="faint waiting">"The first numbers come within a second of the first request."</p> }
            .into_any();
    };
    let totals = progress.totals;
    let recent = &progress.recent.latency;
    let (recent_p50, recent_p95, recent_p99) = (recent.p50, recent.p95, recent.p99);
    let load_context = match (facts.open, facts.cap) {
        (true, Some(cap)) => format!("cap {}", display::count(cap.into())),
        (true, None) => String::new(),
        (false, _) => format!("planned {}", chosen(progress.target.round())),
    };
    let (load_label, load) = if facts.open { ("In flight", progress.in_flight) } else { ("Users", progress.users) };
    let rate_context = if facts.open {
        format!("target {}", chosen(progress.target))
    } else {
        format!("total {}", totals.rate_per_s.map_or_else(|| "–".to_owned(), display::number))
    };
    let error_rate = progress.recent.error_rate.map(|share| share * 100.0);
    let failed = format!("{} of {}", display::count(totals.failed), display::count(totals.finished));
    let dropped_share = Shown::share(totals.dropped, totals.planned);
    let met = progress.ledger.iter().filter(|row| row.outcome == Gate::Pass).count();
    let rules = format!("{met} of {} rules met", progress.ledger.len());
    view! {
        <Strip>
            <Headline label="Rate" context=rate_context><PerSecond value=Some(progress.recent.rate_per_s)/></Headline>
            <Headline label=load_label minor=true context=load_context>{display::count(load.into())}</Headline>
            <Headline label="Errors" context=failed>
                {match error_rate {
                    Some(percent) => {
                        let shown = Shown { value: display::number(percent), unit: "%", exact: format!("{} %", display::exact(percent)) };
                        view! { <Figure shown=shown/> }.into_any()
                    }
                    None => view! { <Percent part=0 whole=0/> }.into_any(),
                }}
            </Headline>
            <Headline
                label="Dropped"
                minor=true
                context=dropped_share.map(|shown| format!("{} % of starts", shown.value)).unwrap_or_default()
            >
                {display::count(totals.dropped)}
            </Headline>
            <Headline label="p50, last 10 s" minor=true context=total(progress.latency.p50, None)>
                <Milliseconds value=recent_p50/>
            </Headline>
            <Headline label="p95, last 10 s" context=total(progress.latency.p95, facts.p95_limit)>
                <Milliseconds value=recent_p95/>
            </Headline>
            <Headline label="p99, last 10 s" context=total(progress.latency.p99, facts.p99_limit)>
                <Milliseconds value=recent_p99/>
            </Headline>
            <Headline label="So far" minor=true word=true context=rules>
                {match progress.verdict {
                    Some(verdict) => view! { <VerdictBadge verdict=verdict/> }.into_any(),
                    None => view! { <span class="void">"not yet judged"</span> }.into_any(),
                }}
            </Headline>
        </Strip>
    }
    .into_any()
}

/// `total 164, limit 200`.
fn total(value: Option<f64>, limit: Option<f64>) -> String {
    let total = value.map_or_else(|| "total too few".to_owned(), |ms| format!("total {}", display::number(ms)));
    match limit {
        Some(limit) => format!("{total}, limit {}", chosen(limit)),
        None => total,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_stands_with_its_limit() {
        assert_eq!(total(Some(164.2), Some(200.0)), "total 164, limit 200");
        assert_eq!(total(None, None), "total too few");
    }
}
