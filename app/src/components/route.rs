//! What a plan says of the requests that tables name: method, path, and the group they belong to.
//!
//! In:  a plan. Out: one [`Route`] a request, in the order in which flows name them.
//! Not here: parameters are filled in already; what is only known while the run goes on stays as it is written.

use perflab_model::{
    flow::{Request, Step},
    plan::Plan,
};

/// A request as its plan describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The name it is counted under.
    pub name: String,
    /// `GET /api/budget/current`.
    pub call: String,
    /// The group of its flow that it stands in, if any.
    pub group: Option<String>,
}

/// Every request of a plan. Where flows share a name, the first that has it tells of it.
pub fn routes(plan: &Plan) -> Vec<Route> {
    let mut routes = Vec::new();
    for flow in &plan.flows {
        walk(&flow.steps, None, &mut routes);
    }
    for auth in &plan.auth {
        note(&auth.login, None, &mut routes);
    }
    routes
}

fn walk(steps: &[Step], group: Option<&str>, routes: &mut Vec<Route>) {
    for step in steps {
        match step {
            Step::Request(request) => note(request, group, routes),
            Step::Repeat { steps, .. } => walk(steps, group, routes),
            Step::If { then, otherwise, .. } => {
                walk(then, group, routes);
                walk(otherwise, group, routes);
            }
            Step::Group { name, steps } => walk(steps, Some(name), routes),
            Step::Auth { .. } | Step::Think(_) => {}
        }
    }
}

fn note(request: &Request, group: Option<&str>, routes: &mut Vec<Route>) {
    if routes.iter().all(|known| known.name != request.name) {
        routes.push(Route {
            name: request.name.clone(),
            call: format!("{} {}", request.method, request.path),
            group: group.map(str::to_owned),
        });
    }
}

#[cfg(test)]
mod tests {
    use perflab_model::flow::Body;
    use perflab_model::template::Template;

    use super::*;

    fn request(name: &str, path: &str) -> Request {
        Request {
            name: name.to_owned(),
            method: "GET".to_owned(),
            path: Template::text(path),
            headers: Vec::new(),
            body: Body::None,
            checks: Vec::new(),
            extract: Vec::new(),
            timeout: None,
            tags: Vec::new(),
        }
    }

    fn step(name: &str, path: &str) -> Step {
        Step::Request(Box::new(request(name, path)))
    }

    #[test]
    fn requests_are_found_in_groups_and_repetitions_and_each_is_told_once() {
        let steps = [
            step("login", "/login"),
            Step::Group {
                name: "monthly_reporting".to_owned(),
                steps: vec![Step::Repeat {
                    times: 3,
                    steps: vec![step("summary", "/summary"), step("login", "/other")],
                }],
            },
        ];
        let mut found = Vec::new();
        walk(&steps, None, &mut found);
        let told: Vec<_> =
            found.iter().map(|route| (route.name.as_str(), route.call.as_str(), route.group.as_deref())).collect();
        assert_eq!(told, [("login", "GET /login", None), ("summary", "GET /summary", Some("monthly_reporting"))]);
    }
}
