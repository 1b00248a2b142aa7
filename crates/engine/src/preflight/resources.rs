//! Whether this machine can carry a run: file descriptors, local ports, memory.
//!
//! In:  a [`Job`]. Out: nothing, warnings about what may become too little, or what is certain to be.

use std::net::Ipv4Addr;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use perflab_model::{display, runner::Job, work::SPARE_DESCRIPTORS};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};
use url::Host;

/// The share of local ports that connections to one address may take when none is used twice.
const PORT_SHARE: f64 = 0.8;

/// How long a port that we closed cannot be used again towards the same address (`TIME_WAIT`).
const TIME_WAIT_SECONDS: f64 = 60.0;

/// The share of free memory from which on a run is warned of.
const MEMORY_SHARE: f64 = 0.5;

/// Test data is kept as text and as rows.
const COPIES_OF_FEEDS: u64 = 3;

/// What there is too little of.
#[derive(Debug, thiserror::Error)]
pub(super) enum Short {
    /// Too few file descriptors.
    #[error(
        "{needed} file descriptors are needed (two for each of {connections} connections and {SPARE_DESCRIPTORS} more), this process may have {limit}: raise `ulimit -n` or ask for less"
    )]
    Descriptors {
        /// How many are needed.
        needed: u64,
        /// For how many connections.
        connections: u64,
        /// The hard limit.
        limit: u64,
    },
    /// Too few local ports.
    #[error(
        "without reuse of connections {connections} of them need more than 80 % of this machine's {ports} local ports: allow reuse or ask for less"
    )]
    Ports {
        /// How many connections at once.
        connections: u64,
        /// How many ports there are.
        ports: u64,
    },
    /// Too little memory.
    #[error("about {} of memory are needed, and {} are free: ask for less, or run it on a larger machine", bytes(*needed), bytes(*free))]
    Memory {
        /// How much is needed.
        needed: u64,
        /// How much there is.
        free: u64,
    },
}

fn bytes(bytes: u64) -> String {
    display::bytes(bytes as f64)
}

impl Short {
    /// The stable word.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Descriptors { .. } => "preflight.descriptors",
            Self::Ports { .. } => "preflight.ports",
            Self::Memory { .. } => "preflight.memory",
        }
    }
}

/// What this machine has.
#[derive(Clone, Copy, Debug)]
struct Machine {
    /// After the soft limit was raised.
    descriptors: u64,
    ports: Option<u64>,
    free_memory: Option<u64>,
}

/// Looks whether there is enough of everything.
pub(super) fn check(job: &Job) -> Result<Vec<String>, Short> {
    let machine = Machine { descriptors: raise_descriptors(), ports: local_ports(), free_memory: free_memory() };
    compare(job, machine)
}

fn compare(job: &Job, machine: Machine) -> Result<Vec<String>, Short> {
    let (plan, needs, mut warnings) = (&job.plan, job.plan.needs(), Vec::new());
    let connections = needs.connections;
    if machine.descriptors < needs.descriptors {
        return Err(Short::Descriptors { needed: needs.descriptors, connections, limit: machine.descriptors });
    }
    if !plan.http.reuse
        && let Some(ports) = machine.ports
    {
        // Of a name's addresses the first that answers gets all connections, so one address is what ports are counted for.
        let usable = ports as f64 * PORT_SHARE;
        if connections as f64 > usable {
            return Err(Short::Ports { connections, ports });
        }
        // Only warned of: which end keeps the port depends on who closes first, and on loopback Linux uses such ports again.
        if let Some(rate) =
            needs.connections_per_s.filter(|rate| rate * TIME_WAIT_SECONDS > usable && !on_loopback(job))
        {
            warnings.push(format!(
                "{} new connections a second hold more than 80 % of this machine's {} local ports, for a port is free again \
                 only after {TIME_WAIT_SECONDS} s: when they run out, requests fail as generator.ports and the run is \
                 invalid; allow reuse or ask for less",
                display::number(rate),
                display::count(ports)
            ));
        }
    }
    if let Some(free) = machine.free_memory {
        let feeds: u64 = job.feeds.values().map(|text| text.len() as u64).sum();
        let needed = needs.memory_bytes + COPIES_OF_FEEDS * feeds;
        if needed > free {
            return Err(Short::Memory { needed, free });
        }
        if needed as f64 > free as f64 * MEMORY_SHARE {
            warnings.push(format!(
                "about {} of memory are needed, more than half of the {} that are free",
                bytes(needed),
                bytes(free)
            ));
        }
    }
    Ok(warnings)
}

fn on_loopback(job: &Job) -> bool {
    match job.plan.environment.base_url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical() == Ipv4Addr::LOCALHOST || address.is_loopback(),
        None => false,
    }
}

/// Raises the soft limit to the hard one; gives back what holds then.
fn raise_descriptors() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return u64::MAX };
    if soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() { hard } else { soft }
}

fn local_ports() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut ends = text.split_whitespace().map_while(|end| end.parse::<u64>().ok());
    let (low, high) = (ends.next()?, ends.next()?);
    high.checked_sub(low).map(|between| between + 1)
}

/// What may still be used: of the machine, or of the group of processes that this one belongs to.
fn free_memory() -> Option<u64> {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(memory).ok()?;
    let group = system.cgroup_limits().map(|limits| limits.free_memory);
    let free = group.map_or(system.available_memory(), |group| group.min(system.available_memory()));
    (free > 0).then_some(free)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use indexmap::IndexMap;
    use perflab_model::{
        environment::{Caps, Environment},
        id::RunId,
        launch::Overrides,
        load::Load,
        plan::Plan,
        suite::{PlanRequest, Suite},
    };
    use rstest::rstest;

    use super::*;

    const LARGE: Machine = Machine { descriptors: 1 << 20, ports: Some(28_232), free_memory: Some(16 << 30) };

    /// 100/s of so many requests each, 400 at once, to another machine.
    fn job_of(requests: usize, change: impl FnOnce(&mut Plan)) -> Job {
        let text = format!(
            "version: 1\nsuite: s\nflows: {{f: {{steps: [{}]}}}}\nclasses: {{c: {{flows: {{f: 1}}}}}}\n\
             scenarios: {{s: {{executor: constant_rate, rate: 100, duration: 1m, max_in_flight: 400}}}}\n",
            vec!["{get: /}"; requests].join(", ")
        );
        let suite = Suite::parse(&text, &BTreeMap::new()).unwrap_or_else(|errors| panic!("{errors}"));
        let environment = Environment {
            name: "e".parse().expect("a name"),
            base_url: "http://192.0.2.1".parse().expect("a URL"),
            allow: Vec::new(),
            caps: Caps::default(),
            variables: IndexMap::new(),
            labels: Vec::new(),
            vouched: None,
            unverified_tls: None,
            history: perflab_model::environment::History::default(),
        };
        let scenario = "s".parse().expect("a name");
        let (run, overrides) = (RunId::new(uuid::Uuid::nil()), Overrides::default());
        let asked = PlanRequest { run, scenario: &scenario, environment, overrides: &overrides, seed: 1 };
        let mut plan = suite.plan(asked).unwrap_or_else(|errors| panic!("{errors}"));
        change(&mut plan);
        Job { plan, feeds: BTreeMap::new() }
    }

    fn job(change: impl FnOnce(&mut Plan)) -> Job {
        job_of(1, change)
    }

    fn at_once(plan: &mut Plan, most: u32) {
        if let Load::Open { limits, .. } = &mut plan.load {
            limits.max_in_flight = most;
        }
    }

    fn told(job: &Job, machine: Machine) -> Result<Vec<String>, (&'static str, String)> {
        compare(job, machine).map_err(|short| (short.code(), short.to_string()))
    }

    #[test]
    fn a_machine_that_has_enough_is_not_spoken_of() {
        assert_eq!(told(&job(|_| {}), LARGE), Ok(Vec::new()));
    }

    #[rstest]
    #[case::just_enough(1_000, true)]
    #[case::one_short(999, false)]
    fn descriptors_are_two_a_connection_and_two_hundred(#[case] descriptors: u64, #[case] enough: bool) {
        assert_eq!(told(&job(|_| {}), Machine { descriptors, ..LARGE }).is_ok(), enough);
    }

    #[rstest]
    #[case::four_fifths(22_585, true)]
    #[case::more(22_586, false)]
    fn without_reuse_connections_take_four_fifths_of_the_ports(#[case] connections: u32, #[case] enough: bool) {
        let without = |reuse| {
            job(move |plan| {
                plan.http.reuse = reuse;
                at_once(plan, connections);
            })
        };
        assert_eq!(told(&without(false), LARGE).is_ok(), enough);
        assert!(told(&without(true), LARGE).is_ok(), "kept connections are used again");
    }

    #[test]
    fn ports_that_rest_after_use_are_warned_of() {
        // 80 % of 28,232 ports are 376 connections a second for 60 s.
        let anew = |requests| job_of(requests, |plan| plan.http.reuse = false);
        assert_eq!(told(&anew(3), LARGE), Ok(Vec::new()));
        let warnings = told(&anew(4), LARGE).expect("it is only warned of");
        assert!(warnings[0].contains("400 new connections a second") && warnings[0].contains("28,232"), "{warnings:?}");
        let here = job_of(4, |plan| {
            plan.http.reuse = false;
            plan.environment.base_url = "http://127.0.0.1:8000".parse().expect("a URL");
        });
        assert_eq!(told(&here, LARGE), Ok(Vec::new()));
    }

    #[test]
    fn memory_is_refused_where_there_is_less_and_warned_of_where_it_is_more_than_half() {
        let needed = job(|_| {}).plan.needs().memory_bytes;
        let with = |free| told(&job(|_| {}), Machine { free_memory: Some(free), ..LARGE });
        assert_eq!(with(2 * needed), Ok(Vec::new()));
        assert_eq!(with(2 * needed - 1).map(|warnings| warnings.len()), Ok(1));
        let (code, message) = with(needed - 1).expect_err("it does not fit");
        assert_eq!(code, "preflight.memory");
        assert!(message.contains("of memory are needed"), "{message}");
        let mut with_data = job(|_| {});
        with_data.feeds.insert("f".to_owned(), "x".repeat(1 << 20));
        let just = Machine { free_memory: Some(needed + (3 << 20) - 1), ..LARGE };
        assert!(told(&with_data, just).is_err(), "test data takes its place too");
    }
}
