//! The way from a word on a screen to the guide that explains it.

use leptos::prelude::*;

/// What screens show and guides explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Whether numbers can be trusted: late and dropped starts, the generator's CPU.
    Validity,
    /// Response, service, lag.
    Times,
    /// How a verdict comes about.
    Verdict,
    /// What a rule says.
    Thresholds,
    /// Open and closed load, warm-up, dropped starts.
    Load,
    /// Executors and the numbers they take.
    Patterns,
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Validity, Self::Times, Self::Verdict, Self::Thresholds, Self::Load, Self::Patterns];

    /// What one learns there; it follows "Read about".
    const fn about(self) -> &'static str {
        match self {
            Self::Validity => "numbers that can be trusted",
            Self::Times => "response, service and lag",
            Self::Verdict => "verdicts",
            Self::Thresholds => "thresholds",
            Self::Load => "open and closed load, warm-up and dropped starts",
            Self::Patterns => "patterns of load",
        }
    }

    /// The section of the guide.
    pub const fn address(self) -> &'static str {
        match self {
            Self::Validity => "/docs/timing#when-the-numbers-cannot-be-believed",
            Self::Times => "/docs/timing#the-instants-of-a-request",
            Self::Verdict => "/docs/suites#the-verdict",
            Self::Thresholds => "/docs/suites#thresholds",
            Self::Load => "/docs/suites#two-models-of-load",
            Self::Patterns => "/docs/suites#patterns",
        }
    }
}

/// A quiet question mark behind a word.
#[component]
pub fn GuideLink(
    /// What is explained.
    topic: Topic,
) -> impl IntoView {
    let about = format!("Read about {}", topic.about());
    view! { <a class="guide-link" href=topic.address() title=about.clone() aria-label=about>"?"</a> }
}
