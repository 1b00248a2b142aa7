//! Finds the processes that listen on given ports of this host.

use std::{collections::HashSet, fs};

/// Ids of the processes that listen there, as far as this user may see them.
pub(crate) fn listeners(ports: &[u16]) -> Vec<u32> {
    let sockets: HashSet<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .flat_map(|text| sockets_in(&text, ports))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    if sockets.is_empty() {
        return Vec::new();
    }
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| holds_one_of(*pid, &sockets))
        .collect()
}

/// Inodes of sockets in state LISTEN on one of the ports.
fn sockets_in(text: &str, ports: &[u16]) -> Vec<u64> {
    const LISTEN: &str = "0A";
    text.lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (_, port) = fields.get(1)?.rsplit_once(':')?;
            let port = u16::from_str_radix(port, 16).ok()?;
            let listens = *fields.get(3)? == LISTEN && ports.contains(&port);
            if listens { fields.get(9)?.parse().ok() } else { None }
        })
        .collect()
}

fn holds_one_of(pid: u32, sockets: &HashSet<String>) -> bool {
    fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .any(|link| link.to_str().is_some_and(|link| sockets.contains(link)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listener_of_a_port_of_this_test_is_this_process() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        assert_eq!(listeners(&[port]), vec![std::process::id()]);
    }
}
