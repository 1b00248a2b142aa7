//! How the target is started: options of `perflab target serve`, and what comes from the environment.
//!
//! In:  arguments and environment variables. Out: a [`Config`].
//!
//! Secrets never come from arguments, which other users of the machine can read: the password of the load users is
//! `LOAD_PW`, the key of the tokens `JWT_SECRET`.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::faults::Faults;

/// What a target needs to know before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Loopback address to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where the data lives.
    pub data: DataPlace,
    /// bcrypt cost of passwords, 4 to 31. Each step doubles the time of a login.
    pub hash_cost: u32,
    /// Users of each load class that exist from the start, numbered from 10000.
    pub load_users: u32,
    /// Their password; without it no load users are made.
    pub load_password: Option<Secret>,
    /// Key that signs the tokens; a random one per start when absent, so that tokens end with the process.
    pub jwt_secret: Option<Secret>,
    /// Faults from the start.
    pub faults: Faults,
    /// One line per answered request goes here.
    pub access_log: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8000)),
            data: DataPlace::Memory,
            hash_cost: 12,
            load_users: 5000,
            load_password: None,
            jwt_secret: None,
            faults: Faults::default(),
            access_log: None,
        }
    }
}

/// Where the data of the target lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataPlace {
    /// In memory, gone at the end: for tests.
    Memory,
    /// In a SQLite file, made when it is missing.
    File(PathBuf),
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text from being printed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// From an environment variable; absent or empty is none.
    fn from_env(name: &str) -> Option<Self> {
        std::env::var(name).ok().filter(|text| !text.is_empty()).map(Self)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Options of `perflab target serve`.
#[derive(Clone, Debug, clap::Args)]
pub struct ServeArgs {
    /// Loopback address to listen on (port 0 picks a free one)
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8000")]
    pub listen: SocketAddr,
    /// SQLite file of the target's own data, made when it is missing
    #[arg(long, value_name = "FILE", default_value = "mita.sqlite")]
    pub data: PathBuf,
    /// Keep the data in memory instead of a file
    #[arg(long, conflicts_with = "data")]
    pub in_memory: bool,
    /// bcrypt cost of passwords; each step doubles the time of a login
    #[arg(long, value_name = "COST", default_value_t = 12, value_parser = clap::value_parser!(u32).range(4..=31))]
    pub hash_cost: u32,
    /// Users of each load class that exist from the start (loadtest10000@example.com and on; also heavy, mobile,
    /// reporting); their password is the environment variable LOAD_PW, and without it there are none
    #[arg(long, value_name = "COUNT", default_value_t = 5000, value_parser = clap::value_parser!(u32).range(0..=90_000))]
    pub load_users: u32,
    /// Faults from the start, as JSON, such as '{"errors": {"rate": 0.01}}'; they can be changed at /_faults
    #[arg(long, value_name = "JSON", default_value = "{}")]
    pub faults: Faults,
    /// Write one line per answered request to this file
    #[arg(long, value_name = "FILE")]
    pub access_log: Option<PathBuf>,
}

impl ServeArgs {
    /// Adds the secrets from the environment (`LOAD_PW`, `JWT_SECRET`).
    pub fn into_config(self) -> Config {
        Config {
            listen: self.listen,
            data: if self.in_memory { DataPlace::Memory } else { DataPlace::File(self.data) },
            hash_cost: self.hash_cost,
            load_users: self.load_users,
            load_password: Secret::from_env("LOAD_PW"),
            jwt_secret: Secret::from_env("JWT_SECRET"),
            faults: self.faults,
            access_log: self.access_log,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        serve: ServeArgs,
    }

    fn parse(arguments: &[&str]) -> Result<Config, clap::Error> {
        let arguments = std::iter::once(&"serve").chain(arguments);
        Ok(Command::try_parse_from(arguments)?.serve.into_config())
    }

    #[test]
    fn without_options_it_listens_on_loopback_port_8000_at_cost_12() {
        let config = parse(&[]).expect("all options have defaults");
        assert_eq!((config.listen.to_string().as_str(), config.hash_cost), ("127.0.0.1:8000", 12));
        assert_eq!(config.data, DataPlace::File("mita.sqlite".into()));
        assert_eq!(config.faults, Faults::default());
    }

    #[test]
    fn faults_are_given_as_json_and_checked_at_once() {
        let config = parse(&["--in-memory", "--faults", r#"{"errors": {"rate": 0.5}}"#]).expect("valid");
        assert_eq!(config.data, DataPlace::Memory);
        assert!(config.faults.errors.is_some());
        let error = parse(&["--faults", r#"{"errors": {"rate": 5}}"#]).expect_err("a share of 5");
        assert!(error.to_string().contains("errors.rate"), "{error}");
    }

    #[test]
    fn a_secret_is_never_printed() {
        let config = Config { load_password: Some(Secret::new("hunter2")), ..Config::default() };
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
