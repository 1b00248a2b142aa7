//! A text becomes a version.

use perflab_model::{
    name::SuiteName,
    problem::{FieldProblem, Problem, ProblemKind},
    suite::Suite,
    suites::{Checked, Pushed, SuiteText, TextError},
};

use super::row::checked;
use crate::{Lab, SuiteSource, trouble::Told as _};

impl Lab {
    /// What a text would be as a suite, or everything that is wrong with it. Nothing is kept.
    pub fn check_suite(&self, text: &SuiteText) -> Checked {
        checked(&text.text, &text.files, self.now_us())
    }

    /// Keeps a text as the newest version of the suite that it names. The same text once more changes nothing. With a name
    /// it must be the text of that suite: a slip of the pen makes no second one.
    ///
    /// # Errors
    /// With everything that is wrong with the text; when it names another suite; when the store does not answer.
    pub async fn push_suite(&self, name: Option<&SuiteName>, text: &SuiteText) -> Result<Pushed, Problem> {
        let (project, _) = self.project(text.project.as_ref()).await?;
        small_enough(text)?;
        let Checked { errors, suite: row } = self.check_suite(text);
        if !errors.is_empty() || row.is_none() {
            return Err(wrong(&errors));
        }
        // The same text was just read without an error.
        let suite = Suite::parse(&text.text, &text.files)
            .map_err(|errors| wrong(&errors.iter().map(TextError::from).collect::<Vec<_>>()))?;
        if let Some(name) = name.filter(|name| **name != suite.name) {
            return Err(Problem::new(
                ProblemKind::Invalid,
                "suite.other",
                format!("This is the text of suite `{}`, not of `{name}`", suite.name),
                Some(format!("Push it as `{}`, or correct the line `suite:`", suite.name)),
            ));
        }
        let before = self.db.suite_versions(project, &suite.name).await.told()?;
        let source = SuiteSource::new(&suite, text.text.clone(), text.files.clone());
        self.put_suite(project, &source).await?;
        let changed = before.first().is_none_or(|newest| newest.sha256 != source.sha256);
        if changed {
            tracing::info!(suite = %source.name, version = source.sha256, "suite {} has a new version", source.name);
        }
        Ok(Pushed { name: source.name, version: source.sha256, changed })
    }
}

/// Refuses what is larger than a request may be: data sets of that size come from the lab's folder of suites.
pub(super) fn small_enough(text: &SuiteText) -> Result<(), Problem> {
    const MAX_BYTES: usize = 1024 * 1024;
    let bytes = text.text.len() + text.files.values().map(String::len).sum::<usize>();
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    Err(Problem::new(
        ProblemKind::TooLarge,
        "suite.too_large",
        format!("Text and files are larger than {} MiB together", MAX_BYTES / 1024 / 1024),
        Some("Give the lab larger data sets by its folder of suites".to_owned()),
    ))
}

/// The problem that a wrong text is: every error with its place.
pub(super) fn wrong(errors: &[TextError]) -> Problem {
    let message = match errors {
        [] => "The suite cannot be used".to_owned(),
        [one] => format!("The suite cannot be used: {}", one.message),
        several => format!("The suite cannot be used: {} things are wrong", several.len()),
    };
    let hint = errors.first().and_then(|error| error.hint.clone());
    let mut problem = Problem::new(ProblemKind::Invalid, "suite.invalid", message, hint);
    problem.fields = errors
        .iter()
        .map(|error| FieldProblem {
            field: if error.line > 0 {
                format!("{}:{} {}", error.line, error.column, error.field).trim_end().to_owned()
            } else {
                error.field.clone()
            },
            message: error.message.clone(),
            hint: error.hint.clone(),
        })
        .collect();
    problem
}
