//! Suites: what there is, which versions each has and how they differ, how a text becomes a version.
//!
//! In:  names, and texts with the files beside them. Out: rows for screens and the API, versions in the store.
//! A text becomes a version only when it can be used; what a person has typed is kept as a draft until then.

mod difference;
mod draft;
mod list;
mod push;
mod row;
