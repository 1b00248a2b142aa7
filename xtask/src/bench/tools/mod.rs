//! The tools of the comparison: how each is had, called and read.

mod goose;
mod locust;
mod oha;
mod perflab;
mod wrk;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

pub(super) use self::perflab::{bench_suite, reading_of_steady, steady};
use super::watch::{Watched, watch};
use crate::project;

/// A tool, in the order of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Tool {
    /// oha.
    Oha,
    /// perflab by arrivals.
    Perflab,
    /// perflab by users.
    PerflabClosed,
    /// wrk.
    Wrk,
    /// goose with its own client.
    Goose,
    /// Locust with its quickest client.
    Locust,
}

/// All of them. oha comes first: its rate says what is asked of perflab in the same round.
pub(super) const ALL: [Tool; 6] = [Tool::Oha, Tool::Perflab, Tool::PerflabClosed, Tool::Wrk, Tool::Goose, Tool::Locust];

/// Whether requests start by a plan, or when a user has got an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    Open,
    Closed,
}

/// What is asked of a tool.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load<'a> {
    /// `http://127.0.0.1:8000`.
    pub(super) base: &'a str,
    pub(super) path: &'a str,
    pub(super) connections: u32,
    pub(super) seconds: u64,
    /// Starts a second of those that can plan them; the others send as fast as they can.
    pub(super) rate: Rate,
}

/// How fast.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rate {
    /// As fast as the connections go. Those that must plan their starts plan this many, which is too many.
    Top(f64),
    /// So many starts a second.
    Planned(f64),
}

/// What a tool says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Reading {
    pub(super) requests: u64,
    pub(super) requests_per_s: f64,
    pub(super) failed: u64,
    pub(super) p50_ms: Option<f64>,
    pub(super) p95_ms: Option<f64>,
    pub(super) p99_ms: Option<f64>,
    pub(super) p999_ms: Option<f64>,
}

/// A tool that is here.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    pub(super) tool: Tool,
    program: PathBuf,
    pub(super) version: String,
    /// Where it may leave files.
    scratch: PathBuf,
}

impl Tool {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Oha => "oha",
            Self::Perflab => "perflab, open",
            Self::PerflabClosed => "perflab, closed",
            Self::Wrk => "wrk",
            Self::Goose => "goose alone",
            Self::Locust => "Locust",
        }
    }

    /// How it is asked when it may choose its starts beforehand.
    pub(super) const fn model(self) -> Model {
        match self {
            Self::Perflab | Self::Oha => Model::Open,
            Self::PerflabClosed | Self::Wrk | Self::Goose | Self::Locust => Model::Closed,
        }
    }

    /// From its start to its first requests.
    const fn gets_going(self) -> Duration {
        match self {
            Self::Locust => Duration::from_secs(3),
            _ => Duration::from_millis(700),
        }
    }

    /// Finds it, or brings it here. An error says which command a person would use.
    pub(super) fn ready(self, binary: &Path, scratch: &Path) -> Result<Ready> {
        let (program, version) = match self {
            Self::Oha => oha::ready()?,
            Self::Perflab | Self::PerflabClosed => perflab::ready(binary),
            Self::Wrk => wrk::ready()?,
            Self::Goose => goose::ready(binary)?,
            Self::Locust => locust::ready()?,
        };
        Ok(Ready { tool: self, program, version, scratch: scratch.to_path_buf() })
    }
}

impl Ready {
    /// Lets it send, and reads what it says.
    pub(super) fn measure(&self, load: Load<'_>) -> Result<(Reading, Option<f64>)> {
        let mut command = Command::new(&self.program);
        match self.tool {
            Tool::Oha => oha::call(&mut command, load),
            Tool::Perflab => perflab::call(&mut command, load, Model::Open, &self.scratch)?,
            Tool::PerflabClosed => perflab::call(&mut command, load, Model::Closed, &self.scratch)?,
            Tool::Wrk => wrk::call(&mut command, load),
            Tool::Goose => goose::call(&mut command, load),
            Tool::Locust => locust::call(&mut command, load, &self.scratch)?,
        }
        let going_after = self.tool.gets_going();
        // The last moments belong to the farewell.
        let sends = Duration::from_secs(load.seconds).saturating_sub(going_after) + Duration::from_millis(100);
        let watched = watch(&mut command, going_after, sends)?;
        let reading = self.read(&watched).with_context(|| {
            format!("{} said nothing that can be read ({}): {}", self.tool.name(), watched.status, watched.stdout)
        })?;
        if reading.requests == 0 {
            bail!("{} sent nothing: {}", self.tool.name(), watched.stdout);
        }
        Ok((reading, watched.cores))
    }

    fn read(&self, watched: &Watched) -> Result<Reading> {
        match self.tool {
            Tool::Oha => oha::read(&watched.stdout),
            Tool::Perflab | Tool::PerflabClosed => perflab::read(&self.scratch),
            Tool::Wrk => wrk::read(&watched.stdout),
            Tool::Goose => goose::read(&watched.stdout),
            Tool::Locust => locust::read(&self.scratch),
        }
    }
}

/// Where tools are installed that the machine does not have.
fn own_tools() -> PathBuf {
    project::root().join("target/tools")
}
