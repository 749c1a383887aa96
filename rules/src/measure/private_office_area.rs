//! `private_office_area` and `area_per_post`: usable area over the posts assigned to a room, m² a post.
//!
//! Formula: usable area / posts in the room on the day. The first is for offices with a cap by rank
//! (held against the mean of the posts' caps), the second for shared rooms with a minimum; people
//! present are `area_per_person`. Without posts the first is insufficient, since nobody's rank
//! says the cap; the second is not judged, since shared desks may have no posts. Source: the area
//! standards of the packs.

use model::{Instant, Place, Register};

use super::{Figure, count, rooms::known};
use crate::{Fact, Why, posts_in};

/// The figure of an office whose posts have caps.
pub(crate) fn of_office(register: &Register, room: &Place, at: Instant) -> Figure {
    let mut figure = of_shared_room(register, room, at);
    if !figure.has_judged_time {
        figure.has_judged_time = true;
        figure.why.insert("missing".to_owned(), "posts".into());
    }
    figure
}

/// The figure of a room with or without posts.
pub(crate) fn of_shared_room(register: &Register, room: &Place, at: Instant) -> Figure {
    let posts = posts_in(register, &room.id, at);
    if posts.is_empty() {
        return Figure::default();
    }
    let mut why = Why::new();
    why.insert("posts".to_owned(), Fact::List(posts.iter().map(|p| p.id.as_str().into()).collect()));
    why.insert("ranks".to_owned(), Fact::List(posts.iter().map(|p| p.rank.name().into()).collect()));
    known(room.usable_area_m2, "usable_area_m2", count(posts.len()), why)
}
