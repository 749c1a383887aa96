//! Places that move: which buildings form one shard, and when a place lies below which.
//!
//! A room may belong to one building until some day and to another from then on. So buildings that ever hold
//! a place in common, however indirectly, form one shard; inside it a place is below a building by date.

use std::collections::{BTreeMap, BTreeSet};

use model::{Id, Instant, Place, PlaceKind, Register, Span};

use crate::stays::stays;

/// Places of one shard.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Its buildings and other topmost places, in the order of their ids.
    pub(super) roots: Vec<Id>,
    /// All its places, in the order of their ids.
    pub(super) members: Vec<Id>,
}

/// All places by shard, in the order of the first topmost place of each.
pub(super) fn groups(register: &Register, by_site: bool) -> Vec<Group> {
    let mut joined = Joined::default();
    let mut roots: BTreeSet<Id> = BTreeSet::new();
    let mut homes: Vec<(&Id, Id)> = Vec::with_capacity(register.places.len());
    for id in register.places.keys() {
        let stays = stays(register, id);
        let mut tops = stays.iter().map(|stay| root_of(register, id, stay.from, by_site));
        let first = tops.next().unwrap_or_else(|| id.clone());
        for other in tops {
            joined.join(&first, &other);
            roots.insert(other);
        }
        roots.insert(first.clone());
        homes.push((id, first));
    }
    let mut groups: BTreeMap<Id, Group> = BTreeMap::new();
    for root in roots {
        groups.entry(joined.first(&root).clone()).or_default().roots.push(root);
    }
    for (id, home) in homes {
        groups.entry(joined.first(&home).clone()).or_default().members.push(id.clone());
    }
    groups.into_values().collect()
}

/// Ids that belong together; each but the first of them points to one before it.
#[derive(Default)]
struct Joined(BTreeMap<Id, Id>);

impl Joined {
    fn first<'a>(&'a self, mut id: &'a Id) -> &'a Id {
        while let Some(before) = self.0.get(id) {
            id = before;
        }
        id
    }

    fn join(&mut self, a: &Id, b: &Id) {
        let (a, b) = (self.first(a).clone(), self.first(b).clone());
        if a != b {
            self.0.insert(a.clone().max(b.clone()), a.min(b));
        }
    }
}

/// The building of a place (the site where a clause judges whole sites), or its topmost place.
fn root_of(register: &Register, id: &Id, at: Instant, by_site: bool) -> Id {
    let chain = register.ancestors(id, at);
    let building = chain.iter().find(|p| !by_site && p.kind == PlaceKind::Building);
    building.or_else(|| chain.last()).map_or_else(|| id.clone(), |p| p.id.clone())
}

/// A place below the same places for some time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stay {
    pub(super) span: Span,
    /// Numbers of the places above.
    pub(super) above: Vec<usize>,
}

/// How the places of a shard lie to each other, by date.
#[derive(Debug, Default)]
pub(super) struct Ways {
    /// Buildings and other topmost places, in the order of their ids; most shards have one.
    pub(super) roots: Vec<Id>,
    /// The stays of those places that were below different ones.
    wanderers: BTreeMap<usize, Vec<Stay>>,
    /// When a place that has meters comes to be below another place or leaves it, by that other place.
    moves: BTreeMap<usize, Vec<Instant>>,
    /// Whether not all places breathe the same outdoor air at all times.
    pub(super) mixes_air: bool,
}

impl Ways {
    pub(super) fn new(roots: &[Id]) -> Self {
        Self { roots: roots.to_vec(), ..Self::default() }
    }

    /// Remembers the stays of a place if they differ.
    pub(super) fn note(&mut self, place: usize, stays: Vec<Stay>) {
        let first = stays.first().map(|stay| stay.above.as_slice());
        if stays.iter().any(|stay| Some(stay.above.as_slice()) != first) {
            self.wanderers.insert(place, stays);
        }
    }

    /// Remembers when a place with meters comes and goes.
    pub(super) fn note_meters(&mut self, place: usize) {
        let stays = self.wanderers.get(&place).map(Vec::as_slice).unwrap_or_default();
        let above: BTreeSet<usize> = stays.iter().flat_map(|stay| stay.above.iter().copied()).collect();
        for above in above {
            let mut below: Vec<Span> = Vec::new();
            for stay in stays.iter().filter(|stay| stay.above.contains(&above)) {
                match below.last_mut() {
                    Some(held) if held.to == stay.span.from => held.to = stay.span.to,
                    _ => below.push(stay.span),
                }
            }
            let borders = below.into_iter().flat_map(|span| [span.from, span.to]);
            self.moves.entry(above).or_default().extend(borders);
        }
    }

    /// When meters come below a place or leave it because the places where they are move.
    pub(super) fn moves(&self, place: usize) -> &[Instant] {
        self.moves.get(&place).map(Vec::as_slice).unwrap_or_default()
    }

    /// From when on, at `at` or later, a place lies below one that it is ever below.
    pub(super) fn enters(&self, place: usize, above: usize, at: Instant) -> Option<Instant> {
        let Some(stays) = self.wanderers.get(&place).filter(|_| place != above) else { return Some(at) };
        let stay = stays.iter().find(|stay| stay.span.to > at && stay.above.contains(&above))?;
        Some(stay.span.from.max(at))
    }

    /// The places above one at an instant, if they are not the same at all times.
    pub(super) fn above_at(&self, place: usize, at: Instant) -> Option<&[usize]> {
        let stay = self.wanderers.get(&place)?.iter().find(|stay| stay.span.contains(at));
        Some(stay.map(|stay| stay.above.as_slice()).unwrap_or_default())
    }
}

/// Those who breathe the outdoor air of a place: its building or topmost place, and what is above that.
pub(super) fn air<'r>(chain: &'r [&'r Place]) -> &'r [&'r Place] {
    let building = chain.iter().position(|place| place.kind == PlaceKind::Building);
    let from = building.unwrap_or(chain.len().saturating_sub(1));
    chain.get(from..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILDING: usize = 7;
    const OTHER: usize = 8;

    fn t(ms: i64) -> Instant {
        Instant::from_millis(ms)
    }

    /// Place 1: below the first building until 10, below the other until 20, and then back.
    fn back_and_forth(floors: [usize; 3]) -> Ways {
        let stay = |from, to, floor: usize, building| Stay {
            span: Span::new(t(from), t(to)),
            above: vec![floor, building],
        };
        let mut ways = Ways::new(&[]);
        ways.note(
            1,
            vec![
                stay(0, 10, floors[0], BUILDING),
                stay(10, 20, floors[1], OTHER),
                stay(20, 30, floors[2], BUILDING),
            ],
        );
        ways
    }

    #[test]
    fn a_place_enters_a_building_with_its_first_stay_there_that_is_not_over() {
        let ways = back_and_forth([4, 5, 4]);
        let enters = |above, at| ways.enters(1, above, t(at)).map(Instant::millis);
        assert_eq!(
            [0, 9, 10, 25, 30].map(|at| enters(BUILDING, at)),
            [Some(0), Some(9), Some(20), Some(25), None]
        );
        assert_eq!([0, 10, 19, 20].map(|at| enters(OTHER, at)), [Some(10), Some(10), Some(19), None]);
        assert_eq!(enters(1, 15), Some(15), "it is always itself");
        assert_eq!(ways.enters(2, OTHER, t(15)), Some(t(15)), "who never moves is below all above it");
    }

    #[test]
    fn the_places_above_are_those_of_the_stay_that_holds_the_instant() {
        let ways = back_and_forth([4, 5, 4]);
        let above = |at| ways.above_at(1, t(at)).map(<[usize]>::to_vec);
        assert_eq!([9, 10, 30].map(above), [Some(vec![4, BUILDING]), Some(vec![5, OTHER]), Some(vec![])]);
        assert_eq!(ways.above_at(2, t(9)), None);
    }

    #[test]
    fn meters_that_change_floors_move_between_floors_and_stay_in_their_building() {
        let stay =
            |from, to, floor: usize| Stay { span: Span::new(t(from), t(to)), above: vec![floor, BUILDING] };
        let mut ways = Ways::new(&[]);
        ways.note(1, vec![stay(0, 10, 4), stay(10, 20, 5)]);
        ways.note_meters(1);
        assert_eq!(ways.moves(4), [t(0), t(10)]);
        assert_eq!(ways.moves(5), [t(10), t(20)]);
        assert_eq!(ways.moves(BUILDING), [t(0), t(20)], "none while it is there");
        // Away and back are two moves.
        let mut ways = back_and_forth([4, 5, 4]);
        ways.note_meters(1);
        assert_eq!(ways.moves(BUILDING), [t(0), t(10), t(20), t(30)]);
    }

    #[test]
    fn outdoor_air_is_that_of_the_building_and_of_what_stands_above_it() {
        let place = |name: &str, kind| Place::new(Id::parse(name).unwrap(), kind);
        let (room, floor) = (place("r", PlaceKind::Room), place("f", PlaceKind::Floor));
        let (building, site) = (place("b", PlaceKind::Building), place("s", PlaceKind::Site));
        let names =
            |chain: &[&Place]| air(chain).iter().map(|p| p.id.as_str().to_owned()).collect::<String>();
        assert_eq!(names(&[&room, &floor, &building, &site]), "bs");
        assert_eq!(names(&[&room, &floor]), "f", "the topmost place where there is no building");
        assert_eq!(names(&[&building]), "b");
    }
}
