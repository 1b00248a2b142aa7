//! The event stream of a run. The browser itself connects again after a break and tells the server the number of the
//! last event it saw, so nothing is missed and nothing comes twice.

use leptos::wasm_bindgen::{JsCast, closure::Closure};
use leptos::web_sys::{EventSource, MessageEvent};

use super::page::Timer;

/// Pause before a stream that the server refused is opened again.
const RETRY_MS: i32 = 3_000;

/// Opens the stream at the address that `address` says.
///
/// `on_event` gets the kind and the JSON of each event of one of `kinds`, `on_link` hears whether the stream is
/// connected. All live as long as the page.
pub fn open(
    address: impl Fn() -> String + Clone + 'static,
    kinds: &'static [&'static str],
    on_event: impl Fn(&'static str, String) + Clone + 'static,
    on_link: impl Fn(bool) + Clone + 'static,
) {
    let Ok(source) = EventSource::new(&address()) else {
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
    source.set_onopen(Some(opened.unchecked_ref()));
    let broken = source.clone();
    let failed = Closure::<dyn Fn()>::new(move || {
        on_link(false);
        // The browser tries again by itself after a lost connection, but not after a refusal.
        if broken.ready_state() == EventSource::CLOSED {
            let (address, on_event, on_link) = (address.clone(), on_event.clone(), on_link.clone());
            Timer::default().after(RETRY_MS, move || open(address, kinds, on_event, on_link));
        }
    })
    .into_js_value();
    source.set_onerror(Some(failed.unchecked_ref()));
}
