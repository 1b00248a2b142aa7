//! One row an endpoint: how much, how fast, how many failed.

use leptos::prelude::*;
use perflab_model::{
    summary::RequestSummary,
    verdict::{Gate, LedgerRow},
};

use super::{Count, Milliseconds, PerSecond, Percent, verdict::outcome_mark};

/// The table of endpoints, in the order of their first appearance.
#[component]
pub fn EndpointTable(
    /// The endpoints.
    requests: Vec<RequestSummary>,
    /// The rules: a p95 that breaks one of them is marked.
    ledger: Vec<LedgerRow>,
    /// Address of the trend of an endpoint, to which its name is appended.
    #[prop(optional)]
    trend: Option<String>,
) -> impl IntoView {
    if requests.is_empty() {
        return view! { <p class="muted pt1">"No request has ended yet."</p> }.into_any();
    }
    view! {
        <div class="wrap">
            <table class="data">
                <thead>
                    <tr>
                        <th>"Endpoint"</th>
                        <th class="num p2">"Requests"</th>
                        <th class="num">"Req/s"</th>
                        <th class="num">"Errors, %"</th>
                        <th class="num p2">"p50, ms"</th>
                        <th class="num">"p95, ms"</th>
                        <th class="num">"p99, ms"</th>
                        <th class="num p3">"p99.9, ms"</th>
                        <th class="num p3">"max, ms"</th>
                    </tr>
                </thead>
                <tbody>
                    {requests
                        .into_iter()
                        .map(|request| {
                            let mark = p95_mark(&request.name, &ledger);
                            let link = trend.as_ref().map(|address| format!("{address}{}", encoded(&request.name)));
                            row(request, mark, link)
                        })
                        .collect_view()}
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(request: RequestSummary, mark: Option<&'static str>, trend: Option<String>) -> impl IntoView {
    let name = match trend {
        Some(address) => view! { <a class="quiet" href=address>{request.name}</a> }.into_any(),
        None => request.name.into_any(),
    };
    view! {
        <tr>
            <th>{name}</th>
            <td class="num p2"><Count value=request.finished/></td>
            <td class="num"><PerSecond value=request.rate_per_s unit=false/></td>
            <td class="num"><Percent part=request.failed whole=request.finished unit=false/></td>
            <td class="num p2"><Milliseconds value=request.latency.p50 unit=false/></td>
            <td class="num">
                <span class=mark.map(|_| "over") data-v=mark>
                    <Milliseconds value=request.latency.p95 unit=false/>
                </span>
            </td>
            <td class="num"><Milliseconds value=request.latency.p99 unit=false/></td>
            <td class="num p3"><Milliseconds value=request.latency.p999 unit=false/></td>
            <td class="num p3"><Milliseconds value=request.latency.max unit=false any=true/></td>
        </tr>
    }
}

/// The mark of a p95 that breaks a rule about it.
fn p95_mark(request: &str, ledger: &[LedgerRow]) -> Option<&'static str> {
    ledger
        .iter()
        .find(|row| {
            row.scope.as_deref() == Some(request)
                && matches!(row.outcome, Gate::Warn | Gate::Fail)
                && (row.rule.starts_with("p95") || row.rule.contains("p(95)"))
        })
        .map(|row| outcome_mark(row.outcome))
}

/// A name as part of an address: everything but letters, digits and `-._~` is escaped.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from_digit(digit.into(), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_slash_stays_one_part_of_an_address() {
        assert_eq!(encoded("GET /api/budget é"), "GET%20%2Fapi%2Fbudget%20%C3%A9");
    }
}
