//! Sessions of people at a browser.

use model::Instant;
use rusqlite::{OptionalExtension, params};

use super::{
    Secret, Speaks, password,
    secret::digest,
    store::{Access, AccessError, Person, user},
};

/// A session ends after this long without a request, ms.
const IDLE_MS: i64 = 12 * 3_600_000;
/// And at the latest after this, ms.
const LONGEST_MS: i64 = 7 * 86_400_000;
/// How far `seen` may lag behind: not every request writes, ms.
const SEEN_STEP_MS: i64 = 60_000;

impl Access {
    /// Begins a session for the right name and password; `None` for a wrong one.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn log_in(&self, name: &str, password: &str, now: Instant) -> Result<Option<Secret>, AccessError> {
        let hash: Option<String> = self
            .db()
            .query_row("SELECT password FROM users WHERE name = ?1", [name], |row| row.get(0))
            .optional()?;
        // Without the lock: others go on while this takes its time.
        if !password::fits(password, hash.as_deref()) {
            return Ok(None);
        }
        let secret = Secret::random("");
        let db = self.db();
        let ended = params![now.millis() - IDLE_MS, now.millis() - LONGEST_MS];
        db.execute("DELETE FROM sessions WHERE seen < ?1 OR created < ?2", ended)?;
        db.execute(
            "INSERT INTO sessions VALUES (?1, ?2, ?3, ?3)",
            params![digest(secret.expose()), name, now.millis()],
        )?;
        Ok(Some(secret))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn log_out(&self, secret: &str) -> Result<(), AccessError> {
        self.db().execute("DELETE FROM sessions WHERE digest = ?1", [digest(secret)])?;
        Ok(())
    }

    /// Whose session this is; `None` when it has ended.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn session(&self, secret: &str, now: Instant) -> Result<Option<Person>, AccessError> {
        let db = self.db();
        let digest = digest(secret);
        let mut query = db.prepare_cached(
            "SELECT name, role, places, bodies, s.created, s.seen
             FROM sessions s JOIN users ON name = s.user WHERE digest = ?1",
        )?;
        let mut rows = query.query([&digest])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let (name, role, reach) = user(row)?;
        let (created, seen): (i64, i64) = (row.get(4)?, row.get(5)?);
        if now.millis() - seen > IDLE_MS || now.millis() - created > LONGEST_MS {
            return Ok(None);
        }
        if now.millis() - seen > SEEN_STEP_MS {
            db.execute("UPDATE sessions SET seen = ?2 WHERE digest = ?1", params![digest, now.millis()])?;
        }
        Ok(Some(Person { name, role, reach, token: None, scopes: None, speaks: Speaks::default() }))
    }
}
