//! The workshop of a real run: knows the operations that a suite can name.
//!
//! In:  what a run has at hand ([`Site`]). Out: operations ready to be timed, or why not.

use std::sync::Arc;

use perflab_model::plan::Plan;

use super::operation::{self, PrepareError, Prepared, Wanted, Workshop};
use crate::{load::Crew, redact::Redactor, settings::Settings, stop::Stop};

/// What operations may need of the run.
pub(crate) struct Site {
    /// The plan. Of each HTTP operation it holds a flow with the one request, see [`super::flows::with_requests`].
    pub(crate) plan: Arc<Plan>,
    /// Secrets and what the process was told.
    pub(crate) settings: Settings,
    /// Takes secrets out of what is said.
    pub(crate) redactor: Redactor,
    /// Whether the run is being ended: what waits for long gives way to it.
    pub(crate) stop: Arc<Stop>,
    /// Client, guard and compiled requests; nothing where no case sends any.
    pub(crate) crew: Option<Arc<Crew>>,
}

/// Makes the operations of suites ready.
pub(crate) struct OwnWorkshop {
    site: Site,
}

impl OwnWorkshop {
    pub(crate) fn new(site: Site) -> Self {
        Self { site }
    }
}

impl Workshop for OwnWorkshop {
    fn prepare(&self, wanted: Wanted<'_>) -> Result<Prepared, PrepareError> {
        operation::prepare(&self.site, wanted)
    }
}
