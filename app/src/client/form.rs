//! Forms of the open page: what has been typed as an address, who changed what, and texts to take along.

use js_sys::{Array, Function, Reflect};
use leptos::wasm_bindgen::{JsCast, JsValue, closure::Closure};
use leptos::web_sys::{
    Element, Event, FormData, HtmlDocument, HtmlElement, HtmlFormElement, HtmlInputElement, HtmlOptionElement,
    HtmlTextAreaElement, SubmitEvent, UrlSearchParams,
};
use wasm_bindgen_futures::JsFuture;

use super::page::Timer;

/// How long it is said that a text was copied.
const COPIED_MS: i32 = 6_000;

/// The form with this id.
pub fn find(id: &str) -> Option<HtmlFormElement> {
    super::page::document()?.get_element_by_id(id)?.dyn_into().ok()
}

/// What is in the fields, as a query. Empty fields and those named in `without` are left out.
pub fn query(form: &HtmlFormElement, without: &[String]) -> Option<String> {
    let data = FormData::new_with_form(form).ok()?;
    let query = UrlSearchParams::new().ok()?;
    for entry in data.entries() {
        let pair: Array = entry.ok()?.dyn_into().ok()?;
        if let (Some(name), Some(value)) = (pair.get(0).as_string(), pair.get(1).as_string())
            && !value.is_empty()
            && !without.contains(&name)
        {
            query.append(&name, &value);
        }
    }
    query.to_string().as_string()
}

/// Whether a field differs from what the server put into it: somebody was faster than the scripts, or the browser has
/// brought back what stood there before.
pub fn is_touched(form: &HtmlFormElement) -> bool {
    let Ok(found) = form.query_selector_all("input:not([type=hidden]), option") else { return false };
    (0..found.length()).filter_map(|index| found.item(index)).any(|field| {
        if let Some(input) = field.dyn_ref::<HtmlInputElement>() {
            input.value() != input.default_value()
        } else {
            field.dyn_ref::<HtmlOptionElement>().is_some_and(|option| option.selected() != option.default_selected())
        }
    })
}

/// Calls `on_change` whenever a field changes; it hears whether that was a choice (`<select>`) rather than typing.
pub fn watch(form: &HtmlFormElement, on_change: impl Fn(bool) + 'static) {
    let listener = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        let choice = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .is_some_and(|element| element.tag_name().eq_ignore_ascii_case("select"));
        on_change(choice);
    })
    .into_js_value();
    drop(form.add_event_listener_with_callback("input", listener.unchecked_ref()));
}

/// Asks `must_wait` when the form is about to be sent by a button that does something, not by one that only looks again.
/// Where it must, the form is not sent now.
pub fn watch_start(form: &HtmlFormElement, must_wait: impl Fn() -> bool + 'static) {
    let listener = Closure::<dyn Fn(SubmitEvent)>::new(move |event: SubmitEvent| {
        let looks_again = event.submitter().is_some_and(|button| button.has_attribute("formmethod"));
        if !looks_again && must_wait() {
            event.prevent_default();
        }
    })
    .into_js_value();
    drop(form.add_event_listener_with_callback("submit", listener.unchecked_ref()));
}

/// Sends the form as if its button for that had been pressed; nothing happens where it has none now.
pub fn press(form: &HtmlFormElement, button: &str) {
    let button = form.query_selector(button).ok().flatten();
    if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
        button.click();
    }
}

/// Makes this the address of the page without loading it, so that a reload or a bookmark brings the form back as it is.
pub fn show_address(address: &str) {
    let Some(window) = leptos::web_sys::window() else { return };
    let history = Reflect::get(&window, &"history".into());
    let replace = history.as_ref().ok().and_then(|history| Reflect::get(history, &"replaceState".into()).ok());
    if let (Ok(history), Some(Ok(replace))) = (&history, replace.map(JsCast::dyn_into::<Function>)) {
        // Browsers refuse when it is asked for too often; the address is then that of a moment ago.
        drop(replace.call3(history, &JsValue::NULL, &"".into(), &address.into()));
    }
}

/// Lets buttons with `data-copy` copy the text of the element with that id. What came of it is said in the element
/// with that id and `-copied`.
pub fn watch_copy(form: &HtmlFormElement) {
    let listener = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        let button = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let button = button.and_then(|element| element.closest("[data-copy]").ok().flatten());
        if let Some(source) = button.and_then(|button| button.get_attribute("data-copy")) {
            leptos::task::spawn_local(copy_from(source));
        }
    })
    .into_js_value();
    drop(form.add_event_listener_with_callback("click", listener.unchecked_ref()));
}

async fn copy_from(source: String) {
    let find = |id: &str| super::page::document().and_then(|document| document.get_element_by_id(id));
    let Some(text) = find(&source).and_then(|element| element.text_content()) else { return };
    let said = if copy(&text).await {
        "Copied."
    } else {
        "The browser does not let this page copy. Select the text and copy it by hand."
    };
    if let Some(place) = find(&format!("{source}-copied")) {
        place.set_text_content(Some(said));
        Timer::default().after(COPIED_MS, move || place.set_text_content(None));
    }
}

/// Puts a text on the clipboard; `false` when the browser would not.
async fn copy(text: &str) -> bool {
    let Some(window) = leptos::web_sys::window() else { return false };
    let navigator = window.navigator();
    // Pages over plain HTTP have no such object, unless they come from this machine.
    let there = Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|clipboard| clipboard.is_object());
    if there && JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok() {
        return true;
    }
    copy_selected(text).unwrap_or(false)
}

/// The older way, which works everywhere: a text is selected and the browser told to copy what is selected.
fn copy_selected(text: &str) -> Option<bool> {
    let document = super::page::document()?;
    let focused = document.active_element();
    let area: HtmlTextAreaElement = document.create_element("textarea").ok()?.dyn_into().ok()?;
    area.set_class_name("sr");
    area.set_value(text);
    document.body()?.append_child(&area).ok()?;
    area.select();
    let done = document.dyn_ref::<HtmlDocument>().and_then(|document| document.exec_command("copy").ok());
    area.remove();
    if let Some(focused) = focused.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        drop(focused.focus());
    }
    done
}
