//! A rate that a person has changed: the plan as it was carried out, and where it changed.

use perflab_charts::{Chart, Marker, MarkerKind};
use perflab_model::{order::RateChange, plan::Plan};

use super::series::RunChart;

/// The plan with every change that has taken effect: what is drawn as planned.
pub fn carried_out(plan: &Plan, changes: &[RateChange]) -> Plan {
    let cap = plan.environment.caps.rate.get();
    Plan { load: plan.load.with_changes(changes, cap), ..plan.clone() }
}

/// Says in the chart of the rate when a person changed it, and by how much.
pub fn annotated(chart: Chart, which: RunChart, changes: &[RateChange]) -> Chart {
    if which != RunChart::Rate {
        return chart;
    }
    changes
        .iter()
        .filter_map(|change| Some(Marker::new(MarkerKind::Note, f64::from(change.from_second?), change.signed())))
        .fold(chart, Chart::marker)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::{
        run::run_chart,
        sample::{open, second},
    };

    fn change(number: u32, by: f64, from_second: Option<u32>) -> RateChange {
        RateChange { number, by, asked_by: "a person in the browser".to_owned(), asked_us: 0, from_second }
    }

    #[test]
    fn a_changed_rate_is_drawn_as_planned_and_said_where_it_changed() {
        let points: Vec<_> = (0..60).map(|at| second(at, 257)).collect();
        let changes = [change(1, 20.0, Some(30)), change(2, -50.0, None)];
        let plan = carried_out(&open(60), &changes);
        let chart = annotated(run_chart(RunChart::Rate, &plan, &points, false), RunChart::Rate, &changes);
        let planned = chart.series.iter().find(|series| series.name == "planned").expect("a plan");
        assert_eq!(planned.label.as_ref().map(|label| label.full.as_str()), Some("planned 120/s"));
        let said: Vec<_> = chart.markers.iter().map(|marker| (marker.x, marker.label.full.as_str())).collect();
        assert_eq!(said, [(30.0, "+20/s")], "what has not taken effect is not drawn");
        let latency = annotated(run_chart(RunChart::Latency, &plan, &points, false), RunChart::Latency, &changes);
        assert_eq!(latency.markers, []);
    }
}
