//! Parts of the open page, brought up to date from the server.
//!
//! The server is the only place that renders. What changes while a page is open is fetched as the whole page again,
//! and only the parts with the wanted ids are replaced: no second way to draw, no layout shift, focus and scroll stay.

use std::cell::RefCell;

use leptos::wasm_bindgen::{JsCast, JsValue, closure::Closure};
use leptos::web_sys::{Document, DomParser, Element, HtmlElement, Response, SupportedType};
use wasm_bindgen_futures::JsFuture;

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

/// Replaces the parts with these ids by those of a fetched page. What has not changed is not touched.
pub fn replace(fetched: &Document, ids: &[String]) {
    let Some(document) = document() else { return };
    let focused = document.active_element().map(|element| element.id()).filter(|id| !id.is_empty());
    for id in ids {
        let (Some(old), Some(new)) = (document.get_element_by_id(id), fetched.get_element_by_id(id)) else { continue };
        if old.inner_html() != new.inner_html() {
            keep_open(&old, &new);
            old.set_inner_html(&new.inner_html());
        }
        for attribute in ["class", "data-v", "aria-disabled", "aria-invalid"] {
            let changed = match new.get_attribute(attribute) {
                Some(value) => old.set_attribute(attribute, &value),
                None => old.remove_attribute(attribute),
            };
            drop(changed);
        }
    }
    if let Some(element) = focused.and_then(|id| document.get_element_by_id(&id)) {
        let lost = document.active_element().is_none_or(|active| active.id() != element.id());
        if let (true, Ok(element)) = (lost, element.dyn_into::<HtmlElement>()) {
            drop(element.focus());
        }
    }
}

/// What a person has unfolded stays unfolded.
fn keep_open(old: &Element, new: &Element) {
    let (Ok(before), Ok(after)) = (old.query_selector_all("details"), new.query_selector_all("details")) else {
        return;
    };
    if before.length() != after.length() {
        return;
    }
    for index in 0..before.length() {
        let (Some(before), Some(after)) = (element(before.item(index)), element(after.item(index))) else { continue };
        drop(if before.has_attribute("open") {
            after.set_attribute("open", "")
        } else {
            after.remove_attribute("open")
        });
    }
}

fn element(node: Option<leptos::web_sys::Node>) -> Option<Element> {
    node?.dyn_into().ok()
}

/// The document that is open.
pub fn document() -> Option<Document> {
    leptos::web_sys::window()?.document()
}

/// Whether a person can see the page now.
pub fn is_visible() -> bool {
    document().is_some_and(|document| !document.hidden())
}

/// The path and query of the page that is open.
pub fn address() -> Option<String> {
    let location = leptos::web_sys::window()?.location();
    Some(location.pathname().ok()? + &location.search().ok()?)
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
