//! The pages, one folder or file per subject, and the addresses that lead to them.
//!
//! A new page is a module here and one `<Route>` below. Pages are rendered on the server only, so they may call the lab
//! directly in a `Resource`. Give each route `ssr=SsrMode::Async`: the reply is then whole before it is sent, it can say
//! 404, and it can be read without scripts (fragments that arrive later need a script to move into place).

pub mod actions;
pub mod adjust;
pub mod capacity;
pub mod compare;
pub mod docs;
pub mod figure;
pub mod findings;
pub mod launch;
pub mod not_found;
pub mod problem;
pub mod run;
pub mod runs;
pub mod safety;
pub mod source;
pub mod suites;
pub mod trends;

use leptos::prelude::*;
use leptos_router::SsrMode;
use leptos_router::components::{Route, Routes};
use leptos_router::path;

use not_found::NotFound;

/// Shows the page that the address asks for.
#[component]
pub(crate) fn Pages() -> impl IntoView {
    view! {
        <Routes fallback=NotFound>
            <Route path=path!("/") view=runs::RunsPage ssr=SsrMode::Async/>
            <Route path=path!("/runs") view=runs::RunsPage ssr=SsrMode::Async/>
            <Route path=path!("/runs/:run") view=run::RunPage ssr=SsrMode::Async/>
            <Route path=path!("/safety") view=safety::SafetyPage ssr=SsrMode::Async/>
            <Route path=path!("/suites") view=suites::SuitesPage ssr=SsrMode::Async/>
            <Route path=path!("/suites/:suite") view=suites::SuitePage ssr=SsrMode::Async/>
            <Route path=path!("/drafts/:draft") view=suites::DraftPage ssr=SsrMode::Async/>
            <Route path=path!("/trends") view=trends::TrendsPage ssr=SsrMode::Async/>
            <Route path=path!("/compare") view=compare::ComparePage ssr=SsrMode::Async/>
            <Route path=path!("/findings") view=findings::FindingsPage ssr=SsrMode::Async/>
            <Route path=path!("/findings/:finding") view=findings::FindingPage ssr=SsrMode::Async/>
            <Route path=path!("/capacity") view=capacity::SearchesPage ssr=SsrMode::Async/>
            <Route path=path!("/capacity/new") view=capacity::NewSearchPage ssr=SsrMode::Async/>
            <Route path=path!("/capacity/:search") view=capacity::SearchPage ssr=SsrMode::Async/>
            <Route path=path!("/launch") view=launch::LaunchPage ssr=SsrMode::Async/>
            <Route path=path!("/docs") view=docs::DocsPage ssr=SsrMode::Async/>
            <Route path=path!("/docs/:page") view=docs::DocPage ssr=SsrMode::Async/>
        </Routes>
    }
}
