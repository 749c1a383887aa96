//! Sensors that nobody knows, topics that nobody understands, and the form that gives a sensor its room.

use axum::{
    Form,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use ingest::Profile;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{frame, look::Look, not_found};
use crate::{
    access::Right,
    view::{Misunderstood, UnknownSensor, Unlisted},
    web::{claiming::NewClaim, desk::Desk, error::ApiError, format::When, language::Viewer},
};

/// Rows of one page; the API lists the rest.
const MOST: usize = 200;

#[derive(Serialize)]
struct Page {
    sensors: Vec<Row>,
    hidden: usize,
    topics: Vec<Topic>,
    unlisted: Unlisted,
    may_act: bool,
}

#[derive(Serialize)]
struct Row {
    sensor: String,
    topic: String,
    format: Option<&'static str>,
    readings: Vec<(String, String)>,
    first: When,
    last: When,
    messages: u64,
}

#[derive(Serialize)]
struct Topic {
    topic: String,
    kind: String,
    reason: String,
    last: When,
    messages: u64,
}

#[derive(Serialize)]
struct ClaimPage {
    sensor: Row,
    /// Id and label with path of each place.
    places: Vec<(String, String)>,
    profiles: Vec<&'static str>,
    today: String,
    may_act: bool,
    /// Whether the broker's list of rights follows by itself; none where nothing can be claimed.
    keeps_rights: Option<bool>,
    /// What was wrong with the last try, and what it had asked for.
    problems: Vec<String>,
    asked: Asked,
}

/// What the form sends.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(super) struct Asked {
    #[serde(default)]
    place: String,
    #[serde(default)]
    profile: String,
    #[serde(default)]
    interval_s: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    note: String,
}

fn row(look: &Look<'_>, held: &UnknownSensor) -> Row {
    let reading = |latest: &crate::view::Latest| {
        (latest.quantity.name().to_owned(), look.reading(latest.quantity, latest.value))
    };
    Row {
        sensor: held.sensor.to_string(),
        topic: held.topic.clone(),
        format: held.format,
        readings: held.readings.iter().map(reading).collect(),
        first: look.when_and_age(held.first),
        last: look.when_and_age(held.last),
        messages: held.messages,
    }
}

fn topic(look: &Look<'_>, held: &Misunderstood) -> Topic {
    Topic {
        topic: held.topic.clone(),
        kind: held.kind.clone(),
        reason: held.reason.clone(),
        last: look.when_and_age(held.last),
        messages: held.messages,
    }
}

fn may_act(desk: &Desk) -> bool {
    desk.asker().is_some_and(|person| person.may(Right::Act))
}

/// `GET /devices/unknown`, those that speak most first.
pub(super) async fn page(desk: Desk, viewer: Viewer) -> Response {
    let snapshot = desk.snapshot();
    let look = Look::new(&desk, &snapshot, &viewer);
    let mut sensors: Vec<&UnknownSensor> = snapshot.unknown_sensors.iter().map(AsRef::as_ref).collect();
    sensors.sort_by_key(|held| std::cmp::Reverse(held.messages));
    let mut topics: Vec<&Misunderstood> = snapshot.misunderstood.iter().map(AsRef::as_ref).collect();
    topics.sort_by_key(|held| std::cmp::Reverse(held.messages));
    let page = Page {
        hidden: sensors.len().saturating_sub(MOST),
        sensors: sensors.into_iter().take(MOST).map(|held| row(&look, held)).collect(),
        topics: topics.into_iter().take(MOST).map(|held| topic(&look, held)).collect(),
        unlisted: snapshot.unlisted,
        may_act: may_act(&desk),
    };
    frame::render(&desk, &snapshot, &viewer, "unknown.html", "devices", &page)
}

/// `GET /devices/unknown/{sensor}`.
pub(super) async fn form(desk: Desk, viewer: Viewer, Path(sensor): Path<String>) -> Response {
    shown(&desk, &viewer, &sensor, Vec::new(), Asked::default())
}

fn shown(desk: &Desk, viewer: &Viewer, sensor: &str, problems: Vec<String>, asked: Asked) -> Response {
    let snapshot = desk.snapshot();
    let look = Look::new(desk, &snapshot, viewer);
    let held = snapshot.unknown_sensors.iter().find(|held| held.sensor.as_str() == sensor);
    let Some(held) = held else { return not_found(desk, viewer) };
    let mut places: Vec<(String, String)> = snapshot
        .places
        .keys()
        .map(|id| {
            let link = look.place_link(id);
            let path = if link.path.is_empty() { String::new() } else { format!("{} / ", link.path) };
            let own = if link.label == link.id { String::new() } else { format!(" ({})", link.id) };
            (link.id, format!("{path}{}{own}", link.label))
        })
        .collect();
    places.sort_by(|a, b| a.1.cmp(&b.1));
    let page = ClaimPage {
        sensor: row(&look, held),
        places,
        profiles: Profile::builtin_names().collect(),
        today: desk.register().calendar.date(look.now).to_string(),
        may_act: may_act(desk),
        keeps_rights: desk.registry().map(|registry| registry.claims.keeps_rights()),
        problems,
        asked,
    };
    frame::render(desk, &snapshot, viewer, "claim.html", "devices", &page)
}

impl Asked {
    fn claim(&self) -> Result<NewClaim, String> {
        let blank = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let interval_s = blank(&self.interval_s)
            .map(|text| text.parse::<u32>().map_err(|_| format!("interval_s: `{text}`")))
            .transpose()?;
        let from = blank(&self.from)
            .map(|text| text.parse::<Date>().map_err(|_| format!("from: `{text}`")))
            .transpose()?;
        let (place, note) = (self.place.clone(), self.note.clone());
        Ok(NewClaim { place, profile: blank(&self.profile), interval_s, from, note })
    }
}

/// `POST /devices/unknown/{sensor}`: to the place when it is done, else back to the form with what is wrong.
pub(super) async fn claim(
    desk: Desk,
    viewer: Viewer,
    Path(sensor): Path<String>,
    Form(asked): Form<Asked>,
) -> Response {
    let claim = match asked.claim() {
        Ok(claim) => claim,
        Err(problem) => return shown(&desk, &viewer, &sensor, vec![problem], asked),
    };
    match desk.claim(&sensor, claim).await {
        Ok((claim, _)) => Redirect::to(&format!("/places/{}", claim.place)).into_response(),
        Err(error @ (ApiError::Refused(_) | ApiError::Conflict(_) | ApiError::BadRequest(_))) => {
            let status = error.status();
            let mut problems = vec![error.to_string()];
            if let ApiError::Refused(found) = error {
                problems.extend(found);
            }
            let mut answer = shown(&desk, &viewer, &sensor, problems, asked);
            if answer.status().is_success() {
                *answer.status_mut() = status;
            }
            answer
        }
        Err(error) => error.into_response(),
    }
}
