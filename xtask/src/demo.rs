//! The lab as a new user meets it: built for release, filled with the shipped suites, open in the browser.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use crate::project::{self, short};
use crate::report::{fact, step};
use crate::{bundle, services, setup, stop};

/// Where the demo runs and what it keeps.
#[derive(Args)]
pub(crate) struct Options {
    /// Where the lab keeps its database; removed by nobody, so a second demo shows the runs of the first.
    #[arg(long, value_name = "DIR", default_value = "data/demo")]
    data_dir: PathBuf,
    /// The port of the lab, or the next free one.
    #[arg(long, default_value_t = 7080)]
    port: u16,
    /// Only print the address, open no browser.
    #[arg(long)]
    no_open: bool,
}

/// Builds, starts, opens, and stays until Ctrl-C.
pub(crate) fn run(options: &Options) -> Result<()> {
    let binary = bundle::build()?;
    let data = project::root().join(&options.data_dir);
    std::fs::create_dir_all(&data).with_context(|| format!("cannot make {}", short(&data)))?;

    step("Starting the reference target and the lab");
    let (mut target, target_url) = services::target(&binary, &data)?;
    let (mut lab, url) = services::lab(&binary, &data, options.port, &target_url)?;

    step("The lab is running");
    fact(format_args!("open    {url}"));
    fact(format_args!("target  {target_url} (environment \"local reference\")"));
    fact(format_args!("data    {}", data.display()));
    fact("Ctrl-C stops both");
    if !options.no_open && std::env::var_os("CI").is_none() {
        open(&url);
    }
    while !stop::asked() {
        lab.still_runs()?;
        target.still_runs()?;
        thread::sleep(Duration::from_millis(100));
    }
    step("Stopping the lab and the reference target");
    // The lab first: its runs still send to the target.
    drop(lab);
    drop(target);
    Ok(())
}

/// Shows the address in a browser where there is one. Nothing depends on it: the address is printed, too.
fn open(url: &str) {
    let has_screen = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    let opener = match std::env::consts::OS {
        "macos" => "open",
        _ if has_screen => "xdg-open",
        _ => return,
    };
    if let Some(opener) = setup::find(opener) {
        let _opened =
            Command::new(opener).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    }
}
