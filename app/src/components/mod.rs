//! Parts that pages are built from.
//!
//! In:  values of `perflab-model`. Out: views.
//! Not here: fetching, and what a browser does with them.

mod broken;
mod endpoints;
mod errors;
mod guide_link;
mod ledger;
mod logs;
mod progress;
pub mod quantity;
mod route;
mod scroller;
mod strip;
pub mod time;
mod users;
mod validity;
pub mod verdict;
mod words;

pub use endpoints::{EndpointTable, encoded};
pub use errors::ErrorTable;
pub use guide_link::{GuideLink, Topic};
pub use ledger::{LedgerTable, LimitList, met_summary};
pub use logs::LogTable;
pub use progress::ProgressBar;
pub use quantity::{Count, Figure, Milliseconds, PerSecond, Percent, Unit, chosen, with_unit};
pub use route::{Route, routes};
pub use scroller::Scroller;
pub use strip::{Headline, Strip};
pub use users::{UserTable, told_users};
pub use validity::{TrustHeading, ValidityList};
pub use verdict::{RunBadge, StateBadge, VerdictBadge, outcome_mark};
pub use words::{count_of, planned_time, sentence};
