//! The store in Redis. All keys begin with a prefix of their own, so that two runs on one server do not meet.

use std::time::Duration;

use redis::{Client, Cmd, Connection, Pipeline, RedisError};

use super::memory::micros;
use super::{Store, StoreError, Window};

/// How long to wait for a connection or an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection to Redis.
pub(crate) struct Redis {
    connection: Connection,
    prefix: String,
    /// Makes two requests of one microsecond two members of a window.
    added: u64,
}

impl Redis {
    /// Connects. `prefix` separates these entries from all others.
    pub(crate) fn connect(url: &str, prefix: &str) -> Result<Self, StoreError> {
        let connection = Client::open(url)?.get_connection_with_timeout(PATIENCE)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        connection.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { connection, prefix: prefix.to_owned(), added: 0 })
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// All keys of this prefix, walked in pieces so that the server is not held up.
    fn keys(&mut self) -> Result<Vec<String>, RedisError> {
        let pattern = format!("{}*", self.prefix);
        let mut keys = Vec::new();
        let mut cursor = 0_u64;
        loop {
            let mut scan = Cmd::new();
            scan.arg("SCAN").arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(1000);
            let (next, found): (u64, Vec<String>) = scan.query(&mut self.connection)?;
            keys.extend(found);
            if next == 0 {
                // A walk may show a key twice.
                keys.sort();
                keys.dedup();
                return Ok(keys);
            }
            cursor = next;
        }
    }
}

/// Milliseconds for `PX`, which takes no zero.
fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1)
}

impl Store for Redis {
    fn put(&mut self, key: &str, value: &str, life: Duration, _now_us: i64) -> Result<(), StoreError> {
        let mut set = Cmd::new();
        set.arg("SET").arg(self.key(key)).arg(value).arg("PX").arg(millis(life));
        Ok(set.exec(&mut self.connection)?)
    }

    fn get(&mut self, key: &str, _now_us: i64) -> Result<Option<String>, StoreError> {
        let mut get = Cmd::new();
        get.arg("GET").arg(self.key(key));
        Ok(get.query(&mut self.connection)?)
    }

    fn add_to_window(&mut self, key: &str, width: Duration, now_us: i64) -> Result<Window, StoreError> {
        let key = self.key(key);
        self.added += 1;
        let member = format!("{now_us}.{}.{:08x}", self.added, rand::random::<u32>());
        let mut pipeline = Pipeline::new();
        pipeline.atomic();
        pipeline.cmd("ZREMRANGEBYSCORE").arg(&key).arg(0).arg(now_us - micros(width)).ignore();
        pipeline.cmd("ZADD").arg(&key).arg(now_us).arg(member).ignore();
        pipeline.cmd("ZCARD").arg(&key);
        pipeline.cmd("ZRANGE").arg(&key).arg(0).arg(0).arg("WITHSCORES");
        pipeline.cmd("PEXPIRE").arg(&key).arg(millis(width).saturating_add(1000)).ignore();
        let (count, oldest): (u64, Vec<(String, f64)>) = pipeline.query(&mut self.connection)?;
        #[expect(clippy::cast_possible_truncation, reason = "microseconds of this century are exact in an f64")]
        let oldest_us = oldest.first().map_or(now_us, |(_, score)| *score as i64);
        Ok(Window { count, oldest_us })
    }

    fn count_window(&mut self, key: &str, width: Duration, now_us: i64) -> Result<u64, StoreError> {
        let mut count = Cmd::new();
        // Open at its lower end, as the windows themselves are.
        count.arg("ZCOUNT").arg(self.key(key)).arg(format!("({}", now_us - micros(width))).arg("+inf");
        Ok(count.query(&mut self.connection)?)
    }

    fn add_to_set(&mut self, key: &str, member: &str, life: Duration, _now_us: i64) -> Result<u64, StoreError> {
        let key = self.key(key);
        let mut pipeline = Pipeline::new();
        pipeline.atomic();
        pipeline.cmd("SADD").arg(&key).arg(member).ignore();
        pipeline.cmd("PEXPIRE").arg(&key).arg(millis(life)).ignore();
        pipeline.cmd("SCARD").arg(&key);
        let (count,): (u64,) = pipeline.query(&mut self.connection)?;
        Ok(count)
    }

    fn members(&mut self, key: &str, _now_us: i64) -> Result<Vec<String>, StoreError> {
        let mut members = Cmd::new();
        members.arg("SMEMBERS").arg(self.key(key));
        Ok(members.query(&mut self.connection)?)
    }

    fn entries(&mut self) -> Result<u64, StoreError> {
        Ok(self.keys()?.len() as u64)
    }

    fn clear(&mut self) -> Result<(), StoreError> {
        let keys = self.keys()?;
        for some in keys.chunks(500) {
            let mut remove = Cmd::new();
            remove.arg("DEL").arg(some);
            remove.exec(&mut self.connection)?;
        }
        Ok(())
    }
}
