//! A site, building or floor: its rooms as tiles coloured by state; a room has its own page.

use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use model::{Id, PlaceKind, RoomUse};
use rules::Outcome;
use serde::Serialize;

use super::{
    frame,
    look::{Link, Look},
    not_found,
    overview::{says_idle, says_scarce},
    room,
    rows::{AlertRow, FigureRow, VerdictRow, alert_rows, figure_rows, verdict_rows},
};
use crate::{
    view::PlaceView,
    web::{
        desk::Desk,
        format,
        language::Viewer,
        presence::{RoomState, presence},
    },
};

/// How many rooms of a place are in which state.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub(super) struct Counts {
    pub(super) rooms: usize,
    pub(super) occupied: usize,
    pub(super) free: usize,
    pub(super) unknown: usize,
    pub(super) breach: usize,
    pub(super) idle: usize,
    pub(super) crowded: usize,
}

/// A room as a tile.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Tile {
    id: String,
    label: String,
    room_use: Option<RoomUse>,
    state: RoomState,
    people: Option<String>,
    capacity: Option<String>,
    firing: usize,
    is_idle: bool,
    is_crowded: bool,
}

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

fn rooms<'a>(look: &Look<'a>, within: Option<&Id>) -> Vec<&'a PlaceView> {
    let rooms = look.snapshot.places.values().filter(|place| place.kind == PlaceKind::Room);
    rooms.filter(|room| within.is_none_or(|id| look.is_within(room, id))).collect()
}

fn tile(look: &Look<'_>, room: &PlaceView) -> Tile {
    let presence = presence(look.snapshot, look.desk.register(), room, look.now);
    let breaches = || {
        let own = look.snapshot.verdicts.iter().filter(|v| v.subject.id() == &room.place);
        own.filter(|v| v.outcome == Outcome::Breach && v.waived.is_none())
    };
    Tile {
        id: room.place.to_string(),
        label: look.label(room),
        room_use: room.room_use,
        state: RoomState::of(&presence),
        people: presence.people.map(|people| format::value(people, "count")),
        capacity: room.capacity.map(|seats| format::value(seats, "count")),
        firing: room.firing,
        is_idle: breaches().any(|v| says_idle(v)),
        is_crowded: breaches().any(|v| says_scarce(v)),
    }
}

fn sum(tiles: &[Tile]) -> Counts {
    let count = |is: &dyn Fn(&&Tile) -> bool| tiles.iter().filter(is).count();
    Counts {
        rooms: tiles.len(),
        occupied: count(&|t| t.state == RoomState::Occupied),
        free: count(&|t| t.state == RoomState::Free),
        unknown: count(&|t| t.state == RoomState::Unknown),
        breach: count(&|t| t.firing > 0),
        idle: count(&|t| t.is_idle),
        crowded: count(&|t| t.is_crowded),
    }
}

/// The rooms of a place (all of them for `None`) by state.
pub(super) fn counts(look: &Look<'_>, within: Option<&Id>) -> Counts {
    let tiles: Vec<Tile> = rooms(look, within).into_iter().map(|room| tile(look, room)).collect();
    sum(&tiles)
}

/// `GET /places/{id}`.
pub(super) async fn page(
    State(desk): State<Desk>,
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
    let below = look
        .snapshot
        .places
        .values()
        .filter(|p| p.parent.as_ref() == Some(&place.place) && p.kind != PlaceKind::Room);
    let below = below
        .map(|p| Below { place: look.place_link(&p.place), counts: counts(look, Some(&p.place)) })
        .collect();
    let alerts = look.snapshot.alerts.iter().filter(|alert| {
        alert.state != rules::AlertState::Resolved
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
        counts: counts(look, Some(&place.place)),
        groups: groups(look, place),
        charts: room::charts(look, place, range),
        figures: figure_rows(look, &place.figures),
        alerts: alert_rows(look, alerts.map(AsRef::as_ref)),
        verdicts: verdict_rows(look, verdicts.map(AsRef::as_ref)),
        sensors: room::sensors(look, place),
    }
}

/// The rooms under the place that directly contains them, in the order of those places.
fn groups(look: &Look<'_>, place: &PlaceView) -> Vec<Group> {
    let mut groups: Vec<(Option<&Id>, Vec<Tile>)> = Vec::new();
    for room in rooms(look, Some(&place.place)) {
        let parent = room.parent.as_ref();
        let tile = tile(look, room);
        match groups.iter_mut().find(|(id, _)| *id == parent) {
            Some((_, tiles)) => tiles.push(tile),
            None => groups.push((parent, vec![tile])),
        }
    }
    groups.sort_by_key(|(id, _)| *id);
    let group = |(id, tiles): (Option<&Id>, Vec<Tile>)| Group {
        place: id.filter(|id| **id != place.place).map(|id| look.place_link(id)),
        counts: sum(&tiles),
        tiles,
    };
    groups.into_iter().map(group).collect()
}
