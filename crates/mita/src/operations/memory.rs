//! What memory does: at rest, under tasks and threads, with many short-lived objects.

use std::time::Duration;

use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use super::parameters::Parameters;
use super::{Failure, Fields, NotReady, Operation, Ready, Receiver, unlisted};

pub(super) fn prepare<R: Receiver>(name: &str, parameters: &Parameters, receiver: R) -> Result<R::Taken, NotReady> {
    let count = |name: &str, default: u64, most: u64| {
        parameters.whole(name, default, 1..=most).map(|count| usize::try_from(count).unwrap_or(1))
    };
    let pause = |name: &str, default: f64| {
        let ms = parameters.number(name, default, 0.0..=60_000.0)?;
        Duration::try_from_secs_f64(ms / 1000.0).map_err(|_| NotReady::new("builtin.parameter", "no span of time"))
    };
    match name {
        "memory.settle" => {
            let pause = pause("settle_ms", 2000.0)?;
            receiver.take(Ready::of(move |_| Ok(Settle { pause })))
        }
        "memory.tasks" => {
            let (tasks, pause) = (count("tasks", 50, 10_000)?, pause("task_ms", 1.0)?);
            receiver.take(Ready::of(move |_| {
                let failed = |error: std::io::Error| NotReady::new("builtin.failed", error.to_string());
                let runtime = Builder::new_current_thread().enable_time().build().map_err(failed)?;
                Ok(Tasks { runtime, tasks, pause })
            }))
        }
        "memory.threads" => {
            let (threads, operations) = (count("threads", 50, 1000)?, count("operations", 40, 1_000_000)?);
            receiver.take(Ready::of(move |_| Ok(Threads { threads, operations })))
        }
        "memory.churn" => {
            let records = count("records", 1000, 1_000_000)?;
            receiver.take(Ready::of(move |_| Ok(Churn { records })))
        }
        "memory.burst" => {
            let (operations, pause) = (count("operations", 10, 1_000_000)?, pause("pause_ms", 10.0)?);
            receiver.take(Ready::of(move |_| Ok(Burst { operations, pause })))
        }
        "memory.buffers" => {
            let (buffers, bytes) = (count("buffers", 100, 100_000)?, count("bytes", 4096, 1 << 20)?);
            let pooled = parameters.flag("pooled", false)?;
            receiver.take(Ready::of(move |_| Ok(Buffers { buffers, bytes, pool: pooled.then(Vec::new) })))
        }
        _ => Err(unlisted(name)),
    }
}

/// What the system says of this process.
#[derive(Clone, Copy, Debug, Default)]
struct Own {
    resident_mb: f64,
    threads: u64,
    files: u64,
}

/// Reads it; zeros where the system does not say.
fn own() -> Own {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    #[expect(clippy::cast_precision_loss, reason = "kilobytes of a process are far below 2^53")]
    let resident_mb = number("VmRSS").unwrap_or(0) as f64 / 1024.0;
    let files = std::fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count() as u64);
    Own { resident_mb, threads: number("Threads").unwrap_or(0), files }
}

fn own_fields(own: &Own) -> Fields {
    vec![("resident_mb", json!(own.resident_mb)), ("threads", json!(own.threads)), ("open_files", json!(own.files))]
}

/// Waits until everything has settled, then looks.
struct Settle {
    pause: Duration,
}

impl Operation for Settle {
    type Answer = Own;

    fn perform(&mut self, _: u64) -> Result<Own, Failure> {
        std::thread::sleep(self.pause);
        Ok(own())
    }

    fn fields(&self, _: u64, own: &Own) -> Fields {
        own_fields(own)
    }

    fn input(&self, _: u64) -> String {
        format!("after {:?}", self.pause)
    }
}

/// Tasks that wait side by side.
struct Tasks {
    runtime: Runtime,
    tasks: usize,
    pause: Duration,
}

impl Operation for Tasks {
    type Answer = usize;

    fn perform(&mut self, _: u64) -> Result<usize, Failure> {
        let pause = self.pause;
        let all = (0..self.tasks).map(|number| async move {
            tokio::time::sleep(pause).await;
            vec![1_u8; 1024 + number % 2].len()
        });
        Ok(self.runtime.block_on(futures::future::join_all(all)).into_iter().filter(|length| *length >= 1024).count())
    }

    fn fields(&self, _: u64, done: &usize) -> Fields {
        vec![("done", json!(done))]
    }

    fn input(&self, _: u64) -> String {
        format!("{} tasks of {:?}", self.tasks, self.pause)
    }
}

/// Threads that are begun, work and end.
struct Threads {
    threads: usize,
    operations: usize,
}

/// What they did, and what the system says afterwards.
struct Worked {
    done: usize,
    before: Own,
    after: Own,
}

impl Operation for Threads {
    type Answer = Worked;

    fn perform(&mut self, _: u64) -> Result<Worked, Failure> {
        let before = own();
        let operations = self.operations;
        let begun: Vec<_> = (0..self.threads)
            .map(|number| {
                std::thread::Builder::new()
                    .name("mita-work".to_owned())
                    .spawn(move || (0..operations).filter(|nth| trivial(*nth as u64, number as u64)).count())
            })
            .collect::<Result<_, _>>()
            .map_err(|error| Failure { code: "operation.failed", message: error.to_string().into() })?;
        let mut done = 0;
        for thread in begun {
            done += thread
                .join()
                .map_err(|_| Failure { code: "operation.failed", message: "a thread broke down".into() })?;
        }
        Ok(Worked { done, before, after: own() })
    }

    fn fields(&self, _: u64, worked: &Worked) -> Fields {
        vec![
            ("done", json!(worked.done)),
            ("threads_more", json!(worked.after.threads.saturating_sub(worked.before.threads))),
            ("files_more", json!(worked.after.files.saturating_sub(worked.before.files))),
        ]
    }

    fn input(&self, _: u64) -> String {
        format!("{} threads, {} operations each", self.threads, self.operations)
    }

    fn is_local(&self) -> bool {
        false
    }
}

/// A small piece of work whose answer is always right.
fn trivial(nth: u64, salt: u64) -> bool {
    let text = format!("{nth}-{salt}");
    text.len() >= 3
}

/// Many objects that live for a moment.
struct Churn {
    records: usize,
}

impl Operation for Churn {
    type Answer = usize;

    fn perform(&mut self, nth: u64) -> Result<usize, Failure> {
        let records: Vec<(u64, String, Vec<u64>)> = (0..self.records as u64)
            .map(|number| (number, format!("record {number} of {nth}"), vec![number; 8]))
            .collect();
        Ok(records.iter().filter(|(number, text, values)| values.contains(number) && !text.is_empty()).count())
    }

    fn fields(&self, _: u64, made: &usize) -> Fields {
        vec![("records", json!(made))]
    }

    fn input(&self, _: u64) -> String {
        format!("{} records", self.records)
    }
}

/// A few trivial operations, then a pause.
struct Burst {
    operations: usize,
    pause: Duration,
}

impl Operation for Burst {
    type Answer = (usize, Own);

    fn perform(&mut self, nth: u64) -> Result<(usize, Own), Failure> {
        let done = (0..self.operations as u64).filter(|number| trivial(*number, nth)).count();
        std::thread::sleep(self.pause);
        // Looked at now and then only: reading it takes longer than the operations themselves.
        Ok((done, if nth.is_multiple_of(100) { own() } else { Own::default() }))
    }

    fn fields(&self, _: u64, (done, own): &(usize, Own)) -> Fields {
        let mut fields = own_fields(own);
        fields.push(("done", json!(done)));
        fields
    }

    fn input(&self, _: u64) -> String {
        format!("{} operations, then {:?}", self.operations, self.pause)
    }
}

/// Buffers for a moment's use: made anew, or taken from a pool.
struct Buffers {
    buffers: usize,
    bytes: usize,
    pool: Option<Vec<Vec<u8>>>,
}

impl Operation for Buffers {
    type Answer = usize;

    fn perform(&mut self, nth: u64) -> Result<usize, Failure> {
        let fill = nth.to_le_bytes()[0];
        let mut written = 0;
        for _ in 0..self.buffers {
            let mut buffer = match &mut self.pool {
                Some(pool) => pool.pop().unwrap_or_default(),
                None => Vec::new(),
            };
            buffer.clear();
            buffer.resize(self.bytes, fill);
            written += std::hint::black_box(&buffer).len();
            if let Some(pool) = &mut self.pool {
                pool.push(buffer);
            }
        }
        Ok(written)
    }

    fn fields(&self, _: u64, written: &usize) -> Fields {
        vec![("written_bytes", json!(written))]
    }

    fn input(&self, _: u64) -> String {
        format!("{} buffers of {} bytes", self.buffers, self.bytes)
    }
}
