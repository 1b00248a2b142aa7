//! Where the level of a series moved, and where it is now.
//!
//! In:  the values of a series and the runs that they belong to. Out: changes and the current level by `stats::steps`, with
//! places among the runs of the trend instead of places among the values.

use perflab_model::trend::{Apart, TrendChange, TrendLevel, TrendPart, TrendPoint};
use perflab_stats::{
    Series,
    steps::{Part, Preset, find_steps},
};

/// What the detector says of a series.
pub(super) struct Found {
    pub(super) changes: Vec<TrendChange>,
    pub(super) level: Option<TrendLevel>,
}

/// Looks for changes among the values that are compared.
pub(super) fn changes(
    points: &[TrendPoint],
    apart: &[Option<Apart>],
    parts: &[TrendPart],
    higher_is_better: bool,
) -> Found {
    let compared: Vec<&TrendPoint> = points
        .iter()
        .filter(|point| apart.get(point.at as usize).is_some_and(Option::is_none) && point.value.is_finite())
        .collect();
    let nothing = Found { changes: Vec::new(), level: None };
    let Ok(series) = Series::new(compared.iter().map(|point| point.value).collect()) else { return nothing };
    let starts: Vec<usize> = parts.iter().map(|part| compared.partition_point(|point| point.at < part.at)).collect();
    let found = find_steps(&series, &starts, Preset::Balanced);
    let place = |index: usize| compared.get(index.min(compared.len().saturating_sub(1))).map_or(0, |point| point.at);
    let worse = |shift: f64| (shift > 0.0) != higher_is_better;
    let mut changes: Vec<TrendChange> = found
        .iter()
        .flat_map(|part| {
            let steps = part.changes.iter().map(|change| TrendChange {
                at: place(change.index),
                from: place(*change.plausible.start()),
                to: place(*change.plausible.end()),
                drift: false,
                before: change.before,
                after: change.after,
                shift: change.shift,
                worse: worse(change.shift),
            });
            let drifts = part.drifts.iter().map(|drift| TrendChange {
                at: place(drift.index),
                from: place(drift.index),
                to: place(drift.last),
                drift: true,
                before: drift.before,
                after: drift.after,
                shift: drift.shift,
                worse: worse(drift.shift),
            });
            steps.chain(drifts)
        })
        .collect();
    changes.sort_by_key(|change| change.at);
    let level = found.last().and_then(|part| level(part, &place));
    Found { changes, level }
}

fn level(part: &Part, place: &impl Fn(usize) -> u32) -> Option<TrendLevel> {
    let (newest, noise) = (part.newest?, part.noise.as_ref()?);
    let steps = part.changes.iter().map(|change| change.index);
    let since = steps.chain(part.drifts.iter().map(|drift| drift.last)).max().unwrap_or(part.start);
    Some(TrendLevel {
        since: place(since),
        value: newest.level,
        low: newest.low,
        high: newest.high,
        suspected: newest.is_suspected,
        smallest_visible: noise.smallest_visible,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forty runs of which every fourth stands apart, and the value of each.
    fn series(value: impl Fn(u32) -> f64) -> (Vec<TrendPoint>, Vec<Option<Apart>>) {
        // A fixed scatter of about 1 %.
        let scatter = |at: u32| f64::from(at * 7 % 11) / 500.0;
        let apart: Vec<Option<Apart>> = (0..40).map(|at| (at % 4 == 3).then_some(Apart::Stopped)).collect();
        let point = |at: u32| {
            let value = if at % 4 == 3 { 900.0 } else { value(at) * (1.0 + scatter(at)) };
            TrendPoint { at, value, interval: (None, None), samples: 600 }
        };
        ((0..40).map(point).collect(), apart)
    }

    #[test]
    fn a_change_is_told_by_its_place_among_all_runs() {
        let (points, apart) = series(|at| if at < 20 { 100.0 } else { 130.0 });
        let found = changes(&points, &apart, &[], false);
        assert_eq!(found.changes.len(), 1, "{:?}", found.changes);
        let change = found.changes[0];
        assert_eq!(change.at, 20);
        assert!(change.from <= 20 && 20 <= change.to && change.worse && !change.drift, "{change:?}");
        assert!((change.shift - 0.3).abs() < 0.03, "{change:?}");
        let level = found.level.expect("long enough");
        assert_eq!(level.since, 20);
        assert!(level.low < level.value && level.value < level.high && !level.suspected, "{level:?}");
    }

    #[test]
    fn more_throughput_is_no_change_for_the_worse() {
        let (points, apart) = series(|at| if at < 20 { 100.0 } else { 130.0 });
        assert!(changes(&points, &apart, &[], true).changes.iter().all(|change| !change.worse));
    }

    #[test]
    fn another_machine_is_no_change() {
        let (points, apart) = series(|at| if at < 20 { 100.0 } else { 130.0 });
        let parts = [TrendPart { at: 20, why: "worker class new instead of old".to_owned() }];
        let found = changes(&points, &apart, &parts, false);
        assert_eq!(found.changes, []);
        assert_eq!(found.level.map(|level| level.since), Some(20));
    }

    #[test]
    fn a_short_history_says_nothing() {
        let (points, apart) = series(|_| 100.0);
        let found = changes(&points[..5], &apart, &[], false);
        assert!(found.changes.is_empty() && found.level.is_none());
    }
}
