//! Keeps parts of a page up to date while something goes on.

use leptos::prelude::*;

use crate::client::page;

/// Brings the parts with these ids up to date every so often, as long as the page is seen. Shows nothing.
#[island]
pub fn Refresh(
    /// Ids of the parts.
    ids: Vec<String>,
    /// Milliseconds between two looks.
    every_ms: i32,
) -> impl IntoView {
    Effect::new(move || {
        let ids = ids.clone();
        page::every(every_ms, move || {
            if page::is_visible() {
                leptos::task::spawn_local(refresh(ids.clone()));
            }
        });
    });
}

async fn refresh(ids: Vec<String>) {
    let Some(address) = page::address() else { return };
    if let Some(fetched) = page::fetch(&address).await {
        page::replace(&fetched, &ids);
    }
}
