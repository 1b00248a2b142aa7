//! Numbers as people read them: three digits and a unit, the exact value in `title`; what is not known says why.

use leptos::prelude::*;
use perflab_model::display;

/// A number, its unit, and all its digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Three significant digits; counts are exact.
    pub value: String,
    /// `ms`, `%`, `/s`; empty for counts.
    pub unit: &'static str,
    /// For `title`.
    pub exact: String,
}

impl Shown {
    fn scaled(value: f64, unit: &'static str) -> Self {
        Self { value: display::number(value), unit, exact: with_unit(&display::exact(value), unit) }
    }

    /// A time in milliseconds.
    pub fn milliseconds(ms: f64) -> Self {
        Self::scaled(ms, "ms")
    }

    /// A rate.
    pub fn per_second(rate: f64) -> Self {
        Self::scaled(rate, "/s")
    }

    /// A share of a whole. `None` when the whole is nothing: an error rate of no requests is not 0 %.
    pub fn share(part: u64, whole: u64) -> Option<Self> {
        (whole > 0).then(|| Self {
            exact: format!("{} of {}", display::count(part), display::count(whole)),
            ..Self::scaled(part as f64 * 100.0 / whole as f64, "%")
        })
    }
}

/// A number with its unit in small type.
#[component]
pub fn Figure(
    /// What to show.
    shown: Shown,
    /// Left out where the column's head names the unit.
    #[prop(default = true)]
    unit: bool,
) -> impl IntoView {
    view! { <span title=shown.exact>{shown.value} {unit.then(|| view! { <Unit of=shown.unit.to_owned()/> })}</span> }
}

/// A unit in small type behind its number, as far from it as it is written.
#[component]
pub fn Unit(
    /// `ms`, `%`, `/s`, or nothing.
    of: String,
) -> impl IntoView {
    (!of.is_empty()).then(|| view! { {is_apart(&of).then_some(" ")} <small>{of}</small> })
}

/// A number with its unit: `61.2 ms`, but `66.0/s`.
pub fn with_unit(number: &str, unit: &str) -> String {
    if is_apart(unit) { format!("{number} {unit}") } else { format!("{number}{unit}") }
}

/// Whether a space stands between a number and its unit: a rate is written as `100/s`.
fn is_apart(unit: &str) -> bool {
    !(unit.is_empty() || unit.starts_with('/'))
}

/// A time, or "too few" where a percentile rests on too few samples.
#[component]
pub fn Milliseconds(
    /// Milliseconds.
    value: Option<f64>,
    /// Left out where the column's head names the unit.
    #[prop(default = true)]
    unit: bool,
    /// One sample is enough for it: the largest, the mean.
    #[prop(optional)]
    any: bool,
) -> impl IntoView {
    match value {
        Some(ms) => view! { <Figure shown=Shown::milliseconds(ms) unit=unit/> }.into_any(),
        None if any => view! { <span class="void" title="No request was answered">"–"</span> }.into_any(),
        None => view! { <span class="void" title="Fewer than 10 samples beyond it">"too few"</span> }.into_any(),
    }
}

/// A rate, or a dash before anything was counted.
#[component]
pub fn PerSecond(
    /// Events a second.
    value: Option<f64>,
    /// Left out where the column's head names the unit.
    #[prop(default = true)]
    unit: bool,
) -> impl IntoView {
    match value {
        Some(rate) => view! { <Figure shown=Shown::per_second(rate) unit=unit/> }.into_any(),
        None => view! { <span class="void" title="Nothing counted yet">"–"</span> }.into_any(),
    }
}

/// A share in percent, or a dash where there is no whole.
#[component]
pub fn Percent(
    /// How many.
    part: u64,
    /// Of how many.
    whole: u64,
    /// Left out where the column's head names the unit.
    #[prop(default = true)]
    unit: bool,
) -> impl IntoView {
    match Shown::share(part, whole) {
        Some(shown) => view! { <Figure shown=shown unit=unit/> }.into_any(),
        None => view! { <span class="void" title="No request ended">"–"</span> }.into_any(),
    }
}

/// A count with its thousands apart.
#[component]
pub fn Count(
    /// How many.
    value: u64,
) -> impl IntoView {
    display::count(value)
}

/// A number that people chose: whole ones without decimals (`80`, `2,000`), others as all numbers (`2.50`).
pub fn chosen(value: f64) -> String {
    if value.fract() == 0.0 && (0.0..1e15).contains(&value) {
        display::count(value as u64)
    } else {
        display::number(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_three_digits_and_its_title_all_of_them() {
        let shown = Shown::milliseconds(187.2345);
        assert_eq!((shown.value.as_str(), shown.unit, shown.exact.as_str()), ("187", "ms", "187.2345 ms"));
    }

    #[test]
    fn a_rate_stands_next_to_its_unit_and_a_time_does_not() {
        assert_eq!(with_unit("66.0", "/s"), "66.0/s");
        assert_eq!(with_unit("231", "ms"), "231 ms");
        assert_eq!(with_unit("7", ""), "7");
        assert_eq!(Shown::per_second(66.0).exact, "66/s");
    }

    #[test]
    fn the_error_rate_of_no_requests_is_unknown() {
        assert_eq!(Shown::share(0, 0), None);
        assert_eq!(Shown::share(66, 35_358).map(|shown| shown.exact), Some("66 of 35,358".to_owned()));
    }
}
