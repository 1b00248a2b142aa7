//! The parts of a finished run, as they stand in addresses.

use perflab_model::load::Load;

/// A part of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Verdict, headline numbers, timeline, endpoints.
    #[default]
    Summary,
    /// One case of a benchmark suite.
    Cases,
    /// Requests.
    Endpoints,
    /// Classes of users and their flows.
    Users,
    /// All charts.
    Timeline,
    /// Histogram and percentiles.
    Distribution,
    /// Failed requests.
    Errors,
    /// Suite and plan.
    Config,
    /// The log.
    Logs,
}

impl Tab {
    /// All that there are.
    const ALL: [Self; 9] = [
        Self::Summary,
        Self::Cases,
        Self::Endpoints,
        Self::Users,
        Self::Timeline,
        Self::Distribution,
        Self::Errors,
        Self::Config,
        Self::Logs,
    ];

    /// Those of a run, in the order of the page: cases are no load and have neither endpoints nor users.
    pub fn of(load: &Load) -> Vec<Self> {
        let has = |tab: Self| match tab {
            Self::Cases => matches!(load, Load::Cases(_)),
            Self::Endpoints | Self::Users | Self::Timeline | Self::Distribution => !matches!(load, Load::Cases(_)),
            Self::Summary | Self::Errors | Self::Config | Self::Logs => true,
        };
        Self::ALL.into_iter().filter(|tab| has(*tab)).collect()
    }

    /// The word on the screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Summary => "Summary",
            Self::Cases => "Cases",
            Self::Endpoints => "Endpoints",
            Self::Users => "Users and flows",
            Self::Timeline => "Timeline",
            Self::Distribution => "Distribution",
            Self::Errors => "Errors",
            Self::Config => "Config",
            Self::Logs => "Logs",
        }
    }

    /// The word in addresses.
    pub fn code(self) -> String {
        match self {
            Self::Users => "users".to_owned(),
            _ => self.word().to_lowercase(),
        }
    }

    /// The tab of an address; the first for anything else.
    pub fn from_code(code: &str) -> Self {
        Self::ALL.into_iter().find(|tab| tab.code() == code).unwrap_or_default()
    }
}
