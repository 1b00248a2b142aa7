//! From a request to what it names: the suite's newest version, the environment, the plan.

use perflab_model::{
    environment::Environment,
    id::{EnvironmentId, ProjectId, RunId, SuiteVersionId},
    launch::LaunchRequest,
    name::ProjectName,
    plan::{Plan, PlanProject},
    problem::{FieldProblem, Problem},
    suite::{PlanError, PlanRequest, Suite},
};

use crate::{Lab, trouble::Told as _};

/// Longest tag, and most tags of a run.
const MAX_TAG_CHARS: usize = 60;
const MAX_TAGS: usize = 20;
/// Longest branch or commit.
const MAX_REVISION_CHARS: usize = 200;

/// What a request names.
pub(super) struct Resolved {
    pub(super) project: ProjectId,
    pub(super) environment: Option<(EnvironmentId, Environment)>,
    pub(super) suite: Option<(SuiteVersionId, Suite)>,
    pub(super) plan: Option<Plan>,
    /// The seed, where the request or the suite names one.
    pub(super) chosen_seed: Option<u64>,
    pub(super) problems: Vec<FieldProblem>,
}

/// What the words of a request stand for; the scenario is not looked at.
pub(crate) struct Named {
    pub(crate) project: ProjectId,
    pub(crate) name: ProjectName,
    pub(crate) environment: Option<(EnvironmentId, Environment)>,
    pub(crate) suite: Option<(SuiteVersionId, Suite)>,
    pub(crate) problems: Vec<FieldProblem>,
}

impl Lab {
    /// Looks up what a request names and makes its plan; what does not fit comes as problems, all at once. The plan may be
    /// carried out only when there are none.
    pub(super) async fn resolve(&self, request: &LaunchRequest, run: RunId) -> Result<Resolved, Problem> {
        let Named { project, name, environment, suite, mut problems } = self.resolve_names(request).await?;
        let mut plan = None;
        if let (Some((_, environment)), Some((_, suite))) = (&environment, &suite) {
            let asked = PlanRequest {
                run,
                scenario: &request.scenario,
                environment: environment.clone(),
                overrides: &request.overrides,
                seed: seed_of(run),
            };
            let draft = suite.draft(asked);
            problems.extend(draft.problems.iter().map(PlanError::field_problem));
            plan = draft.plan.map(|plan| {
                let owner = PlanProject { name: name.clone(), id: Some(project) };
                Plan { project: Some(owner), ..plan }
            });
        } else if let Some((_, suite)) = &suite
            && suite.scenario_names().iter().all(|name| name != request.scenario.as_str())
        {
            // Without an environment there is no plan, but every wrong field is told at once.
            problems.push(suite.unknown_scenario(&request.scenario).field_problem());
        }
        let chosen_seed = plan.as_ref().map(|plan| plan.seed).filter(|seed| *seed != seed_of(run));
        Ok(Resolved { project, environment, suite, plan, chosen_seed, problems })
    }

    /// Looks up what a request names.
    pub(crate) async fn resolve_names(&self, request: &LaunchRequest) -> Result<Named, Problem> {
        let (project, name) = self.project(request.project.as_ref()).await?;
        let mut problems = words(request);
        let environment = self.resolve_environment(project, request, &mut problems).await?;
        let suite = self.resolve_suite(project, request, &mut problems).await?;
        Ok(Named { project, name, environment, suite, problems })
    }

    async fn resolve_environment(
        &self,
        project: ProjectId,
        request: &LaunchRequest,
        problems: &mut Vec<FieldProblem>,
    ) -> Result<Option<(EnvironmentId, Environment)>, Problem> {
        let mut known = self.db.environments(project).await.told()?;
        let names = known.iter().map(|(_, environment)| environment.name.as_str()).collect::<Vec<_>>().join(", ");
        let wrong = |message: String| FieldProblem {
            field: "environment".to_owned(),
            message,
            hint: Some(if names.is_empty() {
                "Start the lab with --target URL to give it one".to_owned()
            } else {
                format!("Use one of {names}")
            }),
        };
        match &request.environment {
            Some(name) => {
                let found = known.into_iter().find(|(_, environment)| &environment.name == name);
                if found.is_none() {
                    problems.push(wrong(format!("There is no environment `{name}`")));
                }
                Ok(found)
            }
            None if known.len() == 1 => Ok(known.pop()),
            None => {
                problems.push(wrong(if known.is_empty() {
                    "This project has no environment yet".to_owned()
                } else {
                    "Several environments are there, and the request names none".to_owned()
                }));
                Ok(None)
            }
        }
    }

    async fn resolve_suite(
        &self,
        project: ProjectId,
        request: &LaunchRequest,
        problems: &mut Vec<FieldProblem>,
    ) -> Result<Option<(SuiteVersionId, Suite)>, Problem> {
        let stored = self.db.newest_suites(project).await.told()?;
        let names = stored.iter().map(|suite| suite.name.as_str()).collect::<Vec<_>>().join(", ");
        let Some(found) = stored.into_iter().find(|suite| suite.name == request.suite) else {
            problems.push(FieldProblem {
                field: "suite".to_owned(),
                message: format!("There is no suite `{}`", request.suite),
                hint: Some(format!("Use one of {names}")),
            });
            return Ok(None);
        };
        match Suite::parse(&found.text, &found.files) {
            Ok(suite) => Ok(Some((found.id, suite))),
            Err(errors) => {
                problems.push(FieldProblem {
                    field: "suite".to_owned(),
                    message: format!("Suite `{}` cannot be used: {errors}", found.name),
                    hint: Some("Correct the file and restart the lab with it".to_owned()),
                });
                Ok(None)
            }
        }
    }
}

/// The run's own id gives the seed where nobody chose one: shown, kept, and reusable.
pub(crate) fn seed_of(run: RunId) -> u64 {
    let (high, low) = run.uuid().as_u64_pair();
    // Small enough to be an exact number in every JSON reader, JavaScript included.
    (high ^ low) & ((1 << 53) - 1)
}

/// What is wrong with the words of a request, whatever they name.
fn words(request: &LaunchRequest) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    let mut wrong = |field: &str, message: String, hint: &str| {
        problems.push(FieldProblem { field: field.to_owned(), message, hint: Some(hint.to_owned()) });
    };
    if request.tags.len() > MAX_TAGS {
        wrong("tags", format!("{} tags are more than {MAX_TAGS}", request.tags.len()), "Leave some out");
    }
    for tag in &request.tags {
        if tag.trim().is_empty()
            || tag.chars().count() > MAX_TAG_CHARS
            || tag.chars().any(|c| c.is_control() || c == ',')
        {
            wrong(
                "tags",
                format!("`{}` is not a tag", tag.chars().take(MAX_TAG_CHARS).collect::<String>().escape_debug()),
                "A tag has 1 to 60 characters and no commas or line breaks",
            );
        }
    }
    let revision = &request.revision;
    for (field, value) in [
        ("revision.commit", &revision.commit),
        ("revision.branch", &revision.branch),
        ("revision.merge_base", &revision.merge_base),
    ] {
        let Some(value) = value else { continue };
        if value.is_empty() || value.chars().count() > MAX_REVISION_CHARS || value.chars().any(char::is_control) {
            wrong(field, "This is not a branch or commit".to_owned(), "Give a name or id of 1 to 200 characters");
        }
    }
    problems
}
