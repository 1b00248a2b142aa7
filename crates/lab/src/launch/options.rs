//! What can be launched, and where.

use perflab_model::{
    bench::Cases,
    display,
    environment::Caps,
    load::Load,
    name::{ProjectName, ScenarioName},
    problem::Problem,
    suite::{Suite, SuiteKind},
    view::{CaseOption, EnvironmentOption, LaunchOptions, ParameterOption, ScenarioOption, SuiteOption},
};
use perflab_store::StoredSuite;

use crate::{Lab, trouble::Told as _};

impl Lab {
    /// Newest version of each suite with its scenarios, and the environments of the project.
    ///
    /// # Errors
    /// When the project is not known or the store does not answer.
    pub async fn launch_options(&self, project: Option<&ProjectName>) -> Result<LaunchOptions, Problem> {
        let (project, name) = self.project(project).await?;
        let mut environments = Vec::new();
        for (id, environment) in self.db.environments(project).await.told()? {
            let queue = self.db.environment_queue(id).await.told()?;
            environments.push(EnvironmentOption {
                name: environment.name,
                base_url: environment.base_url.to_string(),
                caps: caps(&environment.caps),
                labels: environment.labels,
                busy_with: queue.running,
                waiting: queue.waiting,
                killed: self.db.kill_switch_on(id).await.told()?,
            });
        }
        let suites =
            self.db.newest_suites(project).await.told()?.into_iter().map(|stored| suite_option(&stored)).collect();
        Ok(LaunchOptions { project: Some(name), suites, environments })
    }

    /// Whether a launch must name its project, because there are several.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn must_name_project(&self) -> Result<bool, Problem> {
        Ok(self.db.projects().await.told()?.len() > 1)
    }
}

/// Caps in words: `2,000 users, 20,000/s, 4h`.
fn caps(caps: &Caps) -> String {
    format!("{} users, {}, {}", display::count(caps.users.into()), caps.rate, caps.duration)
}

fn suite_option(stored: &StoredSuite) -> SuiteOption {
    let mut option = SuiteOption {
        name: stored.name.clone(),
        title: None,
        version: stored.sha256.chars().take(7).collect(),
        since_us: stored.created_us,
        kind: SuiteKind::default(),
        scenarios: Vec::new(),
        cases: Vec::new(),
        parameters: Vec::new(),
        problem: None,
    };
    // A suite that an older version of the lab accepted may be refused by this one: it is shown with its reason.
    let suite = match Suite::parse(&stored.text, &stored.files) {
        Ok(suite) => suite,
        Err(errors) => {
            option.problem = Some(errors.to_string());
            return option;
        }
    };
    option.title = suite.title.clone();
    option.kind = suite.kind();
    option.cases = suite.cases().iter().map(|one| CaseOption::from(&one.case)).collect();
    option.scenarios = suite
        .scenarios()
        .iter()
        .map(|scenario| ScenarioOption {
            name: scenario.name.clone(),
            title: scenario.title.clone(),
            description: scenario.description.clone(),
            executor: scenario.executor.to_owned(),
            load: scenario.load.summary(),
            open: scenario.load.peak_rate().is_some(),
            users: takes_users(&scenario.load),
        })
        .collect();
    if suite.kind() == SuiteKind::Benchmark {
        option.scenarios = vec![whole_suite(&suite)];
    }
    option.parameters = suite
        .parameters()
        .iter()
        .map(|parameter| ParameterOption {
            name: parameter.name.clone(),
            kind: parameter.kind.name().to_owned(),
            default: parameter.default.clone(),
            description: parameter.description.clone(),
            min: parameter.min,
            max: parameter.max,
        })
        .collect();
    option
}

/// What stands for all cases of a benchmark suite where a scenario is chosen.
fn whole_suite(suite: &Suite) -> ScenarioOption {
    let cases = suite.cases().iter().map(|one| one.case.clone()).collect();
    ScenarioOption {
        name: ScenarioName::whole_suite(),
        title: None,
        description: suite.description.clone(),
        executor: "cases".to_owned(),
        load: Load::Cases(Cases { cases, ..Cases::default() }).amount(),
        open: false,
        users: false,
    }
}

/// Whether it is clear whose number of users another one would be.
fn takes_users(load: &Load) -> bool {
    match load {
        Load::Combined { parts } => parts.iter().filter(|part| part.load.has_users()).count() == 1,
        load => load.has_users(),
    }
}
