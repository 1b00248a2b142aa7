//! HTTP operations as flows, so that they are compiled, resolved and allowed like those of load suites.
//!
//! In:  the plan of a benchmark suite. Out: the same plan with a flow for each request, or nothing where none sends any.

use indexmap::IndexMap;
use perflab_model::{
    bench::{Case, Operation},
    flow::{Flow, Step, Think, UserClass},
    load::Load,
    name::CaseName,
    plan::Plan,
};

/// The class that all of them belong to.
const CLASS: &str = "cases";

/// The flow that holds the request of a case's operation at this position.
pub(crate) fn flow_name(case: &CaseName, position: usize) -> String {
    if position == 0 { case.to_string() } else { format!("{case} ({})", position + 1) }
}

/// The plan with a flow for each request of its cases; nothing where there are none.
pub(crate) fn with_requests(plan: &Plan) -> Option<Plan> {
    let Load::Cases(cases) = &plan.load else { return None };
    let flows: Vec<Flow> = cases.cases.iter().flat_map(requests).collect();
    if flows.is_empty() {
        return None;
    }
    let class = UserClass {
        name: CLASS.to_owned(),
        weight: 1,
        tags: Vec::new(),
        think: Think::None,
        headers: Vec::new(),
        auth: None,
        on_start: None,
        on_stop: None,
        iterations: None,
        flows: flows.iter().map(|flow| (flow.name.clone(), 1)).collect::<IndexMap<_, _>>(),
        part: None,
    };
    Some(Plan { classes: vec![class], flows, ..plan.clone() })
}

fn requests(case: &Case) -> impl Iterator<Item = Flow> + '_ {
    case.work.operations().into_iter().enumerate().filter_map(|(position, operation)| {
        let Operation::Http { request, auth } = operation else { return None };
        let log_in = auth.iter().map(|auth| Step::Auth { auth: auth.clone(), fresh: false });
        let steps = log_in.chain([Step::Request(request.clone())]).collect();
        Some(Flow { name: flow_name(&case.name, position), tags: Vec::new(), steps })
    })
}
