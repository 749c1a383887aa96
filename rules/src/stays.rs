//! Where a place stands in the tree of places, and since when.

use model::{Id, Instant, Register, Span};

/// The life of a place in pieces in which the tree above it does not change.
pub(crate) fn stays(register: &Register, id: &Id) -> Vec<Span> {
    let mut known: Vec<&Id> = vec![id];
    let mut at = 0;
    let mut borders: Vec<Instant> = Vec::new();
    while let Some(next) = known.get(at).copied() {
        at += 1;
        for row in register.places.get(next).into_iter().flat_map(|history| history.rows()) {
            borders.extend([row.span.from, row.span.to]);
            if let Some(parent) = row.value.parent.as_ref().filter(|parent| !known.contains(parent)) {
                known.push(parent);
            }
        }
    }
    borders.sort_unstable();
    borders.dedup();
    let pieces = borders.iter().zip(borders.iter().skip(1));
    let pieces = pieces.map(|(from, to)| Span::new(*from, *to));
    pieces.filter(|piece| register.place(id, piece.from).is_some()).collect()
}
