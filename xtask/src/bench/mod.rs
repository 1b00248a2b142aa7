//! `cargo xtask bench load`: the load engine beside other tools, on this machine, in one run.
//!
//! In:  how many rounds, how long, which tools. Out: what was measured, in `target/bench`, and the page
//! `docs/benchmarks.md` made from it. No number of that page is typed in.
//!
//! Read in this order: `compare` (what is measured beside whom), `tools` (how each is called), `watch` (what it uses
//! meanwhile), `soak` (a long run through a lab), `page`.

mod compare;
mod live;
mod machine;
mod page;
mod results;
mod soak;
mod tools;
mod tree;
mod watch;

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use nix::sys::signal::Signal;

use self::tools::Tool;
use crate::cargo::cargo;
use crate::process::{self, Service};
use crate::project::{self, short};
use crate::report::{fact, step, timed};
use crate::{bundle, services};

/// Measures perflab itself.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// The load engine beside oha, wrk, goose and Locust; with --soak a long run through a lab instead.
    Load(Options),
}

/// How much is measured. With less than the usual, it is a trial: its page goes to target/bench/trial.
#[derive(Args)]
pub(crate) struct Options {
    /// How often each tool has its turn.
    #[arg(long, default_value_t = USUAL_ROUNDS)]
    rounds: u32,
    /// How long a turn is, in seconds.
    #[arg(long, default_value_t = USUAL_SECONDS)]
    seconds: u64,
    /// How long each tool looks at the target that stands still for one second in ten; 0 leaves it out.
    #[arg(long, value_name = "SECONDS", default_value_t = USUAL_STALL)]
    stall_seconds: u64,
    /// How long 10,000 requests a second are kept up; 0 leaves it out.
    #[arg(long, value_name = "SECONDS", default_value_t = USUAL_STEADY)]
    steady_seconds: u64,
    /// Only these tools.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Tool>,
    /// 5,000 requests a second through a lab, with its memory over time, instead of the comparison.
    #[arg(long)]
    soak: bool,
    /// How long the soak takes.
    #[arg(long, value_name = "SECONDS", default_value_t = USUAL_SOAK)]
    soak_seconds: u64,
    /// Measure this binary, with the examples of the engine beside it, instead of building them.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

const USUAL_ROUNDS: u32 = 5;
const USUAL_SECONDS: u64 = 8;
const USUAL_STALL: u64 = 60;
const USUAL_STEADY: u64 = 30;
const USUAL_SOAK: u64 = 600;

/// Fewer and shorter rounds than these say nothing about the noise of a machine.
const FEWEST_ROUNDS: u32 = 3;
const SHORTEST_SECONDS: u64 = 5;

/// Connections of every tool, as oha has them where nothing is said.
const CONNECTIONS: u32 = 50;

impl Options {
    /// Whether its numbers may go on the page.
    fn is_whole(&self) -> bool {
        if self.soak {
            return self.soak_seconds >= USUAL_SOAK;
        }
        self.rounds >= FEWEST_ROUNDS
            && self.seconds >= SHORTEST_SECONDS
            && self.stall_seconds >= USUAL_STALL
            && self.steady_seconds >= USUAL_STEADY
            && self.only.is_empty()
    }
}

/// Where results lie.
struct Place {
    folder: PathBuf,
    page: PathBuf,
}

impl Place {
    fn of(whole: bool) -> Self {
        let folder = project::root().join("target/bench");
        match whole {
            true => Self { page: project::root().join("docs/benchmarks.md"), folder },
            false => Self { page: folder.join("trial/benchmarks.md"), folder: folder.join("trial") },
        }
    }

    fn comparison(&self) -> PathBuf {
        self.folder.join("load.json")
    }

    fn soak(&self) -> PathBuf {
        self.folder.join("soak.json")
    }
}

/// Measures, keeps, writes the page.
pub(crate) fn run(bench: &Bench) -> Result<()> {
    let Bench::Load(options) = bench;
    let binary = match &options.binary {
        Some(binary) => binary.canonicalize()?,
        None => {
            timed("Building the loopback server and goose alone", || {
                process::run(cargo("build").args(["--release", "--package", "perflab-engine", "--examples"]))
            })?;
            bundle::build()?
        }
    };
    let server = example(&binary, "loopback")?;
    let place = Place::of(options.is_whole());
    if options.soak {
        let soak = soak::measure(&binary, &server, options.soak_seconds)?;
        results::keep(&place.soak(), &soak)?;
    } else {
        let comparison = compare::measure(&binary, &server, options)?;
        results::keep(&place.comparison(), &comparison)?;
    }
    let text = page::text(results::kept(&place.comparison())?.as_ref(), results::kept(&place.soak())?.as_ref());
    std::fs::write(&place.page, text)?;
    step(format_args!("Wrote {}", short(&place.page)));
    if !options.is_whole() {
        fact("a trial: docs/benchmarks.md stays as it is");
    }
    Ok(())
}

/// An example of the engine's crate, where cargo puts it: beside the binary.
fn example(binary: &Path, name: &str) -> Result<PathBuf> {
    let path = binary.with_file_name("examples").join(name);
    if !path.is_file() {
        bail!("{} is missing; build it with `cargo build --release -p perflab-engine --examples`", short(&path));
    }
    Ok(path)
}

/// Starts the server that answers at once.
fn loopback(server: &Path) -> Result<(Service, String)> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, services::free()?));
    let mut service =
        Service::start("the loopback server", Command::new(server).arg(address.to_string()), Signal::SIGTERM)?;
    service.wait_until(Duration::from_secs(10), || TcpStream::connect(address).is_ok())?;
    Ok((service, format!("http://{address}")))
}
