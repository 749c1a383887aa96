//! What people did about findings: taken them on, silenced them. Each act is a row of the spool, so
//! that it takes effect at its place among the readings, and again in every replay.

use std::collections::BTreeMap;

use model::{Id, Instant, Register};
use rules::Subject;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::Batch;
use crate::{
    clock::Clock,
    notify::{Dispatcher, Silence},
    spool::{Entry, Kind, Spool, SpoolError},
    view::{AlertView, Mark, SilenceView},
};

/// Kind of a spool row that holds an act.
pub(super) const ACT: &str = "act";

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Took an alert on, or gave it back.
    Acknowledge {
        /// Id of the alert.
        alert: String,
        /// Taken on, or given back.
        is_acknowledged: bool,
    },
    /// Nobody shall be told for a while.
    Silence(Silence),
    /// The silence of this id ends now.
    LiftSilence(String),
    /// A sensor got its place in the register. The edit of the file comes into force by itself; this says whose it is.
    Claim(Claim),
}

/// A sensor that nobody knew gets its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Its id on the wire.
    pub sensor: Id,
    /// Where it hangs.
    pub place: Id,
    /// Device profile, where names do not say enough.
    pub profile: Option<String>,
    /// Nominal interval, s.
    pub interval_s: Option<u32>,
    /// First local day of the binding.
    pub from: jiff::civil::Date,
}

impl Act {
    /// Its name in the trail.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Acknowledge { .. } => "acknowledge",
            Self::Silence(_) => "silence",
            Self::LiftSilence(_) => "lift_silence",
            Self::Claim(_) => "claim",
        }
    }
}

/// An act with who did it, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// Name of the user.
    pub by: String,
    /// Wall time.
    pub at: Instant,
    /// In the user's words.
    pub note: String,
    /// What was done.
    pub act: Act,
}

/// Writes acts into the spool. It does not keep the judge alive.
#[derive(Debug, Clone)]
pub struct Pen {
    spool: Spool,
    clock: Clock,
    to_judge: mpsc::WeakSender<Batch>,
}

impl Pen {
    /// A pen for the spool that the judge behind `to_judge` reads.
    #[must_use]
    pub fn new(spool: Spool, clock: Clock, to_judge: &mpsc::Sender<Batch>) -> Self {
        Self { spool, clock, to_judge: to_judge.downgrade() }
    }

    /// Makes an act durable and hands it to the judge. Returns its number in the spool.
    ///
    /// # Errors
    /// [`SpoolError`] when the disk refuses: nothing was done.
    pub async fn write(&self, by: &str, note: String, act: Act) -> Result<u64, SpoolError> {
        let now = self.clock.now();
        let signed = Signed { by: by.to_owned(), at: now, note, act };
        // Texts, instants and flags: it always has a JSON form.
        let body = serde_json::to_vec(&signed).unwrap_or_default();
        let entry = Entry { arrival: now, kind: Kind::Change { kind: ACT.to_owned(), body } };
        let batch = Batch::of_row(&self.spool, entry).await?;
        let sequence = batch.entries.last().map_or(0, |(position, _)| position.sequence);
        // Without a judge the service stops; the row is taken up at the next start.
        if let Some(judge) = self.to_judge.upgrade() {
            drop(judge.send(batch).await);
        }
        Ok(sequence)
    }
}

/// What stands of all acts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Acts {
    acknowledged: BTreeMap<String, Mark>,
    silences: Vec<(Silence, Mark)>,
}

impl Acts {
    /// Takes an act of the spool; one that this release does not understand changes nothing.
    pub(super) fn take(&mut self, body: &[u8], dispatcher: &mut Dispatcher) -> Option<Signed> {
        let signed: Signed = match serde_json::from_slice(body) {
            Ok(signed) => signed,
            Err(error) => {
                tracing::error!(%error, "an act in the spool cannot be read");
                return None;
            }
        };
        let mark = Mark { by: signed.by.clone(), at: signed.at, note: signed.note.clone() };
        match &signed.act {
            Act::Acknowledge { alert, is_acknowledged } => {
                dispatcher.acknowledge(alert, *is_acknowledged);
                if *is_acknowledged {
                    self.acknowledged.insert(alert.clone(), mark);
                } else {
                    self.acknowledged.remove(alert);
                }
            }
            Act::Silence(silence) => {
                dispatcher.silence(silence.clone());
                self.silences.retain(|(held, _)| held.id != silence.id);
                self.silences.push((silence.clone(), mark));
            }
            Act::LiftSilence(id) => {
                dispatcher.lift_silence(id, signed.at);
                self.silences.retain(|(held, _)| held.id != *id);
            }
            Act::Claim(_) => {}
        }
        tracing::info!(by = signed.by, act = ?signed.act, "act");
        Some(signed)
    }

    /// Forgets what concerns an alert that is over; a later breach is a new one.
    pub(super) fn resolved(&mut self, alert: &str) {
        self.acknowledged.remove(alert);
    }

    /// Writes on an alert what people did about it, as of the wall time `now`.
    pub(super) fn mark(&self, alert: &mut AlertView, register: &Register, now: Instant) {
        alert.acknowledgement = self.acknowledged.get(&alert.id).cloned();
        alert.acknowledged = alert.acknowledgement.is_some();
        let path: Vec<Id> = match &alert.verdict.subject {
            Subject::Place(place) => register.ancestors(place, now).iter().map(|p| p.id.clone()).collect(),
            Subject::Body(body) => vec![body.clone()],
        };
        let covering = self.silences.iter().filter(|(s, _)| s.is_about(&alert.clause, &path, now));
        alert.silenced_until = covering.map(|(silence, _)| silence.until).max();
    }

    /// The silences that have not ended at the wall time `now`, those that end first first.
    pub(super) fn silences(&self, now: Instant) -> Vec<SilenceView> {
        let standing = self.silences.iter().filter(|(silence, _)| now < silence.until);
        let mut views: Vec<SilenceView> = standing
            .map(|(silence, mark)| SilenceView {
                id: silence.id.clone(),
                clause: silence.clause.clone(),
                subject: silence.subject.clone(),
                until: silence.until,
                mark: mark.clone(),
            })
            .collect();
        views.sort_by(|a, b| (a.until, &a.id).cmp(&(b.until, &b.id)));
        views
    }

    /// Drops silences that have ended.
    pub(super) fn tidy(&mut self, now: Instant) {
        self.silences.retain(|(silence, _)| now < silence.until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Instant {
        Instant::from_millis(minute * 60_000)
    }

    fn row(act: Act) -> Vec<u8> {
        let signed = Signed { by: "duty-post".to_owned(), at: at(1), note: "on it".to_owned(), act };
        serde_json::to_vec(&signed).unwrap()
    }

    #[test]
    fn an_alert_is_acknowledged_given_back_and_forgotten_when_it_is_over() {
        let (mut acts, mut dispatcher) = (Acts::default(), Dispatcher::default());
        let acknowledge = |is_acknowledged| row(Act::Acknowledge { alert: "a".to_owned(), is_acknowledged });
        acts.take(&acknowledge(true), &mut dispatcher).unwrap();
        assert_eq!(acts.acknowledged["a"].by, "duty-post");
        acts.take(&acknowledge(false), &mut dispatcher).unwrap();
        assert_eq!(acts, Acts::default());
        acts.take(&acknowledge(true), &mut dispatcher).unwrap();
        acts.resolved("a");
        assert_eq!(acts, Acts::default());
    }

    #[test]
    fn a_silence_stands_until_its_end_or_until_it_is_lifted() {
        let (mut acts, mut dispatcher) = (Acts::default(), Dispatcher::default());
        let silence = |id: &str, until| Silence { id: id.to_owned(), clause: None, subject: None, until };
        acts.take(&row(Act::Silence(silence("s1", at(30)))), &mut dispatcher).unwrap();
        acts.take(&row(Act::Silence(silence("s2", at(20)))), &mut dispatcher).unwrap();
        let ids = |acts: &Acts, now| acts.silences(now).into_iter().map(|s| s.id).collect::<Vec<_>>();
        assert_eq!(ids(&acts, at(5)), ["s2", "s1"]);
        assert_eq!(ids(&acts, at(20)), ["s1"]);
        acts.take(&row(Act::LiftSilence("s1".to_owned())), &mut dispatcher).unwrap();
        assert!(ids(&acts, at(5)) == ["s2"]);
        acts.tidy(at(20));
        assert_eq!(acts, Acts::default());
    }

    #[test]
    fn a_row_that_no_release_wrote_changes_nothing() {
        let (mut acts, mut dispatcher) = (Acts::default(), Dispatcher::default());
        for body in
            [&b""[..], b"{}", b"\xff\x00", b"{\"by\":\"x\",\"at\":1,\"note\":\"\",\"act\":{\"fly\":1}}"]
        {
            assert_eq!(acts.take(body, &mut dispatcher), None);
        }
        assert_eq!(acts, Acts::default());
    }
}
