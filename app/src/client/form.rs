//! Forms of the open page: what has been typed as an address, and who changed what.

use leptos::wasm_bindgen::{JsCast, closure::Closure};
use leptos::web_sys::{Element, Event, FormData, HtmlFormElement, UrlSearchParams};

/// The form with this id.
pub fn find(id: &str) -> Option<HtmlFormElement> {
    super::page::document()?.get_element_by_id(id)?.dyn_into().ok()
}

/// What is in the fields, as a query. Empty fields and the key that belongs to one launch are left out.
pub fn query(form: &HtmlFormElement) -> Option<String> {
    let data = FormData::new_with_form(form).ok()?;
    let query = UrlSearchParams::new().ok()?;
    for entry in data.entries() {
        let pair: js_sys::Array = entry.ok()?.dyn_into().ok()?;
        if let (Some(name), Some(value)) = (pair.get(0).as_string(), pair.get(1).as_string())
            && !value.is_empty()
            && name != "key"
        {
            query.append(&name, &value);
        }
    }
    query.to_string().as_string()
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

/// Lets buttons with `data-copy` copy the text of the element with that id.
pub fn watch_copy(form: &HtmlFormElement) {
    let listener = Closure::<dyn Fn(Event)>::new(move |event: Event| {
        let button = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let Some((button, source)) = button.and_then(|button| button.get_attribute("data-copy").map(|id| (button, id)))
        else {
            return;
        };
        let text = super::page::document()
            .and_then(|document| document.get_element_by_id(&source))
            .and_then(|element| element.text_content());
        if let (Some(window), Some(text)) = (leptos::web_sys::window(), text) {
            drop(window.navigator().clipboard().write_text(&text));
            button.set_text_content(Some("Copied"));
        }
    })
    .into_js_value();
    drop(form.add_event_listener_with_callback("click", listener.unchecked_ref()));
}
