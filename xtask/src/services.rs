//! The lab and its reference target, started next to each other on loopback.
//!
//! Both are the same binary. They keep their data in one folder, so that a second start finds the runs of the first.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;

use crate::process::Service;
use crate::project;

/// Known to the target, which makes its load users with it, and to the lab, whose runs log in with it. The target
/// listens on loopback and holds invented data only: this protects nothing.
const LOAD_PASSWORD: &str = "Load-test-only-1!";

/// How many ports are tried, from the wanted one on.
const PORTS: u16 = 100;

/// How long a start may take: the target makes its users first.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts the reference target on port 8000 or the next free one.
pub(crate) fn target(binary: &Path, data: &Path) -> Result<(Service, String)> {
    let address = free_from(8000)?;
    let service = Service::start(
        "the reference target",
        own(&mut Command::new(binary))
            .args(["target", "serve", "--hash-cost", "10", "--load-users", "5000"])
            .args(["--listen", &address.to_string()])
            .arg("--data")
            .arg(data.join("target.sqlite"))
            .env("LOAD_PW", load_password()),
        Signal::SIGTERM,
    )?;
    Ok((ready(service, address)?, format!("http://{address}")))
}

/// Starts a target with faults, without any data of its own, on a free port.
pub(crate) fn faulty_target(binary: &Path, faults: &str) -> Result<(Service, String)> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free()?));
    let service = Service::start(
        "the reference target",
        own(&mut Command::new(binary))
            .args(["target", "serve", "--in-memory", "--load-users", "0", "--faults", faults])
            .args(["--listen", &address.to_string()]),
        Signal::SIGTERM,
    )?;
    Ok((ready(service, address)?, format!("http://{address}")))
}

/// Starts the lab on `port` or the next free one, with an environment for the target and the suites that ship.
pub(crate) fn lab(binary: &Path, data: &Path, port: u16, target: &str) -> Result<(Service, String)> {
    let names = ["--project", "MITA", "--environment", "local reference"];
    lab_at(free_from(port)?, binary, data, &project::root().join("suites"), target, &names)
}

/// Starts a lab of its own on a free port, with these suites.
pub(crate) fn lab_of(binary: &Path, data: &Path, suites: &Path, target: &str) -> Result<(Service, String)> {
    lab_at(SocketAddr::from((Ipv4Addr::LOCALHOST, free()?)), binary, data, suites, target, &[])
}

fn lab_at(
    address: SocketAddr,
    binary: &Path,
    data: &Path,
    suites: &Path,
    target: &str,
    names: &[&str],
) -> Result<(Service, String)> {
    let service = Service::start(
        "the lab",
        own(&mut Command::new(binary))
            .arg("serve")
            .args(names)
            .args(["--target", target, "--listen", &address.to_string()])
            .arg("--data-dir")
            .arg(data)
            .arg("--suites")
            .arg(suites)
            .env("LOAD_PW", load_password()),
        Signal::SIGTERM,
    )?;
    Ok((ready(service, address)?, format!("http://{address}")))
}

/// Keeps settings of another lab out, which somebody may have exported: this one has its own database and address.
pub(crate) fn own(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PERFLAB_")) {
        command.env_remove(name);
    }
    command
}

fn load_password() -> String {
    std::env::var("LOAD_PW").unwrap_or_else(|_| LOAD_PASSWORD.to_owned())
}

fn ready(mut service: Service, address: SocketAddr) -> Result<Service> {
    service.wait_until(PATIENCE, || TcpStream::connect(address).is_ok())?;
    Ok(service)
}

/// The first loopback port from `port` on that nobody listens on.
fn free_from(port: u16) -> Result<SocketAddr> {
    for port in port..=port.saturating_add(PORTS) {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    bail!("no free port on loopback from {port} to {}", port.saturating_add(PORTS))
}

/// Any free loopback port.
pub(crate) fn free() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on loopback")?;
    Ok(listener.local_addr()?.port())
}
