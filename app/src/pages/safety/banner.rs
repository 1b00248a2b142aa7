//! The banner on every page while a kill switch holds.

use leptos::prelude::*;
use perflab_model::kill_switch::KillSwitch;

use super::page::history;
use crate::pages::source::lab;

/// Says which switches hold; nothing while none does. A lab whose store does not answer says so in its pages, not here.
#[component]
pub(crate) fn KillBanner() -> impl IntoView {
    let lab = lab().ok();
    let shown = Suspend::new(async move {
        let switches = match lab {
            Some(lab) => lab.kill_switches().await.map(|switches| switches.pulled).unwrap_or_default(),
            None => Vec::new(),
        };
        (!switches.is_empty()).then(|| banner(switches))
    });
    view! { <Suspense fallback=|| ()>{shown}</Suspense> }
}

fn banner(switches: Vec<KillSwitch>) -> impl IntoView {
    let line = |switch: KillSwitch| {
        view! {
            <p>
                <b>{format!("The kill switch of {} is pulled: no load is sent there.", switch.scope)}</b>
                " "
                {crate::components::sentence(&format!("it holds {}", history(&switch)))}
                " "
                <a href="/safety">"Release it"</a>
            </p>
        }
    };
    view! {
        <section class="kill-banner" aria-label="Kill switch">
            <div class="note-line" data-v="critical">
                <div class="stack">{switches.into_iter().map(line).collect_view()}</div>
            </div>
        </section>
    }
}
