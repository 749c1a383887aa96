//! Messages that could not be understood, kept within a budget of bytes, oldest dropped first and counted.

use model::Instant;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::entry::{Outcome, Refusal, outcome_of};
use crate::database::{signed, unsigned};

/// A quarantined message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its number, never used again.
    pub id: u64,
    /// When it reached us.
    pub arrival: Instant,
    /// The message and what is wrong with it.
    pub refusal: Refusal,
}

/// What a row costs beside its texts.
const ROW_BYTES: usize = 64;

fn cost(refusal: &Refusal) -> u64 {
    let optional: usize = [&refusal.field, &refusal.speaker].into_iter().flatten().map(String::len).sum();
    let texts = refusal.topic.len() + refusal.kind.len() + refusal.reason.len() + optional;
    (texts + refusal.payload.len() + ROW_BYTES) as u64
}

/// Bytes that the quarantine holds.
pub(super) fn held_bytes(db: &Connection) -> Result<u64, rusqlite::Error> {
    db.query_row("SELECT COALESCE(SUM(bytes), 0) FROM quarantine", [], |row| row.get(0)).map(unsigned)
}

/// Adds a message; returns the bytes it costs.
pub(super) fn insert(
    step: &Transaction<'_>,
    arrival: Instant,
    refusal: &Refusal,
) -> Result<u64, rusqlite::Error> {
    let bytes = cost(refusal);
    step.prepare_cached(
        "INSERT INTO quarantine (arrival, topic, payload, kind, reason, field, bytes, speaker, retained)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        arrival.millis(),
        refusal.topic,
        refusal.payload,
        refusal.kind,
        refusal.reason,
        refusal.field,
        signed(bytes),
        refusal.speaker,
        refusal.is_retained
    ])?;
    Ok(bytes)
}

/// Drops the oldest until `held` fits `budget`; returns what is held then and how many went.
pub(super) fn keep_within(
    step: &Transaction<'_>,
    mut held: u64,
    budget: u64,
) -> Result<(u64, u64), rusqlite::Error> {
    let mut dropped = 0;
    while held > budget {
        let oldest = step
            .query_row(
                "DELETE FROM quarantine WHERE id = (SELECT MIN(id) FROM quarantine) RETURNING bytes",
                [],
                |row| row.get(0),
            )
            .optional()?;
        let Some(bytes) = oldest else { return Ok((0, dropped)) };
        held = held.saturating_sub(unsigned(bytes));
        dropped += 1;
    }
    Ok((held, dropped))
}

/// Removes one message; returns the bytes it held and what it counted as, `None` when it is not there.
pub(super) fn remove(step: &Transaction<'_>, id: u64) -> Result<Option<(u64, Outcome)>, rusqlite::Error> {
    let delete = "DELETE FROM quarantine WHERE id = ?1 RETURNING bytes, kind";
    let gone = step.query_row(delete, [signed(id)], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)));
    Ok(gone.optional()?.map(|(bytes, kind)| (unsigned(bytes), outcome_of(&kind))))
}

/// The messages behind `after`, oldest first, at most `max`.
pub(super) fn list(db: &Connection, after: u64, max: usize) -> Result<Vec<Quarantined>, rusqlite::Error> {
    let mut query = db.prepare_cached(
        "SELECT id, arrival, topic, payload, kind, reason, field, speaker, retained FROM quarantine
         WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let rows = query.query_map([signed(after), signed(max as u64)], quarantined)?;
    rows.collect()
}

/// The beginning of a quarantined message, for lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedHead {
    /// The message with the first bytes of its payload.
    pub start: Quarantined,
    /// Length of the whole payload.
    pub bytes: u64,
}

/// The beginnings of the messages behind `after`, oldest first, at most `max`; only those of a kind, if one is named.
pub(super) fn heads(
    db: &Connection,
    after: u64,
    max: usize,
    kind: Option<&str>,
) -> Result<Vec<QuarantinedHead>, rusqlite::Error> {
    let mut query = db.prepare_cached(
        "SELECT id, arrival, topic, substr(payload, 1, 160), kind, reason, field, speaker, retained,
                length(payload)
         FROM quarantine
         WHERE id > ?1 AND (?2 IS NULL OR kind = ?2) ORDER BY id LIMIT ?3",
    )?;
    let head = |row: &Row<'_>| Ok(QuarantinedHead { start: quarantined(row)?, bytes: unsigned(row.get(9)?) });
    let rows = query.query_map(params![signed(after), kind, signed(max as u64)], head)?;
    rows.collect()
}

/// How many messages of each kind there are, the most first.
pub(super) fn kinds(db: &Connection) -> Result<Vec<(String, u64)>, rusqlite::Error> {
    let mut query =
        db.prepare_cached("SELECT kind, COUNT(*) FROM quarantine GROUP BY kind ORDER BY 2 DESC, 1")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, unsigned(row.get(1)?))))?;
    rows.collect()
}

fn quarantined(row: &Row<'_>) -> Result<Quarantined, rusqlite::Error> {
    Ok(Quarantined {
        id: unsigned(row.get(0)?),
        arrival: Instant::from_millis(row.get(1)?),
        refusal: Refusal {
            topic: row.get(2)?,
            payload: row.get(3)?,
            kind: row.get(4)?,
            reason: row.get(5)?,
            field: row.get(6)?,
            speaker: row.get(7)?,
            is_retained: row.get(8)?,
        },
    })
}
