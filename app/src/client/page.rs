//! Parts of the open page, brought up to date from the server.
//!
//! The server is the only place that renders. What changes while a page is open is fetched as the whole page again,
//! and only the parts with the wanted ids are replaced: no second way to draw, no layout shift, focus and scroll stay.

use std::cell::RefCell;

use leptos::wasm_bindgen::{JsCast, JsValue, closure::Closure};
use leptos::web_sys::{Document, DomParser, Response, SupportedType};
use wasm_bindgen_futures::JsFuture;

use super::morph::morph;

/// Fetches the page at `address` and parses it; `None` when the server did not answer with a page.
pub async fn fetch(address: &str) -> Option<Document> {
    let window = leptos::web_sys::window()?;
    let reply: Response = JsFuture::from(window.fetch_with_str(address)).await.ok()?.dyn_into().ok()?;
    if !reply.ok() {
        return None;
    }
    let text = JsFuture::from(reply.text().ok()?).await.ok()?.as_string()?;
    DomParser::new().ok()?.parse_from_string(&text, SupportedType::TextHtml).ok()
}

/// Makes the parts with these ids like those of a fetched page. What has not changed is not touched.
pub fn replace(fetched: &Document, ids: &[String]) {
    let Some(document) = document() else { return };
    for id in ids {
        if let (Some(old), Some(new)) = (document.get_element_by_id(id), fetched.get_element_by_id(id)) {
            morph(&old, &new);
        }
    }
}

/// Whether a fetched page has a part with this id.
pub fn holds(fetched: &Document, id: &str) -> bool {
    fetched.get_element_by_id(id).is_some()
}

/// Shows or hides a part of the page.
pub fn set_hidden(id: &str, hidden: bool) {
    if let Some(element) = document().and_then(|document| document.get_element_by_id(id)) {
        drop(if hidden { element.set_attribute("hidden", "") } else { element.remove_attribute("hidden") });
    }
}

/// The document that is open.
pub fn document() -> Option<Document> {
    leptos::web_sys::window()?.document()
}

/// Whether a person can see the page now.
pub fn is_visible() -> bool {
    document().is_some_and(|document| !document.hidden())
}

/// Calls `action` whenever a person comes to see the page (`true`), or no longer does.
pub fn on_visibility(action: impl Fn(bool) + 'static) {
    let Some(document) = document() else { return };
    let listener = Closure::<dyn Fn()>::new(move || action(is_visible())).into_js_value();
    drop(document.add_event_listener_with_callback("visibilitychange", listener.unchecked_ref()));
}

/// The path and query of the page that is open.
pub fn address() -> Option<String> {
    let location = leptos::web_sys::window()?.location();
    Some(location.pathname().ok()? + &location.search().ok()?)
}

/// An address with one more word in its query.
pub fn with_word(address: &str, word: &str) -> String {
    let joint = if address.contains('?') { '&' } else { '?' };
    format!("{address}{joint}{word}")
}

/// Loads the page anew: the run has changed so much that the server draws another page.
pub fn reload() {
    if let Some(window) = leptos::web_sys::window() {
        drop(window.location().reload());
    }
}

/// Calls `action` after so many milliseconds, once. A second call with the same timer postpones the first.
#[derive(Default)]
pub struct Timer {
    id: RefCell<Option<i32>>,
}

impl Timer {
    /// Starts or postpones.
    pub fn after(&self, milliseconds: i32, action: impl FnOnce() + 'static) {
        let Some(window) = leptos::web_sys::window() else { return };
        if let Some(id) = self.id.take() {
            window.clear_timeout_with_handle(id);
        }
        let action: JsValue = Closure::once_into_js(action);
        let started =
            window.set_timeout_with_callback_and_timeout_and_arguments_0(action.unchecked_ref(), milliseconds);
        self.id.replace(started.ok());
    }
}

/// Calls `action` every so many milliseconds for as long as the page is open.
pub fn every(milliseconds: i32, action: impl FnMut() + 'static) {
    let Some(window) = leptos::web_sys::window() else { return };
    let action = Closure::<dyn FnMut()>::new(action).into_js_value();
    drop(window.set_interval_with_callback_and_timeout_and_arguments_0(action.unchecked_ref(), milliseconds));
}
