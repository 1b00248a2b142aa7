//! Panics of operations: caught, told as faults, and not printed one by one.
//!
//! In:  something that may break down. Out: what it gave, or its text with the place. A loop of a million operations that
//! all break down would else write a million reports to the log.

use std::{
    cell::{Cell, RefCell},
    panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind},
    sync::Once,
};

use super::operation::Fault;

thread_local! {
    /// The text of the last panic of an operation.
    static HEARD: RefCell<Option<String>> = const { RefCell::new(None) };
    /// Whether this thread is in an operation.
    static IS_CAUGHT: Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Has panics of operations kept instead of printed; all others are printed as before.
pub(super) fn keep_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if IS_CAUGHT.get() {
                HEARD.set(Some(text(info)));
            } else {
                before(info);
            }
        }));
    });
}

fn text(info: &PanicHookInfo<'_>) -> String {
    let what = info.payload_as_str().unwrap_or("it did not say why");
    info.location().map_or_else(|| what.to_owned(), |place| format!("{what}, at {place}"))
}

/// Does something that may break down.
///
/// # Errors
/// When it does: with its text.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Fault> {
    IS_CAUGHT.set(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    IS_CAUGHT.set(false);
    done.map_err(|_| {
        let text = HEARD.take().unwrap_or_else(|| "it did not say why".to_owned());
        Fault::new("operation.panicked", format!("the operation broke down: {text}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_down_is_told_with_its_text_and_place() {
        keep_quiet();
        let fault = caught(|| assert!(std::hint::black_box(1) > 1, "one is {}", 1)).expect_err("it breaks down");
        assert!(fault.message().contains("one is 1, at "), "{}", fault.message());
        assert!(fault.message().contains("panics.rs:"), "{}", fault.message());
    }
}
