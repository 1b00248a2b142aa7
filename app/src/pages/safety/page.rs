//! `/safety`: what can be stopped, what is, and what was.

use leptos::prelude::*;
use leptos_meta::Title;
use perflab_model::{
    display,
    kill_switch::{KillBoard, KillPlace, KillScope, KillSwitch},
    problem::Problem,
};

use super::{
    actions::{PullKillSwitch, ReleaseKillSwitch},
    question::{Asked, Question},
};
use crate::{
    components::Scroller,
    pages::{
        problem::ProblemLine,
        source::{Loaded, lab},
    },
    ui_error::UiError,
};

/// The page.
#[component]
pub(crate) fn SafetyPage() -> impl IntoView {
    let lab = lab();
    let load = async move { lab?.kill_board().await };
    view! { <Loaded from=Box::pin(load) show=show/> }
}

fn show(board: KillBoard) -> impl IntoView {
    let asked = Asked::of_address();
    let question = asked.place(&board.places).filter(|place| applies(&asked, place)).cloned();
    view! {
        <Title text="Safety"/>
        <div class="page-head">
            <div class="head-row">
                <div class="title"><h1>"Safety"</h1></div>
            </div>
            <p class="answer">{answer(&board.places)}</p>
        </div>
        <div class="page-body">
            {refused().map(|problem| view! { <ProblemLine problem=problem/> })}
            {question.map(|place| view! { <Question asked=asked place=place/> })}
            <section class="section">
                <div class="section-head">
                    <h2>"Kill switches"</h2>
                    <p>
                        "A kill switch aborts every run that it concerns and lets none begin until a person releases it. "
                        <a href="/docs/safety">"How load is stopped"</a>
                    </p>
                </div>
                <Places places=board.places/>
            </section>
            <Released switches=board.released/>
        </div>
    }
    .into_any()
}

/// Whether the question can still be asked: a switch that is pulled is not pulled again.
fn applies(asked: &Asked, place: &KillPlace) -> bool {
    match asked.ask.as_str() {
        "pull" => place.pulled.is_none(),
        "release" => place.pulled.is_some(),
        _ => false,
    }
}

/// The state of things in a sentence.
fn answer(places: &[KillPlace]) -> String {
    let pulled: Vec<&KillScope> =
        places.iter().filter(|place| place.pulled.is_some()).map(|place| &place.scope).collect();
    match pulled.as_slice() {
        [] => "No kill switch is pulled: load may be sent.".to_owned(),
        [KillScope::Lab, ..] => "The kill switch of the whole lab is pulled: no load is sent.".to_owned(),
        [one] => format!("The kill switch of {one} is pulled: no load is sent there."),
        several => format!("The kill switches of {} environments are pulled: no load is sent there.", several.len()),
    }
}

/// Why a form did not work, when it has just sent us back.
fn refused() -> Option<Problem> {
    let pull = ServerAction::<PullKillSwitch>::new().value().get_untracked();
    let release = ServerAction::<ReleaseKillSwitch>::new().value().get_untracked();
    [pull, release]
        .into_iter()
        .flatten()
        .find_map(|result: Result<(), UiError>| result.err())
        .map(|UiError(problem)| problem)
}

#[component]
fn Places(places: Vec<KillPlace>) -> impl IntoView {
    view! {
        <Scroller label="Kill switches">
            <table class="data tight switches">
                <thead>
                    <tr>
                        <th scope="col">"Of"</th>
                        <th scope="col">"Change"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Load now"</th>
                    </tr>
                </thead>
                <tbody>{places.into_iter().map(place).collect_view()}</tbody>
            </table>
        </Scroller>
    }
    .into_any()
}

fn place(place: KillPlace) -> impl IntoView {
    let name = match &place.scope {
        KillScope::Lab => "The whole lab".to_owned(),
        KillScope::Environment { project, environment } => format!("{environment} ({project})"),
    };
    let load = load_now(&place);
    let (ask, word) = if place.pulled.is_some() { ("release", "Release") } else { ("pull", "Pull") };
    let address = Asked::about(&place.scope, ask).address();
    let label = format!("{word} the kill switch of {}", place.scope);
    let state = match place.pulled {
        Some(switch) => view! {
            <span class="verdict" data-v="critical">"Pulled"</span>
            " "
            {history(&switch)}
        }
        .into_any(),
        None => view! { <span class="muted">"Not pulled"</span> }.into_any(),
    };
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td><a class="btn" href=address aria-label=label>{word} "…"</a></td>
            <td class="message">{state}</td>
            <td>{load}</td>
        </tr>
    }
}

/// `run #12, 2 waiting`.
fn load_now(place: &KillPlace) -> String {
    let runs = match place.under_way.as_slice() {
        [] => None,
        [one] => Some(format!("run #{one}")),
        several => Some(format!("{} runs", several.len())),
    };
    let waiting = (place.waiting > 0).then(|| format!("{} waiting", place.waiting));
    let parts: Vec<String> = [runs, waiting].into_iter().flatten().collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

/// `since 12 Mar 2026, 14:02 UTC by Ada in the browser: orders fail`.
pub(super) fn history(switch: &KillSwitch) -> String {
    let pulled = display::clock(switch.pulled_us, true);
    match (&switch.released_by, switch.released_us) {
        (Some(by), Some(at)) => format!(
            "{pulled} to {} by {}: {} Released by {by}.",
            display::clock(at, true),
            switch.pulled_by,
            crate::components::sentence(&switch.reason)
        ),
        _ => format!("since {pulled} by {}: {}", switch.pulled_by, switch.reason),
    }
}

#[component]
fn Released(switches: Vec<KillSwitch>) -> impl IntoView {
    if switches.is_empty() {
        return ().into_any();
    }
    let line = |switch: KillSwitch| {
        view! { <li><b>{switch.scope.to_string()}</b> ", " {history(&switch)}</li> }
    };
    view! {
        <section class="section">
            <div class="section-head"><h2>"Released"</h2></div>
            <ul class="stack">{switches.into_iter().map(line).collect_view()}</ul>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(under_way: &[u64], waiting: u64) -> KillPlace {
        KillPlace { scope: KillScope::Lab, pulled: None, under_way: under_way.to_vec(), waiting }
    }

    #[test]
    fn the_load_of_a_place_is_told_in_words() {
        assert_eq!(load_now(&place(&[], 0)), "none");
        assert_eq!(load_now(&place(&[12], 2)), "run #12, 2 waiting");
        assert_eq!(load_now(&place(&[12, 13], 0)), "2 runs");
    }

    #[test]
    fn a_switch_that_is_not_pulled_is_not_released() {
        let asked = |ask: &str| Asked::about(&KillScope::Lab, ask);
        assert!(applies(&asked("pull"), &place(&[], 0)));
        assert!(!applies(&asked("release"), &place(&[], 0)));
        assert!(!applies(&asked(""), &place(&[], 0)));
    }
}
