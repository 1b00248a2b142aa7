//! Where pages get their data: the lab, and the query of their address.

use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::{use_params_map, use_query_map};
use perflab_lab::Lab;
use perflab_model::problem::{Problem, ProblemKind};

/// The lab behind this server.
pub(crate) fn lab() -> Result<Lab, Problem> {
    use_context::<Lab>().ok_or_else(|| {
        Problem::new(
            ProblemKind::Internal,
            "lab.missing",
            "This server has no lab behind its pages",
            Some("Start it with `perflab serve`".to_owned()),
        )
    })
}

/// A value of the address' query; empty ones count as not given.
pub(crate) fn query(name: &str) -> Option<String> {
    use_query_map().with_untracked(|query| query.get(name)).filter(|value| !value.trim().is_empty())
}

/// A value of the address' path.
pub(crate) fn parameter(name: &str) -> String {
    use_params_map().with_untracked(|parameters| parameters.get(name)).unwrap_or_default()
}

/// Where this lab is, as the browser has found it: for commands that people copy.
pub(crate) fn origin() -> String {
    let host = use_context::<axum::http::request::Parts>()
        .and_then(|parts| parts.headers.get(axum::http::header::HOST)?.to_str().ok().map(str::to_owned));
    format!("http://{}", host.unwrap_or_else(|| "127.0.0.1:7080".to_owned()))
}

/// Gives the reply the status of a problem.
pub(crate) fn set_status(reply: Option<ResponseOptions>, kind: ProblemKind) {
    if let (Some(reply), Ok(status)) = (reply, axum::http::StatusCode::from_u16(kind.status())) {
        reply.set_status(status);
    }
}

/// Waits for data and shows it, or the problem in its place with the right status.
#[component]
pub(crate) fn Loaded<T, V>(
    /// What is waited for.
    from: std::pin::Pin<Box<dyn Future<Output = Result<T, Problem>> + Send>>,
    /// How it is shown.
    show: fn(T) -> V,
) -> impl IntoView
where
    T: Send + 'static,
    V: IntoView + 'static,
{
    let reply = use_context::<ResponseOptions>();
    let shown = Suspend::new(async move {
        match from.await {
            Ok(data) => show(data).into_any(),
            Err(problem) => {
                set_status(reply, problem.kind);
                view! { <super::problem::ProblemPage problem=problem/> }.into_any()
            }
        }
    });
    view! { <Suspense fallback=|| ()>{shown}</Suspense> }
}
