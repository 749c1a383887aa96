//! Which clauses a page shows beside a place.

use std::sync::Arc;

use model::{Instant, Place, PlaceKind, register::Register};
use rules::Clause;

use super::desk::Desk;

/// The clauses in force that bind a place and may raise alerts, in the order of the packs.
///
/// Pages use it to draw limit lines before the first window has closed; what is judged is the
/// engine's to say, and its verdicts win where there are any.
#[must_use]
pub(super) fn clauses_of<'a>(desk: &'a Desk, place: &model::Id, at: Instant) -> Vec<&'a Arc<Clause>> {
    let register = desk.register();
    let Some(place) = register.place(place, at) else { return Vec::new() };
    let today = register.calendar.date(at);
    let packs = desk.standards().iter().filter(|pack| {
        register.packs.contains(&pack.id)
            && pack.in_force <= today
            && pack.until.is_none_or(|until| today < until)
    });
    let clauses = packs.flat_map(|pack| &pack.clauses);
    clauses.filter(|clause| desk.is_enforced(clause) && applies(register, clause, place, at)).collect()
}

fn applies(register: &Register, clause: &Clause, place: &Place, at: Instant) -> bool {
    fn fits<T: PartialEq>(list: &[T], value: Option<&T>) -> bool {
        list.is_empty() || value.is_some_and(|value| list.contains(value))
    }
    let to = &clause.applies_to;
    let building = register.enclosing(&place.id, PlaceKind::Building, at);
    let body = register.body_of(&place.id, at);
    let in_season = clause
        .season
        .is_none_or(|season| register.calendar.is_season(season, register.calendar.date(at)) == Some(true));
    in_season
        && to.kind == Some(place.kind)
        && fits(&to.room_use, place.room_use.as_ref())
        && fits(&to.climate_zone, building.and_then(|b| b.climate_zone.as_ref()))
        && fits(&to.building_type, building.and_then(|b| b.building_type.as_ref()))
        && fits(&to.building_class, building.and_then(|b| b.building_class.as_ref()))
        && fits(&to.level, body.and_then(|b| register.level_of(b, at)).as_ref())
        && fits(&to.quota_zone, body.and_then(|b| register.quota_zone_of(b, at)).map(str::to_owned).as_ref())
}
