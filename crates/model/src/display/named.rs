//! Stored numbers by the words of screens: a measure and which number of it.

use crate::threshold::{Dimension, Direction, Measure};

/// The word in addresses: `latency_p95`, `throughput`.
pub fn number_code(measure: &str, stat: &str) -> String {
    if is_own(stat) { measure.to_owned() } else { format!("{measure}_{stat}") }
}

/// The words of screens: `Latency, p95`.
pub fn number_label(measure: &str, stat: &str) -> String {
    let label = Measure::named(measure).map_or_else(|| capitalised(measure), |measure| measure.label().to_owned());
    if is_own(stat) { label } else { format!("{label}, {stat}") }
}

/// Whether values of a number are shares of a whole. `unit` is what they are kept in.
pub fn is_share(measure: &str, stat: &str, unit: &str) -> bool {
    let of_whole = |measure: Measure| measure.dimension(measure.own_stat()) == Dimension::Share;
    unit.is_empty() && (stat == "share" || Measure::named(measure).is_some_and(of_whole))
}

/// Whether more of a measure is better.
pub fn is_better_higher(measure: &str) -> bool {
    Measure::named(measure).is_some_and(|measure| measure.direction() == Direction::Higher)
}

/// A measure with one number needs no second name.
fn is_own(stat: &str) -> bool {
    matches!(stat, "rate" | "value" | "slope")
}

fn capitalised(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_named_by_its_measure_and_where_there_are_several_by_which() {
        assert_eq!(number_label("latency", "p95"), "Latency, p95");
        assert_eq!(number_label("memory", "slope"), "Memory growth");
        assert_eq!(number_label("time_to_ready", "mean"), "Time to ready, mean");
        assert_eq!(
            (number_code("throughput", "rate"), number_code("latency", "p95")),
            ("throughput".to_owned(), "latency_p95".to_owned())
        );
    }

    #[test]
    fn shares_are_known_by_their_measure() {
        assert!(is_share("error_rate", "rate", "") && is_share("overhead", "share", ""));
        assert!(!is_share("allocations", "count", "") && !is_share("overhead", "value", "s"));
    }
}
