//! Times of cases: from a few nanoseconds to minutes in one table, so each in the unit that fits it.

use leptos::prelude::*;
use perflab_model::{bench::OpenInterval, display};

use crate::components::Unit;

/// A time in the unit that fits it, exact on hover; a word where there is none.
#[component]
pub fn CaseTime(
    /// Milliseconds.
    value: Option<f64>,
    /// Said where there is no value.
    #[prop(default = "–")]
    nothing: &'static str,
) -> impl IntoView {
    match value {
        Some(ms) => {
            let shown = display::scaled_seconds(ms / 1000.0);
            let exact = format!("{} ms", display::exact(ms));
            view! { <span title=exact>{shown.value} <Unit of=shown.unit.to_owned()/></span> }.into_any()
        }
        None => view! { <span class="void">{nothing}</span> }.into_any(),
    }
}

/// A time as text.
pub fn told(ms: f64) -> String {
    display::seconds(ms / 1000.0)
}

/// `224 ms to 239 ms`; an end that too few samples leave open is said.
pub fn told_interval(interval: OpenInterval) -> String {
    match (interval.0, interval.1) {
        (Some(low), Some(high)) => format!("{} to {}", told(low), told(high)),
        (Some(low), None) => format!("at least {}", told(low)),
        (None, Some(high)) => format!("at most {}", told(high)),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_end_is_said_and_not_drawn_as_a_number() {
        assert_eq!(told_interval(OpenInterval(Some(0.08), Some(0.09))), "80.0 µs to 90.0 µs");
        assert_eq!(told_interval(OpenInterval(Some(231.0), None)), "at least 231 ms");
        assert_eq!(told_interval(OpenInterval(None, None)), "");
    }
}
