//! What the tester of the target calls: switch faults, read the books. Open to whoever reaches the port, which is why the
//! target listens on loopback only.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use http::StatusCode;

use super::Service;
use super::extract::Body;
use super::problem::Problem;
use crate::access::AccessCounts;
use crate::faults::{Faults, FaultsReport};

pub(super) async fn faults(State(service): State<Arc<Service>>) -> Json<FaultsReport> {
    Json(FaultsReport::read(&service.gate, &service.clock))
}

pub(super) async fn set_faults(
    State(service): State<Arc<Service>>,
    Body(faults): Body<Faults>,
) -> Result<impl IntoResponse, Problem> {
    tracing::info!(faults = ?faults, "faults are changed");
    service
        .gate
        .set(faults, Instant::now())
        .map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "faults.invalid", error))?;
    service.clock.reset_lateness();
    Ok(Json(FaultsReport::read(&service.gate, &service.clock)))
}

pub(super) async fn stats(State(service): State<Arc<Service>>) -> Json<AccessCounts> {
    Json(service.access.counts())
}
