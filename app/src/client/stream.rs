//! The event stream of a run, open only while somebody can see the page and has not paused it: browsers keep few
//! connections to one server, and pages in the background would use them up.
//!
//! In:  an address by the number of the last event seen, and the kinds that are wanted.
//! Out: every event of them, once and in order. After a break the browser comes back by itself and names the last event
//!      it saw; after a pause or a refusal this module does so, with the same number.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::wasm_bindgen::{JsCast, closure::Closure};
use leptos::web_sys::{EventSource, MessageEvent};

use super::page::{self, Timer};

/// Pause before a stream that the server refused is asked for again.
const RETRY_MS: i32 = 5_000;

/// How the page and the server are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Events come.
    Connected,
    /// The connection broke; the browser tries again by itself.
    Lost,
    /// The server answered, but not with a stream: it serves as many as it can.
    Refused,
}

struct Stream {
    address: Box<dyn Fn(u64) -> String>,
    kinds: &'static [&'static str],
    on_event: Box<dyn Fn(&'static str, String)>,
    on_link: Box<dyn Fn(Link)>,
    /// Number of the last event seen.
    last: Cell<u64>,
    /// A person wants the page to stay as it is.
    paused: Cell<bool>,
    source: RefCell<Option<EventSource>>,
    retry: Timer,
}

/// Follows events after the number `after`, from the address that `address` makes of such a number.
///
/// `on_event` gets the kind and the JSON of each event of one of `kinds`, `on_link` hears how the connection stands. All
/// live as long as the page. What is given back pauses the stream.
pub fn open(
    address: impl Fn(u64) -> String + 'static,
    after: u64,
    kinds: &'static [&'static str],
    on_event: impl Fn(&'static str, String) + 'static,
    on_link: impl Fn(Link) + 'static,
) -> impl Fn(bool) + 'static {
    let stream = Rc::new(Stream {
        address: Box::new(address),
        kinds,
        on_event: Box::new(on_event),
        on_link: Box::new(on_link),
        last: Cell::new(after),
        paused: Cell::new(false),
        source: RefCell::default(),
        retry: Timer::default(),
    });
    stream.connect();
    let of_pause = stream.clone();
    page::on_visibility(move |visible| if visible { stream.connect() } else { stream.close() });
    move |paused| {
        of_pause.paused.set(paused);
        if paused { of_pause.close() } else { of_pause.connect() }
    }
}

impl Stream {
    fn connect(self: &Rc<Self>) {
        self.close();
        if self.paused.get() || !page::is_visible() {
            return;
        }
        let Ok(source) = EventSource::new(&(self.address)(self.last.get())) else {
            (self.on_link)(Link::Refused);
            return;
        };
        for kind in self.kinds.iter().copied() {
            let stream = self.clone();
            let listener = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
                if let Ok(seen) = event.last_event_id().parse() {
                    stream.last.set(seen);
                }
                if let Some(data) = event.data().as_string() {
                    (stream.on_event)(kind, data);
                }
            })
            .into_js_value();
            drop(source.add_event_listener_with_callback(kind, listener.unchecked_ref()));
        }
        let stream = self.clone();
        let opened = Closure::<dyn Fn()>::new(move || (stream.on_link)(Link::Connected)).into_js_value();
        source.set_onopen(Some(opened.unchecked_ref()));
        let (stream, broken) = (self.clone(), source.clone());
        let failed = Closure::<dyn Fn()>::new(move || {
            // The browser tries again by itself after a lost connection, but not after a refusal.
            if broken.ready_state() != EventSource::CLOSED {
                (stream.on_link)(Link::Lost);
                return;
            }
            (stream.on_link)(Link::Refused);
            let again = stream.clone();
            stream.retry.after(RETRY_MS, move || again.connect());
        })
        .into_js_value();
        source.set_onerror(Some(failed.unchecked_ref()));
        self.source.replace(Some(source));
    }

    fn close(&self) {
        if let Some(source) = self.source.take() {
            source.set_onopen(None);
            source.set_onerror(None);
            source.close();
        }
    }
}
