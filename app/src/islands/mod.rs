//! The parts of pages that move: rendered on the server like everything else, then woken up in the browser.
//!
//! One island per file. An island's properties travel in the page as JSON; what it needs of the browser it asks of
//! [`crate::client`].

#![allow(missing_docs, reason = "the island macro makes a public function for the browser and cannot document it")]

pub mod chart_cursor;
pub mod follow;
pub mod follow_live;
pub mod launch_form;
mod pause;
pub mod refresh;
pub mod theme_toggle;

pub use chart_cursor::ChartCursor;
pub use follow::FollowRun;
pub use follow_live::FollowLive;
pub use launch_form::LaunchForm;
pub use refresh::Refresh;
pub use theme_toggle::ThemeToggle;
