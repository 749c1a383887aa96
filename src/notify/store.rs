//! The outbox in SQLite: two tables on a connection that is passed in.
//!
//! `outbox` says which mail tells a transition to a recipient, and never twice; `mail_log` has one row a mail.
//! The connection should run in WAL mode with `synchronous = FULL`, so that what is marked survives a power cut.

use model::{Id, Instant};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Counts, Letter, OutboxError, OutboxStore, Queued};

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS outbox (
    transition_id TEXT NOT NULL,
    recipient     TEXT NOT NULL,
    mail          TEXT NOT NULL,
    PRIMARY KEY (transition_id, recipient)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mail_log (
    mail          TEXT PRIMARY KEY,
    recipient     TEXT NOT NULL,
    address       TEXT NOT NULL,
    subject       TEXT NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('queued', 'sending', 'sent', 'failed')),
    attempts      INTEGER NOT NULL DEFAULT 0,
    queued_at     INTEGER NOT NULL,
    next_attempt  INTEGER NOT NULL,
    done_at       INTEGER,
    maybe_doubled INTEGER NOT NULL DEFAULT 0,
    error         TEXT,
    letter        TEXT
);
CREATE INDEX IF NOT EXISTS mail_log_due ON mail_log (status, next_attempt);
";

/// One mail of the log, for pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Its number, rising with time.
    pub number: i64,
    /// Id of the recipient.
    pub recipient: String,
    /// Its address.
    pub address: String,
    /// Subject.
    pub subject: String,
    /// `queued`, `sending`, `sent` or `failed`.
    pub status: String,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was queued.
    pub queued_at: Instant,
    /// When it was taken or given up.
    pub done_at: Option<Instant>,
    /// How often it was sent although it may have arrived before.
    pub maybe_doubled: u32,
    /// Newest error.
    pub error: Option<String>,
    /// The mail itself, until it is forgotten.
    pub letter: Option<Letter>,
}

/// The outbox over a database connection. Times are milliseconds since the epoch.
#[derive(Debug)]
pub struct SqliteOutbox {
    connection: Connection,
}

impl SqliteOutbox {
    /// Makes the two tables where they are missing.
    ///
    /// # Errors
    /// Returns [`OutboxError`] when the database refuses.
    pub fn open(connection: Connection) -> Result<Self, OutboxError> {
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection })
    }

    /// Forgets the words of mails done before `before`; which transition was told to whom stays known.
    /// Returns how many.
    ///
    /// # Errors
    /// Returns [`OutboxError`] when the database refuses.
    pub fn forget_letters(&mut self, before: Instant) -> Result<usize, OutboxError> {
        let sql = "UPDATE mail_log SET letter = NULL WHERE letter IS NOT NULL AND done_at < ?1";
        Ok(self.connection.execute(sql, [before.millis()])?)
    }

    /// The newest mails first, at most `max`, those after the mail number `before` in that order.
    ///
    /// # Errors
    /// Returns [`OutboxError`] when the database refuses or a letter cannot be read.
    pub fn log(&self, before: Option<i64>, max: usize) -> Result<Vec<Logged>, OutboxError> {
        let sql = "SELECT rowid, recipient, address, subject, status, attempts, queued_at, done_at,
            maybe_doubled, error, letter FROM mail_log WHERE rowid < ?1 ORDER BY rowid DESC LIMIT ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let bounds = params![before.unwrap_or(i64::MAX), i64::try_from(max).unwrap_or(i64::MAX)];
        let rows = statement.query_map(bounds, |row| {
            let time = |ms: i64| Instant::from_millis(ms);
            let logged = Logged {
                number: row.get(0)?,
                recipient: row.get(1)?,
                address: row.get(2)?,
                subject: row.get(3)?,
                status: row.get(4)?,
                attempts: row.get(5)?,
                queued_at: time(row.get(6)?),
                done_at: row.get::<_, Option<i64>>(7)?.map(time),
                maybe_doubled: row.get(8)?,
                error: row.get(9)?,
                letter: None,
            };
            Ok((logged, row.get::<_, Option<String>>(10)?))
        })?;
        let mut mails = Vec::new();
        for row in rows {
            let (logged, letter) = row?;
            let letter = letter.map(|text| serde_json::from_str(&text)).transpose()?;
            mails.push(Logged { letter, ..logged });
        }
        Ok(mails)
    }

    fn update(&self, sql: &str, args: impl rusqlite::Params) -> Result<(), OutboxError> {
        self.connection.prepare_cached(sql)?.execute(args)?;
        Ok(())
    }
}

impl OutboxStore for SqliteOutbox {
    fn untold(&self, recipient: &Id, ids: &[String]) -> Result<Vec<String>, OutboxError> {
        let sql = "SELECT 1 FROM outbox WHERE transition_id = ?1 AND recipient = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut untold: Vec<String> = Vec::new();
        for id in ids {
            if !statement.exists(params![id, recipient.as_str()])? && !untold.contains(id) {
                untold.push(id.clone());
            }
        }
        Ok(untold)
    }

    fn enqueue(
        &mut self,
        recipient: &Id,
        ids: &[String],
        letter: &Letter,
        now: Instant,
    ) -> Result<(), OutboxError> {
        let text = serde_json::to_string(letter)?;
        let all = self.connection.transaction()?;
        for id in ids {
            let sql = "INSERT OR IGNORE INTO outbox (transition_id, recipient, mail) VALUES (?1, ?2, ?3)";
            all.prepare_cached(sql)?.execute(params![id, recipient.as_str(), letter.key])?;
        }
        let sql = "INSERT OR IGNORE INTO mail_log
            (mail, recipient, address, subject, status, queued_at, next_attempt, letter)
            VALUES (?1, ?2, ?3, ?4, 'queued', ?5, ?5, ?6)";
        let row = params![letter.key, recipient.as_str(), letter.to, letter.subject, now.millis(), text];
        all.prepare_cached(sql)?.execute(row)?;
        Ok(all.commit()?)
    }

    fn due(&self, now: Instant, limit: usize) -> Result<Vec<Queued>, OutboxError> {
        let sql = "SELECT letter, attempts, queued_at FROM mail_log
            WHERE status = 'queued' AND next_attempt <= ?1 ORDER BY next_attempt, rowid LIMIT ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![now.millis(), limit], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))
        })?;
        let mut due = Vec::new();
        for row in rows {
            let (letter, attempts, queued_at) = row?;
            let letter = serde_json::from_str(&letter)?;
            due.push(Queued { letter, attempts, queued_at: Instant::from_millis(queued_at) });
        }
        Ok(due)
    }

    fn mark_sending(&mut self, key: &str) -> Result<(), OutboxError> {
        self.update("UPDATE mail_log SET status = 'sending', attempts = attempts + 1 WHERE mail = ?1", [key])
    }

    fn mark_sent(&mut self, key: &str, now: Instant) -> Result<(), OutboxError> {
        let sql = "UPDATE mail_log SET status = 'sent', done_at = ?2, error = NULL WHERE mail = ?1";
        self.update(sql, params![key, now.millis()])
    }

    fn mark_retry(
        &mut self,
        key: &str,
        next_attempt: Instant,
        error: &str,
        may_be_doubled: bool,
    ) -> Result<(), OutboxError> {
        let sql = "UPDATE mail_log SET status = 'queued', next_attempt = ?2, error = ?3,
            maybe_doubled = maybe_doubled + ?4 WHERE mail = ?1";
        self.update(sql, params![key, next_attempt.millis(), error, may_be_doubled])
    }

    fn mark_failed(&mut self, key: &str, error: &str, now: Instant) -> Result<(), OutboxError> {
        let sql = "UPDATE mail_log SET status = 'failed', done_at = ?3, error = ?2 WHERE mail = ?1";
        self.update(sql, params![key, error, now.millis()])
    }

    fn recover(&mut self, now: Instant) -> Result<u64, OutboxError> {
        let sql =
            "UPDATE mail_log SET status = 'queued', next_attempt = ?1, maybe_doubled = maybe_doubled + 1,
            error = 'stopped before the answer of the server was kept' WHERE status = 'sending'";
        let found = self.connection.execute(sql, [now.millis()])?;
        Ok(u64::try_from(found).unwrap_or(u64::MAX))
    }

    fn next_attempt(&self) -> Result<Option<Instant>, OutboxError> {
        let sql = "SELECT next_attempt FROM mail_log WHERE status = 'queued' ORDER BY next_attempt LIMIT 1";
        let found: Option<i64> = self.connection.query_row(sql, [], |row| row.get(0)).optional()?;
        Ok(found.map(Instant::from_millis))
    }

    fn counts(&self) -> Result<Counts, OutboxError> {
        let sql = "SELECT
            COUNT(*) FILTER (WHERE status IN ('queued', 'sending')), COUNT(*) FILTER (WHERE status = 'sent'),
            COUNT(*) FILTER (WHERE status = 'failed'), COALESCE(SUM(maybe_doubled), 0) FROM mail_log";
        let [queued, sent, failed, maybe_doubled] = self.connection.query_row(sql, [], |row| {
            let count = |i| row.get::<_, i64>(i).map(|n| u64::try_from(n).unwrap_or(0));
            Ok([count(0)?, count(1)?, count(2)?, count(3)?])
        })?;
        Ok(Counts { queued, sent, failed, maybe_doubled })
    }
}
