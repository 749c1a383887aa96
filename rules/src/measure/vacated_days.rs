//! `vacated_days`: days since the last post left an office that its body still holds, d.
//!
//! Formula: local days from the end of the last row of `posts.csv` that names the room to the day
//! judged. An office with a post, one that never had any, and one that another body holds by then
//! are not judged. Source: 党政机关办公用房管理办法 (2017), return of an office after its post ends.

use model::{Instant, Place, Register};

use super::Figure;
use crate::{Why, posts_in};

/// The figure of an office.
pub(crate) fn figure(register: &Register, room: &Place, at: Instant) -> Figure {
    if !posts_in(register, &room.id, at).is_empty() {
        return Figure::default();
    }
    let rows = register.posts.values().flat_map(|history| history.rows());
    let ended = rows.filter(|row| row.value.room.as_ref() == Some(&room.id) && row.span.to <= at);
    let Some(last) = ended.max_by_key(|row| row.span.to) else { return Figure::default() };
    let body = |at: Instant| register.body_of(&room.id, at).map(|body| &body.id);
    if body(last.span.to.plus_ms(-1)) != body(at) {
        return Figure::default();
    }
    let (left, today) = (register.calendar.date(last.span.to), register.calendar.date(at));
    let days = today.since(left).map_or(0, |span| span.get_days());
    let mut why = Why::from([("last_post".to_owned(), last.value.id.as_str().into())]);
    why.insert("left_on".to_owned(), left.to_string().into());
    Figure { value: Some(f64::from(days)), coverage: 1.0, has_judged_time: true, why }
}
