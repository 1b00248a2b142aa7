//! Budgets that several cases share: what each part takes of it, as bars one after the other.

use leptos::prelude::*;
use perflab_model::bench::{BudgetPart, BudgetSummary};

use super::time::{CaseTime, told, told_interval};
use crate::components::Scroller;

/// All budgets of a run.
#[component]
pub fn Budgets(
    /// The budgets.
    budgets: Vec<BudgetSummary>,
) -> impl IntoView {
    budgets.into_iter().map(|budget| view! { <Budget budget=budget/> }).collect_view()
}

#[component]
fn Budget(budget: BudgetSummary) -> impl IntoView {
    let sentence = told_budget(&budget);
    let mut before = 0.0;
    let whole = budget.limit.max(budget.sum.unwrap_or(0.0));
    let rows = budget
        .parts
        .iter()
        .map(|part| {
            let from = before;
            before += part.ms.unwrap_or(0.0).max(0.0);
            part_row(part.clone(), from, whole)
        })
        .collect_view();
    let over = budget.sum.is_some_and(|sum| sum > budget.limit);
    let limit_at = format!("{:.2}", percent(budget.limit, whole));
    view! {
        <section class="section">
            <div class="section-head"><h2>"Budget " {budget.name.clone()}</h2><p>{sentence}</p></div>
            <Scroller label="Table of a budget">
                <table class="data tight waterfall">
                    <thead>
                        <tr>
                            <th>"Part"</th>
                            <th class="num">"Takes"</th>
                            <th class="p2">"95 % interval"</th>
                            <th class="course" aria-hidden="true"></th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                    <tfoot>
                        <tr>
                            <th scope="row">"Sum"</th>
                            <td class="num">
                                <b class=over.then_some("over") data-v=over.then_some("critical")><CaseTime value=budget.sum nothing="not measured"/></b>
                            </td>
                            <td class="iv p2">{budget.interval.map(told_interval).unwrap_or_default()}</td>
                            <td class="course" aria-hidden="true">
                                <svg viewBox="0 0 100 12" preserveAspectRatio="none">
                                    <line class="limit" x1=limit_at.clone() x2=limit_at y1="0" y2="12"></line>
                                </svg>
                            </td>
                        </tr>
                    </tfoot>
                </table>
            </Scroller>
        </section>
    }
    .into_any()
}

fn part_row(part: BudgetPart, from: f64, whole: f64) -> impl IntoView {
    let width = part.ms.unwrap_or(0.0).max(0.0);
    let (x, width) = (format!("{:.2}", percent(from, whole)), format!("{:.2}", percent(width, whole)));
    view! {
        <tr>
            <th scope="row">{part.name}</th>
            <td class="num"><CaseTime value=part.ms nothing="not measured"/></td>
            <td class="iv p2">{part.interval.map(told_interval).unwrap_or_default()}</td>
            <td class="course" aria-hidden="true">
                <svg viewBox="0 0 100 12" preserveAspectRatio="none"><rect x=x y="1" width=width height="10"></rect></svg>
            </td>
        </tr>
    }
}

fn percent(value: f64, whole: f64) -> f64 {
    if whole > 0.0 { (value / whole * 100.0).clamp(0.0, 100.0) } else { 0.0 }
}

/// `6.12 ms of 15.0 ms; 8.88 ms are left.`
fn told_budget(budget: &BudgetSummary) -> String {
    let limit = told(budget.limit);
    match budget.sum {
        None => format!("{limit} in all; a part was not measured, so nobody knows the sum."),
        Some(sum) if sum <= budget.limit => {
            format!("{} of {limit}; {} are left.", told(sum), told(budget.limit - sum))
        }
        Some(sum) => format!("{} of {limit}: {} too much.", told(sum), told(sum - budget.limit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_says_what_is_left_and_never_adds_up_what_was_not_measured() {
        let budget =
            |sum| BudgetSummary { name: "security".to_owned(), limit: 15.0, sum, interval: None, parts: Vec::new() };
        assert_eq!(told_budget(&budget(Some(6.0))), "6.00 ms of 15.0 ms; 9.00 ms are left.");
        assert!(told_budget(&budget(Some(16.0))).ends_with("too much."));
        assert!(told_budget(&budget(None)).contains("not measured"));
    }
}
