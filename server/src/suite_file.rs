//! Suite files on disk: the YAML and the files that it names beside it.
//!
//! In:  a path a person gave. Out: a checked suite with its text and files, or errors with file, line and field.
//! A suite may only name files in its own folder: no path leads out of it.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use perflab_model::suite::{Suite, SuiteErrors};

/// Largest feed file.
const MAX_FEED_BYTES: u64 = 100 * 1024 * 1024;
/// Largest suite file; the parser refuses more anyway, this keeps it out of memory.
const MAX_SUITE_BYTES: u64 = 1024 * 1024;

/// A suite with what it came from.
#[derive(Debug)]
pub struct LoadedSuite {
    /// The checked suite.
    pub suite: Suite,
    /// Its YAML.
    pub text: String,
    /// Files beside it, by name.
    pub files: BTreeMap<String, String>,
}

/// Why a suite file cannot be used.
#[derive(Debug)]
pub enum SuiteFileError {
    /// A file cannot be read.
    Read(PathBuf, std::io::Error),
    /// A file is too large.
    TooLarge(PathBuf, u64),
    /// The suite is wrong.
    Suite(PathBuf, SuiteErrors),
    /// A feed is named by a path that leads elsewhere.
    Elsewhere(PathBuf, String),
}

impl fmt::Display for SuiteFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path, error) => write!(f, "{}: cannot be read: {error}", path.display()),
            Self::TooLarge(path, limit) => {
                write!(f, "{}: larger than {} MiB", path.display(), limit / 1024 / 1024)
            }
            Self::Suite(path, errors) => {
                for (i, error) in errors.iter().enumerate() {
                    let line_break = if i > 0 { "\n" } else { "" };
                    write!(f, "{line_break}{}:{error}", path.display())?;
                }
                Ok(())
            }
            Self::Elsewhere(path, file) => write!(
                f,
                "{}: the feed file `{file}` must stand beside the suite: give its name without a folder",
                path.display()
            ),
        }
    }
}

impl std::error::Error for SuiteFileError {}

/// Reads and checks a suite file.
///
/// # Errors
/// When it or a file that it names cannot be read, or when it is wrong.
pub fn load(path: &Path) -> Result<LoadedSuite, SuiteFileError> {
    let text = read(path, MAX_SUITE_BYTES)?;
    let wrong = |errors| SuiteFileError::Suite(path.to_owned(), errors);
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut files = BTreeMap::new();
    for name in Suite::files_wanted(&text).map_err(wrong)? {
        if Path::new(&name).components().count() != 1 || Path::new(&name).file_name().is_none() {
            return Err(SuiteFileError::Elsewhere(path.to_owned(), name));
        }
        let content = read(&folder.join(&name), MAX_FEED_BYTES)?;
        files.insert(name, content);
    }
    let suite = Suite::parse(&text, &files).map_err(wrong)?;
    Ok(LoadedSuite { suite, text, files })
}

/// The MITA suite that comes with the binary.
///
/// # Errors
/// Never, as a test holds.
pub fn shipped() -> Result<LoadedSuite, SuiteFileError> {
    let text = include_str!("../../suites/mita-load.yaml").to_owned();
    let files = BTreeMap::from([("users.csv".to_owned(), include_str!("../../suites/users.csv").to_owned())]);
    let wrong = |errors| SuiteFileError::Suite(PathBuf::from("mita-load.yaml"), errors);
    let suite = Suite::parse(&text, &files).map_err(wrong)?;
    Ok(LoadedSuite { suite, text, files })
}

fn read(path: &Path, limit: u64) -> Result<String, SuiteFileError> {
    let fail = |error| SuiteFileError::Read(path.to_owned(), error);
    let size = std::fs::metadata(path).map_err(fail)?.len();
    if size > limit {
        return Err(SuiteFileError::TooLarge(path.to_owned(), limit));
    }
    std::fs::read_to_string(path).map_err(fail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suite_in_the_binary_is_the_one_that_ships_with_all_its_files() {
        let shipped = shipped().expect("the suite is right");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../suites/mita-load.yaml");
        let on_disk = load(&path).expect("the suite ships");
        assert_eq!(shipped.suite.version_hash(), on_disk.suite.version_hash());
        assert_eq!(shipped.files, on_disk.files);
    }
}
