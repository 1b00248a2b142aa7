//! Reads CPU times and memory from `/proc`. Times are in the kernel's clock ticks.

use std::{collections::HashMap, fs};

/// CPU times of the host since it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HostTimes {
    /// Everything, idle included, over all cores.
    pub(crate) total: u64,
    /// Work of any process or of the kernel; steal is not in it.
    pub(crate) busy: u64,
    /// Taken away by the host of this machine.
    pub(crate) steal: u64,
}

impl HostTimes {
    pub(crate) const fn since(self, then: Self) -> Self {
        Self {
            total: self.total.saturating_sub(then.total),
            busy: self.busy.saturating_sub(then.busy),
            steal: self.steal.saturating_sub(then.steal),
        }
    }
}

pub(crate) fn ticks_per_second() -> f64 {
    nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).ok().flatten().map_or(100.0, |ticks| ticks as f64)
}

pub(crate) fn page_bytes() -> u64 {
    let size = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten();
    size.and_then(|size| u64::try_from(size).ok()).unwrap_or(4096)
}

pub(crate) fn host_times() -> Option<HostTimes> {
    parse_host(&fs::read_to_string("/proc/stat").ok()?)
}

fn parse_host(text: &str) -> Option<HostTimes> {
    let line = text.lines().find(|line| line.starts_with("cpu "))?;
    let values: Vec<u64> = line.split_whitespace().skip(1).map_while(|value| value.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; guest times are part of user and nice already.
    let [user, nice, system, idle, iowait, irq, softirq, steal] = *values.first_chunk::<8>()?;
    let busy = user + nice + system + irq + softirq;
    Some(HostTimes { total: busy + idle + iowait + steal, busy, steal })
}

/// CPU time of this process.
pub(crate) fn own_ticks() -> Option<u64> {
    parse_stat(&fs::read_to_string("/proc/self/stat").ok()?).map(|process| process.ticks)
}

/// Resident memory of this process.
pub(crate) fn resident_pages() -> Option<u64> {
    fs::read_to_string("/proc/self/statm").ok()?.split_whitespace().nth(1)?.parse().ok()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Process {
    parent: u32,
    ticks: u64,
    /// CPU time of children that have ended and were waited for, and of theirs.
    ended_children: u64,
}

/// The name in the second field may hold blanks and brackets: fields are counted from its last bracket.
fn parse_stat(text: &str) -> Option<Process> {
    let rest: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| rest.get(index).and_then(|field| field.parse::<u64>().ok());
    Some(Process {
        parent: u32::try_from(number(1)?).ok()?,
        ticks: number(11)? + number(12)?,
        ended_children: number(13)? + number(14)?,
    })
}

/// Every process of the host with its parent and CPU time.
pub(crate) struct ProcessTable {
    processes: HashMap<u32, Process>,
}

impl ProcessTable {
    pub(crate) fn read() -> Self {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let processes = entries
            .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
            .filter_map(|pid| Some((pid, parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?)))
            .collect();
        Self { processes }
    }

    /// CPU time of the given processes and everything they started, what has ended since included (a server may have a
    /// process for each request); this process and what it started excepted.
    pub(crate) fn tree_ticks(&self, roots: &[u32]) -> u64 {
        let own = std::process::id();
        self.processes
            .iter()
            .filter(|(pid, _)| self.descends(**pid, roots) && !self.descends(**pid, &[own]))
            .map(|(_, process)| process.ticks + process.ended_children)
            .sum()
    }

    fn descends(&self, pid: u32, roots: &[u32]) -> bool {
        let mut at = pid;
        // Processes come and go while the table is read, so a loop is possible; no real tree is this deep.
        for _ in 0..64 {
            if roots.contains(&at) {
                return true;
            }
            match self.processes.get(&at) {
                Some(process) if process.parent != 0 => at = process.parent,
                _ => return false,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_times_leave_guests_out_and_keep_steal_apart() {
        let times = parse_host("cpu  10 1 5 100 4 2 3 7 50 60\ncpu0 1 1 1\n").expect("the line is complete");
        assert_eq!(times, HostTimes { total: 132, busy: 21, steal: 7 });
    }

    #[test]
    fn a_process_name_with_brackets_does_not_shift_the_fields() {
        let text = "42 (a) b (c) S 7 42 42 0 -1 4194560 1 2 3 4 11 22 5 6 20 0 1 0 1 1 1";
        assert_eq!(parse_stat(text), Some(Process { parent: 7, ticks: 33, ended_children: 11 }));
    }

    #[test]
    fn the_tree_of_a_process_holds_its_grandchildren_even_those_that_have_ended_and_nothing_else() {
        let process = |parent, ticks| Process { parent, ticks, ended_children: 10_000 };
        let table = ProcessTable {
            processes: HashMap::from([
                (4_000_001, process(1, 100)),
                (4_000_002, process(4_000_001, 10)),
                (4_000_003, process(4_000_002, 1)),
                (4_000_004, process(1, 1000)),
            ]),
        };
        assert_eq!(table.tree_ticks(&[4_000_001]), 30_111);
    }
}
