//! Runs that exist: listed, looked at, stopped.

mod list;
mod query;
mod stop;
mod view;
