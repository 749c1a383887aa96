//! What the spool tells of people and rules goes into the trail, once, however often it is replayed.

use model::Instant;

use super::{
    acts::{ACT, Signed},
    judge::{Judge, JudgeError},
};
use crate::{audit::Deed, rulebook, spool::Position};

/// Who edits files: the trail knows only that somebody could.
const FILES: &str = "files";

impl Judge {
    pub(super) fn note_act(&self, position: Position, signed: &Signed) -> Result<(), JudgeError> {
        // Texts, instants and flags: it always has a JSON form.
        let body = serde_json::to_string(signed).unwrap_or_default();
        let source = source(position, body.as_bytes());
        let deed = Deed {
            at: signed.at,
            by: signed.by.clone(),
            kind: signed.act.name().to_owned(),
            body,
            source: Some(source),
        };
        self.note(&deed)
    }

    /// A rulebook that stands in the spool, and which one is in force behind it.
    pub(super) fn note_rulebook(
        &self,
        position: Position,
        body: &[u8],
        at: Instant,
    ) -> Result<(), JudgeError> {
        let in_force = serde_json::json!({ "in_force": self.rulebook().digest });
        let deed = Deed {
            at,
            by: FILES.to_owned(),
            kind: rulebook::KIND.to_owned(),
            body: in_force.to_string(),
            source: Some(source(position, body)),
        };
        self.note(&deed)
    }

    /// Acts that the first release kept as records of the state.
    pub(super) fn move_old_acts(&self) -> Result<(), JudgeError> {
        for (name, body) in self.parts.state.records(ACT)? {
            let signed = serde_json::from_str::<Signed>(&body);
            if let (Ok(signed), Ok(sequence)) = (signed, name.parse()) {
                self.note_act(Position::new(sequence), &signed)?;
            }
            self.parts.state.remove_record(ACT, &name)?;
        }
        Ok(())
    }

    fn note(&self, deed: &Deed) -> Result<(), JudgeError> {
        let audit = &self.parts.audit;
        self.parts.disk.insist("audit", || audit.append(deed)).map(drop).map_err(JudgeError::Audit)
    }
}

/// Where it stands in the spool, and its words: a spool that was lost gives positions anew.
fn source(position: Position, body: &[u8]) -> String {
    let digits: String = blake3::hash(body).to_hex().chars().take(16).collect();
    format!("{position} {digits}")
}
