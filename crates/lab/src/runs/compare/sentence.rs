//! The answer of a comparison in one sentence: what became worse by how much and how sure that is, or that nothing did.

use perflab_model::{
    compare::{Compare, CompareSide},
    comparison::{ComparedSeries, Standing},
    display,
};

/// The sentence about one side.
pub(super) fn of_side(compare: &Compare, side: &CompareSide) -> String {
    let name = |place: u32| {
        let group = compare.groups.get(place as usize);
        group.map(|group| format!("{} ({})", group.letter, group.name())).unwrap_or_default()
    };
    told(&name(side.group), &name(compare.reference), &side.series)
}

fn told(candidate: &str, reference: &str, series: &[ComparedSeries]) -> String {
    let of = |standing: Standing| -> Vec<&ComparedSeries> {
        let mut found: Vec<_> = series.iter().filter(|series| series.standing == standing).collect();
        found.sort_by(|one, other| size(other).total_cmp(&size(one)));
        found
    };
    let compared = series.iter().filter(|series| series.standing != Standing::NotCompared).count();
    if compared == 0 {
        return format!("{candidate} could not be compared with {reference}: they have no number in common.");
    }
    let (worse, better, undecided) = (of(Standing::Worse), of(Standing::Improvement), of(Standing::Undecided));
    let change = worse.first().or(better.first());
    let first = match change {
        Some(change) => format!("{candidate} is {} than {reference}", change_words(change)),
        None if undecided.is_empty() => {
            let numbers = match compared {
                1 => "the one number".to_owned(),
                n => format!("all {} numbers", display::count(n as u64)),
            };
            return format!(
                "No relevant change: {candidate} measured the same as {reference} in {numbers} that both have."
            );
        }
        None => format!("Nothing is shown yet between {candidate} and {reference}"),
    };
    let mut more = Vec::new();
    let mut count = |n: usize, one: &str, many: &str| match n {
        0 => {}
        1 => more.push(format!("1 {one}")),
        n => more.push(format!("{n} {many}")),
    };
    count(worse.len().saturating_sub(1), "more number is worse", "more numbers are worse");
    let told_better = usize::from(worse.is_empty());
    count(better.len().saturating_sub(told_better), "number is better", "numbers are better");
    count(
        undecided.len(),
        "number looks worse and needs more runs to say",
        "numbers look worse and need more runs to say",
    );
    if more.is_empty() { format!("{first}.") } else { format!("{first}; {}.", more.join(", ")) }
}

fn size(series: &ComparedSeries) -> f64 {
    series.worse().map_or(0.0, f64::abs)
}

/// `6.1 % slower at p95 of checkout (95 % interval +4.0 to +8.2 %)`.
fn change_words(series: &ComparedSeries) -> String {
    let ratio = series.ratio.unwrap_or(1.0);
    let word = match (series.measure.as_str(), ratio > 1.0) {
        ("latency", true) => "slower",
        ("latency", false) => "faster",
        (_, true) => "higher",
        (_, false) => "lower",
    };
    let what = if series.measure == "latency" {
        format!("at {}", series.stat)
    } else {
        let label = display::number_label(&series.measure, &series.stat);
        let mut letters = label.chars();
        let small = letters.next().map(|first| first.to_lowercase().chain(letters).collect::<String>());
        format!("in {}", small.unwrap_or_default())
    };
    let of = series.name.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
    let percent = |ratio: f64| display::signed((ratio - 1.0) * 100.0);
    let interval = match series.interval {
        Some((Some(low), Some(high))) => format!(" (95 % interval {} to {} %)", percent(low), percent(high)),
        _ => String::new(),
    };
    format!("{} % {word} {what}{of}{interval}", display::number((ratio - 1.0).abs() * 100.0))
}

#[cfg(test)]
mod tests {
    use perflab_model::{blocks::Better, comparison::Band};

    use super::*;

    fn series(name: &str, standing: Standing, ratio: f64) -> ComparedSeries {
        ComparedSeries {
            name: Some(name.to_owned()),
            measure: "latency".to_owned(),
            stat: "p95".to_owned(),
            unit: "s".to_owned(),
            better: Better::Lower,
            baseline: Some(0.2),
            candidate: Some(0.2 * ratio),
            ratio: Some(ratio),
            interval: Some((Some(ratio - 0.02), Some(ratio + 0.02))),
            p: Some(0.001),
            q: Some(0.001),
            floor: Some(0.02),
            pairs: 9,
            standing,
            band: (standing == Standing::Worse).then_some(Band::Small),
            reason: None,
        }
    }

    #[test]
    fn the_largest_change_is_told_and_the_others_are_counted() {
        let all = [
            series("search", Standing::Worse, 1.03),
            series("checkout", Standing::Worse, 1.061),
            series("login", Standing::Improvement, 0.8),
            series("logout", Standing::Noise, 1.0),
        ];
        assert_eq!(
            told("B (#13)", "A (#12)", &all),
            "B (#13) is 6.10 % slower at p95 of checkout (95 % interval +4.10 to +8.10 %) than A (#12); 1 more number is \
             worse, 1 number is better."
        );
    }

    #[test]
    fn no_relevant_change_is_an_answer() {
        let told = told("B (#13)", "A (#12)", &[series("login", Standing::Noise, 1.004)]);
        assert_eq!(told, "No relevant change: B (#13) measured the same as A (#12) in the one number that both have.");
    }

    #[test]
    fn what_is_undecided_never_passes_as_no_change() {
        let told = told("B", "A", &[series("login", Standing::Undecided, 1.12)]);
        assert_eq!(told, "Nothing is shown yet between B and A; 1 number looks worse and needs more runs to say.");
    }

    #[test]
    fn nothing_in_common_says_so() {
        let told = told("B", "A", &[series("login", Standing::NotCompared, 1.0)]);
        assert_eq!(told, "B could not be compared with A: they have no number in common.");
    }
}
