//! Which clauses a page shows beside a place.

use std::sync::Arc;

use model::Instant;
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
    let in_season = |clause: &Clause| {
        clause.season.is_none_or(|season| register.calendar.is_season(season, today) == Some(true))
    };
    let clauses = packs.flat_map(|pack| &pack.clauses);
    clauses
        .filter(|clause| desk.is_enforced(clause) && in_season(clause) && clause.applies(register, place, at))
        .collect()
}
