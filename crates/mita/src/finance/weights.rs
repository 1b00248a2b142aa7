//! How much of an income goes where: one row per region, one column per class.

use super::classify::Tier;

/// Shares of an income in tenths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Weights {
    pub(super) food: u16,
    pub(super) transport: u16,
    pub(super) healthcare: u16,
    pub(super) entertainment: u16,
    pub(super) misc: u16,
}

/// Per class: housing, food, transport, healthcare, entertainment, misc, in tenths of a percent.
type Row = [[u16; 6]; 5];

// Where the measured profiles say nothing, 5 % holds.
const US: Row = [
    [400, 150, 150, 80, 40, 30],
    [350, 130, 150, 70, 60, 80],
    [300, 120, 150, 60, 80, 100],
    [280, 100, 130, 50, 90, 50],
    [250, 80, 100, 40, 100, 50],
];
const CA: Row = [
    [420, 160, 140, 60, 40, 50],
    [380, 140, 150, 50, 60, 60],
    [350, 120, 140, 50, 75, 70],
    [320, 100, 120, 40, 100, 50],
    [280, 80, 100, 40, 120, 50],
];
const TX: Row = [
    [350, 160, 180, 70, 40, 30],
    [320, 140, 170, 60, 60, 60],
    [280, 130, 160, 60, 80, 60],
    [250, 110, 140, 50, 100, 50],
    [220, 90, 120, 40, 120, 50],
];
const NY: Row = [
    [450, 140, 120, 60, 50, 60],
    [400, 130, 130, 60, 70, 60],
    [350, 120, 120, 50, 90, 70],
    [320, 100, 110, 50, 100, 50],
    [280, 80, 90, 40, 120, 50],
];
const FL: Row = [
    [380, 150, 160, 80, 30, 50],
    [340, 140, 150, 70, 50, 30],
    [300, 130, 140, 60, 70, 50],
    [280, 110, 120, 50, 90, 50],
    [250, 90, 100, 40, 110, 50],
];
const GB_LOWER_MIDDLE: [u16; 6] = [350, 170, 150, 70, 80, 100];

/// The shares of a class in a region; `profile` is the upper-case name of a profile.
pub(super) fn weights(profile: &str, tier: Tier) -> Weights {
    let row = match profile {
        "US-CA" => &CA,
        "US-TX" => &TX,
        "US-NY" => &NY,
        "US-FL" => &FL,
        _ => &US,
    };
    let shares = match (profile, tier) {
        ("GB", Tier::LowerMiddle) => GB_LOWER_MIDDLE,
        (_, tier) => row[tier as usize],
    };
    // Housing is paid among the fixed expenses; its share stands in the table because the table is the profile's.
    let [_housing, food, transport, healthcare, entertainment, misc] = shares;
    Weights { food, transport, healthcare, entertainment, misc }
}
