//! Above the launch form: what a person must know of how its fields were filled in.

use leptos::prelude::*;
use perflab_model::{display, run::Run, view::LaunchOptions};

/// The run that the fields were filled in from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// Its id.
    pub id: String,
    /// `load #1290`.
    pub name: String,
    /// How its suite has changed since, a sentence; nothing where it has not.
    pub changed: Option<String>,
}

impl Again {
    /// What there is to say of a run that is asked for once more.
    pub fn of(run: &Run, options: &LaunchOptions) -> Self {
        let name = format!("{} #{}", run.row.scenario, run.row.number);
        let newest = options.suites.iter().find(|suite| suite.name == run.row.suite);
        let newest = newest.map(|suite| (suite.version.as_str(), suite.since_us));
        let changed = changed(run.row.suite.as_str(), &run.plan.suite_version, newest, &name);
        Self { id: run.row.id.to_string(), name, changed }
    }
}

/// Compares the version that a run used with the first digits of the newest one.
fn changed(suite: &str, used: &str, newest: Option<(&str, i64)>, run: &str) -> Option<String> {
    let (version, since_us) = newest.filter(|(version, _)| !used.starts_with(version))?;
    let used: String = used.chars().take(7).collect();
    let since = display::clock(since_us, true);
    Some(format!(
        "Suite {suite} has changed since {run}: that ran version {used}, and this would run {version} of {since}. \
         Load, requests and rules may differ."
    ))
}

/// The notes; none where the fields say all.
#[component]
pub fn Notes(
    /// The run that the fields were filled in from.
    again: Option<Again>,
    /// What the address asked for and the form has no field for.
    left_out: Vec<String>,
) -> impl IntoView {
    let left_out = (!left_out.is_empty()).then(|| {
        let text = format!("Left out, for what is chosen here has no such field: {}.", left_out.join(", "));
        view! { <div class="note-line" data-v="issues"><p>{text}</p></div> }
    });
    view! {
        {again.map(|again| view! { <FilledIn again=again/> })}
        {left_out}
    }
    .into_any()
}

#[component]
fn FilledIn(again: Again) -> impl IntoView {
    let page = format!("/runs/{}", again.id);
    match again.changed {
        Some(changed) => view! {
            <div class="note-line" data-v="issues">
                <p><b>{changed}</b> " " <a href=format!("{page}?tab=config")>{format!("The suite of {}", again.name)}</a></p>
            </div>
        }
        .into_any(),
        None => view! {
            <p class="muted">"Filled in as for " <a href=page>{again.name}</a> ", with the same version of its suite."</p>
        }
        .into_any(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_that_has_changed_since_the_run_is_told_with_both_versions() {
        let used = "9f31c2e0c57f0f6e";
        assert_eq!(changed("mita", used, Some(("9f31c2e", 0)), "load #7"), None);
        assert_eq!(changed("mita", used, None, "load #7"), None);
        let told = changed("mita", used, Some(("1a2b3c4", 0)), "load #7").unwrap_or_default();
        assert!(told.contains("9f31c2e,") && told.contains("1a2b3c4 of 1 Jan 1970, 00:00 UTC"), "{told}");
    }
}
