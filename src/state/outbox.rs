//! What recipients are owed, and the mails that tell it: outbox and mail log in one.
//!
//! The engine's step inserts what is owed, once for each transition and recipient however
//! often it is replayed. The dispatcher gathers owed rows into a mail (queued), marks it
//! sending before it talks to the server and sent after the server's 250. A mail found
//! sending after a crash may have arrived: it goes out again with the same Message-ID.

use model::Instant;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::{State, StateError, step};
use crate::database::{signed, unsigned};

/// A transition that a recipient is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// Id of the transition.
    pub transition: String,
    /// Id of the recipient.
    pub recipient: String,
    /// Wall time at which it was found.
    pub queued_at: Instant,
    /// What the mail needs to be rendered, in the dispatcher's own encoding.
    pub body: Vec<u8>,
}

/// An owed row that no mail tells yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwedRow {
    /// Its number.
    pub id: u64,
    /// What is owed.
    pub owed: Owed,
}

/// A rendered mail to be queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMail {
    /// Its Message-ID, unique; a mail of the same id is queued once.
    pub message_id: String,
    /// Address or id of the recipient.
    pub recipient: String,
    /// Subject, for the log.
    pub subject: String,
    /// The rendered message as it goes over the wire.
    pub body: Vec<u8>,
}

/// Where a mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MailStatus {
    /// Waits for its next attempt.
    Queued,
    /// Handed to the server, no answer stored yet.
    Sending,
    /// The server took it.
    Sent,
    /// Refused for good.
    Failed,
}

impl MailStatus {
    const ALL: [Self; 4] = [Self::Queued, Self::Sending, Self::Sent, Self::Failed];

    /// The word in the API and in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

/// A mail of the outbox or the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its number.
    pub id: u64,
    /// What it says and to whom.
    pub mail: NewMail,
    /// Where it stands.
    pub status: MailStatus,
    /// Attempts so far.
    pub attempts: u32,
    /// When the next attempt is due.
    pub next_attempt: Instant,
    /// When it was rendered.
    pub created_at: Instant,
    /// When it last changed: for a sent mail, when the server took it.
    pub changed_at: Instant,
    /// Whether an earlier attempt may have arrived as well.
    pub is_maybe_doubled: bool,
    /// Newest error.
    pub error: Option<String>,
    /// Transitions that it tells.
    pub transitions: Vec<String>,
}

impl Owed {
    pub(super) fn write(&self, step: &Transaction<'_>) -> Result<(), rusqlite::Error> {
        step.prepare_cached(
            "INSERT OR IGNORE INTO owed (transition_id, recipient, status, queued_at, body)
             VALUES (?1, ?2, 'queued', ?3, ?4)",
        )?
        .execute(params![self.transition, self.recipient, self.queued_at.millis(), self.body])?;
        Ok(())
    }
}

impl State {
    /// Owed rows that no mail tells yet, oldest first, at most `max`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn owed(&self, max: usize) -> Result<Vec<OwedRow>, StateError> {
        let db = self.db();
        let mut query = db.prepare_cached(
            "SELECT id, transition_id, recipient, queued_at, body FROM owed
             WHERE status = 'queued' ORDER BY id LIMIT ?1",
        )?;
        let rows = query.query_map([signed(max as u64)], |row| {
            let owed = Owed {
                transition: row.get(1)?,
                recipient: row.get(2)?,
                queued_at: Instant::from_millis(row.get(3)?),
                body: row.get(4)?,
            };
            Ok(OwedRow { id: unsigned(row.get(0)?), owed })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Queues a mail, due at once, and marks the owed rows that it tells, in one transaction.
    ///
    /// Returns the number of the mail; of a Message-ID that is there already, its number.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn queue_mail(&self, mail: &NewMail, told: &[u64], now: Instant) -> Result<u64, StateError> {
        let mut db = self.db();
        let step = db.transaction()?;
        step.execute(
            "INSERT OR IGNORE INTO mails
             (message_id, recipient, subject, body, status, next_attempt, created_at, changed_at)
             VALUES (?1, ?2, ?3, ?4, 'queued', ?5, ?5, ?5)",
            params![mail.message_id, mail.recipient, mail.subject, mail.body, now.millis()],
        )?;
        let id: i64 =
            step.query_row("SELECT id FROM mails WHERE message_id = ?1", [&mail.message_id], |row| {
                row.get(0)
            })?;
        let mut mark = step.prepare_cached(
            "UPDATE owed SET status = 'mailed', mail = ?1 WHERE id = ?2 AND status = 'queued'",
        )?;
        for owed in told {
            mark.execute([id, signed(*owed)])?;
        }
        drop(mark);
        step.commit()?;
        Ok(unsigned(id))
    }

    /// Settles owed rows without a mail (silenced, over before it was told), with the reason.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn withdraw(&self, owed: &[u64], reason: &str) -> Result<(), StateError> {
        let mut db = self.db();
        let step = db.transaction()?;
        for id in owed {
            step.prepare_cached(
                "UPDATE owed SET status = 'withdrawn', note = ?2 WHERE id = ?1 AND status = 'queued'",
            )?
            .execute(params![signed(*id), reason])?;
        }
        step.commit()?;
        Ok(())
    }

    /// Mails whose attempt is due, oldest first, at most `max`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn due_mails(&self, now: Instant, max: usize) -> Result<Vec<Mail>, StateError> {
        self.mail_rows(
            "status = 'queued' AND next_attempt <= ?1 ORDER BY next_attempt, id LIMIT ?2",
            [now.millis(), signed(max as u64)],
        )
    }

    /// When the next attempt of any mail is due; `None` with nothing queued.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_attempt(&self) -> Result<Option<Instant>, StateError> {
        let db = self.db();
        let due: Option<i64> =
            db.query_row("SELECT MIN(next_attempt) FROM mails WHERE status = 'queued'", [], |r| r.get(0))?;
        Ok(due.map(Instant::from_millis))
    }

    /// The mail log before the number `before`, newest first, at most `max`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn mails(&self, before: u64, max: usize) -> Result<Vec<Mail>, StateError> {
        self.mail_rows("id < ?1 ORDER BY id DESC LIMIT ?2", [signed(before), signed(max as u64)])
    }

    /// How many mails stand where.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn mail_counts(&self) -> Result<Vec<(MailStatus, u64)>, StateError> {
        let db = self.db();
        let mut query = db.prepare_cached("SELECT COUNT(*) FROM mails WHERE status = ?1")?;
        let mut counts = Vec::new();
        for status in MailStatus::ALL {
            counts.push((status, unsigned(query.query_row([status.name()], |row| row.get(0))?)));
        }
        Ok(counts)
    }

    /// Marks a mail as on its way, before the server hears of it, and counts the attempt.
    ///
    /// # Errors
    /// When the disk refuses: do not send then.
    pub fn mark_sending(&self, mail: u64, now: Instant) -> Result<(), StateError> {
        self.change_mail(
            "status = 'sending', attempts = attempts + 1, changed_at = ?2, error = COALESCE(?3, error) WHERE id = ?1",
            mail,
            now,
            None,
        )
    }

    /// Marks a mail as taken by the server, and what it tells as told.
    ///
    /// # Errors
    /// When the disk refuses: the mail will go out again after a restart, with the same Message-ID.
    pub fn mark_sent(&self, mail: u64, now: Instant) -> Result<(), StateError> {
        self.change_mail("status = 'sent', error = ?3, changed_at = ?2 WHERE id = ?1", mail, now, None)
    }

    /// Puts a mail back for another attempt at `next_attempt`.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn retry_mail(&self, mail: u64, next_attempt: Instant, error: &str) -> Result<(), StateError> {
        self.change_mail(
            "status = 'queued', next_attempt = ?2, error = ?3 WHERE id = ?1",
            mail,
            next_attempt,
            Some(error),
        )
    }

    /// Gives a mail up.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn mark_failed(&self, mail: u64, now: Instant, error: &str) -> Result<(), StateError> {
        self.change_mail(
            "status = 'failed', error = ?3, changed_at = ?2 WHERE id = ?1",
            mail,
            now,
            Some(error),
        )
    }

    /// Queues again what a crash left as sending; returns how many of them may arrive twice.
    ///
    /// Call it once, before the dispatcher starts.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn recover_mails(&self) -> Result<u64, StateError> {
        let mut db = self.db();
        let step = db.transaction()?;
        let doubtful = step
            .execute("UPDATE mails SET status = 'queued', maybe_doubled = 1 WHERE status = 'sending'", [])?;
        step::add(&step, "mail_maybe_doubled", doubtful as u64)?;
        step.commit()?;
        Ok(doubtful as u64)
    }

    fn change_mail(&self, set: &str, id: u64, at: Instant, error: Option<&str>) -> Result<(), StateError> {
        let db = self.db();
        let mut update = db.prepare_cached(&format!("UPDATE mails SET {set}"))?;
        match update.execute(params![signed(id), at.millis(), error])? {
            1 => Ok(()),
            _ => Err(StateError::Damaged(format!("no mail {id}"))),
        }
    }

    fn mail_rows(&self, which: &str, bounds: [i64; 2]) -> Result<Vec<Mail>, StateError> {
        let db = self.db();
        let mut query = db.prepare_cached(&format!(
            "SELECT id, message_id, recipient, subject, body, status, attempts, next_attempt, created_at,
                    changed_at, maybe_doubled, error FROM mails WHERE {which}"
        ))?;
        let mut told = db.prepare_cached("SELECT transition_id FROM owed WHERE mail = ?1 ORDER BY id")?;
        let mut rows = query.query(bounds)?;
        let mut mails = Vec::new();
        while let Some(row) = rows.next()? {
            let mut mail = mail(row)?;
            let transitions = told.query_map([signed(mail.id)], |row| row.get(0))?;
            mail.transitions = transitions.collect::<Result<_, _>>()?;
            mails.push(mail);
        }
        Ok(mails)
    }

    /// The mail of a number, `None` when there is none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn mail(&self, id: u64) -> Result<Option<Mail>, StateError> {
        Ok(self.mail_rows("id = ?1 LIMIT ?2", [signed(id), 1])?.pop())
    }

    /// The owed row of a transition and recipient: its status, `None` when nothing is owed.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn owed_status(&self, transition: &str, recipient: &str) -> Result<Option<String>, StateError> {
        let db = self.db();
        let status = db
            .query_row(
                "SELECT status FROM owed WHERE transition_id = ?1 AND recipient = ?2",
                [transition, recipient],
                |row| row.get(0),
            )
            .optional()?;
        Ok(status)
    }
}

fn mail(row: &Row<'_>) -> Result<Mail, StateError> {
    let status: String = row.get(5)?;
    let status = MailStatus::ALL
        .into_iter()
        .find(|known| known.name() == status)
        .ok_or_else(|| StateError::Damaged(format!("unknown mail status `{status}`")))?;
    Ok(Mail {
        id: unsigned(row.get(0)?),
        mail: NewMail {
            message_id: row.get(1)?,
            recipient: row.get(2)?,
            subject: row.get(3)?,
            body: row.get(4)?,
        },
        status,
        attempts: row.get(6)?,
        next_attempt: Instant::from_millis(row.get(7)?),
        created_at: Instant::from_millis(row.get(8)?),
        changed_at: Instant::from_millis(row.get(9)?),
        is_maybe_doubled: row.get(10)?,
        error: row.get(11)?,
        transitions: Vec::new(),
    })
}
