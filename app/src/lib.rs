//! The web app: what a person sees.
//!
//! Two builds of one crate. `ssr` is the server's half: it renders whole pages and is linked into the `perflab`
//! binary. `hydrate` is the browser's half: it holds the islands, and nothing of the pages around them, so the wasm
//! stays small however many pages there are.
//!
//! In:  a request's path and query, and the lab as context (`ssr` only).
//! Out: HTML that is complete without scripts; islands then wake up inside it.
//! Not here: rules (`perflab-lab`), charts (`perflab-charts`), HTTP headers (`perflab-server`).

// Views are types as deep as the pages they build.
#![recursion_limit = "256"]
#![allow(unreachable_pub, reason = "the component macro makes a hidden public function of every component")]

pub mod charts;
pub mod client;
#[cfg(feature = "ssr")]
pub mod components;
pub mod islands;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
pub mod shell;
pub mod theme;
#[cfg(feature = "ssr")]
pub mod ui_error;

#[cfg(feature = "ssr")]
pub use shell::{App, shell};

/// Wakes up the islands: the page's script calls it once, after the wasm is loaded.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
