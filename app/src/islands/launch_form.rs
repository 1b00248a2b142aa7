//! The launch form, awake: what Start would do is shown anew as fields change, and the page's address follows.
//!
//! Nothing is started that was not shown. A person who presses Start while what is shown is older than the fields waits
//! until it no longer is; then the run starts, unless it turns out that it cannot, or the fields have changed again.

use std::{cell::Cell, rc::Rc};

use leptos::{prelude::*, web_sys::HtmlFormElement};

use crate::client::{form, page, stops};

/// Pause after the last keystroke before the preview is fetched.
const TYPING_MS: i32 = 250;

/// How often the form is asked for again at once, when an answer has changed what is in it.
const ROUNDS: usize = 3;

/// The button that starts; where a run cannot start, its place is taken by one that only says why.
const START: &str = ".start-run button:not([type])";

/// Id of the line that is shown while the preview is older than the fields.
pub const STALE: &str = "launch-stale";

/// Watches the form and keeps the preview up to date. Shows nothing; without it the form has a button for that.
#[island]
pub fn LaunchForm(
    /// Id of the form.
    form_id: String,
    /// Address of the page.
    path: String,
    /// Parts of the page that follow from the fields; those with fields in them, too.
    parts: Vec<String>,
    /// Names of fields that say nothing about the launch: they are not part of the page's address.
    unsaid: Vec<String>,
) -> impl IntoView {
    Effect::new(move || {
        let Some(form) = form::find(&form_id) else { return };
        let (path, parts, unsaid) = (path.clone(), parts.clone(), unsaid.clone());
        let preview = Rc::new(Preview {
            form: form.clone(),
            path,
            parts,
            unsaid,
            timer: page::Timer::default(),
            is_old: Cell::new(false),
            starts: Cell::new(false),
        });
        form::watch_copy(&form);
        stops::watch();
        let of_start = preview.clone();
        form::watch_start(&form, move || of_start.clone().must_wait());
        if form::is_touched(&form) {
            preview.clone().update_after(0);
        }
        form::watch(&form, move |choice| preview.clone().update_after(if choice { 0 } else { TYPING_MS }));
    });
}

struct Preview {
    form: HtmlFormElement,
    path: String,
    parts: Vec<String>,
    unsaid: Vec<String>,
    timer: page::Timer,
    /// What is shown is older than the fields.
    is_old: Cell<bool>,
    /// Start was pressed while that was so.
    starts: Cell<bool>,
}

impl Preview {
    /// Whether Start has to wait for what it would do to be shown.
    fn must_wait(self: Rc<Self>) -> bool {
        let is_old = self.is_old.get();
        if is_old {
            self.clone().update_after(0);
            self.starts.set(true);
        }
        is_old
    }

    fn update_after(self: Rc<Self>, milliseconds: i32) {
        self.is_old.set(true);
        // Whoever changes a field after Start wants to see what that does.
        self.starts.set(false);
        let preview = self.clone();
        self.timer.after(milliseconds, move || leptos::task::spawn_local(preview.update()));
    }

    async fn update(self: Rc<Self>) {
        for _ in 0..ROUNDS {
            let Some(asked) = form::query(&self.form, &[]) else { return };
            let said = form::query(&self.form, &self.unsaid);
            let fetched = page::fetch(&format!("{}?{asked}", self.path)).await;
            // An answer to an earlier state of the form must not overwrite what has been typed since: that has its own.
            if form::query(&self.form, &[]).as_ref() != Some(&asked) {
                return;
            }
            page::set_hidden(STALE, fetched.is_some());
            let Some(fetched) = fetched else {
                self.starts.set(false);
                return;
            };
            page::replace(&fetched, &self.parts);
            // The chart of the preview may be another one.
            stops::prepare();
            let now = form::query(&self.form, &self.unsaid);
            if let Some(query) = &now {
                form::show_address(&format!("{}?{query}", self.path));
            }
            // Another suite brings another scenario, and with it other fields: what they hold is what must be shown.
            if now == said {
                self.is_old.set(false);
                if self.starts.replace(false) {
                    form::press(&self.form, START);
                }
                return;
            }
        }
    }
}
