//! The sections of the launch form.

use leptos::prelude::*;
use perflab_charts::Size;
use perflab_model::{
    display,
    plan::Rule,
    threshold::{Action, Level},
    view::{LaunchPreview, ParameterOption, ScenarioOption},
};

use super::{
    field::{ChoiceField, ErrorLine, TextField, field_id},
    page::{LISTED_OF, Shown},
};
use crate::{
    charts::preview::{Preview, preview_finding, previews},
    components::{GuideLink, Scroller, Topic, chosen},
    pages::figure::ChartFigure,
};

/// Suite, scenario, revision.
#[component]
pub fn What(
    /// The page.
    shown: Shown,
) -> impl IntoView {
    let fields = shown.fields.clone();
    let suites = shown
        .options
        .suites
        .iter()
        .map(|suite| {
            let since = display::clock(suite.since_us, true);
            (suite.name.to_string(), format!("{} · {}, {since}", suite.name, suite.version))
        })
        .collect();
    let suite = fields.suite_of(&shown.options);
    let scenarios = suite.map_or_else(Vec::new, |suite| {
        let text = |scenario: &ScenarioOption| format!("{} · {}", scenario.name, scenario.load);
        suite.scenarios.iter().map(|scenario| (scenario.name.to_string(), text(scenario))).collect()
    });
    let scenario = fields.scenario_of(&shown.options);
    let help = scenario.and_then(|scenario| scenario.description.clone()).unwrap_or_default();
    let unusable = suite.and_then(|suite| suite.problem.clone());
    view! {
        // Whose scenarios these are: when another suite is chosen, the scenario chosen here means nothing there.
        <input type="hidden" name=LISTED_OF value=fields.suite.clone()/>
        <div class="fields">
            <ChoiceField field="suite" name="suite" label="Suite" choices=suites value=fields.suite problem=shown.problem("suite") width="w5"/>
            <ChoiceField
                field="scenario"
                name="scenario"
                label="Scenario"
                choices=scenarios
                value=fields.scenario
                help=help
                problem=shown.problem("scenario")
                width="w4"
            />
            <TextField
                field="revision"
                name="rev"
                label="Revision"
                value=fields.rev
                placeholder="main@c93e5aa"
                help="What the target was built from."
                problem=shown.problem("revision")
                width="w3"
            />
        </div>
        {unusable.map(|why| view! { <div class="note-line mt1" data-v="critical"><p>{why}</p></div> })}
    }
    .into_any()
}

/// Environment with its facts.
#[component]
pub fn Where(
    /// The page.
    shown: Shown,
) -> impl IntoView {
    let environments = shown
        .options
        .environments
        .iter()
        .map(|environment| (environment.name.to_string(), format!("{} · {}", environment.name, environment.base_url)))
        .collect();
    let chosen = shown.options.environments.iter().find(|environment| environment.name.as_str() == shown.fields.env);
    let mut facts = Vec::new();
    if let Some(environment) = chosen {
        facts.push(format!("Caps: {}.", environment.caps));
        if !environment.labels.is_empty() {
            facts.push(format!("Labels: {}.", environment.labels.join(", ")));
        }
        if let Some(number) = environment.busy_with {
            facts.push(format!("Run #{number} has it now."));
        }
        match environment.waiting {
            0 => {}
            1 => facts.push("One run waits for it.".to_owned()),
            n => facts.push(format!("{n} runs wait for it.")),
        }
    }
    facts.extend(shown.preview.as_ref().and_then(secrets));
    view! {
        <div class="fields">
            <ChoiceField
                field="environment"
                name="env"
                label="Environment"
                choices=environments
                value=shown.fields.env.clone()
                problem=shown.problem("environment")
                width="w8"
            />
        </div>
        <p class="faint fine mt1" id="launch-place">{facts.join(" ")}</p>
    }
    .into_any()
}

/// `Secrets: LOAD_PW set, API_KEY not set.` Never their values.
fn secrets(preview: &LaunchPreview) -> Option<String> {
    let named = preview.secrets.iter().map(|secret| match secret.set {
        Some(true) => format!("{} set", secret.name),
        Some(false) => format!("{} not set", secret.name),
        None => format!("{} of the worker", secret.name),
    });
    let named: Vec<String> = named.collect();
    (!named.is_empty()).then(|| format!("Secrets: {}.", named.join(", ")))
}

/// What differs from the scenario, beside the plot of what follows.
#[component]
pub fn LoadShape(
    /// The page.
    shown: Shown,
) -> impl IntoView {
    let drawn = shown.preview.as_ref().map(previews).unwrap_or_default();
    let several = drawn.len() > 1;
    let mut finding = shown
        .preview
        .as_ref()
        .map_or_else(|| "There is nothing to show until the fields are right.".to_owned(), preview_finding);
    let load = shown.preview.as_ref().and_then(|preview| preview.load.as_ref());
    if load.is_some_and(|load| !load.adjustable().is_empty()) {
        finding.push_str(" Its rate may be changed while it runs.");
    }
    view! {
        <p class="muted">"As the suite says, where a field is empty."</p>
        <div class="shape">
            <div id="launch-load"><Overrides shown=shown.clone()/></div>
            <div id="launch-preview">
                {if shown.is_benchmark() {
                    view! { <WhatIsMeasured shown=shown/> }.into_any()
                } else if drawn.is_empty() {
                    view! { <p class="muted">{finding}</p> }.into_any()
                } else {
                    drawn
                        .into_iter()
                        .enumerate()
                        .map(|(at, Preview { mut chart, stops })| {
                            if !several {
                                chart.title = "Preview".to_owned();
                            }
                            // One sentence tells of both drawings.
                            let finding = if at == 0 { finding.clone() } else { "The same run, its users.".to_owned() };
                            view! { <ChartFigure chart=chart sizes=&Size::FORM finding=finding stops=stops topic=Topic::Load/> }
                        })
                        .collect_view()
                        .into_any()
                }}
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn Overrides(shown: Shown) -> impl IntoView {
    if shown.is_benchmark() {
        return view! { <CaseChoice shown=shown/> }.into_any();
    }
    let scenario = shown.fields.scenario_of(&shown.options);
    let (open, users) = scenario.map_or((false, true), |scenario| (scenario.open, scenario.users));
    let fields = shown.fields.clone();
    let problem = |name: &str| shown.problem(&format!("overrides.{name}"));
    let seed = shown.preview.as_ref().and_then(|preview| preview.seed).map(|seed| seed.to_string()).unwrap_or_default();
    let of_rate = open.then(|| {
        view! {
            <TextField
                field="overrides.rate"
                name="rate"
                label="Highest rate"
                value=fields.rate.clone()
                unit="/s"
                help="Iterations started a second; each may send several requests."
                problem=problem("rate")
                width="half w6"
            />
            <TextField
                field="overrides.max_in_flight"
                name="max_in_flight"
                label="At most in flight"
                value=fields.max_in_flight.clone()
                help="Iterations at once. Starts beyond it are dropped and counted."
                problem=problem("max_in_flight")
                width="half w6"
            />
        }
        .into_any()
    });
    let of_users = users.then(|| {
        view! {
            <TextField
                field="overrides.users"
                name="users"
                label="Users"
                value=fields.users.clone()
                help=if open { "Of the one part that has users." } else { "" }
                problem=problem("users")
                width="half w6"
            />
            <TextField
                field="overrides.spawn_rate"
                name="spawn_rate"
                label="Started a second"
                value=fields.spawn_rate.clone()
                unit="/s"
                help="How fast users are added until all are there."
                problem=problem("spawn_rate")
                width="half w6"
            />
        }
        .into_any()
    });
    view! {
        <div class="fields close">
            {of_rate}
            {of_users}
            <TextField
                field="overrides.duration"
                name="duration"
                label="Duration"
                value=fields.duration
                placeholder="2m"
                problem=problem("duration")
                width="half w6"
            />
            <TextField
                field="overrides.seed"
                name="seed"
                label="Seed"
                value=fields.seed
                placeholder=seed
                problem=problem("seed")
                width="half w6"
            />
            <TextField
                field="overrides.classes"
                name="classes"
                label="Only these classes of users"
                value=fields.classes
                placeholder="as the scenario chooses"
                help="Names from the suite, separated by commas."
                problem=problem("classes")
                width="w6"
            />
        </div>
    }
    .into_any()
}

/// Which cases of a benchmark suite are measured.
#[component]
fn CaseChoice(shown: Shown) -> impl IntoView {
    let seed = shown.preview.as_ref().and_then(|preview| preview.seed).map(|seed| seed.to_string()).unwrap_or_default();
    view! {
        <div class="fields close">
            <TextField
                field="overrides.cases"
                name="cases"
                label="Only these cases"
                value=shown.fields.cases.clone()
                placeholder="all of them"
                help="Names or patterns such as login*, separated by commas."
                problem=shown.problem("overrides.cases")
                width="w6"
            />
            <TextField
                field="overrides.seed"
                name="seed"
                label="Seed"
                value=shown.fields.seed.clone()
                placeholder=seed
                problem=shown.problem("overrides.seed")
                width="half w6"
            />
        </div>
    }
    .into_any()
}

/// The cases that Start would measure, in the order in which they run.
#[component]
fn WhatIsMeasured(shown: Shown) -> impl IntoView {
    let cases = shown.preview.map(|preview| preview.cases).unwrap_or_default();
    if cases.is_empty() {
        return view! { <p class="muted">"There is nothing to show until the fields are right."</p> }.into_any();
    }
    let time = |ms: Option<f64>| ms.map_or_else(|| "–".to_owned(), |ms| display::seconds(ms / 1000.0));
    let rows = cases
        .into_iter()
        .map(|case| {
            // Several combinations of a case may share its title.
            let combination = case.name.strip_prefix(&case.base).unwrap_or_default().to_owned();
            let name = case.title.map_or(case.name, |title| title + &combination);
            view! {
                <tr>
                    <th scope="row">
                        {name}
                        {case.critical.then(|| view! { " " <span class="tag">"critical"</span> })}
                    </th>
                    <td class="num">{case.amount}</td>
                    <td class="num">{time(case.target)}</td>
                    <td class="num">{time(case.max)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <Scroller label="Table of cases">
            <table class="data tight cases">
                <thead>
                    <tr><th>"Case"</th><th class="num">"Amount"</th><th class="num">"Target"</th><th class="num">"Maximum"</th></tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </Scroller>
    }
    .into_any()
}

/// Parameters of the suite.
#[component]
pub fn Parameters(
    /// The page.
    shown: Shown,
) -> impl IntoView {
    let suite = shown.fields.suite_of(&shown.options);
    let parameters: Vec<ParameterOption> = suite.map(|suite| suite.parameters.clone()).unwrap_or_default();
    // Each value may be right and the suite wrong with all of them together.
    let together = shown.problem("overrides.parameters");
    let changed = shown.fields.set.values().filter(|value| !value.is_empty()).count();
    let note = match changed {
        0 => "from the suite; all at their defaults".to_owned(),
        1 => "from the suite; one is changed".to_owned(),
        n => format!("from the suite; {n} are changed"),
    };
    let tags = shown.fields.tags.clone();
    let tags_problem = shown.problem("tags");
    view! {
        {(!parameters.is_empty())
            .then(|| {
                view! {
                    <section class="step" id=field_id("overrides.parameters")>
                        <h2>"Parameters" <small>{note}</small></h2>
                        <div class="field"><ErrorLine problem=together/></div>
                        <div class="fields">
                            {parameters
                                .into_iter()
                                .map(|parameter| {
                                    let field = format!("overrides.parameters.{}", parameter.name);
                                    view! {
                                        <TextField
                                            problem=shown.problem(&field)
                                            field=field
                                            name=format!("set[{}]", parameter.name)
                                            label=parameter.name.clone()
                                            value=shown.fields.set.get(&parameter.name).cloned().unwrap_or_default()
                                            placeholder=parameter.default.clone()
                                            help=parameter_help(&parameter)
                                            width="w4"
                                        />
                                    }
                                })
                                .collect_view()}
                        </div>
                    </section>
                }
            })}
        <section class="step" data-key="tags">
            <h2>"Tags"</h2>
            <div class="fields">
                <TextField
                    field="tags"
                    name="tags"
                    label="Tags of the run, separated by blanks"
                    value=tags
                    placeholder="rc.3"
                    help="By commas where a tag has blanks itself."
                    problem=tags_problem
                    width="w6"
                />
            </div>
        </section>
    }
    .into_any()
}

/// `number, 1 to 1,000. Prefetched tokens.`
fn parameter_help(parameter: &ParameterOption) -> String {
    let range = match (parameter.min, parameter.max) {
        (Some(min), Some(max)) => format!(", {} to {}", chosen(min), chosen(max)),
        (Some(min), None) => format!(", {} or more", chosen(min)),
        (None, Some(max)) => format!(", {} or less", chosen(max)),
        (None, None) => String::new(),
    };
    let what = parameter.description.as_deref().map(|text| format!(" {text}")).unwrap_or_default();
    format!("{}{range}, {} if empty.{what}", parameter.kind, parameter.default)
}

/// The rules that will judge the run.
#[component]
pub fn Judges(
    /// What Start would do.
    preview: Option<LaunchPreview>,
) -> impl IntoView {
    let planned = preview.as_ref().is_some_and(|preview| preview.load.is_some());
    let rules = preview.map(|preview| preview.rules).unwrap_or_default();
    let count = match rules.len() {
        0 if !planned => "to be seen when the fields are right".to_owned(),
        0 => "no rule: the run is only measured".to_owned(),
        1 => "1 rule".to_owned(),
        n => format!("{n} rules"),
    };
    view! {
        <h2>"What will judge it" <small>{count}</small> " " <GuideLink topic=Topic::Thresholds/></h2>
        {(!rules.is_empty())
            .then(|| {
                view! {
                    <Scroller label="Table of rules">
                        <table class="data tight">
                            <thead>
                                <tr>
                                    <th>"Rule"</th>
                                    <th>"Source"</th>
                                    <th>"If broken"</th>
                                </tr>
                            </thead>
                            <tbody>
                                {rules
                                    .into_iter()
                                    .map(|rule| {
                                        let broken = if_broken(&rule);
                                        view! {
                                            <tr>
                                                <td class="mono">{rule.threshold.text}</td>
                                                <td class="muted">{rule.source}</td>
                                                <td class="muted">{broken}</td>
                                            </tr>
                                        }
                                    })
                                    .collect_view()}
                            </tbody>
                        </table>
                    </Scroller>
                }
            })}
    }
    .into_any()
}

fn if_broken(rule: &Rule) -> &'static str {
    let two_levels = rule.threshold.max.is_some();
    match (rule.threshold.action, rule.threshold.level) {
        (Action::Stop, Level::Fail) => "run stops, Critical",
        (Action::Stop, Level::Warn) => "run stops, Issues",
        (Action::Continue, _) if two_levels => "Issues; over its maximum Critical",
        (Action::Continue, Level::Fail) => "Critical",
        (Action::Continue, Level::Warn) => "Issues",
    }
}
