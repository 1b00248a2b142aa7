//! What a runner is told by its process rather than by the plan.

use std::collections::BTreeMap;

use crate::{bench::CommandList, guard::Loopback, permission::Asking};

/// The variable that lists the lab's own ports, separated by commas.
const DENIED_PORTS: &str = "PERFLAB_DENIED_PORTS";

/// The variable that says which part of 127.0.0.0/8 counts as this machine. It can only take away: what it leaves out is
/// asked like any other target. Tests let another loopback address play the stranger.
const LOOPBACK: &str = "PERFLAB_LOOPBACK";

/// The variable that names the file with the programs that suites may run.
const COMMANDS: &str = "PERFLAB_COMMANDS";

/// Process-level settings of a run.
#[derive(Clone, Default)]
pub struct Settings {
    /// Which addresses count as this machine.
    pub loopback: Loopback,
    /// Ports of this machine that belong to the lab and take no load.
    pub denied_ports: Vec<u16>,
    /// Values of `${secret.NAME}`. Where a name is missing, the process environment is asked.
    pub secrets: BTreeMap<String, String>,
    /// When targets on other machines are asked whether they agree.
    pub asking: Asking,
    /// The programs that suites may run.
    pub commands: CommandList,
    /// Certificates (DER) to trust besides the platform's.
    pub extra_roots: Vec<rustls_pki_types::CertificateDer<'static>>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("loopback", &self.loopback)
            .field("denied_ports", &self.denied_ports)
            .field("secrets", &self.secrets.keys())
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads `PERFLAB_DENIED_PORTS`, `PERFLAB_LOOPBACK` and the file that `PERFLAB_COMMANDS` names. What is no port in the one is left out: the worker wrote it, not a
    /// person.
    pub fn from_environment() -> Self {
        let listed = std::env::var(DENIED_PORTS).unwrap_or_default();
        Self {
            loopback: std::env::var(LOOPBACK).ok().and_then(|text| Loopback::within(&text)).unwrap_or_default(),
            commands: std::env::var_os(COMMANDS)
                .filter(|path| !path.is_empty())
                .map(|path| CommandList::named(path.as_ref()))
                .unwrap_or_default(),
            denied_ports: listed.split(',').filter_map(|port| port.trim().parse().ok()).collect(),
            ..Self::default()
        }
    }

    /// The value of a secret.
    pub(crate) fn secret(&self, name: &str) -> Option<String> {
        self.secrets.get(name).cloned().or_else(|| std::env::var(name).ok())
    }
}
