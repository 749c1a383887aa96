//! A site, building or floor: its rooms as tiles coloured by state; a room has its own page.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, RawQuery},
    response::Response,
};
use model::{Id, PlaceKind};
use serde::Serialize;

use super::{
    frame,
    look::{Link, Look},
    not_found, room,
    rooms::{Counts, Rooms, Tile},
    rows::{AlertRow, FigureRow, VerdictRow, alert_rows, figure_rows, verdict_rows},
};
use crate::{
    view::PlaceView,
    web::{desk::Desk, format, language::Viewer},
};

/// Rooms under one heading.
#[derive(Debug, Serialize)]
struct Group {
    place: Option<Link>,
    counts: Counts,
    tiles: Vec<Tile>,
}

#[derive(Serialize)]
struct Page {
    place: Link,
    kind: PlaceKind,
    above: Vec<Link>,
    below: Vec<Below>,
    body: Option<String>,
    floor_area: Option<String>,
    usable_area: Option<String>,
    counts: Counts,
    groups: Vec<Group>,
    charts: room::Charts,
    figures: Vec<FigureRow>,
    alerts: Vec<AlertRow>,
    verdicts: Vec<VerdictRow>,
    sensors: Vec<room::SensorRow>,
}

#[derive(Serialize)]
struct Below {
    place: Link,
    counts: Counts,
}

/// `GET /places/{id}`.
pub(super) async fn page(
    desk: Desk,
    viewer: Viewer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let snapshot = desk.snapshot();
    let look = Look::new(&desk, &snapshot, &viewer);
    let Some(place) = snapshot.places.get(id.as_str()) else { return not_found(&desk, &viewer) };
    let range = room::Range::of_query(query.as_deref().unwrap_or_default());
    if place.kind == PlaceKind::Room {
        let page = room::form(&look, place, range);
        return frame::render(&desk, &snapshot, &viewer, "room.html", "places", &page);
    }
    let page = form(&look, place, range);
    frame::render(&desk, &snapshot, &viewer, "place.html", "places", &page)
}

fn form(look: &Look<'_>, place: &PlaceView, range: room::Range) -> Page {
    let rooms = Rooms::of(look);
    let below = look
        .snapshot
        .places
        .values()
        .filter(|p| p.parent.as_ref() == Some(&place.place) && p.kind != PlaceKind::Room);
    let below = below
        .map(|p| Below { place: look.place_link(&p.place), counts: rooms.counts(Some(&p.place)) })
        .collect();
    let alerts = look.snapshot.alerts.iter().filter(|alert| {
        !alert.state.is_over()
            && look.snapshot.places.get(&alert.place).is_some_and(|p| look.is_within(p, &place.place))
    });
    let verdicts = look.snapshot.verdicts.iter().filter(|v| v.subject.id() == &place.place);
    Page {
        place: look.place_link(&place.place),
        kind: place.kind,
        above: look.above(place).iter().map(|p| look.place_link(&p.place)).collect(),
        below,
        body: place.body.as_ref().map(|body| look.body_name(body)),
        floor_area: place.floor_area_m2.map(|area| format::value(area, "m2")),
        usable_area: place.usable_area_m2.map(|area| format::value(area, "m2")),
        counts: rooms.counts(Some(&place.place)),
        groups: groups(look, &rooms, place),
        charts: room::charts(look, place, range),
        figures: figure_rows(look, place),
        alerts: alert_rows(look, alerts.map(AsRef::as_ref)),
        verdicts: verdict_rows(look, verdicts.map(AsRef::as_ref)),
        sensors: room::sensors(look, place),
    }
}

/// The rooms under the place that directly contains them, in the order of those places.
fn groups(look: &Look<'_>, rooms: &Rooms<'_>, place: &PlaceView) -> Vec<Group> {
    let mut groups: BTreeMap<Option<&Id>, (Counts, Vec<Tile>)> = BTreeMap::new();
    for room in rooms.within(&place.place) {
        let (counts, tiles) = groups.entry(room.place.parent.as_ref()).or_default();
        counts.add(&room.tile);
        tiles.push(room.tile.clone());
    }
    let group = |(id, (counts, tiles)): (Option<&Id>, (Counts, Vec<Tile>))| Group {
        place: id.filter(|id| **id != place.place).map(|id| look.place_link(id)),
        counts,
        tiles,
    };
    groups.into_iter().map(group).collect()
}
