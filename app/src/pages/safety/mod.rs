//! The kill switch: where it stands, the question before it is pulled or released, and the banner that tells of it on every
//! page.

mod actions;
mod banner;
mod page;
mod question;

pub(crate) use banner::KillBanner;
pub(crate) use page::SafetyPage;
