//! How much evidence a change needs: three choices, measured together.

/// A choice between missing changes and raising alarms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// Sees changes from one standard deviation and half a percent; more alarms.
    Sensitive,
    /// What the published figures hold for.
    #[default]
    Balanced,
    /// Sees changes from one and a half standard deviations and two percent.
    Strict,
}

/// The largest p of both tests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) size: f64,
    pub(super) rank: f64,
}

/// A preset in numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Smallest shift in standard deviations of the part.
    pub(super) smallest_sigmas: f64,
    /// Smallest shift as a share of the level.
    pub(super) smallest_share: f64,
    /// What each number that describes levels costs against a line, in logs of the length.
    pub(super) drift_factor: f64,
    /// With at least eight runs on both sides.
    pub(super) settled: Limits,
    /// With fewer.
    pub(super) young: Limits,
}

impl Preset {
    pub(super) const fn rules(self) -> Rules {
        let settled = Limits { size: 1e-3, rank: 5e-3 };
        let balanced = Rules {
            smallest_sigmas: 1.25,
            smallest_share: 0.01,
            drift_factor: 2.0,
            settled,
            young: Limits { size: 1e-4, rank: 1e-3 },
        };
        match self {
            Self::Sensitive => {
                Rules { smallest_sigmas: 1.0, smallest_share: 0.005, drift_factor: 1.5, young: settled, ..balanced }
            }
            Self::Balanced => balanced,
            Self::Strict => Rules {
                smallest_sigmas: 1.5,
                smallest_share: 0.02,
                young: Limits { size: 3e-5, rank: 1e-3 },
                ..balanced
            },
        }
    }
}
