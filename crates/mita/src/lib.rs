//! The reference target: a small financial service that a load engine can be pointed at, with faults on demand.
//!
//! In:  a [`Config`]. Out: a running [`Target`] that answers HTTP/1.1 and h2c on loopback: registration and login with
//! real password hashes, JWT, expenses in a SQLite file, budgets planned to the cent, and [`faults`] that make it slow,
//! wrong or silent in a way that is known exactly.
//! Not here: the lab, the load engine. Nothing of the lab is used, so that the target can be judged by itself.
//!
//! It has no protection whatsoever (anybody can make it fail), so it refuses to listen beyond loopback.

mod access;
mod auth;
mod background;
mod config;
mod data;
pub mod faults;
pub mod finance;
mod http_api;
mod ledger;
mod lru;
pub mod operations;
mod security;
mod server;
mod target;

pub use access::{AccessCounts, Answered};
pub use auth::HashError;
pub use background::BackgroundTarget;
pub use config::{Config, DataPlace, Secret, ServeArgs};
pub use target::{Target, TargetError, serve};
