//! The inbox of findings, what people make of them, and how a run stood beside its baseline.

use perflab_model::{
    comparison::RunComparison,
    finding::{Finding, FindingChange, FindingList, FindingQuery, FindingState},
    id::RunId,
    problem::Problem,
    run::{RunRow, Trigger},
};
use perflab_store::{FindingFilter, FindingUpdate, RunFilter};

use super::card::{finding_id, unknown};
use crate::{
    Lab,
    trouble::Told as _,
    who::{who, wrong_field},
};

/// Findings of a page.
const PAGE: u32 = 50;
/// Findings of a run that its page shows.
const OF_RUN: u32 = 100;
/// Longest name, address and note.
const MAX_NAME_CHARS: usize = 60;
const MAX_URL_CHARS: usize = 2_000;
const MAX_NOTE_CHARS: usize = 4_000;

impl Lab {
    /// A page of findings, newest first. Without a state those that wait for somebody.
    ///
    /// # Errors
    /// When the query names what is not there, or the store does not answer.
    pub async fn findings(&self, query: &FindingQuery) -> Result<FindingList, Problem> {
        let text =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let project = match &query.project {
            Some(name) => Some(self.project(Some(name)).await?.0),
            None => None,
        };
        let states: Vec<FindingState> = match text(&query.state).as_deref() {
            None | Some("open") => FindingState::ALL.iter().copied().filter(|state| state.is_open()).collect(),
            Some("closed") => FindingState::ALL.iter().copied().filter(|state| !state.is_open()).collect(),
            Some("all") => Vec::new(),
            Some(code) => vec![FindingState::from_code(code).ok_or_else(|| {
                wrong_field(
                    "state",
                    format!("`{code}` is no state"),
                    "Use open, closed, all, or a state such as in_progress",
                )
            })?],
        };
        let worse = match text(&query.direction).as_deref() {
            None | Some("both") => None,
            Some("worse") => Some(true),
            Some("better") => Some(false),
            Some(word) => {
                return Err(wrong_field("direction", format!("`{word}` is no direction"), "Use worse, better or both"));
            }
        };
        let filter = FindingFilter {
            project,
            states,
            suite: text(&query.suite),
            scenario: text(&query.scenario),
            environment: text(&query.environment),
            assignee: text(&query.assignee),
            worse,
            run: None,
        };
        let page = self.db.findings(&filter, text(&query.cursor).as_deref(), PAGE).await.told()?;
        Ok(FindingList { query: query.clone(), findings: page.findings, next: page.next })
    }

    /// How many findings for the worse wait for somebody.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn open_findings(&self) -> Result<u64, Problem> {
        self.db.open_findings(None).await.told()
    }

    /// The findings that show in a run.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn findings_of_run(&self, run: RunId) -> Result<Vec<Finding>, Problem> {
        let filter = FindingFilter { run: Some(run), ..FindingFilter::default() };
        Ok(self.db.findings(&filter, None, OF_RUN).await.told()?.findings)
    }

    /// The runs that the lab made to decide a run, newest first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn repeats_of_run(&self, run: RunId) -> Result<Vec<RunRow>, Problem> {
        let filter = RunFilter { repeat_of: Some(run), ..RunFilter::default() };
        Ok(self.db.runs(&filter, None, OF_RUN).await.told()?.rows)
    }

    /// How a run stood beside its baseline when it ended; nothing of a run that was not compared.
    ///
    /// # Errors
    /// When there is no such run, or the store does not answer.
    pub async fn run_comparison(&self, address: &str) -> Result<Option<RunComparison>, Problem> {
        let run = self.run(address).await?;
        self.db.comparison(run.row.id).await.told()
    }

    /// Changes a finding by a person's word, and notes what was done.
    ///
    /// # Errors
    /// With every field that is wrong; when there is no such finding; when the store does not answer.
    pub async fn change_finding(&self, id: &str, change: &FindingChange, by: Trigger) -> Result<(), Problem> {
        let id = finding_id(id)?;
        let update = checked(change)?;
        if update == FindingUpdate::default() {
            return Err(wrong_field(
                "state",
                "Nothing was asked for",
                "Give a state, an assignee, an address, a date or a note",
            ));
        }
        let by = who(by, change.name.as_deref())?;
        let found = self.db.change_finding(id, &update, &by, self.now_us()).await.told()?;
        if found { Ok(()) } else { Err(unknown(&id.to_string())) }
    }
}

/// A change in the store's words, with what is noted about it.
fn checked(change: &FindingChange) -> Result<FindingUpdate, Problem> {
    let mut update = FindingUpdate { state: change.state, ..FindingUpdate::default() };
    let value = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let too_long = |text: &str, most: usize| text.chars().count() > most;
    if let Some(state) = change.state {
        update.notes.push(format!("State: {}", state.word()));
    }
    if let Some(assignee) = change.assignee.as_deref().map(value) {
        if assignee.as_deref().is_some_and(|name| too_long(name, MAX_NAME_CHARS) || name.chars().any(char::is_control))
        {
            return Err(wrong_field(
                "assignee",
                "This is not a name",
                "A name has at most 60 characters and no line breaks",
            ));
        }
        update
            .notes
            .push(assignee.as_ref().map_or("Nobody sees to it".to_owned(), |name| format!("Seen to by {name}")));
        update.assignee = Some(assignee);
    }
    if let Some(url) = change.url.as_deref().map(value) {
        if let Some(text) = &url {
            let is_web = url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
            if !is_web || too_long(text, MAX_URL_CHARS) {
                return Err(wrong_field(
                    "url",
                    "This is not a web address",
                    "Give the whole address, https:// included",
                ));
            }
        }
        update
            .notes
            .push(url.as_ref().map_or("Its address was taken away".to_owned(), |url| format!("Dealt with at {url}")));
        update.url = Some(url);
    }
    if let Some(due) = change.due.as_deref().map(value) {
        let due_us = due.as_deref().map(end_of_day).transpose()?;
        update.notes.push(due.map_or("No date any more".to_owned(), |due| format!("Due on {due}")));
        update.due_us = Some(due_us);
    }
    if let Some(note) = change.note.as_deref().and_then(value) {
        if too_long(&note, MAX_NOTE_CHARS) {
            return Err(wrong_field(
                "note",
                "This note is too long",
                "Keep it under 4,000 characters and link to the rest",
            ));
        }
        update.notes.push(note);
    }
    Ok(update)
}

/// The end of a day in UTC, microseconds since the epoch.
fn end_of_day(text: &str) -> Result<i64, Problem> {
    let date: jiff::civil::Date = text
        .parse()
        .map_err(|_| wrong_field("due", format!("`{text}` is not a date"), "Give it as year-month-day: 2026-12-24"))?;
    date.at(23, 59, 59, 0)
        .in_tz("UTC")
        .map(|instant| instant.timestamp().as_microsecond())
        .map_err(|_| wrong_field("due", format!("`{text}` is out of range"), "Give a date of this century"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_is_noted_in_words_and_an_empty_text_takes_a_value_away() {
        let change = FindingChange {
            state: Some(FindingState::InProgress),
            assignee: Some(" Ada ".to_owned()),
            url: Some(String::new()),
            due: Some("2026-12-24".to_owned()),
            note: Some("The cache is cold".to_owned()),
            name: None,
        };
        let update = checked(&change).expect("fits");
        assert_eq!(update.assignee, Some(Some("Ada".to_owned())));
        assert_eq!(update.url, Some(None));
        assert_eq!(
            update.notes,
            [
                "State: In progress",
                "Seen to by Ada",
                "Its address was taken away",
                "Due on 2026-12-24",
                "The cache is cold"
            ]
        );
    }

    #[test]
    fn an_address_that_no_browser_should_follow_is_refused() {
        for url in ["javascript:alert(1)", "issue 7", "file:///etc/passwd"] {
            let change = FindingChange { url: Some(url.to_owned()), ..FindingChange::default() };
            assert_eq!(checked(&change).expect_err("refused").fields[0].field, "url");
        }
    }
}
