//! The life of an alert: pending, firing, resolved (the words of Prometheus).

use std::fmt;

use model::Instant;
use serde::{Deserialize, Serialize};

use crate::{Subject, Verdict};

/// One clause bound to one place or body.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CheckId {
    /// Clause id, `<pack>/<clause>`.
    pub clause: String,
    /// What it is bound to.
    pub subject: Subject,
}

/// Where an alert stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// A breach that has not yet lasted as long as the clause asks.
    Pending,
    /// A breach that was told.
    Firing,
    /// Over, and proven so.
    Resolved,
    /// Over because its rule or its place is no more: nothing has proven it over.
    Withdrawn,
}

impl AlertState {
    /// Whether nothing more comes of it.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Resolved | Self::Withdrawn)
    }
}

/// What happened to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TransitionKind {
    /// It began to fire.
    Firing,
    /// The sensors prove that it is over.
    Resolved,
    /// Late data changed what was told.
    Revised,
    /// It still fires but nothing has proven so for `stale_after`.
    Unproven,
    /// Nothing is judged by its rule there any more: the register or the packs have changed, or its edition
    /// has ended.
    Withdrawn,
}

impl TransitionKind {
    /// Whether the alert is over with it.
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Resolved | Self::Withdrawn)
    }

    /// The word in files, headers and the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
            Self::Revised => "revised",
            Self::Unproven => "unproven",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Names one transition for ever: hash of check, kind, event instant and revision, 32 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TransitionId(String);

impl TransitionId {
    /// The id of a transition. The same event gives the same id, however often it is replayed.
    #[must_use]
    pub fn new(check: &CheckId, kind: TransitionKind, at: Instant, revision: u32) -> Self {
        let (what, id) = match &check.subject {
            Subject::Place(id) => ("place", id),
            Subject::Body(id) => ("body", id),
        };
        let numbers = [at.millis().to_string(), revision.to_string()];
        let [at, revision] = numbers.each_ref().map(String::as_str);
        let text = [&check.clause, what, id.as_str(), kind.name(), at, revision].join("\n");
        let digit = |nibble: u8| char::from(nibble + if nibble < 10 { b'0' } else { b'a' - 10 });
        let hash = blake3::hash(text.as_bytes());
        let mut name = String::with_capacity(32);
        for byte in hash.as_bytes().iter().take(16) {
            name.push(digit(byte >> 4));
            name.push(digit(byte & 15));
        }
        Self(name)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TransitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One alert as pages and the API show it.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Id of the transition that began it; stable over its life.
    pub id: TransitionId,
    /// Which check.
    pub check: CheckId,
    /// Where it stands.
    pub state: AlertState,
    /// Start of the first breaching window.
    pub started_at: Instant,
    /// When it began to fire.
    pub fired_at: Option<Instant>,
    /// When it was proven over.
    pub resolved_at: Option<Instant>,
    /// Whether it fires without proof since `stale_after`.
    pub is_unproven: bool,
    /// The newest verdict that spoke.
    pub verdict: Verdict,
}

impl Transition {
    /// Says why an alert is withdrawn: its clause is no longer in force, or its place or body is gone from the
    /// register, or put to another use. `successor` is the clause that judges there from now on.
    pub(crate) fn because(mut self, successor: Option<&str>, is_gone: bool) -> Self {
        let check = &self.alert.check;
        let (key, what) = if is_gone {
            ("no_longer_applies_to", check.subject.id().as_str())
        } else {
            ("no_longer_in_force", check.clause.as_str())
        };
        self.alert.verdict.why.insert(key.to_owned(), what.into());
        let successor = successor.map(|id| ("judged_from_now_on_by".to_owned(), id.into()));
        self.alert.verdict.why.extend(successor);
        self
    }
}

/// One step of an alert's life: what mail tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// Its id.
    pub id: TransitionId,
    /// What happened.
    pub kind: TransitionKind,
    /// Event time at which it happened.
    pub at: Instant,
    /// The alert after it.
    pub alert: Alert,
}

#[cfg(test)]
mod tests {
    use model::Id;

    use super::*;

    #[test]
    fn an_alert_is_over_when_it_is_proven_so_or_its_rule_is_gone() {
        use AlertState as S;
        use TransitionKind as T;
        assert!(S::Resolved.is_over() && S::Withdrawn.is_over());
        assert!(!S::Pending.is_over() && !S::Firing.is_over());
        assert!(T::Resolved.is_end() && T::Withdrawn.is_end());
        assert!(!T::Firing.is_end() && !T::Revised.is_end() && !T::Unproven.is_end());
    }

    #[test]
    fn an_id_is_shown_as_its_text() {
        let check =
            CheckId { clause: "own-1/co2".to_owned(), subject: Subject::Place(Id::parse("r1").unwrap()) };
        let id = TransitionId::new(&check, TransitionKind::Firing, Instant::from_millis(7), 1);
        assert_eq!((id.to_string(), id.as_str().len()), (id.as_str().to_owned(), 32));
    }

    #[test]
    fn a_transition_has_the_name_that_it_has_always_had() {
        let check =
            CheckId { clause: "p-1/co2".to_owned(), subject: Subject::Body(Id::parse("b-7").unwrap()) };
        let at = Instant::from_millis(1_772_380_800_000);
        let id = TransitionId::new(&check, TransitionKind::Resolved, at, 12);
        let hash = blake3::hash(b"p-1/co2\nbody\nb-7\nresolved\n1772380800000\n12");
        assert_eq!(Some(id.as_str()), hash.to_hex().as_str().get(..32));
    }
}
