//! The audit log alone, and whether the store answers.

use std::time::Duration;

use serde_json::json;

use super::super::{Failure, Fields, Operation, now_us};
use super::request::Audit;
use crate::security::audit::{Event, EventType, Sensitivity};
use crate::security::store::{Store, StoreError};

/// The audit log alone.
pub(super) struct Recorded {
    pub(super) audit: Audit,
    pub(super) event_type: EventType,
    pub(super) sensitivity: Sensitivity,
}

impl Operation for Recorded {
    type Answer = ();

    fn perform(&mut self, nth: u64) -> Result<(), Failure> {
        let mut event = Event::new(self.event_type, self.sensitivity, jiff::Timestamp::now().to_string());
        event.user_id = Some(50);
        event.additional_context.insert("number".to_owned(), json!(nth));
        event.additional_context.insert("access_token".to_owned(), json!("never written"));
        self.audit.log.record(event);
        Ok(())
    }

    fn fields(&self, _: u64, (): &()) -> Fields {
        let counts = self.audit.log.counts();
        vec![("taken", json!(counts.taken)), ("failed", json!(counts.failed)), ("dropped", json!(counts.dropped))]
    }

    fn input(&self, nth: u64) -> String {
        format!("event {nth}, {:?}, {:?}", self.event_type, self.sensitivity)
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// Whether what protects the service is there.
pub(super) struct Health {
    pub(super) store: Box<dyn Store>,
    pub(super) place: &'static str,
}

/// How much is kept.
pub(super) struct Status {
    pub(super) entries: u64,
    pub(super) is_answering: bool,
}

impl Operation for Health {
    type Answer = Status;

    fn perform(&mut self, _: u64) -> Result<Status, Failure> {
        let now = now_us();
        let failed = |error: StoreError| Failure { code: "store.failed", message: error.to_string().into() };
        self.store.put("health", "1", Duration::from_secs(60), now).map_err(failed)?;
        let is_answering = self.store.get("health", now).map_err(failed)?.is_some();
        Ok(Status { entries: self.store.entries().map_err(failed)?, is_answering })
    }

    fn fields(&self, _: u64, status: &Status) -> Fields {
        let word = if status.is_answering { "healthy" } else { "degraded" };
        vec![("status", json!(word)), ("store", json!(self.place)), ("entries", json!(status.entries))]
    }

    fn input(&self, _: u64) -> String {
        self.place.to_owned()
    }
}
