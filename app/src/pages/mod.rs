//! The pages, one folder or file per subject, and the addresses that lead to them.
//!
//! A new page is a module here and one `<Route>` below. Pages are rendered on the server only, so they may call the lab
//! directly in a `Resource`. Give each route `ssr=SsrMode::Async`: the reply is then whole before it is sent, it can say
//! 404, and it can be read without scripts (fragments that arrive later need a script to move into place).

mod not_found;
mod start;

use leptos::prelude::*;
use leptos_router::SsrMode;
use leptos_router::components::{Route, Routes};
use leptos_router::path;

use not_found::NotFound;
use start::Start;

/// Shows the page that the address asks for.
#[component]
pub(crate) fn Pages() -> impl IntoView {
    view! {
        <Routes fallback=NotFound>
            <Route path=path!("/") view=Start ssr=SsrMode::Async/>
        </Routes>
    }
}
