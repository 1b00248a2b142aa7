//! Runs that are over when they come: written whole, so that no worker ever sees them waiting.
//!
//! In:  runs with everything that they were worth. Out: their rows, documents and results, with the next numbers of their
//! project, all or nothing. Not here: what they were worth (`lab`).

use perflab_model::{
    run::{Headline, RunEnd},
    runner::Started,
};

use crate::{
    Change, Created, Db, NewRun, Outcome, StoreError,
    create::queue,
    run::put_document,
    sql::{json, sql},
    trend::add_results,
};

/// A run that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedRun {
    /// What was asked for.
    pub new: NewRun,
    /// What its runner found.
    pub started: Started,
    /// The class of its worker.
    pub worker_class: String,
    /// The numbers of the list.
    pub headline: Headline,
    /// How it ended.
    pub end: RunEnd,
    /// What it was worth.
    pub outcome: Outcome,
    /// When it ended.
    pub ended_us: i64,
}

impl Db {
    /// Writes runs that are over, in one transaction.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_finished(&self, runs: &[FinishedRun]) -> Result<Vec<Created>, StoreError> {
        let mut tx = self.begin().await?;
        let mut created = Vec::with_capacity(runs.len());
        for run in runs {
            let id = run.new.id;
            let number = queue(&mut tx, &run.new).await?;
            sql("UPDATE run SET state = $2, attempt = 1, worker_class = $3, started_us = $4, ended_us = $5, \
                 ending = $6, headline = $7, validity = $8, verdict = $9 WHERE id = $1")
            .bind(id)
            .bind(run.end.state.code())
            .bind(&run.worker_class)
            .bind(run.started.at_us)
            .bind(run.ended_us)
            .bind(json("ending", &run.end)?)
            .bind(json("headline", &run.headline)?)
            .bind(run.outcome.validity.state.word())
            .bind(run.outcome.judgement.verdict.code())
            .run(&mut tx)
            .await?;
            put_document(id, "started", &run.started)?.run(&mut tx).await?;
            put_document(id, "summary", &run.outcome.summary)?.run(&mut tx).await?;
            put_document(id, "validity", &run.outcome.validity)?.run(&mut tx).await?;
            put_document(id, "judgement", &run.outcome.judgement)?.run(&mut tx).await?;
            put_document(id, "blocks", &run.outcome.blocks)?.run(&mut tx).await?;
            add_results(&mut tx, id, &run.outcome.results).await?;
            tx.changed(Change::Run(id));
            created.push(Created { id, number, replayed: false });
        }
        tx.commit().await?;
        Ok(created)
    }
}
