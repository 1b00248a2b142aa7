//! The launch page as a whole: one form that can be looked at again (GET) and started (POST).

use leptos::{form::ActionForm, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use perflab_model::{
    display,
    problem::{FieldProblem, Problem},
    suite::SuiteKind,
    view::{Estimate, LaunchOptions, LaunchPreview},
};

use super::{
    aside::Aside,
    field::input_of,
    fields::LaunchFields,
    notes::{Again, Notes},
    sections::{Judges, LoadShape, Parameters, What, Where},
};
use crate::{
    components::{GuideLink, Topic, chosen, count_of},
    islands::{LaunchForm, launch_form::STALE},
    pages::{
        actions::LaunchRun,
        problem::ProblemLine,
        runs::empty::NothingToLaunch,
        source::{Loaded, lab, query},
    },
    ui_error::UiError,
};

/// Everything that the page shows.
#[derive(Clone)]
pub struct Shown {
    /// What can be chosen.
    pub options: LaunchOptions,
    /// What stands in the fields.
    pub fields: LaunchFields,
    /// What Start would do; nothing while a field cannot be read.
    pub preview: Option<LaunchPreview>,
    /// What is wrong, field by field, under the names of the form's own fields.
    pub problems: Vec<FieldProblem>,
    /// What the address asked for and the form has no field for.
    pub left_out: Vec<String>,
    /// The run that the fields were filled in from.
    pub again: Option<Again>,
    /// The key of this form: a launch that is sent twice is one launch.
    pub key: String,
    /// Whether a launch must name its project.
    pub names_project: bool,
}

impl Shown {
    /// Whether the chosen suite measures operations and sends no load of its own.
    pub fn is_benchmark(&self) -> bool {
        self.fields.suite_of(&self.options).is_some_and(|suite| suite.kind == SuiteKind::Benchmark)
    }

    /// What is wrong with a field.
    pub fn problem(&self, field: &str) -> Option<FieldProblem> {
        self.problems.iter().find(|problem| problem.field == field).cloned()
    }
}

/// Parts of the page that follow from the fields, with the fields in them: what is wrong is said at each.
const PARTS: [&str; 9] = [
    "launch-answer",
    "launch-what",
    "launch-where",
    "launch-shape",
    "launch-load",
    "launch-preview",
    "launch-parameters",
    "launch-rules",
    "launch-aside",
];

/// Fields that say nothing about the launch itself, so that the page's address does without them.
const UNSAID: [&str; 3] = [KEY, SHOWN, LISTED_OF];
/// The key of the form.
const KEY: &str = "key";
/// The mark of what the page shows.
pub const SHOWN: &str = "shown";
/// The suite whose scenarios the page lists.
pub const LISTED_OF: &str = "listed_of";

/// The launch page.
#[component]
pub fn LaunchPage() -> impl IntoView {
    let fields = use_query_map().with_untracked(LaunchFields::from_query);
    let (listed_of, key) = (query(LISTED_OF), query(KEY));
    let lab = lab();
    let load = async move {
        let lab = lab?;
        let project = fields.project.parse().ok();
        let options = lab.launch_options(project.as_ref()).await?;
        let (fields, left_out) = fields.completed(&options, listed_of.as_deref());
        let (preview, mut problems) = match fields.request() {
            Ok(request) => {
                let preview = lab.preview(&request).await?;
                let problems = preview.problems.clone();
                (Some(preview), problems)
            }
            Err(problems) => (None, problems),
        };
        for problem in &mut problems {
            problem.field = input_of(&problem.field).to_owned();
        }
        // A run that is gone only takes its note along.
        let again = match fields.again.as_str() {
            "" => None,
            run => lab.run(run).await.ok().map(|run| Again::of(&run, &options)),
        };
        let names_project = lab.must_name_project().await?;
        // Only a key that this page has made itself: it becomes part of a command that people copy.
        let key = key.and_then(|key| key.parse().ok()).unwrap_or_else(uuid::Uuid::now_v7).to_string();
        Ok::<_, Problem>(Shown { options, fields, preview, problems, left_out, again, key, names_project })
    };
    view! {
        <Title text="New run"/>
        <Loaded from=Box::pin(load) show=show/>
    }
}

fn show(shown: Shown) -> impl IntoView {
    let action = ServerAction::<LaunchRun>::new();
    let failed = action.value().get_untracked().and_then(|result: Result<(), UiError>| result.err());
    let body = if shown.options.suites.is_empty() || shown.options.environments.is_empty() {
        view! { <NothingToLaunch/> }.into_any()
    } else {
        view! { <LaunchBody shown=shown.clone() action=action/> }.into_any()
    };
    view! {
        <div class="page-head">
            <div class="head-row">
                <div class="title">
                    <a href="/">"Runs"</a>
                    <span class="sep">"/"</span>
                    <h1>"New run"</h1>
                </div>
            </div>
            <p class="answer" id="launch-answer" role="status">{answer(&shown)}</p>
        </div>
        <div class="page-body">
            <div class="launch-notes stack">
                {failed.map(|UiError(problem)| view! { <ProblemLine problem=problem/> })}
                <Notes again=shown.again left_out=shown.left_out/>
            </div>
            {body}
        </div>
    }
}

#[component]
fn LaunchBody(shown: Shown, action: ServerAction<LaunchRun>) -> impl IntoView {
    // A key of its own, whatever the address says: a page that is opened once more is another launch.
    let key = uuid::Uuid::now_v7().to_string();
    view! {
        // Browsers must not put earlier values back: what stands in the fields is what the page shows.
        <ActionForm action=action attr:class="launch" attr:id="launch" attr:autocomplete="off">
            <div>
                // The first button of a form is what Enter presses: look again, never start.
                <button class="btn enter" formmethod="get" formaction="/launch" formnovalidate=true>
                    "Update the preview"
                </button>
                <input type="hidden" name="project" value=shown.fields.project.clone()/>
                <input type="hidden" name="again" value=shown.fields.again.clone()/>
                <input type="hidden" name=KEY value=key/>
                <section class="step">
                    <h2>"What"</h2>
                    <div id="launch-what"><What shown=shown.clone()/></div>
                </section>
                <section class="step">
                    <h2>"Where"</h2>
                    <div id="launch-where"><Where shown=shown.clone()/></div>
                </section>
                <section class="step">
                    <h2 id="launch-shape">
                        {if shown.is_benchmark() {
                            "Cases".into_any()
                        } else {
                            view! { "Load shape " <GuideLink topic=Topic::Patterns/> }.into_any()
                        }}
                    </h2>
                    <LoadShape shown=shown.clone()/>
                </section>
                <div id="launch-parameters"><Parameters shown=shown.clone()/></div>
                <section class="step" id="launch-rules">
                    <Judges preview=shown.preview.clone()/>
                </section>
            </div>
            <aside aria-label="Estimate and start">
                <div role="status">
                    <div class="note-line" data-v="issues" id=STALE hidden=true>
                        <p>"The lab did not answer: what is shown here is older than the fields. Change a field to try again."</p>
                    </div>
                </div>
                <div id="launch-aside"><Aside shown=shown/></div>
            </aside>
        </ActionForm>
        <LaunchForm
            form_id="launch".to_owned()
            path="/launch".to_owned()
            parts=PARTS.map(str::to_owned).to_vec()
            unsaid=UNSAID.map(str::to_owned).to_vec()
        />
    }
    .into_any()
}

/// What Start would do, in a sentence; or why it cannot.
fn answer(shown: &Shown) -> String {
    if shown.options.suites.is_empty() || shown.options.environments.is_empty() {
        return "There is nothing to launch yet: this lab has no suite or no environment.".to_owned();
    }
    let Some(estimate) = shown.preview.as_ref().and_then(|preview| preview.estimate.as_ref()) else {
        return match shown.problems.len() {
            1 => "This run cannot start yet: one field is wrong.".to_owned(),
            n => format!("This run cannot start yet: {n} fields are wrong."),
        };
    };
    let start = match (shown.problems.is_empty(), estimate.ahead) {
        (false, _) => "It cannot start yet.".to_owned(),
        (true, 0) => "It can start now.".to_owned(),
        (true, 1) => "One run goes first.".to_owned(),
        (true, n) => format!("{n} runs go first."),
    };
    let LaunchFields { suite, scenario, env, .. } = &shown.fields;
    if shown.is_benchmark() {
        let cases = shown.preview.as_ref().map_or(0, |preview| preview.cases.len());
        return format!("{suite} will measure {} in at most {}. {start}", count_of(cases, "case"), estimate.duration);
    }
    format!("{scenario} {}. {start}", plan(estimate, env))
}

/// `will start 66,000 iterations, at most 100 a second, and send about 170,000 requests to staging in 11m`.
fn plan(estimate: &Estimate, environment: &str) -> String {
    let duration = estimate.duration;
    // An iteration may be several requests, so a rate of starts must not be read as one of requests.
    match (estimate.peak_rate, estimate.iterations, estimate.requests) {
        (Some(rate), Some(starts), Some(requests)) => {
            let (rate, starts, requests) = (chosen(rate), about(starts), about(requests));
            if starts == requests {
                format!("will send about {requests} requests to {environment} in {duration}, at most {rate} a second")
            } else {
                format!(
                    "will start about {starts} iterations, at most {rate} a second, and send about {requests} requests \
                     to {environment} in {duration}"
                )
            }
        }
        (Some(rate), ..) => {
            format!("will start at most {} iterations a second against {environment} for {duration}", chosen(rate))
        }
        (None, _, requests) => {
            let requests = match requests {
                Some(requests) => format!("at most about {} requests", about(requests)),
                None => "as many requests as its users make".to_owned(),
            };
            let users =
                estimate.peak_users.map(|users| format!(", from at most {} users", display::count(users.into())));
            format!("will send {requests} to {environment} in {duration}{}", users.unwrap_or_default())
        }
    }
}

/// An estimated count: whole, for nobody sends half a request, and not more exact than an estimate is.
pub fn about(count: f64) -> String {
    let digits = if count >= 1_000.0 { count.log10().floor() - 2.0 } else { 0.0 };
    let step = 10_f64.powf(digits);
    display::count(((count / step).round() * step).max(0.0) as u64)
}

#[cfg(test)]
mod tests {
    use perflab_model::{unit::Millis, work::Needs};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(7.8, "8")]
    #[case(999.6, "1,000")]
    #[case(63_000.0, "63,000")]
    #[case(982_799_017.0, "983,000,000")]
    #[case(0.0, "0")]
    fn an_estimate_is_not_more_exact_than_it_can_be(#[case] count: f64, #[case] told: &str) {
        assert_eq!(about(count), told);
    }

    #[rstest]
    #[case::several_requests_an_iteration(
        Some(100.0),
        None,
        Some(66_000.0),
        Some(171_600.0),
        "will start about 66,000 iterations, at most 100 a second, and send about 172,000 requests to staging in 11m"
    )]
    #[case::one_request_an_iteration(
        Some(100.0),
        None,
        Some(66_000.0),
        Some(66_000.0),
        "will send about 66,000 requests to staging in 11m, at most 100 a second"
    )]
    #[case::users_that_think(
        None,
        Some(5),
        Some(240.0),
        Some(480.0),
        "will send at most about 480 requests to staging in 11m, from at most 5 users"
    )]
    #[case::users_that_do_not(
        None,
        Some(5),
        None,
        None,
        "will send as many requests as its users make to staging in 11m, from at most 5 users"
    )]
    fn a_rate_of_starts_is_not_told_as_one_of_requests(
        #[case] peak_rate: Option<f64>,
        #[case] peak_users: Option<u32>,
        #[case] iterations: Option<f64>,
        #[case] requests: Option<f64>,
        #[case] told: &str,
    ) {
        let (duration, needs) = (Millis::from_secs(660), Needs::default());
        let estimate = Estimate {
            iterations,
            requests,
            duration,
            at_most: false,
            ends_us: 0,
            peak_rate,
            peak_users,
            ahead: 0,
            needs,
        };
        assert_eq!(plan(&estimate, "staging"), told);
    }
}
