//! What a process and all that it has started use, read from `/proc`.
//!
//! In:  a process id. Out: time on processors, resident memory. Nothing where the system has no `/proc`.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

/// Ticks a second in `/proc/PID/stat`: fixed for programs, whatever the kernel counts in.
const TICKS: f64 = 100.0;

/// A line of `/proc/PID/stat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    /// Its own ticks and those of children that it has waited for.
    ticks: u64,
}

/// Time on processors of a process, its descendants, and those of them that have ended.
pub(super) fn cpu(root: u32) -> Option<Duration> {
    let all = all();
    let ticks: u64 = with_descendants(root, &all).into_iter().filter_map(|id| Some(all.get(&id)?.ticks)).sum();
    all.contains_key(&root).then(|| Duration::from_millis((ticks as f64 * 1000.0 / TICKS) as u64))
}

/// The descendant whose command line has this word as an argument.
pub(super) fn descendant_with(root: u32, word: &str) -> Option<u32> {
    let has = |id: &u32| {
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|argument| argument == word.as_bytes())
    };
    with_descendants(root, &all()).into_iter().filter(|id| *id != root).find(has)
}

/// Resident memory of one process, in MiB.
pub(super) fn memory_mib(id: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

fn all() -> HashMap<u32, Stat> {
    let Ok(entries) = fs::read_dir("/proc") else { return HashMap::new() };
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    ids.filter_map(|id| Some((id, stat(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)?))).collect()
}

fn stat(line: &str) -> Option<Stat> {
    // The name stands in parentheses and may hold any character, parentheses too.
    let rest = line.rsplit_once(')')?.1;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    // After the name: state, parent, …; the times are the fields 14 to 17 of the whole line.
    let ticks = (11..=14).map(number).sum::<Option<u64>>()?;
    Some(Stat { parent: u32::try_from(number(1)?).ok()?, ticks })
}

fn with_descendants(root: u32, all: &HashMap<u32, Stat>) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(all.iter().filter(|(_, stat)| stat.parent == parent).map(|(id, _)| *id));
        next += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_parentheses_moves_no_field() {
        let line = "42 (a) b (c) S 7 42 42 0 -1 4194560 100 0 0 0 11 22 33 44 20 0 1 0 5 1000 200";
        assert_eq!(stat(line), Some(Stat { parent: 7, ticks: 110 }));
        assert_eq!(stat("42 (short) S 7"), None);
    }

    #[test]
    fn children_of_children_belong_to_the_tree() {
        let stat = |parent| Stat { parent, ticks: 1 };
        let all = HashMap::from([(1, stat(0)), (2, stat(1)), (3, stat(2)), (4, stat(9))]);
        let mut found = with_descendants(1, &all);
        found.sort_unstable();
        assert_eq!(found, [1, 2, 3]);
    }
}
