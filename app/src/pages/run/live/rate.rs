//! More or less load on a run under way: a form that works without scripts.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use perflab_model::display;

use crate::{
    components::{chosen, sentence},
    pages::{adjust::AdjustRun, run::data::RunData},
};

/// Id of the sentence that says how the rate stands.
pub const RATE: &str = "live-rate";

/// How the rate of a run stands, and the form that changes it.
#[derive(Clone, Debug, PartialEq)]
pub struct RateControl {
    id: String,
    /// Makes a double click one order.
    key: String,
    /// What stands in the field at first.
    step: f64,
    target: f64,
    cap: f64,
    /// Orders on their way to the runner: `+10/s`.
    pending: Vec<String>,
    /// Why the rate cannot be changed, if so.
    fixed: Option<String>,
}

impl RateControl {
    /// The control of a run whose scenario says that its rate may be changed.
    pub fn of(data: &RunData) -> Option<Self> {
        let now = data.rate.as_ref()?;
        let adjustable = data.run.plan.load.adjustable();
        let peak = adjustable.first().and_then(|(_, load)| load.peak_rate())?.get();
        Some(Self {
            id: data.run.row.id.to_string(),
            key: uuid::Uuid::now_v7().to_string(),
            step: step(peak),
            target: now.target,
            cap: now.cap,
            pending: now.pending.iter().map(|change| change.signed()).collect(),
            fixed: now.fixed.as_ref().map(|problem| problem.message.clone()),
        })
    }

    /// `100/s planned, cap 20,000/s.`
    fn sentence(&self) -> String {
        let (target, cap) = (chosen(self.target), chosen(self.cap));
        let mut parts = vec![format!("{target}/s planned next, cap {cap}/s.")];
        if !self.pending.is_empty() {
            parts.push(format!("{} is on its way to the runner.", self.pending.join(", ")));
        }
        parts.extend(self.fixed.as_deref().map(|why| format!("It cannot be changed: {}", sentence(why))));
        parts.join(" ")
    }
}

/// A tenth of the highest rate, as a number that people count in.
fn step(peak: f64) -> f64 {
    let tenth = peak / 10.0;
    if tenth <= 0.0 || !tenth.is_finite() {
        return 1.0;
    }
    let power = 10_f64.powf(tenth.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps.into_iter().rfind(|step| *step <= tenth * 1.000_001).unwrap_or(power)
}

/// The form with its sentence.
#[component]
pub fn RateForm(
    /// How the rate stands.
    control: RateControl,
) -> impl IntoView {
    let sentence = control.sentence();
    let fixed = control.fixed.is_some();
    view! {
        <form class="rate-form" method="post" action=AdjustRun::url() aria-label="Change the rate">
            <input type="hidden" name="id" value=control.id/>
            <input type="hidden" name="key" value=control.key/>
            <label for="rate-step">"Change the rate by"</label>
            <span class="input">
                <input
                    id="rate-step"
                    name="step"
                    type="number"
                    inputmode="decimal"
                    min="0"
                    step="any"
                    required=true
                    autocomplete="off"
                    value=display::exact(control.step)
                    aria-describedby=RATE
                />
                <span class="unit">"/s"</span>
            </span>
            <span class="rate-buttons" id="live-rate-buttons">
                <button class="btn icon-only" name="way" value="less" disabled=fixed aria-label="Less load">"−"</button>
                <button class="btn icon-only" name="way" value="more" disabled=fixed aria-label="More load">"+"</button>
            </span>
            <span class="faint" id=RATE>{sentence}</span>
        </form>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(100.0, 10.0)]
    #[case(30.0, 2.0)]
    #[case(7.0, 0.5)]
    #[case(20_000.0, 2_000.0)]
    #[case(0.0, 1.0)]
    fn the_step_is_a_number_that_people_count_in(#[case] peak: f64, #[case] expected: f64) {
        assert!((step(peak) - expected).abs() < 1e-9, "{}", step(peak));
    }

    #[test]
    fn the_sentence_says_what_is_on_its_way_and_why_nothing_can_be_changed() {
        let control = RateControl {
            id: String::new(),
            key: String::new(),
            step: 10.0,
            target: 110.0,
            cap: 20_000.0,
            pending: vec!["+10/s".to_owned()],
            fixed: Some("Run #3 is being stopped".to_owned()),
        };
        assert_eq!(
            control.sentence(),
            "110/s planned next, cap 20,000/s. +10/s is on its way to the runner. It cannot be changed: Run #3 is being stopped."
        );
    }
}
