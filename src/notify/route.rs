//! Whom a transition concerns: the recipients of the register, narrowed by place, body and severity.

use model::{
    Id, Instant, Register,
    register::{Language, Recipient},
};
use rules::Subject;
use serde::{Deserialize, Serialize};

use super::Notice;

/// A mailbox as it is when a mail is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressee {
    /// Id of the recipient in the register.
    pub id: Id,
    /// Mail address.
    pub mail: String,
    /// Language of the mail.
    pub language: Language,
    /// IANA zone for the times in the mail.
    pub zone: String,
    /// The absent recipient in whose stead this one reads.
    pub deputy_of: Option<Id>,
}

/// Chains of deputies longer than this are taken for a mistake, and the mail goes to the last one found.
const MAX_DEPUTIES: usize = 8;

/// Returns who is to be told of `notice` at the wall time `now`, each mailbox once, by id.
///
/// A recipient matches when its row is in force at `now`, the place of the alert is its place or lies
/// below it, the body is its body or lies below it, and the clause is at least as severe as it asks.
/// A body's alert matches a recipient's place when the body holds room there. Someone who is absent is
/// replaced by the deputy; without a deputy who is present the mail goes out to the absent one, since
/// a mail read late is better than one nobody gets.
#[must_use]
pub fn route(notice: &Notice, register: &Register, now: Instant) -> Vec<Addressee> {
    let mut found: Vec<Addressee> = Vec::new();
    for recipient in register.recipients.values().filter_map(|h| h.at(now)) {
        if !matches(recipient, notice, register) {
            continue;
        }
        let reader = present(recipient, register, now);
        if found.iter().any(|a| a.id == reader.id) {
            continue;
        }
        let mut addressee = addressee(reader, register);
        addressee.deputy_of = (reader.id != recipient.id).then(|| recipient.id.clone());
        found.push(addressee);
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found
}

/// The mailbox of a recipient's row.
pub(super) fn addressee(recipient: &Recipient, register: &Register) -> Addressee {
    let of_register = || register.calendar.zone.iana_name().unwrap_or("UTC").to_owned();
    Addressee {
        id: recipient.id.clone(),
        mail: recipient.mail.clone(),
        language: recipient.language,
        zone: recipient.time_zone.clone().unwrap_or_else(of_register),
        deputy_of: None,
    }
}

fn matches(recipient: &Recipient, notice: &Notice, register: &Register) -> bool {
    notice.clause.severity >= recipient.severity_at_least
        && recipient.place.as_ref().is_none_or(|place| is_at(place, notice, register))
        && recipient.body.as_ref().is_none_or(|body| is_of(body, notice, register))
}

/// Whether the alert lies at or below a place.
fn is_at(place: &Id, notice: &Notice, register: &Register) -> bool {
    match &notice.subject {
        Subject::Place(_) => notice.path.iter().any(|p| p.id == *place),
        Subject::Body(body) => register.places.keys().any(|held| {
            register.body_of(held, notice.at).is_some_and(|b| b.id == *body)
                && register.ancestors(held, notice.at).iter().any(|p| p.id == *place)
        }),
    }
}

/// Whether the alert concerns a body or one below it.
fn is_of(body: &Id, notice: &Notice, register: &Register) -> bool {
    let holder = match &notice.subject {
        Subject::Place(place) => register.body_of(place, notice.at).map(|b| &b.id),
        Subject::Body(id) => Some(id),
    };
    holder.is_some_and(|holder| register.up_bodies(holder, notice.at).contains(&body))
}

/// Who reads the mail of `recipient`: itself, else the first deputy in the chain who is present.
fn present<'a>(recipient: &'a Recipient, register: &'a Register, now: Instant) -> &'a Recipient {
    let is_absent = |r: &Recipient| r.absent.is_some_and(|span| span.contains(now));
    let mut reader = recipient;
    for _ in 0..MAX_DEPUTIES {
        if !is_absent(reader) {
            return reader;
        }
        let deputy =
            reader.deputy.as_ref().and_then(|id| register.recipients.get(id)).and_then(|h| h.at(now));
        match deputy {
            Some(deputy) => reader = deputy,
            None => return recipient,
        }
    }
    if is_absent(reader) { recipient } else { reader }
}
