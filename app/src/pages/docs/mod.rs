//! The user guides inside the app, and references made from the code.
//!
//! In:  the texts of `docs/`, embedded; the schema of suites and the list of measures, as the parser knows them.
//! Out: `/docs` with an index, `/docs/PAGE` for each. They say what this very version does, without any network.

mod guide;
mod markdown;
mod page;
mod reference;

pub(crate) use page::{DocPage, DocsPage};
