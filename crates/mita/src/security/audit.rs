//! The log of who did what.
//!
//! In:  [`Event`]s. Out: lines of JSON, ten at a time, without what must not be kept.
//!
//! Writing never holds up who is being logged: events wait in a queue of a thousand, from which the oldest is dropped when
//! it is full, and a thread of the log's own writes them. Without a database they go to a file of JSON lines.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Events that may wait.
const QUEUE: usize = 1000;
/// Events that are written at a time.
const BATCH: usize = 10;
/// What stands in place of what is not kept.
const REDACTED: &str = "[redacted]";
/// Keys whose values are never kept, as parts of their names.
const SECRETS: [&str; 9] =
    ["password", "token", "secret", "authorization", "cookie", "card_number", "cvv", "ssn", "api_key"];

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EventType {
    Request,
    Response,
    Authentication,
    Authorization,
    DataAccess,
    DataModification,
    SecurityViolation,
    SystemEvent,
}

/// Who may read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sensitivity {
    Public,
    Internal,
    Confidential,
    Restricted,
}

/// An entry of the log.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Event {
    pub(crate) id: Uuid,
    pub(crate) timestamp: String,
    pub(crate) event_type: EventType,
    pub(crate) user_id: Option<i64>,
    pub(crate) session_id: Option<String>,
    pub(crate) client_ip: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) endpoint: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) status_code: Option<u16>,
    pub(crate) response_time_ms: Option<f64>,
    pub(crate) request_size: Option<u64>,
    pub(crate) response_size: Option<u64>,
    pub(crate) sensitivity_level: Sensitivity,
    pub(crate) success: bool,
    pub(crate) error_message: Option<String>,
    pub(crate) additional_context: Map<String, Value>,
}

impl Event {
    /// An event of a kind, with nothing else known of it.
    pub(crate) fn new(event_type: EventType, sensitivity_level: Sensitivity, timestamp: String) -> Self {
        Self {
            id: uuid::Builder::from_random_bytes(rand::random()).into_uuid(),
            timestamp,
            event_type,
            user_id: None,
            session_id: None,
            client_ip: None,
            user_agent: None,
            endpoint: None,
            method: None,
            status_code: None,
            response_time_ms: None,
            request_size: None,
            response_size: None,
            sensitivity_level,
            success: true,
            error_message: None,
            additional_context: Map::new(),
        }
    }
}

/// Takes out what must not be kept, however deep it stands.
pub(crate) fn redact(context: &mut Map<String, Value>) {
    for (key, value) in context {
        let key = key.to_ascii_lowercase();
        if SECRETS.iter().any(|secret| key.contains(secret)) {
            *value = Value::String(REDACTED.to_owned());
        } else {
            redact_within(value);
        }
    }
}

fn redact_within(value: &mut Value) {
    match value {
        Value::Object(map) => redact(map),
        Value::Array(values) => values.iter_mut().for_each(redact_within),
        _ => {}
    }
}

/// What became of the events so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AuditCounts {
    pub(crate) taken: u64,
    pub(crate) written: u64,
    pub(crate) dropped: u64,
    pub(crate) failed: u64,
}

/// The log. Dropping it writes what still waits.
pub(crate) struct AuditLog {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Event>,
    counts: AuditCounts,
    ends: bool,
}

impl AuditLog {
    /// Writes to a file of JSON lines, at its end.
    pub(crate) fn to_file(path: &Path) -> std::io::Result<Self> {
        let file = File::options().create(true).append(true).open(path)?;
        Self::to(BufWriter::new(file))
    }

    /// Writes lines of JSON.
    pub(crate) fn to(lines: impl Write + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let writer = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("mita-audit".to_owned()).spawn(move || write(lines, &writer))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Takes an event. It never waits for the disk.
    pub(crate) fn record(&self, mut event: Event) {
        redact(&mut event.additional_context);
        let mut state = self.shared.state.lock();
        state.counts.taken += 1;
        if state.queue.len() >= QUEUE {
            state.queue.pop_front();
            state.counts.dropped += 1;
        }
        state.queue.push_back(event);
        if state.queue.len() >= BATCH {
            self.shared.changed.notify_one();
        }
    }

    /// What became of the events so far.
    pub(crate) fn counts(&self) -> AuditCounts {
        self.shared.state.lock().counts
    }

    /// Writes what waits and ends.
    #[cfg(test)]
    pub(crate) fn close(mut self) -> AuditCounts {
        self.end();
        self.counts()
    }

    fn end(&mut self) {
        self.shared.state.lock().ends = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the audit log broke down");
        }
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        self.end();
    }
}

fn write(mut lines: impl Write, shared: &Shared) {
    loop {
        let batch: Vec<Event> = {
            let mut state = shared.state.lock();
            while state.queue.len() < BATCH && !state.ends {
                shared.changed.wait(&mut state);
            }
            if state.queue.is_empty() {
                return;
            }
            let count = state.queue.len().min(BATCH);
            state.queue.drain(..count).collect()
        };
        let count = batch.len() as u64;
        let written = write_batch(&mut lines, &batch);
        let mut state = shared.state.lock();
        match written {
            Ok(()) => state.counts.written += count,
            Err(error) => {
                state.counts.failed += count;
                drop(state);
                tracing::error!(%error, "{count} events of the audit log are lost");
            }
        }
    }
}

fn write_batch(lines: &mut impl Write, batch: &[Event]) -> std::io::Result<()> {
    for event in batch {
        serde_json::to_writer(&mut *lines, event)?;
        lines.write_all(b"\n")?;
    }
    lines.flush()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(number: usize) -> Event {
        let mut event =
            Event::new(EventType::DataModification, Sensitivity::Confidential, "2026-01-01T00:00:00Z".into());
        event.additional_context.insert("number".into(), json!(number));
        event
    }

    /// Writes nothing until it is let.
    struct Held(Arc<Mutex<Vec<u8>>>, Arc<Mutex<()>>);

    impl Write for Held {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let _let = self.1.lock();
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_event_becomes_a_line_with_all_fields() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        let log = AuditLog::to_file(&path).expect("the file can be made");
        (0..25).for_each(|number| log.record(event(number)));
        assert_eq!(log.close(), AuditCounts { taken: 25, written: 25, dropped: 0, failed: 0 });
        let text = std::fs::read_to_string(path).expect("written");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), 25);
        let keys: Vec<&str> = lines[0].as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            [
                "id",
                "timestamp",
                "event_type",
                "user_id",
                "session_id",
                "client_ip",
                "user_agent",
                "endpoint",
                "method",
                "status_code",
                "response_time_ms",
                "request_size",
                "response_size",
                "sensitivity_level",
                "success",
                "error_message",
                "additional_context",
            ]
        );
        assert_eq!(
            (&lines[0]["event_type"], &lines[24]["additional_context"]["number"]),
            (&json!("data_modification"), &json!(24))
        );
    }

    #[test]
    fn a_full_queue_drops_its_oldest_events() {
        let (written, gate) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(())));
        let held = gate.lock();
        let log = AuditLog::to(Held(Arc::clone(&written), Arc::clone(&gate))).expect("a thread");
        (0..1500).for_each(|number| log.record(event(number)));
        drop(held);
        let counts = log.close();
        assert_eq!(counts.taken, 1500);
        // At most one batch had left the queue before it was full.
        assert!((490..=500).contains(&counts.dropped), "{counts:?}");
        assert_eq!(counts.written + counts.dropped, 1500);
        let text = String::from_utf8(written.lock().clone()).expect("JSON is UTF-8");
        assert!(text.lines().last().is_some_and(|line| line.contains("\"number\":1499")), "the newest is kept");
    }

    #[test]
    fn secrets_are_taken_out_however_deep_they_stand() {
        let mut context = json!({"amount": 12.5, "Password": "a", "nested": [{"access_token": "b", "city": "Ulm"}]});
        redact(context.as_object_mut().expect("an object"));
        assert_eq!(
            context,
            json!({"amount": 12.5, "Password": "[redacted]", "nested": [{"access_token": "[redacted]", "city": "Ulm"}]})
        );
    }
}
