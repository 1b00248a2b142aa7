//! Which names a rule's scope means.

/// Whether a glob means a name. `*` stands for any text, `?` for one character. A glob that begins with `/` also means
/// requests that are named by method and path: `/api/budget` means `GET /api/budget`.
pub fn glob_matches(glob: &str, name: &str) -> bool {
    if matches(glob, name) {
        return true;
    }
    let path = name.split_once(' ').map(|(_, path)| path).filter(|path| path.starts_with('/'));
    glob.starts_with('/') && path.is_some_and(|path| matches(glob, path))
}

/// Takes time of at most glob × name: on a mismatch only the last star is tried again.
fn matches(glob: &str, name: &str) -> bool {
    let (glob, name): (Vec<char>, Vec<char>) = (glob.chars().collect(), name.chars().collect());
    let (mut g, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match glob.get(g) {
            Some('*') => {
                star = Some((g, n));
                g += 1;
            }
            Some(&c) if c == '?' || c == name[n] => {
                g += 1;
                n += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    g = at + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("login", "login", true)]
    #[case("login", "login2", false)]
    #[case("budget_*", "budget_dashboard", true)]
    #[case("*", "anything at all", true)]
    #[case("m?bile", "mobile", true)]
    #[case("/api/budget", "GET /api/budget", true)]
    #[case("/api/*", "POST /api/expenses", true)]
    #[case("POST /login", "POST /login", true)]
    #[case("POST /login", "GET /login", false)]
    #[case("a*b*c", "a-b-b-c", true)]
    #[case("a*b*c", "a-b-b", false)]
    fn a_scope_means_whole_names_and_paths(#[case] glob: &str, #[case] name: &str, #[case] meant: bool) {
        assert_eq!(glob_matches(glob, name), meant);
    }
}
