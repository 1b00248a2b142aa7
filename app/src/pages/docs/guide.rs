//! Which guides there are, and what is in them.

use super::reference;

/// A guide or reference.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guide {
    /// Its last part of the address.
    pub(super) slug: &'static str,
    /// What it is called.
    pub(super) title: &'static str,
    /// What one learns from it, a sentence.
    pub(super) about: &'static str,
    /// Its text.
    text: Text,
}

#[derive(Clone, Copy, Debug)]
enum Text {
    /// Written by people.
    Written(&'static str),
    /// Made from the code.
    Made(fn() -> String),
}

/// All of them, in the order in which a newcomer reads.
pub(super) const GUIDES: [Guide; 14] = [
    Guide {
        slug: "suites",
        title: "Suites and thresholds",
        about: "How a suite file says what users do, how much load they make, and what is good enough.",
        text: Text::Written(include_str!("../../../../docs/suites.md")),
    },
    Guide {
        slug: "timing",
        title: "How perflab times requests",
        about: "Which instants are read, and why users who wait make a stalling server look good.",
        text: Text::Written(include_str!("../../../../docs/timing.md")),
    },
    Guide {
        slug: "capacity",
        title: "Finding the capacity",
        about: "How the load that a target bears is searched for, level by level, and what degradation means.",
        text: Text::Written(include_str!("../../../../docs/capacity.md")),
    },
    Guide {
        slug: "statistics",
        title: "How perflab decides that something became slower",
        about: "How two runs are compared, how a history's changes are found, and two commands for numbers of your own.",
        text: Text::Written(include_str!("../../../../docs/statistics.md")),
    },
    Guide {
        slug: "operations",
        title: "Builtin operations, statements and programs",
        about: "What benchmark suites can measure without a target of their own, what that needs, and faults to be found.",
        text: Text::Written(include_str!("../../../../docs/operations.md")),
    },
    Guide {
        slug: "history",
        title: "History: baselines and findings",
        about: "What a run is compared with, what a finding is and what becomes of it, and when the lab measures again by itself.",
        text: Text::Written(include_str!("../../../../docs/history.md")),
    },
    Guide {
        slug: "trends",
        title: "Trends and comparisons",
        about: "How runs are looked at over time and side by side, what is drawn, and a demo history to try it on.",
        text: Text::Written(include_str!("../../../../docs/trends.md")),
    },
    Guide {
        slug: "operating",
        title: "Running a lab",
        about: "Where a lab keeps its data, how workers join it, what keeps two runs apart, and how all of it ends.",
        text: Text::Written(include_str!("../../../../docs/operating.md")),
    },
    Guide {
        slug: "safety",
        title: "Changing and stopping load",
        about: "How a run is ended, how its rate is changed while it goes on, and how everything is stopped at once.",
        text: Text::Written(include_str!("../../../../docs/safety.md")),
    },
    Guide {
        slug: "from-mita",
        title: "Coming from the MITA load tests",
        about: "Which command, flag and report of the old load runner is which, and what is counted otherwise.",
        text: Text::Written(include_str!("../../../../docs/from-mita.md")),
    },
    Guide {
        slug: "targets",
        title: "Targets and their owners",
        about: "How a target agrees to load and takes it back, and what an administrator decides.",
        text: Text::Written(include_str!("../../../../docs/targets.md")),
    },
    Guide {
        slug: "benchmarks",
        title: "Benchmarks",
        about: "How much load perflab's own engine makes beside other tools, and what it costs: measured, with goals it misses.",
        text: Text::Written(include_str!("../../../../docs/benchmarks.md")),
    },
    Guide {
        slug: "suite-keys",
        title: "Keys of suite files",
        about: "Every key with its type and meaning, as this version reads it.",
        text: Text::Made(reference::suite_keys),
    },
    Guide {
        slug: "thresholds",
        title: "The threshold language",
        about: "Measures, statistics and clauses of rules, with their units.",
        text: Text::Made(reference::thresholds),
    },
];

impl Guide {
    /// The guide at this address.
    pub(super) fn find(slug: &str) -> Option<&'static Self> {
        GUIDES.iter().find(|guide| guide.slug == slug)
    }

    /// Its text as Markdown, title included.
    pub(super) fn markdown(&self) -> String {
        match self.text {
            Text::Written(text) => text.to_owned(),
            Text::Made(make) => make(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::markdown::render, *};
    use crate::components::Topic;

    #[test]
    fn every_word_that_screens_link_is_explained_in_a_guide() {
        for topic in Topic::ALL {
            let (slug, section) = topic
                .address()
                .strip_prefix("/docs/")
                .and_then(|rest| rest.split_once('#'))
                .expect("a section of a guide");
            let guide = Guide::find(slug).unwrap_or_else(|| panic!("{topic:?} leads to no guide: {slug}"));
            let html = render(&guide.markdown()).html;
            assert!(html.contains(&format!("id=\"{section}\"")), "{topic:?}: {slug} has no section {section}");
        }
    }

    #[test]
    fn every_guide_begins_with_its_title() {
        for guide in &GUIDES {
            assert!(guide.markdown().starts_with(&format!("# {}\n", guide.title)), "{}", guide.slug);
        }
    }
}
