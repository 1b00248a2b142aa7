//! Stop and abort.

use perflab_model::{id::RunId, problem::Problem, run::Cancel, view::StopOutcome};
use perflab_store::CancelOutcome;

use crate::{Lab, trouble::Told as _};

impl Lab {
    /// Asks a run to end: gracefully, or at once. A waiting run is cancelled here and now; a run that is over stays
    /// as it is; everything else is told to its worker.
    ///
    /// # Errors
    /// When there is no such run, or the store does not answer.
    pub async fn stop(&self, run: RunId, how: Cancel) -> Result<StopOutcome, Problem> {
        Ok(match self.db.request_cancel(run, how, self.now_us()).await.told()? {
            CancelOutcome::AlreadyOver(state) => StopOutcome::AlreadyOver(state),
            CancelOutcome::CancelledNow => StopOutcome::Cancelled,
            CancelOutcome::Ordered => StopOutcome::Ordered,
        })
    }
}
