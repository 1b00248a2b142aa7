//! Tags of a rule against an outcome: `status:5xx`, `error:timeout.total`, `expected_response:true`, `name:login`,
//! `method:GET`.

use std::collections::BTreeMap;

use perflab_model::{plan::Plan, threshold::glob_matches};

use crate::ReadOutcome;

/// What follows a request's name in the name of its redirects.
const REDIRECT: &str = " [redirect]";

/// The tags of one rule.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    tags: Vec<(String, String)>,
    /// Methods of the plan's requests by name: a name of its own does not tell the method.
    methods: BTreeMap<String, Vec<String>>,
}

impl Filter {
    pub(super) fn new(tags: &[(String, String)], plan: &Plan) -> Self {
        let mut methods: BTreeMap<String, Vec<String>> = BTreeMap::new();
        if tags.iter().any(|(tag, _)| tag == "method") {
            plan.each_request(&mut |request| {
                methods.entry(request.name.clone()).or_default().push(request.method.clone());
            });
        }
        Self { tags: tags.to_vec(), methods }
    }

    /// Whether the tags choose outcomes themselves, so that the usual choice (successes and timeouts) gives way.
    pub(super) fn chooses_outcomes(&self) -> bool {
        let chooses = |tag: &str| matches!(tag, "status" | "error" | "error_code" | "expected_response");
        self.tags.iter().any(|(tag, _)| chooses(tag))
    }

    /// Whether an outcome of a request has all of the tags.
    pub(super) fn fits(&self, request: &str, outcome: &ReadOutcome) -> bool {
        self.tags.iter().all(|(tag, value)| match tag.as_str() {
            "status" => status_fits(value, outcome.status_class),
            "error" | "error_code" => outcome.error.as_deref().is_some_and(|code| {
                code == value || code.strip_prefix(value.as_str()).is_some_and(|rest| rest.starts_with('.'))
            }),
            "expected_response" => value == if outcome.error.is_none() { "true" } else { "false" },
            "name" => glob_matches(value, request),
            "method" => self.method_fits(value, request),
            _ => false,
        })
    }

    /// Of a name that requests of several methods share, nobody knows the method any more.
    fn method_fits(&self, value: &str, request: &str) -> bool {
        let name = request.strip_suffix(REDIRECT).unwrap_or(request);
        self.methods.get(name).is_some_and(|methods| methods.iter().all(|method| method.eq_ignore_ascii_case(value)))
    }
}

/// Ticks know classes only; a suite that asks for a single status is refused, and in an older one its class is meant.
fn status_fits(value: &str, class: u8) -> bool {
    value.chars().next().and_then(|digit| digit.to_digit(10)) == Some(u32::from(class))
}
