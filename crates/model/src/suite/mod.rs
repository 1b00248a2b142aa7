//! Suites: YAML in, checked suites out, and the plan that a scenario expands to.

use crate::plan::Plan;

/// Names of the secrets that a plan's templates ask for.
pub(crate) fn secret_names(_plan: &Plan) -> Vec<String> {
    Vec::new()
}
