//! What the form of the rate does. It answers with the run's page, which says it when the order was refused.

#![expect(missing_docs, reason = "the server macro turns arguments into public fields and cannot document them")]

use leptos::prelude::*;
use perflab_lab::{IdempotencyKey, Lab};
use perflab_model::{
    problem::{Problem, ProblemKind},
    run::Trigger,
};

use super::{
    actions::{CALLER, after_end},
    source::lab,
};
use crate::ui_error::UiError;

/// Changes the rate of a run and goes back to its page.
#[server(name = AdjustRun, prefix = "/action", endpoint = "adjust")]
pub async fn adjust_run(
    id: String,
    #[server(default)] step: String,
    #[server(default)] way: String,
    #[server(default)] key: String,
) -> Result<(), UiError> {
    let outcome = adjust(&lab()?, &id, &step, &way, &key).await;
    leptos_axum::redirect(&after_end::<AdjustRun>(&id, outcome));
    Ok(())
}

async fn adjust(lab: &Lab, address: &str, step: &str, way: &str, key: &str) -> Result<(), Problem> {
    let by = rate_by(step, way)?;
    let run = lab.run(address).await?;
    let asked = format!("{} {by}", run.row.id);
    let key = IdempotencyKey::new(CALLER, key, asked.as_bytes());
    lab.adjust(run.row.id, by, Trigger::Browser, key.as_ref()).await?;
    Ok(())
}

/// What the fields of the form mean.
fn rate_by(step: &str, way: &str) -> Result<f64, Problem> {
    let step = step.trim().parse::<f64>().ok().filter(|step| step.is_finite() && *step >= 0.0);
    match (step, way) {
        (Some(step), "more") => Ok(step),
        (Some(step), "less") => Ok(-step),
        _ => {
            let shown = "The rate was not changed: a number of starts a second is missing";
            let hint = Some("Type a number such as 10, and press − or +".to_owned());
            Err(Problem::new(ProblemKind::Invalid, "adjust.unreadable", shown, hint))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_goes_the_way_of_the_button() {
        assert_eq!(rate_by(" 2.5 ", "more").ok(), Some(2.5));
        assert_eq!(rate_by("10", "less").ok(), Some(-10.0));
        for (step, way) in [("", "more"), ("ten", "more"), ("-10", "more"), ("inf", "more"), ("10", "")] {
            assert!(rate_by(step, way).is_err(), "{step} {way}");
        }
    }
}
