//! The launch form, awake: what Start would do is shown anew as fields change.

use std::rc::Rc;

use leptos::prelude::*;

use crate::client::{form, page};

/// Pause after the last keystroke before the preview is fetched.
const TYPING_MS: i32 = 250;

/// Watches the form and keeps the preview up to date. Shows nothing; without it the form has a button for that.
#[island]
pub fn LaunchForm(
    /// Id of the form.
    form_id: String,
    /// Address of the page.
    path: String,
    /// Parts that follow from the fields.
    derived: Vec<String>,
    /// Parts that hold fields themselves; replaced only when a choice was made, never while somebody types in them.
    fields: Vec<String>,
) -> impl IntoView {
    Effect::new(move || {
        let Some(found) = form::find(&form_id) else { return };
        let timer = Rc::new(page::Timer::default());
        let watched = found.clone();
        let (path, derived, fields) = (path.clone(), derived.clone(), fields.clone());
        form::watch_copy(&found);
        form::watch(&found, move |choice| {
            let (form, path) = (watched.clone(), path.clone());
            let mut ids = derived.clone();
            if choice {
                ids = fields.iter().chain(&ids).cloned().collect();
            }
            timer.after(if choice { 0 } else { TYPING_MS }, move || leptos::task::spawn_local(update(form, path, ids)));
        });
    });
}

async fn update(form: leptos::web_sys::HtmlFormElement, path: String, ids: Vec<String>) {
    let Some(query) = form::query(&form) else { return };
    if let Some(fetched) = page::fetch(&format!("{path}?{query}")).await {
        // An answer to an earlier state of the form must not overwrite what has been typed since.
        if form::query(&form).as_deref() == Some(query.as_str()) {
            page::replace(&fetched, &ids);
        }
    }
}
