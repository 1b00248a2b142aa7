//! How far a run is: the planned time as a line, with the warm-up parted from the rest.

use leptos::prelude::*;

/// Width of the drawing; it is stretched to the room there is.
const WIDTH: f64 = 662.0;
/// Between the warm-up and the rest.
const GAP: f64 = 2.0;

/// The part of the planned time that has passed.
#[component]
pub fn ProgressBar(
    /// Seconds passed.
    passed: f64,
    /// Seconds planned.
    planned: f64,
    /// Seconds of warm-up.
    warmup: f64,
) -> impl IntoView {
    let share = share(passed, planned);
    view! {
        <svg
            class="progress"
            viewBox="0 0 662 4"
            preserveAspectRatio="none"
            role="img"
            aria-label=format!("{:.0} % of the planned time", share * 100.0)
        >
            {stretches(planned, warmup)
                .into_iter()
                .map(|(from, to)| {
                    let done = (share * WIDTH).clamp(from, to) - from;
                    view! {
                        <rect x=pixel(from) width=pixel(to - from) height="4" fill="var(--line)"></rect>
                        <rect x=pixel(from) width=pixel(done) height="4" fill="var(--accent)"></rect>
                    }
                })
                .collect_view()}
        </svg>
    }
}

fn share(passed: f64, planned: f64) -> f64 {
    if planned > 0.0 { (passed / planned).clamp(0.0, 1.0) } else { 0.0 }
}

/// From where to where the line goes: one stretch, or two with a gap after the warm-up.
fn stretches(planned: f64, warmup: f64) -> Vec<(f64, f64)> {
    let edge = share(warmup, planned) * WIDTH;
    if (GAP..=WIDTH - GAP).contains(&edge) { vec![(0.0, edge - GAP), (edge, WIDTH)] } else { vec![(0.0, WIDTH)] }
}

fn pixel(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warm_up_is_parted_from_the_measured_time() {
        assert_eq!(stretches(660.0, 60.0).len(), 2);
        assert_eq!(stretches(660.0, 0.0), [(0.0, WIDTH)]);
    }

    #[test]
    fn a_run_beyond_its_plan_is_full_not_overflowing() {
        assert_eq!(share(700.0, 660.0), 1.0);
        assert_eq!(share(1.0, 0.0), 0.0);
    }
}
