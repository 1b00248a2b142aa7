//! Who gives a command: the account of the operating system. A vouch carries it, and so do the reports of its runs.

/// The name of the account; its number where it has none.
pub(super) fn person() -> String {
    let id = nix::unistd::getuid();
    match nix::unistd::User::from_uid(id) {
        Ok(Some(user)) if !user.name.is_empty() => user.name,
        _ => format!("user {id}"),
    }
}
