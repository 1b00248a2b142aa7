//! The event stream of a run. The browser itself connects again after a break and tells the server the number of the
//! last event it saw, so nothing is missed and nothing comes twice.

use leptos::wasm_bindgen::{JsCast, closure::Closure};
use leptos::web_sys::{EventSource, MessageEvent};

/// Opens the stream at `address`.
///
/// `on_event` gets the kind and the JSON of each event of one of `kinds`, `on_link` hears whether the stream is
/// connected. Both live as long as the page.
pub fn open(
    address: &str,
    kinds: &[&'static str],
    on_event: impl Fn(&'static str, String) + Clone + 'static,
    on_link: impl Fn(bool) + Clone + 'static,
) {
    let Ok(source) = EventSource::new(address) else {
        on_link(false);
        return;
    };
    for kind in kinds.iter().copied() {
        let on_event = on_event.clone();
        let listener = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(data) = event.data().as_string() {
                on_event(kind, data);
            }
        })
        .into_js_value();
        drop(source.add_event_listener_with_callback(kind, listener.unchecked_ref()));
    }
    let connected = on_link.clone();
    let opened = Closure::<dyn Fn()>::new(move || connected(true)).into_js_value();
    let failed = Closure::<dyn Fn()>::new(move || on_link(false)).into_js_value();
    source.set_onopen(Some(opened.unchecked_ref()));
    source.set_onerror(Some(failed.unchecked_ref()));
}
