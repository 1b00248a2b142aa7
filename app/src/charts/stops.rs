//! Where the cursor of a chart stops, and what it reads out there: of charts whose values are no seconds of a run.
//!
//! In:  what the chart is drawn from. Out: places along its axis with words, which travel in the page: they are few.

use perflab_model::{display, view::LaunchPreview};
use perflab_stats::Histogram;

use super::distribution::{RunDistribution, steps_of};
use crate::components::chosen;

/// At most so many in one chart: more could not be told apart by a pointer.
const MOST: u32 = 160;

/// A place along the axis of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    /// The value on the axis.
    pub at: f64,
    /// What stands there, in words.
    pub text: String,
    /// The address that it leads to.
    pub leads_to: Option<String>,
}

/// As they travel in an attribute: a line for each, its place, its words and where it leads, parted by tabs.
pub fn attribute(stops: &[Stop]) -> String {
    let line = |stop: &Stop| {
        let way = stop.leads_to.as_ref().map(|address| format!("\t{address}")).unwrap_or_default();
        format!("{}\t{}{way}", stop.at, stop.text.replace(['\t', '\n'], " "))
    };
    stops.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What is planned at even distances, and wherever the plan changes: of a line of the preview, `/s` or users.
pub fn preview_stops(preview: &LaunchPreview, points: &[(f64, f64)], unit: &str) -> Vec<Stop> {
    let Some(load) = &preview.load else { return Vec::new() };
    let end = load.duration().as_secs_f64();
    let stride = (end / f64::from(MOST)).ceil().max(1.0);
    let even = (0..=MOST).map(|step| f64::from(step) * stride).take_while(|second| *second < end);
    let mut seconds: Vec<f64> = even.chain(points.iter().map(|(second, _)| *second)).collect();
    seconds.sort_by(f64::total_cmp);
    seconds.dedup();
    seconds
        .into_iter()
        .map(|second| {
            let warms_up = second < preview.warmup.as_secs_f64();
            let phase = if warms_up { "  warm-up" } else { "" };
            let planned = planned(unit, value_at(points, second));
            let text = format!("{}  {planned}{phase}", display::elapsed(second.round() as u64));
            Stop { at: second, text, leads_to: None }
        })
        .collect()
}

fn planned(unit: &str, value: f64) -> String {
    if unit.is_empty() {
        format!("{} users planned", chosen(value.round()))
    } else {
        format!("{}{unit} planned", chosen(value))
    }
}

/// The value of a line at a place; where it jumps, the one that holds from there on.
fn value_at(points: &[(f64, f64)], at: f64) -> f64 {
    let next = points.partition_point(|(second, _)| *second <= at);
    match (next.checked_sub(1).and_then(|before| points.get(before)), points.get(next)) {
        (Some((from, low)), Some((to, high))) if to > from => low + (high - low) * (at - from) / (to - from),
        (Some((_, value)), _) | (None, Some((_, value))) => *value,
        (None, None) => 0.0,
    }
}

/// Spans of times that occurred, with how many took so long and how many no longer.
pub fn distribution_stops(distribution: &RunDistribution) -> Vec<Stop> {
    distribution.times.first().map(|(_, histogram)| spans(histogram)).unwrap_or_default()
}

fn spans(histogram: &Histogram) -> Vec<Stop> {
    let all = histogram.count();
    let mut below = 0;
    steps_of(histogram, MOST)
        .map(|step| {
            below += step.count;
            let share = below as f64 / all as f64 * 100.0;
            // Not all of them before the last one.
            let share = if below < all { share.min(99.999) } else { share };
            let (from, to) = (display::number(step.from_ms), display::number(step.to_ms));
            let requests = if step.count == 1 { "request" } else { "requests" };
            let text = format!(
                "{from} to {to} ms  {} {requests}  {} % took no longer",
                display::count(step.count),
                display::exact((share * 1000.0).floor() / 1000.0)
            );
            Stop { at: (step.from_ms * step.to_ms).sqrt(), text, leads_to: None }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::on_a_ramp(5.0, 50.0)]
    #[case::at_its_end(10.0, 100.0)]
    #[case::where_it_jumps_the_new_value_holds(20.0, 300.0)]
    #[case::at_the_very_end(30.0, 300.0)]
    fn the_plan_is_read_at_any_second(#[case] second: f64, #[case] value: f64) {
        let points = [(0.0, 0.0), (10.0, 100.0), (10.0, 100.0), (20.0, 100.0), (20.0, 300.0), (30.0, 300.0)];
        assert_eq!(value_at(&points, second), value);
    }

    #[test]
    fn every_request_is_in_one_span_and_only_the_last_has_all() {
        let mut histogram = Histogram::new();
        for us in [1_000, 2_000, 50_000] {
            histogram.record(us, 333_333);
        }
        histogram.record(3_000_000, 1);
        let stops = spans(&histogram);
        assert!(stops.iter().rev().skip(1).all(|stop| !stop.text.contains("100 %")), "{stops:?}");
        let last = &stops.last().expect("there are some").text;
        assert!(last.ends_with("1 request  100 % took no longer"), "{last}");
        assert!(stops.windows(2).all(|pair| pair[0].at < pair[1].at), "{stops:?}");
    }

    #[test]
    fn words_never_break_the_lines_they_travel_in() {
        let stop = |at: f64, text: &str, way: Option<&str>| Stop {
            at,
            text: text.to_owned(),
            leads_to: way.map(str::to_owned),
        };
        let stops = [stop(1.5, "a\tb\nc", None), stop(2.0, "d", Some("/runs/7"))];
        assert_eq!(attribute(&stops), "1.5\ta b c\n2\td\t/runs/7");
    }
}
