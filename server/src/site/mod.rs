//! The site: pages rendered by the app, the files that they load, and the headers that protect them.
//!
//! In:  a closure that gives pages their context (the lab, the caller). Out: one [`Router`] for everything a browser
//! asks for besides the API, and [`with_headers`], which every reply of the server passes last.
//! Not here: what pages show (`perflab-app`), REST (`crate::api`).

mod assets;
mod csp;
mod headers;
mod report;
mod theme;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use axum::routing::{get, post};
use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::use_context;
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list, render_app_async_with_context};
use perflab_app::{App, shell};

pub use headers::with_headers;

/// Routes for pages, their server functions, their files, and reports of blocked content.
///
/// `context` is called for every page and server function, to provide what they ask for. The router brings the server's
/// fallback, the page for addresses that lead nowhere: merge it with routers that have none.
pub fn router(context: impl Fn() + Clone + Send + Sync + 'static) -> Router {
    if assets::is_empty() {
        tracing::error!(
            "there is no site in this build, so pages have no style and no scripts; build it with `cargo xtask wasm`"
        );
    }
    let options = options();
    let context = move || {
        protect_page();
        context();
    };
    let page = {
        let options = options.clone();
        move || shell(options.clone())
    };
    let report = post(report::receive).layer(DefaultBodyLimit::max(report::LIMIT_BYTES));
    Router::new()
        .route("/pkg/{build}/{*file}", get(assets::serve))
        .route(csp::REPORT_PATH, report)
        .route("/theme", post(theme::choose))
        .leptos_routes_with_context(&options, generate_route_list(App), context.clone(), page.clone())
        .fallback(render_app_async_with_context(context, page))
        .with_state(options)
}

/// Where pages find their files. The folder is named after the files' content: a new build has new addresses, so
/// browsers may keep what they have forever, and a page of an older build never loads half of a newer one.
fn options() -> LeptosOptions {
    LeptosOptions::builder().output_name(assets::NAME).site_pkg_dir(format!("pkg/{}", assets::build())).build()
}

/// Gives the page that is being rendered its policy, with the nonce that its own scripts carry.
fn protect_page() {
    let (Some(reply), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce()) else {
        return;
    };
    if let Ok(policy) = HeaderValue::try_from(csp::for_page(&nonce)) {
        reply.insert_header(CONTENT_SECURITY_POLICY, policy);
    }
    reply.insert_header(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Nothing is told to other sites, as with `no-referrer`. But under that the forms of a page would send `Origin: null`,
    // and a browser that sends no `Sec-Fetch-Site` either could not be told from one that another site has sent here.
    reply.insert_header(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
}

#[cfg(test)]
mod tests;
