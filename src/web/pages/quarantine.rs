//! The quarantine: messages that could not be understood, one of them as it came, and the two ways out.

use axum::{
    Form,
    extract::{Path, RawQuery},
    response::{IntoResponse, Redirect, Response},
};
use serde::{Deserialize, Serialize};

use super::{frame, look::Look};
use crate::{
    access::Right,
    pipeline::Again,
    spool::{Quarantined, QuarantinedHead},
    view::Held,
    web::{desk::Desk, error::ApiError, format, format::When, language::Viewer},
};

/// Rows of one page.
const MOST: usize = 100;
/// Bytes of a payload that its page shows.
const MOST_SHOWN: usize = 64 * 1024;

/// What the query of the list may say.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Ask {
    /// Only this class of error.
    kind: Option<String>,
    /// Only those behind this number.
    after: Option<u64>,
    /// What the last form did.
    discarded: Option<u64>,
    stored: Option<u64>,
    readings: Option<u64>,
    kept: Option<u64>,
    missing: Option<u64>,
}

#[derive(Serialize)]
struct Page {
    asked: Ask,
    kinds: Vec<(String, String)>,
    total: String,
    rows: Vec<Row>,
    next: Option<u64>,
    rights: Rights,
}

/// What whoever looks may do.
#[derive(Debug, Clone, Copy, Serialize)]
struct Rights {
    see: bool,
    replay: bool,
    discard: bool,
}

impl Rights {
    fn of(desk: &Desk) -> Self {
        Self {
            see: desk.sees_everything() && desk.registry().is_some(),
            replay: desk.may_replay(),
            discard: desk.asker().is_some_and(|person| person.may(Right::Act)),
        }
    }
}

#[derive(Serialize)]
struct Row {
    id: u64,
    at: When,
    topic: String,
    kind: String,
    reason: String,
    start: String,
    bytes: String,
}

#[derive(Serialize)]
struct MessagePage {
    row: Row,
    field: Option<String>,
    payload: String,
    is_text: bool,
    /// How much of it is shown, where that is not all.
    cut: Option<String>,
    rights: Rights,
}

fn row(look: &Look<'_>, held: &Quarantined, bytes: u64) -> Row {
    let refusal = &held.refusal;
    Row {
        id: held.id,
        at: look.when_and_age(held.arrival),
        topic: refusal.topic.clone(),
        kind: refusal.kind.clone(),
        reason: refusal.reason.clone(),
        start: String::from_utf8_lossy(&refusal.payload).into_owned(),
        bytes: format::count(bytes),
    }
}

/// `GET /quarantine?kind=&after=`, oldest first.
pub(super) async fn page(desk: Desk, viewer: Viewer, RawQuery(query): RawQuery) -> Response {
    let asked = asked(&query.unwrap_or_default());
    let rights = Rights::of(&desk);
    let (kinds, heads) = if rights.see {
        match read(&desk, &asked).await {
            Ok(read) => read,
            Err(error) => return error.into_response(),
        }
    } else {
        (Vec::new(), Vec::new())
    };
    let snapshot = desk.snapshot();
    let look = Look::new(&desk, &snapshot, &viewer);
    let page = Page {
        total: format::count(kinds.iter().map(|(_, count)| count).sum()),
        kinds: kinds.into_iter().map(|(kind, count)| (kind, format::count(count))).collect(),
        next: heads.get(MOST - 1).map(|head| head.start.id),
        rows: heads.iter().map(|head| row(&look, &head.start, head.bytes)).collect(),
        asked,
        rights,
    };
    frame::render(&desk, &snapshot, &viewer, "quarantine.html", "devices", &page)
}

type Found = (Vec<(String, u64)>, Vec<QuarantinedHead>);

async fn read(desk: &Desk, asked: &Ask) -> Result<Found, ApiError> {
    let (kind, after) = (asked.kind.clone(), asked.after.unwrap_or(0));
    let ask = desk.ask_quarantine(move |reader| {
        Ok((reader.quarantine_kinds()?, reader.quarantine_heads(after, MOST, kind.as_deref())?))
    });
    ask.await
}

fn asked(query: &str) -> Ask {
    let mut asked = Ask::default();
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        let number = || value.parse().ok();
        match key.as_ref() {
            "kind" if !value.is_empty() => asked.kind = Some(value.into_owned()),
            "after" => asked.after = number(),
            "discarded" => asked.discarded = number(),
            "stored" => asked.stored = number(),
            "readings" => asked.readings = number(),
            "kept" => asked.kept = number(),
            "missing" => asked.missing = number(),
            _ => {}
        }
    }
    asked
}

/// `GET /quarantine/{id}`.
pub(super) async fn message(desk: Desk, viewer: Viewer, Path(id): Path<u64>) -> Response {
    let held = match desk.quarantined_message(id).await {
        Ok(held) => held,
        Err(ApiError::NotFound { .. }) => return super::not_found(&desk, &viewer),
        Err(error) => return error.into_response(),
    };
    let snapshot = desk.snapshot();
    let look = Look::new(&desk, &snapshot, &viewer);
    let bytes = held.refusal.payload.len();
    let (row, field) = (row(&look, &held, bytes as u64), held.refusal.field.clone());
    let held = cut(held);
    let Held { payload, payload_base64, .. } = Held::from(held);
    let page = MessagePage {
        row,
        field,
        is_text: payload.is_some(),
        payload: payload.or(payload_base64).unwrap_or_default(),
        cut: (bytes > MOST_SHOWN).then(|| format::count(MOST_SHOWN as u64)),
        rights: Rights::of(&desk),
    };
    frame::render(&desk, &snapshot, &viewer, "held.html", "devices", &page)
}

/// The message with as much of its payload as a page shows; text stays text.
fn cut(mut held: Quarantined) -> Quarantined {
    let payload = &mut held.refusal.payload;
    if let Ok(text) = std::str::from_utf8(payload) {
        payload.truncate(text.floor_char_boundary(MOST_SHOWN));
    } else {
        payload.truncate(MOST_SHOWN);
    }
    held
}

/// What the forms send: one message, or all of a kind, or all.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    id: Option<u64>,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    reason: String,
}

impl Asked {
    fn again(&self) -> Again {
        let reason = (!self.kind.is_empty()).then(|| self.kind.clone());
        Again { ids: self.id.into_iter().collect(), reason }
    }

    /// The list, with what was done.
    fn back(&self, done: &[(&str, u64)]) -> Response {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.kind.is_empty() && self.id.is_none() {
            query.append_pair("kind", &self.kind);
        }
        for (key, count) in done {
            query.append_pair(key, &count.to_string());
        }
        Redirect::to(&format!("/quarantine?{}", query.finish())).into_response()
    }
}

/// `POST /quarantine/replay`.
pub(super) async fn replay(desk: Desk, Form(asked): Form<Asked>) -> Response {
    match desk.replay(asked.again()).await {
        Ok(done) => {
            let kept = done.kept.values().sum();
            let pairs = [("stored", done.stored), ("readings", done.readings), ("kept", kept)];
            asked.back(&[&pairs[..], &[("missing", done.missing)]].concat())
        }
        Err(error) => error.into_response(),
    }
}

/// `POST /quarantine/discard`.
pub(super) async fn discard(desk: Desk, Form(asked): Form<Asked>) -> Response {
    // The button for all of them names a kind: nobody empties the whole quarantine by one click.
    if asked.id.is_none() && asked.kind.is_empty() {
        return ApiError::BadRequest("name a message or a kind".to_owned()).into_response();
    }
    match desk.discard(asked.again(), &asked.reason).await {
        Ok(discarded) => asked.back(&[("discarded", discarded)]),
        Err(error) => error.into_response(),
    }
}
