//! Keeps parts of a page up to date while something goes on.

use std::{cell::Cell, rc::Rc};

use leptos::prelude::*;

use super::pause::PauseButton;
use crate::client::page;

/// Brings the parts with these ids up to date every so often, as long as the page is seen. Shows the button that pauses it.
#[island]
pub fn Refresh(
    /// Ids of the parts.
    ids: Vec<String>,
    /// Milliseconds between two looks.
    every_ms: i32,
) -> impl IntoView {
    let paused = RwSignal::new(false);
    Effect::new(move || keep_up_to_date(ids.clone(), every_ms, paused));
    view! { <PauseButton paused=paused/> }
}

/// Looks every so often, unless that is paused.
pub(super) fn keep_up_to_date(ids: Vec<String>, every_ms: i32, paused: RwSignal<bool>) {
    let under_way = Rc::new(Cell::new(false));
    let look = move || {
        // One look at a time: a slow answer must not overwrite a later one.
        if !paused.get_untracked() && page::is_visible() && !under_way.replace(true) {
            leptos::task::spawn_local(refresh(ids.clone(), paused, under_way.clone()));
        }
    };
    page::every(every_ms, look.clone());
    // What has happened meanwhile is shown at once.
    let resume = move |paused: &bool, _: Option<&bool>, _: Option<()>| {
        if !paused {
            look();
        }
    };
    Effect::watch(move || paused.get(), resume, false);
}

async fn refresh(ids: Vec<String>, paused: RwSignal<bool>, under_way: Rc<Cell<bool>>) {
    if let Some(address) = page::address()
        && let Some(fetched) = page::fetch(&address).await
        && !paused.get_untracked()
    {
        page::replace(&fetched, &ids);
    }
    under_way.set(false);
}
