//! What stands near a value in an object: its neighbours, and the times among them.

use model::Instant;

use crate::{
    key,
    roles::TIMES,
    tape::{Cursor, Scalar},
    time,
};

/// How many neighbours are looked at: no device has more, and a hostile object must not cost its square.
pub(crate) const NEIGHBOURS: usize = 128;

/// What stands beside in the same object; in a list of objects with one key each, what stands in the others.
fn near<'t, 'a>(object: Cursor<'t, 'a>) -> impl Iterator<Item = Cursor<'t, 'a>> {
    let is_single = |object: &Cursor<'_, '_>| object.children().nth(1).is_none();
    let others = object.parent().filter(|list| list.is_array() && is_single(&object));
    let others = others.into_iter().flat_map(|list| list.children().take(NEIGHBOURS)).filter(is_single);
    object.children().take(NEIGHBOURS).chain(others.flat_map(Cursor::children))
}

/// Texts of the first objects in the same list: `[{"code": "voltage", "value": 2315}, {"code": "current", "value": 650}]`.
pub(crate) fn labels_of_others<'t>(object: Cursor<'t, '_>) -> impl Iterator<Item = &'t str> {
    const FEW: usize = 32;
    let list = object.parent().filter(|list| list.is_array());
    let others =
        list.into_iter().flat_map(|list| list.children().take(FEW)).filter(move |other| *other != object);
    others.flat_map(|other| other.children().take(8)).filter_map(Cursor::text)
}

/// The text under a key (folded) of the same object.
pub(crate) fn text_beside<'t>(object: Cursor<'t, '_>, folded: &str) -> Option<&'t str> {
    let mut near = object.children().take(NEIGHBOURS);
    near.find_map(|child| {
        child.text().filter(|_| child.name().is_some_and(|name| key::is_folded_as(name, folded)))
    })
}

/// What stands under a key (folded) in the same object.
pub(crate) fn neighbour<'t, 'a>(object: Cursor<'t, 'a>, folded: &str) -> Option<Cursor<'t, 'a>> {
    let mut near = object.children().take(NEIGHBOURS);
    near.find(|child| child.name().is_some_and(|name| key::is_folded_as(name, folded)))
}

/// Whether a key (folded) stands beside, as [`near`] says.
pub(crate) fn is_near(object: Cursor<'_, '_>, folded: &str) -> bool {
    near(object).any(|child| child.name().is_some_and(|name| key::is_folded_as(name, folded)))
}

/// The time of `[time, value]` or `[value, time]`, when `at` is the value.
pub(crate) fn pair_time(at: Cursor<'_, '_>, array: Cursor<'_, '_>) -> Option<Instant> {
    let own = at.index().filter(|index| *index < 2)?;
    let mut items = array.children();
    let (first, second) = (items.next()?, items.next()?);
    if items.next().is_some() {
        return None;
    }
    let (value, other) = if own == 0 { (first, second) } else { (second, first) };
    if instant(value).is_some() { None } else { instant(other) }
}

/// Whether a leaf is the time of a pair of time and value.
pub(crate) fn is_time_of_pair(leaf: Cursor<'_, '_>) -> bool {
    let Some(pair) = leaf.parent().filter(|pair| pair.is_array()) else { return false };
    let mut items = pair.children();
    let other = if leaf.index() == Some(0) { items.nth(1) } else { items.next() };
    other.is_some_and(|other| pair_time(other, pair).is_some())
}

/// The time that an object gives its values; the value named `own` is not it.
pub(crate) fn time_in(object: Cursor<'_, '_>, own: Option<&str>) -> Option<Instant> {
    object.children().take(NEIGHBOURS).find_map(|child| {
        // Few values could be a time at all: their names are looked at after that.
        let at = instant(child)?;
        let name = child.name().filter(|name| Some(*name) != own)?;
        TIMES.iter().any(|time| key::is_folded_as(name, time)).then_some(at)
    })
}

/// The time that a text or number is.
pub(crate) fn instant(at: Cursor<'_, '_>) -> Option<Instant> {
    match at.scalar()? {
        Scalar::Number(value) => time::epoch(*value),
        Scalar::Text(text) => time::parse(text),
        Scalar::Null | Scalar::Bool(_) => None,
    }
}
