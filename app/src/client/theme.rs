//! Puts a chosen theme into effect in the page that is open, and keeps it for the next one.

use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlDocument;

use crate::theme::Theme;

/// Shows the page in `theme` at once and stores the choice in the cookie that the server reads.
///
/// `false` when the browser refused: the caller then lets the form go to the server, which sets the cookie itself.
pub fn apply(theme: Theme) -> bool {
    let Some(document) = leptos::web_sys::window().and_then(|window| window.document()) else {
        return false;
    };
    let Some(root) = document.document_element() else {
        return false;
    };
    let shown = match theme.attribute() {
        Some(value) => root.set_attribute("data-theme", value),
        None => root.remove_attribute("data-theme"),
    };
    let kept = document.dyn_into::<HtmlDocument>().ok().map(|document| document.set_cookie(&theme.cookie()));
    shown.is_ok() && matches!(kept, Some(Ok(())))
}
