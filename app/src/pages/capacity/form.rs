//! The form of a new search: scenario, range, the levels that follow, the longest time.

use leptos::{form::ActionForm, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use perflab_model::{
    capacity::{CapacityPreview, CapacityUnit, USUAL_HOLD},
    display,
    problem::{FieldProblem, Problem},
    unit::Millis,
    view::{LaunchOptions, ScenarioOption},
};

use super::{actions::StartSearch, fields::CapacityFields};
use crate::{
    components::{Scroller, count_of, planned_time, sentence},
    islands::{LaunchForm, launch_form::STALE},
    pages::{
        launch::{
            field::{ChoiceField, TextField, address_of, input_of},
            page::{LISTED_OF, SHOWN},
        },
        problem::ProblemLine,
        runs::empty::NothingToLaunch,
        source::{Loaded, lab, query},
    },
    ui_error::UiError,
};

/// Everything that the page shows.
#[derive(Clone)]
struct Shown {
    options: LaunchOptions,
    fields: CapacityFields,
    unit: CapacityUnit,
    /// What Start would do; nothing while a field cannot be read.
    preview: Option<CapacityPreview>,
    problems: Vec<FieldProblem>,
}

impl Shown {
    fn problem(&self, field: &str) -> Option<FieldProblem> {
        self.problems.iter().find(|problem| problem.field == field).cloned()
    }
}

/// Parts of the page that follow from the fields.
const PARTS: [&str; 4] = ["capacity-answer", "capacity-fields", "capacity-levels", "capacity-aside"];
/// The key of the form.
const KEY: &str = "key";

/// The page.
#[component]
pub fn NewSearchPage() -> impl IntoView {
    let fields = use_query_map().with_untracked(CapacityFields::from_query);
    let listed_of = query(LISTED_OF);
    let lab = lab();
    let load = async move {
        let lab = lab?;
        let options = lab.launch_options(fields.launch.project.parse().ok().as_ref()).await?;
        let fields = fields.completed(&options, listed_of.as_deref());
        let unit = fields.unit(&options);
        let (preview, mut problems) = match fields.request(unit) {
            Ok(request) => {
                let preview = lab.preview_search(&request).await?;
                let problems = preview.problems.clone();
                (Some(preview), problems)
            }
            Err(problems) => (None, problems),
        };
        for problem in &mut problems {
            problem.field = input_of(&problem.field).to_owned();
        }
        Ok::<_, Problem>(Shown { options, fields, unit, preview, problems })
    };
    view! {
        <Title text="New capacity search"/>
        <Loaded from=Box::pin(load) show=show/>
    }
}

fn show(shown: Shown) -> impl IntoView {
    let action = ServerAction::<StartSearch>::new();
    let failed = action.value().get_untracked().and_then(|result: Result<(), UiError>| result.err());
    let body = if shown.options.suites.is_empty() || shown.options.environments.is_empty() {
        view! { <NothingToLaunch/> }.into_any()
    } else {
        view! { <Form shown=shown.clone() action=action/> }.into_any()
    };
    view! {
        <div class="page-head">
            <div class="head-row">
                <div class="title">
                    <a href="/capacity">"Capacity"</a>
                    <span class="sep">"/"</span>
                    <h1>"New search"</h1>
                </div>
            </div>
            <p class="answer" id="capacity-answer" role="status">{answer(&shown)}</p>
        </div>
        <div class="page-body">
            <div class="launch-notes stack">
                {failed.map(|UiError(problem)| view! { <ProblemLine problem=problem/> })}
            </div>
            {body}
        </div>
    }
}

#[component]
fn Form(shown: Shown, action: ServerAction<StartSearch>) -> impl IntoView {
    let key = uuid::Uuid::now_v7().to_string();
    let launch = shown.fields.launch.clone();
    let set = launch
        .set
        .iter()
        .map(|(name, value)| view! { <input type="hidden" name=format!("set[{name}]") value=value.clone()/> })
        .collect_view();
    view! {
        <ActionForm action=action attr:class="launch" attr:id="capacity" attr:autocomplete="off">
            <div>
                // The first button of a form is what Enter presses: look again, never start.
                <button class="btn enter" formmethod="get" formaction="/capacity/new" formnovalidate=true>
                    "Update the preview"
                </button>
                <input type="hidden" name="project" value=launch.project.clone()/>
                <input type="hidden" name="seed" value=launch.seed.clone()/>
                {set}
                <input type="hidden" name=KEY value=key/>
                <div id="capacity-fields"><Fields shown=shown.clone()/></div>
                <section class="step" id="capacity-levels"><Levels shown=shown.clone()/></section>
            </div>
            <aside aria-label="Estimate and start">
                <div role="status">
                    <div class="note-line" data-v="issues" id=STALE hidden=true>
                        <p>"The lab did not answer: what is shown here is older than the fields. Change a field to try again."</p>
                    </div>
                </div>
                <div id="capacity-aside"><Aside shown=shown/></div>
            </aside>
        </ActionForm>
        <LaunchForm
            form_id="capacity".to_owned()
            path="/capacity/new".to_owned()
            parts=PARTS.map(str::to_owned).to_vec()
            unsaid=[KEY, SHOWN, LISTED_OF].map(str::to_owned).to_vec()
        />
    }
    .into_any()
}

#[component]
fn Fields(shown: Shown) -> impl IntoView {
    let launch = shown.fields.launch.clone();
    let suites = shown
        .options
        .suites
        .iter()
        .map(|suite| (suite.name.to_string(), format!("{} · {}", suite.name, suite.version)));
    let scenarios = launch.suite_of(&shown.options).map_or_else(Vec::new, |suite| {
        let text = |scenario: &ScenarioOption| format!("{} · {}", scenario.name, scenario.load);
        suite.scenarios.iter().map(|scenario| (scenario.name.to_string(), text(scenario))).collect()
    });
    let environments = shown
        .options
        .environments
        .iter()
        .map(|place| (place.name.to_string(), format!("{} · {}", place.name, place.base_url)));
    let (lowest, highest, unit) = match shown.unit {
        CapacityUnit::Users => ("Fewest users", "Most users", "users"),
        CapacityUnit::Rate => ("Lowest rate", "Highest rate", "/s"),
    };
    let short = shown.fields.hold.trim().parse::<Millis>().is_ok_and(|hold| hold < USUAL_HOLD);
    let hold_help = if short {
        "Under 60s a level says little of what the target bears for long."
    } else {
        "Steady load of each level, after its ramp."
    };
    let pace = match shown.unit {
        CapacityUnit::Users => view! {
            <TextField
                field="overrides.spawn_rate"
                name="spawn_rate"
                label="Users started a second"
                value=launch.spawn_rate.clone()
                placeholder="as the scenario says"
                problem=shown.problem("overrides.spawn_rate")
                width="w3"
            />
        }
        .into_any(),
        CapacityUnit::Rate => view! {
            <TextField
                field="overrides.max_in_flight"
                name="max_in_flight"
                label="Most in flight"
                value=launch.max_in_flight.clone()
                placeholder="as the scenario says"
                help="A level breaks when over 1 % of its starts find no slot."
                problem=shown.problem("overrides.max_in_flight")
                width="w3"
            />
        }
        .into_any(),
    };
    view! {
        <section class="step">
            <h2>"What and where"</h2>
            <input type="hidden" name=LISTED_OF value=launch.suite.clone()/>
            <div class="fields">
                <ChoiceField field="suite" name="suite" label="Suite" choices=suites.collect() value=launch.suite.clone() problem=shown.problem("suite") width="w5"/>
                <ChoiceField field="scenario" name="scenario" label="Scenario" choices=scenarios value=launch.scenario.clone() problem=shown.problem("scenario") width="w4"/>
                <ChoiceField field="environment" name="env" label="Environment" choices=environments.collect() value=launch.env.clone() problem=shown.problem("environment") width="w5"/>
                <TextField field="revision" name="rev" label="Revision" value=launch.rev.clone() placeholder="main@c93e5aa" problem=shown.problem("revision") width="w3"/>
            </div>
        </section>
        <section class="step">
            <h2>"Levels"</h2>
            <div class="fields">
                <TextField field="from" name="from" label=lowest value=shown.fields.from.clone() unit=unit problem=shown.problem("from") width="w3"/>
                <TextField field="to" name="to" label=highest value=shown.fields.to.clone() unit=unit problem=shown.problem("to") width="w3"/>
                <TextField field="hold" name="hold" label="Hold each for" value=shown.fields.hold.clone() help=hold_help problem=shown.problem("hold") width="w3"/>
                {pace}
                <TextField field="tags" name="tags" label="Tags" value=launch.tags problem=shown.problem("tags") width="w3"/>
            </div>
        </section>
    }
    .into_any()
}

/// The levels on the way up, and what judges them.
#[component]
fn Levels(shown: Shown) -> impl IntoView {
    let unit = shown.unit;
    let preview = shown.preview.filter(|preview| !preview.steps.is_empty());
    view! {
        <h2>"What is run"</h2>
        {match preview {
            None => view! { <p class="muted">"There are no levels until the fields are right."</p> }.into_any(),
            Some(preview) => {
                let rows = preview
                    .steps
                    .iter()
                    .map(|step| {
                        view! {
                            <tr>
                                <td class="num">{unit.shown(step.level)}</td>
                                <td class="num">{planned_time(step.ramp)}</td>
                                <td class="num">{planned_time(step.duration)}</td>
                            </tr>
                        }
                    })
                    .collect_view();
                let texts = |rules: &[String]| {
                    rules.iter().map(|rule| view! { <li class="mono">{rule.clone()}</li> }).collect_view()
                };
                let of_search = (!preview.rules_of_search.is_empty()).then(|| {
                    view! {
                        <p class="mt1">"All levels together are judged by:"</p>
                        <ul>{texts(&preview.rules_of_search)}</ul>
                    }
                });
                view! {
                    <p>
                        "Up in these steps to the first that breaks, then halfway between the highest that holds and the lowest that breaks, until the two are 5 % apart, of users at least one."
                    </p>
                    <Scroller label="Levels on the way up">
                        <table class="data tight">
                            <thead>
                                <tr>
                                    <th class="num">"Level"</th>
                                    <th class="num">"Ramp"</th>
                                    <th class="num">"Run in all"</th>
                                </tr>
                            </thead>
                            <tbody>{rows}</tbody>
                        </table>
                    </Scroller>
                    <p class="mt1">"A level holds when all of these hold:"</p>
                    <ul>{texts(&preview.rules)}</ul>
                    {of_search}
                }
                .into_any()
            }
        }}
    }
    .into_any()
}

#[component]
fn Aside(shown: Shown) -> impl IntoView {
    let mark = shown.fields.mark(&shown.options);
    let figures = shown.preview.as_ref().filter(|preview| preview.most_runs > 0).map(|preview| {
        view! {
            <dl class="est">
                <div><dt>"Runs, at most"</dt><dd>{display::count(preview.most_runs.into())}</dd></div>
                <div><dt>"Longest time"</dt><dd>{planned_time(preview.longest)}</dd></div>
            </dl>
            <p class="faint fine">"A level that stays undecided or cannot be measured is run once more. Waiting for the environment comes on top."</p>
        }
    });
    let start = match shown.problems.first().cloned() {
        None => view! { <div class="start-run"><button class="btn primary">"Start search"</button></div> }.into_any(),
        Some(problem) => {
            let field = address_of(&problem.field);
            view! {
                <div class="start-run">
                    // Not `disabled`: it stays reachable by keyboard, and what it says is read out.
                    <button class="btn primary" type="button" aria-disabled="true" aria-describedby="why">"Start search"</button>
                    <p id="why" class="muted fine">
                        {format!("Cannot start: {}", sentence(&problem.message))} " "
                        {field.map(|field| view! { <a href=field>"Go to the field"</a> })}
                    </p>
                </div>
            }
            .into_any()
        }
    };
    view! {
        <h2 class="strong">"Estimate"</h2>
        {figures}
        <input type="hidden" name=SHOWN value=mark/>
        {start}
    }
    .into_any()
}

/// What Start would do, in a sentence; or why it cannot.
fn answer(shown: &Shown) -> String {
    if shown.options.suites.is_empty() || shown.options.environments.is_empty() {
        return "There is nothing to search yet: this lab has no suite or no environment.".to_owned();
    }
    let wrong = shown.problems.len();
    match &shown.preview {
        Some(preview) if wrong == 0 => {
            let request = &preview.request;
            format!(
                "Looks for the most that {} bears on {}, from {} to {}: at most {} in {}.",
                request.scenario,
                shown.fields.launch.env,
                request.unit.shown(request.from),
                request.unit.shown(request.to),
                count_of(preview.most_runs as usize, "run"),
                planned_time(preview.longest)
            )
        }
        _ if wrong == 1 => "This search cannot start yet: one field is wrong.".to_owned(),
        _ => format!("This search cannot start yet: {wrong} fields are wrong."),
    }
}
