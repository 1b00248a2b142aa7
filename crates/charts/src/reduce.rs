//! Makes long series short without losing what matters.
//!
//! In:  points, and the pixel column that each falls into.
//! Out: at most seven entries a column: first, lowest, highest and last value in their order, and gaps.
//!
//! Sampling would lose spikes; minimum and maximum keep them, first and last keep the slope of the line between
//! columns. A gap stays a gap even when it is narrower than a column, so that a lost second can be found by looking.

use crate::series::Point;

/// Reduces the points when there are more than columns. `column` answers the pixel column of a place.
pub(crate) fn reduce(points: &[Point], columns: usize, column: impl Fn(f64) -> i64) -> Vec<Point> {
    if points.len() <= columns {
        return points.to_vec();
    }
    let mut reduced = Vec::with_capacity(columns * 4);
    for bucket in points.chunk_by(|a, b| column(a.x) == column(b.x)) {
        shrink(bucket, &mut reduced);
    }
    reduced
}

fn shrink(bucket: &[Point], reduced: &mut Vec<Point>) {
    let valued = |index: &usize| bucket[*index].value().is_some();
    let value = |index: usize| bucket[index].value().unwrap_or(f64::NAN);
    let with_value: Vec<usize> = (0..bucket.len()).filter(valued).collect();
    let (Some(&first), Some(&last)) = (with_value.first(), with_value.last()) else {
        reduced.extend(bucket.first());
        return;
    };
    let by_value = |a: &&usize, b: &&usize| value(**a).total_cmp(&value(**b));
    let lowest = with_value.iter().min_by(by_value).copied().unwrap_or(first);
    let highest = with_value.iter().max_by(by_value).copied().unwrap_or(last);
    let inner_gap = (first..last).find(|index| !valued(index));

    let mut kept = vec![first, lowest, highest, last];
    kept.extend((first > 0).then_some(0));
    kept.extend((last + 1 < bucket.len()).then_some(bucket.len() - 1));
    kept.extend(inner_gap);
    kept.sort_unstable();
    kept.dedup();
    reduced.extend(kept.into_iter().map(|index| bucket[index]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn series(values: &[Option<f64>]) -> Vec<Point> {
        values.iter().enumerate().map(|(second, value)| Point::from((second as f64, *value))).collect()
    }

    #[test]
    fn a_short_series_is_left_alone() {
        let points = series(&[Some(1.0), None, Some(2.0)]);
        assert_eq!(reduce(&points, 3, |x| x as i64), points);
    }

    proptest! {
        #[test]
        fn no_spike_disappears_and_gaps_stay_gaps(
            values in prop::collection::vec(prop::option::weighted(0.9, -1e6..1e6f64), 1..2000),
            columns in 1usize..120,
        ) {
            let points = series(&values);
            let length = points.len() as f64;
            let column = |x: f64| (x / length * columns as f64) as i64;
            let reduced = reduce(&points, columns, column);
            if points.len() > columns {
                prop_assert!(reduced.len() <= columns * 7);
            }
            for number in 0..columns as i64 {
                let all: Vec<Option<f64>> = points.iter().filter(|p| column(p.x) == number).map(Point::value).collect();
                let kept: Vec<Option<f64>> = reduced.iter().filter(|p| column(p.x) == number).map(Point::value).collect();
                let extremes = |values: &[Option<f64>]| {
                    let mut sorted: Vec<f64> = values.iter().flatten().copied().collect();
                    sorted.sort_by(f64::total_cmp);
                    (sorted.first().copied(), sorted.last().copied())
                };
                prop_assert_eq!(extremes(&all), extremes(&kept));
                let flat = |values: &[Option<f64>]| values.iter().copied().flatten().collect::<Vec<_>>();
                prop_assert_eq!(flat(&all).first().copied(), flat(&kept).first().copied());
                prop_assert_eq!(flat(&all).last().copied(), flat(&kept).last().copied());
                prop_assert_eq!(all.contains(&None), kept.contains(&None), "a gap was lost or invented");
                prop_assert_eq!(all.first().map(Option::is_none), kept.first().map(Option::is_none));
                prop_assert_eq!(all.last().map(Option::is_none), kept.last().map(Option::is_none));
            }
            let order: Vec<f64> = reduced.iter().map(|p| p.x).collect();
            prop_assert!(order.windows(2).all(|pair| pair[0] < pair[1]), "order is kept");
        }
    }
}
