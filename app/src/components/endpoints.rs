//! One row an endpoint: what it is, how much, how fast, how many failed.

use leptos::prelude::*;
use perflab_model::{summary::RequestSummary, verdict::LedgerRow};

use super::{
    Count, Milliseconds, PerSecond, Percent, Scroller,
    broken::{Breaches, Judged},
    count_of,
    route::Route,
};

/// Columns of the table.
const COLUMNS: &str = "9";

/// The table of endpoints in the order of their first appearance, those of a group together. A group can be folded.
#[component]
pub fn EndpointTable(
    /// The endpoints.
    requests: Vec<RequestSummary>,
    /// The rules: numbers that break one of them are marked.
    ledger: Vec<LedgerRow>,
    /// What the plan says of them.
    #[prop(optional)]
    routes: Vec<Route>,
    /// Address of the trend of an endpoint, to which its name is appended.
    #[prop(optional)]
    trend: Option<String>,
) -> impl IntoView {
    if requests.is_empty() {
        return view! { <p class="muted pt1">"No request has ended yet."</p> }.into_any();
    }
    let bodies = folders(requests, &routes)
        .into_iter()
        .map(|folder| {
            let rows = folder.requests.into_iter().map(|request| {
                let call = route(&routes, &request.name).map(|route| route.call.clone());
                let link = trend.as_ref().map(|address| format!("{address}{}", encoded(&request.name)));
                row(request, call, &ledger, link)
            });
            view! {
                <tbody>
                    {folder.name.map(|name| group_row(name, folder.size))}
                    {rows.collect_view()}
                </tbody>
            }
        })
        .collect_view();
    view! {
        <Scroller label="Table of endpoints">
            <table class="data endpoints">
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
                {bodies}
            </table>
        </Scroller>
    }
    .into_any()
}

/// Endpoints that stand together.
struct Folder {
    /// Their group; nothing for those without.
    name: Option<String>,
    size: usize,
    requests: Vec<RequestSummary>,
}

/// The endpoints by group, each group where its first endpoint appeared; those without a group come first.
fn folders(requests: Vec<RequestSummary>, routes: &[Route]) -> Vec<Folder> {
    let mut folders = vec![Folder { name: None, size: 0, requests: Vec::new() }];
    for request in requests {
        let group = route(routes, &request.name).and_then(|route| route.group.clone());
        let at = folders.iter().position(|folder| folder.name == group).unwrap_or_else(|| {
            folders.push(Folder { name: group, size: 0, requests: Vec::new() });
            folders.len() - 1
        });
        folders[at].size += 1;
        folders[at].requests.push(request);
    }
    folders.retain(|folder| folder.size > 0);
    folders
}

fn route<'a>(routes: &'a [Route], name: &str) -> Option<&'a Route> {
    routes.iter().find(|route| route.name == name)
}

/// The head of a group. Rows of a table cannot be inside of `<details>`, so a check box shows and hides them.
fn group_row(name: String, size: usize) -> impl IntoView {
    view! {
        <tr class="group">
            <th colspan=COLUMNS scope="rowgroup">
                <label>
                    <input type="checkbox" checked=true/>
                    <span class="sr">"Show "</span>
                    {name}
                    <span class="faint light">{count_of(size, "endpoint")}</span>
                </label>
            </th>
        </tr>
    }
}

fn row(
    request: RequestSummary,
    call: Option<String>,
    ledger: &[LedgerRow],
    trend: Option<String>,
) -> impl IntoView + use<> {
    let breaches = Breaches { request: &request.name, kind: request.latency.kind, ledger };
    let (errors, rate) = (breaches.error_rate(), breaches.throughput());
    let [p50, p95, p99, p999] = [0.5, 0.95, 0.99, 0.999].map(|share| breaches.quantile(share));
    let max = breaches.max();
    // A name that is method and path already is not said twice.
    let call = call.filter(|call| *call != request.name);
    let name = match trend {
        Some(address) => view! { <a class="quiet" href=address>{request.name}</a> }.into_any(),
        None => request.name.into_any(),
    };
    let latency = request.latency;
    view! {
        <tr>
            <th scope="row">{name} {call.map(|call| view! { <span class="sub">{call}</span> })}</th>
            <td class="num p2"><Count value=request.finished/></td>
            <td class="num"><Judged broken=rate><PerSecond value=request.rate_per_s unit=false/></Judged></td>
            <td class="num">
                <Judged broken=errors><Percent part=request.failed whole=request.finished unit=false/></Judged>
            </td>
            <td class="num p2"><Judged broken=p50><Milliseconds value=latency.p50 unit=false/></Judged></td>
            <td class="num"><Judged broken=p95><Milliseconds value=latency.p95 unit=false/></Judged></td>
            <td class="num"><Judged broken=p99><Milliseconds value=latency.p99 unit=false/></Judged></td>
            <td class="num p3"><Judged broken=p999><Milliseconds value=latency.p999 unit=false/></Judged></td>
            <td class="num p3"><Judged broken=max><Milliseconds value=latency.max unit=false any=true/></Judged></td>
        </tr>
    }
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
    use std::collections::BTreeMap;

    use perflab_model::summary::Distribution;

    use super::*;

    fn request(name: &str) -> RequestSummary {
        let nothing = Distribution {
            kind: None,
            unit: "ms".to_owned(),
            samples: 0,
            mean: None,
            min: None,
            p50: None,
            p90: None,
            p95: None,
            p99: None,
            p999: None,
            max: None,
        };
        RequestSummary {
            name: name.to_owned(),
            finished: 1,
            failed: 0,
            rate_per_s: None,
            errors: BTreeMap::new(),
            latency: nothing.clone(),
            service: nothing.clone(),
            lag: nothing,
        }
    }

    #[test]
    fn endpoints_of_a_group_stand_together_and_those_without_come_first() {
        let route = |name: &str, group: Option<&str>| Route {
            name: name.to_owned(),
            call: format!("GET /{name}"),
            group: group.map(str::to_owned),
        };
        let routes = [route("summary", Some("reports")), route("login", None), route("analysis", Some("reports"))];
        let names = ["summary", "login", "analysis", "unknown"];
        let found: Vec<(Option<String>, Vec<String>)> = folders(names.map(request).to_vec(), &routes)
            .into_iter()
            .map(|folder| (folder.name, folder.requests.into_iter().map(|request| request.name).collect()))
            .collect();
        let list = |names: [&str; 2]| names.map(str::to_owned).to_vec();
        assert_eq!(
            found,
            [(None, list(["login", "unknown"])), (Some("reports".to_owned()), list(["summary", "analysis"]))]
        );
    }

    #[test]
    fn a_name_with_a_slash_stays_one_part_of_an_address() {
        assert_eq!(encoded("GET /api/budget é"), "GET%20%2Fapi%2Fbudget%20%C3%A9");
    }
}
