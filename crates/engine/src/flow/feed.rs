//! Feeds: tables of test data, read before the run.

use std::collections::HashMap;

use perflab_model::flow::{Feed, FeedOrder};

/// Largest file, bytes.
const MAX_BYTES: usize = 100 * 1024 * 1024;

/// Why a feed cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FeedError {
    /// The worker handed over no file for it.
    #[error("feed `{0}` came without its file")]
    Missing(String),
    /// It is too large.
    #[error("feed `{name}` has {bytes} bytes; at most {MAX_BYTES} are read")]
    TooLarge {
        /// The feed.
        name: String,
        /// Its size.
        bytes: usize,
    },
    /// It is no CSV.
    #[error("feed `{name}` is no table with a header row")]
    Csv {
        /// The feed.
        name: String,
        /// Where and why.
        source: csv::Error,
    },
    /// It has no rows.
    #[error("feed `{0}` has no rows below its header")]
    Empty(String),
}

/// A table in memory.
#[derive(Debug)]
pub(crate) struct FeedTable {
    pub(crate) name: String,
    pub(crate) order: FeedOrder,
    columns: HashMap<String, usize>,
    rows: Vec<csv::StringRecord>,
}

impl FeedTable {
    /// Reads a feed from the text of its file.
    pub(crate) fn read(feed: &Feed, text: &str) -> Result<Self, FeedError> {
        if text.len() > MAX_BYTES {
            return Err(FeedError::TooLarge { name: feed.name.clone(), bytes: text.len() });
        }
        let wrong = |source| FeedError::Csv { name: feed.name.clone(), source };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(text.as_bytes());
        let headers = reader.headers().map_err(wrong)?.clone();
        let columns = headers.iter().enumerate().map(|(index, name)| (name.to_owned(), index)).collect();
        let mut rows = reader.records().collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        if let Some(share) = feed.share {
            let size = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
            rows = rows.into_iter().skip(size(share.first)).take(size(share.count)).collect();
        }
        if rows.is_empty() {
            return Err(FeedError::Empty(feed.name.clone()));
        }
        Ok(Self { name: feed.name.clone(), order: feed.order, columns, rows })
    }

    /// The number of a column.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.get(name).copied()
    }

    /// How many rows there are; at least one.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// A cell; empty where the row is short, which the CSV reader refuses already.
    pub(crate) fn cell(&self, row: usize, column: usize) -> &str {
        self.rows.get(row).and_then(|row| row.get(column)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed() -> Feed {
        Feed {
            name: "users".to_owned(),
            file: "users.csv".to_owned(),
            sha256: String::new(),
            order: FeedOrder::Unique,
            columns: vec!["email".to_owned(), "name".to_owned()],
            rows: 2,
            share: None,
        }
    }

    #[test]
    fn a_table_gives_cells_by_column() {
        let text = "email, name\na@x,\"Smith, A\"\nb@x,B\n";
        let table = FeedTable::read(&feed(), text).expect("a table");
        let name = table.column("name").expect("a column");
        assert_eq!((table.len(), table.cell(0, name), table.cell(1, name)), (2, "Smith, A", "B"));
    }

    #[test]
    fn a_part_of_a_run_has_only_its_own_rows() {
        let share = Some(perflab_model::flow::RowShare { first: 1, count: 1 });
        let table = FeedTable::read(&Feed { share, ..feed() }, "email,name\na@x,A\nb@x,B\nc@x,C\n").expect("a table");
        assert_eq!((table.len(), table.cell(0, 0)), (1, "b@x"));
    }

    #[test]
    fn a_table_without_rows_or_with_ragged_rows_is_refused() {
        assert!(matches!(FeedTable::read(&feed(), "email,name\n"), Err(FeedError::Empty(_))));
        assert!(matches!(FeedTable::read(&feed(), "email,name\nx\n"), Err(FeedError::Csv { .. })));
    }
}
