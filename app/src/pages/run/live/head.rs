//! The sticky header: state, pace, the numbers, Stop and Abort.

use leptos::prelude::*;
use perflab_model::{
    bench::CasePhase,
    display,
    run::{Cancel, RunState},
    summary::Progress,
    verdict::{Gate, LedgerRow},
};

use super::{facts::LiveFacts, rate::RateForm};
use crate::{
    components::{
        Figure, Headline, Milliseconds, PerSecond, Percent, ProgressBar, StateBadge, Strip, VerdictBadge, chosen,
        quantity::Shown,
    },
    islands::{
        FollowLive,
        follow_live::{BROKEN, REFUSED},
    },
};

/// The header.
#[component]
pub fn LiveHead(
    /// What stays.
    facts: LiveFacts,
    /// How the run stands.
    progress: Option<Progress>,
    /// Number of the last event that the page holds.
    after: u64,
) -> impl IntoView {
    let pulse = (facts.state == RunState::Running).then_some("pulse");
    view! {
        <div class="livebar">
            <div class="head-row">
                <div class="title">
                    <span id="live-state" class=pulse><StateBadge state=facts.state/></span>
                    <h1>{facts.scenario.clone()} " " <span class="faint light">{format!("#{}", facts.number)}</span></h1>
                    <span class="p2">{facts.environment.clone()}</span>
                    {facts.only.clone().map(|only| view! { <span class="p2">{only}</span> })}
                    <span class="mono faint p2">{facts.revision.clone()}</span>
                    <span class="faint p3">{facts.started.clone()}</span>
                </div>
                <FollowLive id=facts.id.clone() after=after open=facts.open/>
                <Actions facts=facts.clone()/>
            </div>
            <div id="live-pace"><Pace facts=facts.clone() progress=progress.clone()/></div>
            {facts.rate.clone().map(|control| view! { <RateForm control=control/> })}
            <div id="live-numbers"><Numbers facts=facts progress=progress/></div>
            <LinkTrouble/>
        </div>
    }
    .into_any()
}

/// What is said while the page cannot follow its run. It lies over the page: nothing moves when it comes and goes.
#[component]
fn LinkTrouble() -> impl IntoView {
    view! {
        <div class="trouble" role="status">
            <div class="note-line" data-v="issues" id=BROKEN hidden=true>
                <p>
                    "The lab cannot be reached, so this page shows the run as it stood last. It tries again by itself. "
                    <a href="">"Try now"</a>
                </p>
            </div>
            <div class="note-line" data-v="queued" id=REFUSED hidden=true>
                <p>"The lab gives this page no live updates just now: it asks for the numbers every 5 s instead."</p>
            </div>
        </div>
    }
}

/// Stop, and Abort with its question. Both are forms: they work without scripts. What does not apply is hidden, not left
/// out, so that an open question stays open while the page is brought up to date.
#[component]
fn Actions(facts: LiveFacts) -> impl IntoView {
    let wait = facts.graceful_stop.clone();
    let (note, stop_hidden, abort_hidden) = match (facts.state, facts.asked) {
        (RunState::Finishing, _) => ("Its load has ended.", true, true),
        _ if facts.killed.is_some() => ("The kill switch ends it.", true, true),
        (_, Some(Cancel::Abort)) => ("Abort has been asked for.", true, true),
        (_, Some(Cancel::Stop)) => ("Stop has been asked for.", true, false),
        (_, None) => ("A stopped run gets no verdict.", false, false),
    };
    let stop_title = format!("No new starts; waits up to {wait} for open requests. A stopped run gets no verdict.");
    view! {
        <div class="btn-group" id="live-actions">
            <span class="note faint" id="live-asked">{note}</span>
            <form method="post" action=facts.stop_action hidden=stop_hidden>
                <input type="hidden" name="id" value=facts.id.clone()/>
                <button class="btn" title=stop_title aria-describedby="live-asked">"Stop"</button>
            </form>
            <button
                class="btn danger"
                type="button"
                popovertarget="abort-question"
                title="Cuts off open requests within 2 s. The run gets no verdict."
                hidden=abort_hidden
            >
                "Abort"
            </button>
            <div id="abort-question" class="question" popover="auto" role="dialog" aria-labelledby="abort-title">
                <h2 id="abort-title">"Abort this run?"</h2>
                <p>
                    {format!(
                        "Open requests are cut off within 2 s; Stop waits up to {wait} for them. What was measured is kept either way, but a run that a person ends gets no verdict.",
                    )}
                </p>
                <div class="btn-group">
                    <form method="post" action=facts.abort_action>
                        <input type="hidden" name="id" value=facts.id/>
                        <button class="btn danger">"Abort now"</button>
                    </form>
                    <button
                        class="btn"
                        type="button"
                        popovertarget="abort-question"
                        popovertargetaction="hide"
                        autofocus=true
                    >
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
    let outlook = facts.outlook(progress.as_ref());
    view! {
        <div class="pace">
            <span>
                <b>{display::elapsed(passed.into())}</b>
                {if facts.at_most { " of at most " } else { " of " }}
                {display::elapsed(facts.planned_seconds.round() as u64)}
            </span>
            <ProgressBar passed=passed.into() planned=facts.planned_seconds warmup=facts.warmup_seconds/>
            <span>{outlook}</span>
        </div>
    }
    .into_any()
}

/// The numbers: the last 10 seconds large, the total below. Starts stand beside their plan; requests are others, for a
/// start may be several of them.
#[component]
fn Numbers(facts: LiveFacts, progress: Option<Progress>) -> impl IntoView {
    let Some(progress) = progress else {
        return view! { <p class="faint waiting">"The first numbers come within a second of the first request."</p> }
            .into_any();
    };
    if facts.cases {
        return view! { <CaseNumbers facts=facts progress=progress/> }.into_any();
    }
    let (totals, now) = (progress.totals, progress.recent);
    let load_context = match facts.cap {
        Some(cap) => format!("cap {}", display::count(cap.into())),
        None if facts.users => format!("{} users at work", display::count(progress.users.into())),
        None => format!("planned {}", chosen(progress.target.round())),
    };
    let (load_label, load) = if facts.open { ("In flight", progress.in_flight) } else { ("Users", progress.users) };
    let starts = facts.open.then(|| {
        let users = if facts.users { ", those of users included" } else { "" };
        let planned = format!("of {}/s planned{users}", chosen(now.planned_per_s));
        view! { <Headline label="Starts" context=planned><PerSecond value=Some(now.started_per_s)/></Headline> }
    });
    let all_requests =
        format!("total {}", totals.rate_per_s.map_or_else(|| "–".to_owned(), |rate| display::number(rate) + "/s"));
    let failed = format!("{} of {}", display::count(totals.failed), display::count(totals.finished));
    let dropped = facts.open.then(|| {
        let share = Shown::share(totals.dropped, totals.planned);
        let context = share.map(|shown| format!("{} % of starts", shown.value)).unwrap_or_default();
        view! { <Headline label="Dropped" minor=true context=context>{display::count(totals.dropped)}</Headline> }
    });
    let latency = now.latency;
    view! {
        <Strip>
            {starts}
            <Headline label="Requests" minor=facts.open context=all_requests>
                <PerSecond value=Some(now.rate_per_s)/>
            </Headline>
            <Headline label=load_label minor=true context=load_context>{display::count(load.into())}</Headline>
            <Headline label="Errors" context=failed>
                {match now.error_rate.map(|share| share * 100.0) {
                    Some(percent) => {
                        let shown = Shown { value: display::number(percent), unit: "%", exact: format!("{} %", display::exact(percent)) };
                        view! { <Figure shown=shown/> }.into_any()
                    }
                    None => view! { <Percent part=0 whole=0/> }.into_any(),
                }}
            </Headline>
            {dropped}
            {recent("p50", latency.p50, total(progress.latency.p50, None), true)}
            {recent("p95", latency.p95, total(progress.latency.p95, facts.p95_limit), false)}
            {recent("p99", latency.p99, total(progress.latency.p99, facts.p99_limit), false)}
            <Headline label="So far" minor=true word=true context=rules(&progress.ledger)>
                {match (facts.asked, progress.verdict) {
                    (Some(_), _) => view! { <span class="void">"no verdict"</span> }.into_any(),
                    (None, Some(verdict)) => view! { <VerdictBadge verdict=verdict/> }.into_any(),
                    (None, None) => view! { <span class="void">"not yet judged"</span> }.into_any(),
                }}
            </Headline>
        </Strip>
    }
    .into_any()
}

/// The numbers of a benchmark suite: how far it is, and what its rules say.
#[component]
fn CaseNumbers(facts: LiveFacts, progress: Progress) -> impl IntoView {
    let done = progress.cases.iter().filter(|case| case.phase == CasePhase::Done).count();
    let failed = format!("{} of {}", display::count(progress.totals.failed), display::count(progress.totals.finished));
    view! {
        <Strip>
            <Headline label="Cases done" context=format!("of {}", progress.cases.len())>{display::count(done as u64)}</Headline>
            <Headline label="Operations" context="measured and counted">{display::count(progress.totals.finished)}</Headline>
            <Headline label="Errors" context=failed>
                <Percent part=progress.totals.failed whole=progress.totals.finished/>
            </Headline>
            <Headline label="So far" word=true context=rules(&progress.ledger)>
                {match (facts.asked, progress.verdict) {
                    (Some(_), _) => view! { <span class="void">"no verdict"</span> }.into_any(),
                    (None, Some(verdict)) => view! { <VerdictBadge verdict=verdict/> }.into_any(),
                    (None, None) => view! { <span class="void">"not yet judged"</span> }.into_any(),
                }}
            </Headline>
        </Strip>
    }
    .into_any()
}

/// A percentile of the last 10 seconds. Where columns are narrow its label is cut to the name.
fn recent(name: &'static str, value: Option<f64>, context: String, minor: bool) -> impl IntoView {
    view! {
        <div class=minor.then_some("p2")>
            <dt>{name}<span class="p3">", last 10 s"</span></dt>
            <dd class="v"><Milliseconds value=value/></dd>
            <dd class="d">{context}</dd>
        </div>
    }
}

/// `2 of 5 met`; what is undecided is said by the answer below and by the table of thresholds.
fn rules(ledger: &[LedgerRow]) -> String {
    let met = ledger.iter().filter(|row| row.outcome == Gate::Pass).count();
    if ledger.is_empty() { "no rules".to_owned() } else { format!("{met} of {} met", ledger.len()) }
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
