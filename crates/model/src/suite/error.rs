//! What is wrong with a suite, and where: line, column and field, for people and editors.

use std::fmt;

use crate::Hint;

/// One thing that is wrong with a suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiteError {
    /// Line of the file, from 1; 0 where the whole file is meant.
    pub line: u64,
    /// Column, from 1; 0 where the whole file is meant.
    pub column: u64,
    /// The field, e.g. `flows.budget.steps[0].get`; empty where the whole file is meant.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl SuiteError {
    /// An error that concerns the whole file.
    pub(super) fn whole(message: impl Into<String>, hint: Option<&str>) -> Self {
        Self { line: 0, column: 0, field: String::new(), message: message.into(), hint: hint.map(str::to_owned) }
    }
}

impl fmt::Display for SuiteError {
    /// `41:5: scenarios.smoke.spwan_rate: unknown key …; did you mean `spawn_rate`?`, ready to stand behind `file:`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "{}:{}: ", self.line, self.column)?;
        } else {
            f.write_str(" ")?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SuiteError {}

impl Hint for SuiteError {
    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

/// Everything that is wrong with a suite, in the order of the file. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiteErrors(Vec<SuiteError>);

impl SuiteErrors {
    /// Sorts by place; nothing when there are no errors.
    pub(super) fn from_list(mut errors: Vec<SuiteError>) -> Option<Self> {
        errors.sort_by_key(|error| (error.line, error.column));
        let mut each: Vec<SuiteError> = Vec::new();
        for error in errors {
            // What is wrong in every combination of a matrix is told once.
            let beside = each.iter().rev().take_while(|one| (one.line, one.column) == (error.line, error.column));
            if !beside.into_iter().any(|one| *one == error) {
                each.push(error);
            }
        }
        (!each.is_empty()).then_some(Self(each))
    }

    /// The errors, in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, SuiteError> {
        self.0.iter()
    }

    /// The first error.
    pub fn first(&self) -> Option<&SuiteError> {
        self.0.first()
    }
}

impl From<SuiteError> for SuiteErrors {
    fn from(error: SuiteError) -> Self {
        Self(vec![error])
    }
}

impl<'a> IntoIterator for &'a SuiteErrors {
    type Item = &'a SuiteError;
    type IntoIter = std::slice::Iter<'a, SuiteError>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for SuiteErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}", error.to_string().trim_start())?;
        }
        Ok(())
    }
}

impl std::error::Error for SuiteErrors {}

impl Hint for SuiteErrors {
    fn hint(&self) -> Option<String> {
        self.first().and_then(Hint::hint)
    }
}

/// A way through the document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path(Vec<Segment>);

/// One step of the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Key(String),
    Index(usize),
}

impl Path {
    pub(super) fn key(&self, key: &str) -> Self {
        let mut path = self.clone();
        path.0.push(Segment::Key(key.to_owned()));
        path
    }

    pub(super) fn index(&self, index: usize) -> Self {
        let mut path = self.clone();
        path.0.push(Segment::Index(index));
        path
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.0
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if i > 0 => write!(f, ".{key}")?,
                Segment::Key(key) => f.write_str(key)?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Collects what is wrong, with the place of each field.
pub(super) struct Problems<'a> {
    tree: &'a super::tree::Node,
    errors: Vec<SuiteError>,
}

impl<'a> Problems<'a> {
    pub(super) const fn new(tree: &'a super::tree::Node) -> Self {
        Self { tree, errors: Vec::new() }
    }

    pub(super) fn add(&mut self, path: &Path, message: impl Into<String>, hint: Option<String>) {
        self.add_at(self.tree.position_of(path), path, message.into(), hint);
    }

    /// For a key that is wrong itself.
    pub(super) fn add_at_key(&mut self, path: &Path, message: impl Into<String>, hint: Option<String>) {
        self.add_at(self.tree.position_of_key(path), path, message.into(), hint);
    }

    fn add_at(&mut self, position: super::tree::Position, path: &Path, message: String, hint: Option<String>) {
        self.errors.push(SuiteError {
            line: position.line,
            column: position.column,
            field: path.to_string(),
            message,
            hint,
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    pub(super) fn into_list(self) -> Vec<SuiteError> {
        self.errors
    }
}
