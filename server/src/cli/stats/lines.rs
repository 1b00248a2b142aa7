//! A question on each line, an answer on each line, and an error that names the line.

use std::io::{BufRead, Write};

use serde::{Serialize, de::DeserializeOwned};

/// Why a filter ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    /// A line is no question.
    #[error("line {line}: {problem}")]
    Line {
        /// From 1, blank ones counted.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// The questions cannot be read.
    #[error("cannot read line {line}")]
    Read {
        /// From 1.
        line: usize,
        /// Why.
        source: std::io::Error,
    },
    /// The answers cannot be written.
    #[error("cannot write the answers")]
    Write(#[source] std::io::Error),
}

/// Answers every line. An answer is out before the next question is read, so a program can ask and wait.
///
/// # Errors
/// At the first line that cannot be answered, and when reading or writing fails.
pub(super) fn answer<Question: DeserializeOwned, Answer: Serialize>(
    input: impl BufRead,
    mut output: impl Write,
    reply: impl Fn(Question) -> Result<Answer, String>,
) -> Result<(), LineError> {
    for (at, text) in input.split(b'\n').enumerate() {
        let line = at + 1;
        let text = text.map_err(|source| LineError::Read { line, source })?;
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let problem = |problem: String| LineError::Line { line, problem };
        let question = serde_json::from_slice(&text).map_err(|error| problem(without_place(&error)))?;
        let answer = reply(question).map_err(problem)?;
        serde_json::to_writer(&mut output, &answer).map_err(|error| LineError::Write(error.into()))?;
        output.write_all(b"\n").and_then(|()| output.flush()).map_err(LineError::Write)?;
    }
    Ok(())
}

/// The message with its column; the parser's own line is always 1.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(message) if error.column() > 0 => format!("{message} (column {})", error.column()),
        _ => text,
    }
}
