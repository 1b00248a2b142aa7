//! Tables of test data: which files they are, whether their columns are there.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use sha2::{Digest, Sha256};

use super::Reader;
use crate::{
    flow::Feed,
    hint::nearest,
    suite::{
        error::Path,
        raw::{Named, RawFeed},
        tree::{Node, Value},
    },
};

/// The files that a suite names, each once.
pub(in crate::suite) fn wanted(tree: &Node) -> Vec<String> {
    let feeds = match tree.get("feeds") {
        Some(Node { value: Value::Map(feeds), .. }) => feeds.as_slice(),
        _ => &[],
    };
    let http = tree.get("http");
    let certificates = [
        http.and_then(|http| http.get("ca_file")),
        http.and_then(|http| http.get("client_certificate")).and_then(|certificate| certificate.get("file")),
    ];
    let mut files = Vec::new();
    for node in feeds.iter().map(|feed| feed.node.get("file")).chain(certificates).flatten() {
        if let Value::Text(file) = &node.value
            && !files.contains(file)
        {
            files.push(file.clone());
        }
    }
    files
}

impl Reader<'_, '_> {
    pub(super) fn read_feeds(
        &mut self,
        raw: Named<RawFeed>,
        files: &BTreeMap<String, String>,
    ) -> IndexMap<String, Feed> {
        let mut feeds = IndexMap::new();
        for (name, raw) in raw.0 {
            let path = Path::default().key("feeds").key(&name).key("file");
            self.check_file_name(&raw.file, &path);
            let mut feed = Feed {
                name: name.clone(),
                file: raw.file,
                sha256: String::new(),
                order: raw.order,
                columns: Vec::new(),
                rows: 0,
                share: None,
            };
            if let Some(text) = files.get(&feed.file) {
                self.read_table(&mut feed, text, &path);
            }
            feeds.insert(name, feed);
        }
        feeds
    }

    /// Files stand beside the suite.
    pub(super) fn check_file_name(&mut self, file: &str, path: &Path) -> bool {
        let apart = file.contains(['/', '\\']) || matches!(file, "" | "." | "..");
        if apart {
            let hint = Some("give the name without a folder".to_owned());
            self.problems.add(path, format!("`{file}` is not the name of a file beside the suite"), hint);
        }
        !apart
    }

    fn read_table(&mut self, feed: &mut Feed, text: &str, path: &Path) {
        feed.sha256 = hex::encode(Sha256::digest(text.as_bytes()));
        let mut table = csv::Reader::from_reader(text.as_bytes());
        match table.headers() {
            Ok(header) => feed.columns = header.iter().map(|column| column.trim().to_owned()).collect(),
            Err(error) => self.problems.add(path, format!("`{}` is no CSV: {error}", feed.file), None),
        }
        let mut record = csv::StringRecord::new();
        loop {
            match table.read_record(&mut record) {
                Ok(true) => feed.rows += 1,
                Ok(false) => break,
                Err(error) => {
                    self.problems.add(path, format!("`{}` is no CSV: {error}", feed.file), None);
                    return;
                }
            }
        }
        if feed.rows == 0 {
            let hint = "the first line names the columns, the rows follow".to_owned();
            self.problems.add(path, format!("`{}` has no rows", feed.file), Some(hint));
        }
    }

    /// Whether feed and column exist; columns are known only when the file is.
    pub(super) fn check_column(&mut self, feed: &str, column: &str, path: &Path) {
        let names: Vec<String> = self.feeds.keys().cloned().collect();
        if !self.known("feed", feed, &names, path) {
            return;
        }
        let Some(known) = self.feeds.get(feed).filter(|feed| !feed.columns.is_empty()) else { return };
        if known.columns.iter().any(|one| one == column) {
            return;
        }
        let hint = nearest(column, known.columns.iter().map(String::as_str)).map_or_else(
            || format!("its columns are {}", known.columns.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("the feed `{feed}` has no column `{column}`");
        self.problems.add(path, message, Some(hint));
    }
}
