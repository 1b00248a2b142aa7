//! A Redis of our own for as long as the tests take: without anything on disk, on a free loopback port.

use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;

use crate::process::Service;
use crate::report::timed;
use crate::{services, setup};

/// Names a Redis that the tests may use, where one was given to us.
pub(crate) const VARIABLE: &str = "PERFLAB_TEST_REDIS";

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running server.
pub(crate) struct Redis {
    url: String,
    _server: Option<Service>,
}

impl Redis {
    /// Where the tests find it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Starts a server; takes the given one where `PERFLAB_TEST_REDIS` names one.
    pub(crate) fn start() -> Result<Self> {
        if let Some(url) = std::env::var(VARIABLE).ok().filter(|url| !url.is_empty()) {
            return Ok(Self { url, _server: None });
        }
        timed("Starting a Redis for the tests", start)
    }
}

fn start() -> Result<Redis> {
    let program = setup::redis()?;
    let port = services::free()?;
    let mut command = Command::new(program);
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"]);
    command.current_dir(std::env::temp_dir()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut server = Service::start("Redis", &mut command, Signal::SIGTERM)?;
    server.wait_until(PATIENCE, || TcpStream::connect(("127.0.0.1", port)).is_ok())?;
    Ok(Redis { url: format!("redis://127.0.0.1:{port}"), _server: Some(server) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redis_answers_while_it_is_needed_and_is_gone_afterwards() {
        let redis = start().expect("the machine has a Redis server, or it can be installed");
        let address = redis.url().trim_start_matches("redis://").to_owned();
        assert!(TcpStream::connect(&address).is_ok(), "{address}");
        drop(redis);
        assert!(TcpStream::connect(&address).is_err(), "{address}");
    }
}
