//! What happens to a run, as an event stream.
//!
//! The database is the live view: the stream sends its rows with their number as `id:`, so a reload, a late joiner, a
//! restart of the server and `Last-Event-ID` are one path. A reader who is slow is sent rows as fast as it reads;
//! nothing is queued for it.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::Stream;
use perflab_model::{
    event::{Event as RunEvent, EventKind},
    id::RunId,
    problem::{Problem, ProblemKind},
};
use serde::Deserialize;

use super::{ApiProblem, ApiState, address::RunAddress, runs::query};

/// Streams open at once.
pub(super) const MAX_STREAMS: usize = 500;
/// How often a quiet stream says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// When a browser comes back after the stream broke.
const RETRY: Duration = Duration::from_secs(1);
/// A missed wake-up costs at most this.
const LOOK_EVERY: Duration = Duration::from_secs(5);

#[derive(Debug, Deserialize)]
pub(super) struct EventsQuery {
    /// Events after this number.
    after: Option<u64>,
}

/// Events of a run from a number on (`Last-Event-ID` or `after`), then as they happen, to its end. Event names: `state`,
/// `started`, `cancel`, `tick`, `log`, `example`, and `progress` (without an id: only the newest counts).
#[utoipa::path(get, path = "/api/v1/runs/{run}/events", tag = "runs",
    params(("run" = String, Path, description = "Id or number"),
           ("after" = Option<u64>, Query, description = "Number of the last event seen"),
           ("Last-Event-ID" = Option<u64>, Header, description = "The same, as browsers send it")),
    responses((status = 200, description = "text/event-stream", content_type = "text/event-stream"),
              (status = 204, description = "The run is over and its end has been seen: do not come back"),
              (status = 503, description = "Too many streams are open", body = Problem)))]
pub(super) async fn events(
    State(state): State<ApiState>,
    RunAddress(run): RunAddress,
    headers: HeaderMap,
    asked: Result<Query<EventsQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, ApiProblem> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let after = last.or(query(asked)?.after).unwrap_or(0);
    let run = state.lab.run(&run).await?;
    if run.row.state.is_terminal() && after >= run.last_seq {
        // Nothing will ever follow. A browser that saw the end comes back all the same, and only this keeps it from
        // doing so again and again.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    // A number that has not been given yet would be waited for past the end.
    let after = after.min(run.last_seq);
    let permit = state.streams.clone().try_acquire_owned().map_err(|_| {
        ApiProblem(Problem::new(
            ProblemKind::Busy,
            "streams.full",
            format!("{MAX_STREAMS} live views are open, which is all this lab serves at once"),
            Some("Close one, or read the run without following it".to_owned()),
        ))
    })?;
    let stream = async_stream(state, run.row.id, after, permit);
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("alive")).into_response())
}

/// Where a stream is.
struct Reader {
    state: ApiState,
    run: RunId,
    after: u64,
    changes: perflab_lab::Changes,
    ready: std::collections::VecDeque<Event>,
    over: bool,
    _permit: tokio::sync::OwnedSemaphorePermit,
}

fn async_stream(
    state: ApiState,
    run: RunId,
    after: u64,
    permit: tokio::sync::OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let changes = state.lab.changes();
    let ready = std::collections::VecDeque::from([Event::default().retry(RETRY).comment("perflab")]);
    let reader = Reader { state, run, after, changes, ready, over: false, _permit: permit };
    futures::stream::unfold(reader, |mut reader| async move {
        loop {
            if let Some(event) = reader.ready.pop_front() {
                return Some((Ok(event), reader));
            }
            if reader.over || reader.state.closing.is_cancelled() {
                return None;
            }
            if !reader.fill().await {
                tokio::select! {
                    () = reader.changes.of_run(reader.run) => {}
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                    () = reader.state.closing.cancelled() => {}
                }
            }
        }
    })
}

impl Reader {
    /// Reads what came after the last event; `false` when there is nothing.
    async fn fill(&mut self) -> bool {
        let events = match self.state.lab.events_since(self.run, self.after).await {
            Ok(events) => events,
            Err(problem) => {
                // The reader waits; its browser would only come back to the same trouble.
                tracing::debug!(%problem, "events cannot be read just now");
                return false;
            }
        };
        let Some(last) = events.last().map(|event| event.seq) else { return false };
        self.after = last;
        let ticked = events.iter().any(|event| matches!(event.what, EventKind::Tick(_)));
        for event in &events {
            self.over |= matches!(&event.what, EventKind::State(change) if change.state.is_terminal());
            self.ready.extend(sent(event).map(|sent| sent.id(event.seq.to_string())));
        }
        if ticked && let Ok(Some(progress)) = self.state.lab.progress(self.run).await {
            let event = RunEvent { seq: last, at_us: 0, what: EventKind::Progress(Box::new(progress)) };
            // Before the last events, so that an end is the last thing said.
            let place = self.ready.len().saturating_sub(1);
            if let Some(sent) = sent(&event) {
                self.ready.insert(place, sent);
            }
        }
        true
    }
}

fn sent(event: &RunEvent) -> Option<Event> {
    match Event::default().event(event.what.code()).json_data(event) {
        Ok(sent) => Some(sent),
        Err(error) => {
            tracing::error!(%error, seq = event.seq, "an event could not be written");
            None
        }
    }
}
