//! Keeps parts of a page up to date while something goes on.

use std::{cell::Cell, rc::Rc};

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
        let under_way = Rc::new(Cell::new(false));
        page::every(every_ms, move || {
            // One look at a time: a slow answer must not overwrite a later one.
            if page::is_visible() && !under_way.replace(true) {
                leptos::task::spawn_local(refresh(ids.clone(), under_way.clone()));
            }
        });
    });
}

async fn refresh(ids: Vec<String>, under_way: Rc<Cell<bool>>) {
    if let Some(address) = page::address()
        && let Some(fetched) = page::fetch(&address).await
    {
        page::replace(&fetched, &ids);
    }
    under_way.set(false);
}
