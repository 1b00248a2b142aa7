//! Nothing is launched while a kill switch holds.

use perflab_model::{
    id::EnvironmentId,
    kill_switch::KillSwitch,
    problem::{FieldProblem, Problem, ProblemKind},
};

use crate::{Lab, trouble::Told as _};

/// The next step of whoever reads of a switch.
const HINT: &str = "Release it on the lab's page /safety or with `perflab kill-switch off` once load may be sent again";

/// What a switch says to whoever wants to launch.
fn message(switch: &KillSwitch) -> String {
    format!("The kill switch of {} is pulled by {}: {}", switch.scope, switch.pulled_by, switch.reason)
}

/// The same at a field of the form.
pub(crate) fn field_problem(switch: &KillSwitch) -> FieldProblem {
    FieldProblem { field: "environment".to_owned(), message: message(switch), hint: Some(HINT.to_owned()) }
}

impl Lab {
    /// Refuses a launch on an environment where a switch holds.
    pub(crate) async fn refuse_while_killed(&self, environment: EnvironmentId) -> Result<(), Problem> {
        match self.db.kill_switch_on(environment).await.told()? {
            None => Ok(()),
            Some(switch) => {
                Err(Problem::new(ProblemKind::Denied, "kill_switch.pulled", message(&switch), Some(HINT.to_owned())))
            }
        }
    }
}
