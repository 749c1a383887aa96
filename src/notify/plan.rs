//! A mail that is due: to whom and about what, before any words are chosen.

use model::{Id, Instant};
use rules::TransitionId;
use serde::{Deserialize, Serialize};

use super::{Addressee, Notice, PlaceName};

/// Why a mail goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// Alerts of one building began, ended or were corrected.
    Changes,
    /// Alerts of one building still fire and nobody has acknowledged them.
    Reminder,
    /// Findings of the past, met on a first start or a backfill.
    Old,
    /// Findings of the register alone on a first start.
    Baseline,
    /// Alerts that nothing has proven for long.
    Unproven,
}

impl MailKind {
    /// Whether many findings of all buildings stand in one mail.
    #[must_use]
    pub const fn is_digest(self) -> bool {
        matches!(self, Self::Old | Self::Baseline | Self::Unproven)
    }
}

/// One thing that a mail tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What the outbox counts: a transition id, or for a reminder an id of its own.
    pub id: String,
    /// What is told.
    pub notice: Notice,
}

/// One mail that is due.
#[derive(Debug, Clone, PartialEq)]
pub struct MailPlan {
    /// To whom.
    pub addressee: Addressee,
    /// Why.
    pub kind: MailKind,
    /// The building it is about; none for digests and for alerts that lie in no building.
    pub building: Option<PlaceName>,
    /// What it tells; of one alert the newest last.
    pub lines: Vec<Line>,
    /// Earlier mails to the same recipient about the same alerts, by [`Self::key`].
    pub answers: Vec<String>,
    /// Wall time at which it became due.
    pub due: Instant,
}

impl MailPlan {
    /// Names the mail for ever; the same lines to the same recipient give the same key.
    #[must_use]
    pub fn key(&self) -> String {
        mail_key(&self.addressee.id, self.lines.iter().map(|line| line.id.as_str()))
    }

    /// The ids that the mail tells.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        self.lines.iter().map(|line| line.id.clone()).collect()
    }
}

/// The key of a mail: hash of the recipient and of the ids that it tells, 32 hex digits.
#[must_use]
pub(super) fn mail_key<'a>(recipient: &'a Id, ids: impl Iterator<Item = &'a str>) -> String {
    hash(&[recipient.as_str()], ids)
}

/// The key that all mails about one alert to one recipient share, so that mail programs thread them.
pub(super) fn thread_key(recipient: &Id, alert: &TransitionId) -> String {
    hash(&["thread", recipient.as_str(), alert.as_str()], std::iter::empty())
}

/// The id of the `count`th reminder of an alert (1 is the first). It does not depend on the hour of sending,
/// so that a restart from an older state cannot remind twice.
pub(super) fn reminder_id(alert: &TransitionId, count: u32) -> String {
    hash(&["reminder", alert.as_str(), &count.to_string()], std::iter::empty())
}

fn hash<'a>(head: &[&'a str], tail: impl Iterator<Item = &'a str>) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in head.iter().copied().chain(tail) {
        hasher.update(part.as_bytes());
        hasher.update(b"\n");
    }
    hasher.finalize().to_hex().chars().take(32).collect()
}
