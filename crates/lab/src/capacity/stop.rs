//! Stopping a search.

use perflab_model::{capacity::SearchStop, id::SearchId, problem::Problem, run::Cancel};

use crate::{Lab, trouble::Told as _};

impl Lab {
    /// Ends a search: it makes no more runs, and the one under way is asked to end gracefully. What was measured stays.
    ///
    /// # Errors
    /// When there is no such search, or the store does not answer.
    pub async fn stop_search(&self, id: SearchId) -> Result<SearchStop, Problem> {
        self.stored_search(id).await?;
        if !self.db.ask_search_to_stop(id, self.now_us()).await.told()? {
            return Ok(SearchStop::AlreadyOver);
        }
        // Whatever run the search still got, it got before; so the newest is the one under way.
        if let Some(last) = self.db.search_levels(id).await.told()?.last()
            && !last.state.is_terminal()
        {
            self.stop(last.run, Cancel::Stop).await?;
        }
        // A run that only waited is over now, and nobody else would look at once.
        self.advance_search(id).await?;
        Ok(SearchStop::Stopped)
    }
}
