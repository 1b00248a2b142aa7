//! Told by another process than the one that heard it.

use std::os::unix::fs::PermissionsExt;

use perflab_model::run::{Cancel, RunState};
use perflab_store::Claimed;
use tempfile::TempDir;

use super::*;
use crate::worker::sample::{self, NOW};

/// A run that a worker has, what its runner said, and a folder to put it in.
struct Left {
    lab: Lab,
    run: RunId,
    attempt: u32,
    outbox: Outbox,
    folder: TempDir,
    spool: Spool,
}

/// Three seconds of a run, with its beginning and its end.
async fn left() -> Left {
    let (lab, Claimed { run, attempt }) = sample::claimed().await;
    let (run, folder, outbox) = (run.row.id, TempDir::new().unwrap(), Outbox::default());
    outbox.started(sample::started());
    let live = sample::live();
    (0..3).for_each(|second| outbox.second(sample::tick(second), live.progress(), live.headline()));
    let spool = Spool::new(&folder.path().join("spool"), run, attempt);
    Left { lab, run, attempt, outbox, folder, spool }
}

impl Left {
    fn end(&self) -> RunEnd {
        RunEnd { state: RunState::Finished, code: "completed".to_owned(), message: "As planned.".to_owned() }
    }

    fn put_aside_to_the_end(&self) {
        self.outbox.close();
        assert!(self.spool.put_aside(&self.outbox));
        assert!(self.spool.end(&self.end(), Some(&sample::driven(self.end(), 3).outcome)));
    }

    fn spooled(&self) -> PathBuf {
        self.folder.path().join("spool")
    }

    fn files(&self) -> Vec<PathBuf> {
        left_in(&self.spooled())
    }

    async fn deliver(&self) {
        deliver(&self.lab, &self.spooled()).await.unwrap();
    }

    async fn row(&self) -> perflab_model::run::Run {
        self.lab.db().run(self.run).await.unwrap().unwrap()
    }

    async fn seconds(&self) -> Vec<u32> {
        let ticks = self.lab.db().ticks(self.run, self.attempt).await.unwrap();
        ticks.iter().map(|tick| tick.point.second).collect()
    }
}

#[tokio::test]
async fn what_was_put_aside_is_told_once_with_the_end_and_its_file_goes() {
    let left = left().await;
    left.put_aside_to_the_end();
    let text = std::fs::read(&left.files()[0]).unwrap();
    left.deliver().await;
    let over = left.row().await;
    assert_eq!((over.row.state, left.seconds().await), (RunState::Finished, vec![0, 1, 2]));
    assert_eq!(over.summary.as_ref().unwrap().totals.finished, 30);
    assert_eq!(left.files(), Vec::<PathBuf>::new());
    // As if it had died before the file was gone.
    std::fs::write(left.spooled().join("again.jsonl"), text).unwrap();
    left.deliver().await;
    assert_eq!(left.row().await, over);
    assert_eq!((left.seconds().await, left.files().len()), (vec![0, 1, 2], 0));
}

#[tokio::test]
async fn what_the_store_had_taken_before_is_not_taken_twice() {
    let left = left().await;
    left.put_aside_to_the_end();
    // Its acknowledgements were lost: the beginning and the first chunk.
    left.lab.db().start(left.run, left.attempt, &sample::started(), NOW).await.unwrap();
    let Some(Letter::Started(_)) = left.outbox.next() else { panic!("no beginning") };
    left.outbox.acknowledged();
    let Some(Letter::Chunk(chunk)) = left.outbox.next() else { panic!("no chunk") };
    left.lab.db().write_chunk(left.run, left.attempt, chunk.number, &stored(&chunk)).await.unwrap();
    left.deliver().await;
    assert_eq!((left.row().await.row.state, left.seconds().await), (RunState::Finished, vec![0, 1, 2]));
}

#[tokio::test]
async fn a_line_that_its_writer_did_not_finish_costs_only_itself() {
    let left = left().await;
    left.put_aside_to_the_end();
    let text = std::fs::read_to_string(&left.files()[0]).unwrap();
    std::fs::write(&left.files()[0], &text[..text.len() - 9]).unwrap();
    left.deliver().await;
    assert_eq!((left.row().await.row.state, left.seconds().await), (RunState::Finishing, vec![0, 1, 2]));
    assert_eq!(left.files(), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn more_is_added_after_what_is_whole() {
    let left = left().await;
    assert!(left.spool.put_aside(&left.outbox));
    // A try that was cut off, for lack of space.
    let mut file = OpenOptions::new().append(true).open(&left.files()[0]).unwrap();
    file.write_all(b"{\"chunk\": {\"number\": 2, ").unwrap();
    let live = sample::live();
    left.outbox.second(sample::tick(3), live.progress(), live.headline());
    left.put_aside_to_the_end();
    left.deliver().await;
    assert_eq!((left.row().await.row.state, left.seconds().await), (RunState::Finished, vec![0, 1, 2, 3]));
}

#[tokio::test]
async fn a_run_that_was_lost_meanwhile_stays_as_it_is() {
    let left = left().await;
    left.put_aside_to_the_end();
    let lease = left.lab.db().leases().await.unwrap()[0];
    assert!(left.lab.db().lose(lease, "silent", NOW).await.unwrap());
    let lost = left.row().await;
    left.deliver().await;
    assert_eq!((left.row().await, left.seconds().await.len(), left.files().len()), (lost, 0, 0));
}

#[tokio::test]
async fn a_person_who_had_wanted_the_run_to_end_is_heard() {
    let left = left().await;
    left.put_aside_to_the_end();
    left.lab.db().request_cancel(left.run, Cancel::Stop, NOW).await.unwrap();
    left.deliver().await;
    let over = left.row().await;
    assert_eq!((over.row.state, left.seconds().await), (RunState::Cancelled, vec![0, 1, 2]));
    assert_eq!(over.row.end.unwrap().code, "stopped");
}

#[tokio::test]
async fn a_store_that_is_still_away_leaves_all_of_it_on_disk() {
    let left = left().await;
    left.put_aside_to_the_end();
    left.lab.db().close().await;
    assert!(deliver(&left.lab, &left.spooled()).await.is_err_and(|error| error.is_transient()));
    assert_eq!(left.files().len(), 1);
}

#[tokio::test]
async fn only_its_owner_reads_it() {
    let left = left().await;
    left.put_aside_to_the_end();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&left.spooled()), mode(&left.files()[0])), (0o700, 0o600));
}

#[tokio::test]
async fn a_file_that_is_none_of_ours_is_kept_and_not_looked_at_again() {
    let left = left().await;
    std::fs::create_dir(left.spooled()).unwrap();
    std::fs::write(left.spooled().join("strange.jsonl"), "hello\n").unwrap();
    left.deliver().await;
    assert_eq!(left.files(), Vec::<PathBuf>::new());
    assert_eq!(std::fs::read(left.spooled().join("strange.unreadable")).unwrap(), b"hello\n");
}
