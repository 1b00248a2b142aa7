//! Regions: the yearly incomes that bound each class, and what living costs there.
//!
//! In:  a region name as a user or a form wrote it. Out: the [`Profile`] that holds for it.

/// What the service knows about a region. Amounts are whole currency units a year.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// The name by which it is found, upper case.
    pub name: &'static str,
    /// Highest income of class low.
    pub low: u32,
    /// Highest income of class lower middle, where the profile says one.
    pub lower_middle: Option<u32>,
    /// Highest income of class middle.
    pub middle: u32,
    /// Highest income of class upper middle, where the profile says one.
    pub upper_middle: Option<u32>,
    /// Cost of living in hundredths of that of the United States.
    pub cost_of_living_percent: u32,
}

impl Profile {
    /// The bound that holds where a profile has none: that of the United States.
    pub const DEFAULT_LOWER_MIDDLE: u32 = 57_600;
    /// As [`Self::DEFAULT_LOWER_MIDDLE`], one class higher up but one.
    pub const DEFAULT_UPPER_MIDDLE: u32 = 144_000;
}

const fn american(name: &'static str, bounds: [u32; 4], cost_of_living_percent: u32) -> Profile {
    let [low, lower_middle, middle, upper_middle] = bounds;
    Profile {
        name,
        low,
        lower_middle: Some(lower_middle),
        middle,
        upper_middle: Some(upper_middle),
        cost_of_living_percent,
    }
}

/// The profiles with three classes only. Their middle bound lies below the lower middle bound they inherit, so nobody
/// there is ever "middle": the measured service behaves so, and the reference target answers alike.
const fn three_classes(name: &'static str) -> Profile {
    Profile { name, low: 2_000, lower_middle: None, middle: 5_000, upper_middle: None, cost_of_living_percent: 100 }
}

/// The regions with a profile of their own.
pub(crate) static PROFILES: [Profile; 6] = [
    american("US", [36_000, 57_600, 86_400, 144_000], 100),
    american("US-CA", [44_935, 71_896, 107_844, 179_740], 125),
    american("US-TX", [33_480, 53_440, 80_160, 133_600], 92),
    american("US-NY", [48_600, 77_760, 116_640, 194_400], 135),
    american("US-FL", [35_000, 56_000, 84_000, 140_000], 105),
    three_classes("GB"),
];

static DEFAULT: Profile = three_classes("DEFAULT");

/// The profile of a region, whatever its case; one that is not known gets the default profile.
pub fn profile(region: &str) -> &'static Profile {
    // Compared without making an upper-case copy: classification is measured in microseconds.
    PROFILES.iter().find(|profile| profile.name.eq_ignore_ascii_case(region)).unwrap_or(&DEFAULT)
}
