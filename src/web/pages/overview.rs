//! The first page: what is wrong, where rooms are, which could change hands, whether data flows.

use axum::response::Response;
use model::PlaceKind;
use rules::AlertState;
use serde::Serialize;

use super::{
    frame,
    look::{Link, Look},
    rooms::{Counts, Rooms, utilisation},
    rows::{AlertRow, alert_rows},
    spare::{Spare, SpareRow},
};
use crate::{
    view::{Ledger, PlaceView},
    web::{desk::Desk, format, language::Viewer},
};

/// Rows that a list of this page shows at most; the whole list has its own page.
const MOST: usize = 12;

#[derive(Serialize)]
struct Page {
    alerts: Vec<AlertRow>,
    firing: usize,
    pending: usize,
    unproven: usize,
    total: Counts,
    buildings: Vec<Building>,
    idle: Vec<SpareRow>,
    scarce: Vec<SpareRow>,
    links: Vec<LinkRow>,
    ledger: Vec<(&'static str, String)>,
    ledger_adds_up: bool,
    unknown_sensors: Vec<Unknown>,
    unknown_count: usize,
    mails_sent: u64,
}

#[derive(Serialize)]
struct Building {
    place: Link,
    counts: Counts,
    utilisation: Option<String>,
}

#[derive(Serialize)]
struct LinkRow {
    name: &'static str,
    up: Option<bool>,
    error: Option<String>,
    backlog: u64,
}

#[derive(Serialize)]
struct Unknown {
    sensor: String,
    topic: String,
}

/// `GET /`.
pub(super) async fn page(desk: Desk, viewer: Viewer) -> Response {
    let snapshot = desk.snapshot();
    let look = Look::new(&desk, &snapshot, &viewer);
    let rooms = Rooms::of(&look);
    let count = |state| snapshot.alerts.iter().filter(|a| a.state == state).count();
    let firing = snapshot.alerts.iter().filter(|a| a.state == AlertState::Firing);
    let mut alerts = alert_rows(&look, firing.map(AsRef::as_ref));
    alerts.truncate(MOST);
    let mut buildings: Vec<Building> =
        places_of(&look, PlaceKind::Building).map(|p| building(&look, &rooms, p)).collect();
    buildings.sort_by(|a, b| a.place.label.cmp(&b.place.label));
    let unknown = snapshot.unknown_sensors.iter().take(MOST);
    let spare = Spare::of(&look);
    let ledger = desk.ledger();
    let page = Page {
        alerts,
        firing: count(AlertState::Firing),
        pending: count(AlertState::Pending),
        unproven: snapshot.alerts.iter().filter(|a| a.unproven).count(),
        total: rooms.counts(None),
        buildings,
        idle: spare.idle,
        scarce: spare.scarce,
        links: links(&look),
        ledger: ledger_rows(&ledger),
        ledger_adds_up: adds_up(&ledger),
        unknown_sensors: unknown
            .map(|held| Unknown { sensor: held.sensor.to_string(), topic: held.topic.clone() })
            .collect(),
        unknown_count: snapshot.unknown_sensors.len(),
        mails_sent: desk.ask_mails(|mails| mails.sent()).await,
    };
    frame::render(&desk, &snapshot, &viewer, "overview.html", "overview", &page)
}

fn places_of<'a>(look: &Look<'a>, kind: PlaceKind) -> impl Iterator<Item = &'a PlaceView> {
    look.snapshot.places.values().filter(move |place| place.kind == kind)
}

fn building(look: &Look<'_>, rooms: &Rooms<'_>, place: &PlaceView) -> Building {
    let used = utilisation(rooms.within(&place.place).map(|room| room.place));
    Building {
        place: look.place_link(&place.place),
        counts: rooms.counts(Some(&place.place)),
        utilisation: used.map(|used| look.value(used, "1")),
    }
}

fn links(look: &Look<'_>) -> Vec<LinkRow> {
    let row = |link: &crate::view::Link| LinkRow {
        name: link.name,
        up: link.up,
        error: link.error.clone(),
        backlog: link.backlog,
    };
    look.snapshot.links.iter().map(row).collect()
}

fn ledger_rows(ledger: &Ledger) -> Vec<(&'static str, String)> {
    let rows = [
        ("received", ledger.received),
        ("stored", ledger.stored),
        ("duplicate", ledger.duplicate),
        ("ignored", ledger.ignored),
        ("quarantined", ledger.quarantined),
        ("rejected", ledger.rejected),
        ("pending", ledger.pending),
    ];
    rows.into_iter().map(|(name, n)| (name, format::count(n))).collect()
}

const fn adds_up(ledger: &Ledger) -> bool {
    let told = ledger.stored + ledger.duplicate + ledger.ignored + ledger.quarantined + ledger.rejected;
    told + ledger.pending == ledger.received
}
