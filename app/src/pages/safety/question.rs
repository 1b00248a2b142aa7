//! The question before a switch is pulled or released: a page of its own, so that it needs no script.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use perflab_model::kill_switch::{KillPlace, KillScope};

use super::actions::{PullKillSwitch, ReleaseKillSwitch};
use crate::{
    components::{count_of, encoded},
    pages::source::query,
};

/// What the address asks for, and what was typed when it came back from a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// `pull` or `release`.
    pub(super) ask: String,
    pub(super) scope: String,
    pub(super) project: String,
    pub(super) environment: String,
    pub(super) reason: String,
    pub(super) name: String,
}

impl Asked {
    /// What the address of this page says.
    pub(super) fn of_address() -> Self {
        let word = |name| query(name).unwrap_or_default();
        Self {
            ask: word("ask"),
            scope: word("scope"),
            project: word("project"),
            environment: word("environment"),
            reason: word("reason"),
            name: word("name"),
        }
    }

    /// The question about a place.
    pub(super) fn about(scope: &KillScope, ask: &str) -> Self {
        let target = scope.target();
        Self {
            ask: ask.to_owned(),
            scope: target.scope.code().to_owned(),
            project: target.project.map(|name| name.to_string()).unwrap_or_default(),
            environment: target.environment.map(|name| name.to_string()).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// The address of the question.
    pub(super) fn address(&self) -> String {
        let words = [
            ("ask", &self.ask),
            ("scope", &self.scope),
            ("project", &self.project),
            ("environment", &self.environment),
            ("reason", &self.reason),
            ("name", &self.name),
        ];
        let said = words.into_iter().filter(|(_, value)| !value.is_empty());
        let query: Vec<String> = said.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        format!("/safety?{}", query.join("&"))
    }

    /// The place that is meant; nothing when the lab has none of that name.
    pub(super) fn place<'a>(&self, places: &'a [KillPlace]) -> Option<&'a KillPlace> {
        places.iter().find(|place| {
            let about = Self::about(&place.scope, &self.ask);
            (&about.scope, &about.project, &about.environment) == (&self.scope, &self.project, &self.environment)
        })
    }
}

/// The question, with its form.
#[component]
pub(super) fn Question(
    /// What is asked.
    asked: Asked,
    /// What it is about.
    place: KillPlace,
) -> impl IntoView {
    let pull = asked.ask == "pull";
    let (title, says, button) = if pull {
        (format!("Stop all load on {}?", place.scope), what_pulling_does(&place), "Pull the kill switch")
    } else {
        (format!("Release the kill switch of {}?", place.scope), what_releasing_does(&place), "Release it")
    };
    let action = if pull { PullKillSwitch::url() } else { ReleaseKillSwitch::url() };
    let reason = pull.then(|| {
        view! {
            <div class="field w8">
                <label for="kill-reason">"Reason, which everybody reads until it is released"</label>
                <span class="input">
                    <input id="kill-reason" name="reason" value=asked.reason maxlength="300" required=true autocomplete="off"/>
                </span>
            </div>
        }
    });
    view! {
        <section class="section" aria-labelledby="kill-question">
            <div class="section-head"><h2 id="kill-question">{title}</h2></div>
            <p class="lead">{says}</p>
            <form method="post" action=action>
                <input type="hidden" name="scope" value=asked.scope/>
                <input type="hidden" name="project" value=asked.project/>
                <input type="hidden" name="environment" value=asked.environment/>
                <div class="fields">
                    {reason}
                    <div class="field w4">
                        <label for="kill-name">"Your name, if you like"</label>
                        <span class="input">
                            <input id="kill-name" name="name" value=asked.name maxlength="60" autocomplete="name"/>
                        </span>
                    </div>
                </div>
                <div class="btn-group mt2">
                    <button class=if pull { "btn danger" } else { "btn" }>{button}</button>
                    <a class="btn" href="/safety">{if pull { "Keep load running" } else { "Keep it pulled" }}</a>
                </div>
            </form>
        </section>
    }
    .into_any()
}

fn what_pulling_does(place: &KillPlace) -> String {
    let aborted = match place.under_way.as_slice() {
        [] => "No run is under way there.".to_owned(),
        [one] => format!("Run #{one} is aborted within 2 s and gets no verdict."),
        several => format!("{} are aborted within 2 s and get no verdict.", count_of(several.len(), "run")),
    };
    let waiting = match place.waiting {
        0 => String::new(),
        1 => " One waiting run stays waiting.".to_owned(),
        many => format!(" {many} waiting runs stay waiting."),
    };
    format!(
        "{aborted}{waiting} Nothing can be launched there until a person releases the switch; it never releases itself."
    )
}

fn what_releasing_does(place: &KillPlace) -> String {
    let waiting = match place.waiting {
        0 => "No run waits there.".to_owned(),
        1 => "One waiting run begins, as soon as a worker is free.".to_owned(),
        many => format!("{many} waiting runs begin, one after the other."),
    };
    format!("{waiting} What was aborted stays aborted.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> KillPlace {
        KillPlace {
            scope: KillScope::Environment {
                project: "MITA & co".parse().expect("a name"),
                environment: "staging".parse().expect("a name"),
            },
            pulled: None,
            under_way: vec![12],
            waiting: 2,
        }
    }

    #[test]
    fn a_question_leads_to_the_place_that_it_is_about() {
        let lab = KillPlace { scope: KillScope::Lab, ..place() };
        let places = [lab, place()];
        let asked = Asked { reason: "orders fail".to_owned(), ..Asked::about(&places[1].scope, "pull") };
        assert_eq!(
            asked.address(),
            "/safety?ask=pull&scope=environment&project=MITA%20%26%20co&environment=staging&reason=orders%20fail"
        );
        assert_eq!(asked.place(&places), Some(&places[1]));
        assert_eq!(Asked { environment: "gone".to_owned(), ..asked }.place(&places), None);
    }

    #[test]
    fn the_question_says_what_would_be_stopped() {
        assert_eq!(
            what_pulling_does(&place()),
            "Run #12 is aborted within 2 s and gets no verdict. 2 waiting runs stay waiting. Nothing can be launched there \
             until a person releases the switch; it never releases itself."
        );
    }
}
