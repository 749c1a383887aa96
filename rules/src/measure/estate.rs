//! What a body and those below it hold, at any instant: from the register alone.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Id, Instant, Place, PlaceKind, Register, Span,
    register::{Carrier, EndUse, History, Meter},
};

use super::{
    headcount::people_among,
    metered::Part,
    meters::{chosen, has_counted_parent, pieces},
    rooms::is_held,
};

/// A body with everything that it, or a body below it, holds at some time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Estate {
    pub(crate) body: Id,
    /// The body and all that were ever below it.
    members: Vec<Id>,
    /// Places that one of them held at some time, with all inside.
    places: Vec<Id>,
    /// Meters that were ever bound there.
    pub(crate) meters: Vec<Id>,
    /// When a row of a meter begins or ends.
    meter_borders: BTreeSet<Instant>,
    /// When a row of any of these begins or ends.
    borders: BTreeSet<Instant>,
}

/// Who was ever below or inside whom, looked up once for all bodies.
pub(crate) struct Tree<'r> {
    register: &'r Register,
    below: BTreeMap<&'r Id, Vec<&'r Id>>,
    held: BTreeMap<&'r Id, Vec<&'r Id>>,
    inside: BTreeMap<&'r Id, Vec<&'r Id>>,
    meters: BTreeMap<&'r Id, Vec<&'r Id>>,
}

/// Ids by what their rows say of them.
fn by<'r, T>(
    table: &'r BTreeMap<Id, History<T>>,
    of: impl Fn(&'r T) -> Option<&'r Id>,
) -> BTreeMap<&'r Id, Vec<&'r Id>> {
    let mut found: BTreeMap<&Id, Vec<&Id>> = BTreeMap::new();
    for (id, history) in table {
        for other in history.rows().filter_map(|row| of(&row.value)) {
            found.entry(other).or_default().push(id);
        }
    }
    found
}

impl<'r> Tree<'r> {
    pub(crate) fn new(register: &'r Register) -> Self {
        Self {
            register,
            below: by(&register.bodies, |body| body.parent.as_ref()),
            held: by(&register.places, |place| place.body.as_ref()),
            inside: by(&register.places, |place| place.parent.as_ref()),
            meters: by(&register.meters, |meter| Some(&meter.place)),
        }
    }

    /// Some ids with all that follow from them.
    fn closure(from: Vec<&'r Id>, edges: &BTreeMap<&'r Id, Vec<&'r Id>>) -> BTreeSet<&'r Id> {
        let (mut found, mut next) = (BTreeSet::new(), from);
        while let Some(id) = next.pop() {
            if found.insert(id) {
                next.extend(edges.get(id).into_iter().flatten());
            }
        }
        found
    }

    /// The estate of a body.
    pub(crate) fn estate(&self, body: &'r Id) -> Estate {
        let members = Self::closure(vec![body], &self.below);
        let held = members.iter().filter_map(|member| self.held.get(member)).flatten().copied().collect();
        let places = Self::closure(held, &self.inside);
        let meters: BTreeSet<&Id> =
            places.iter().filter_map(|place| self.meters.get(place)).flatten().copied().collect();
        let register = self.register;
        let mut meter_borders = BTreeSet::new();
        spans(&register.meters, &meters, &mut meter_borders);
        let mut borders = meter_borders.clone();
        spans(&register.bodies, &members, &mut borders);
        spans(&register.places, &places, &mut borders);
        let own = |ids: BTreeSet<&Id>| ids.into_iter().cloned().collect();
        Estate {
            body: body.clone(),
            members: own(members),
            places: own(places),
            meters: own(meters),
            meter_borders,
            borders,
        }
    }
}

/// Adds when rows of some ids begin and end.
fn spans<T>(table: &BTreeMap<Id, History<T>>, ids: &BTreeSet<&Id>, borders: &mut BTreeSet<Instant>) {
    let rows = ids.iter().filter_map(|id| table.get(*id)).flat_map(History::rows);
    borders.extend(rows.flat_map(|row| [row.span.from, row.span.to]));
}

impl Estate {
    /// The parts of a window in which nothing of it changes.
    pub(crate) fn pieces(&self, window: Span) -> Vec<Span> {
        pieces(window, self.borders.iter().copied())
    }

    /// The parts of a window in which no building and no meter comes, goes or changes place. Another headcount or area cuts
    /// none, so that a gap is made up for from the same time as that of a single building.
    pub(crate) fn stretches(&self, register: &Register, window: Span) -> Vec<Span> {
        let held = |at: Instant| {
            let meters = self.meters_at(register, at).into_iter();
            // A meter comes to another building with the room where it is.
            let meters = meters.map(|m| (&m.id, self.unit_of(register, &m.place, at).map(|unit| &unit.id)));
            (self.units(register, at), meters.collect::<Vec<_>>())
        };
        let mut joined: Vec<Span> = Vec::new();
        let mut before = None;
        for piece in self.pieces(window) {
            let now = Some(held(piece.from));
            let is_same = before == now && !self.meter_borders.contains(&piece.from);
            if let Some(span) = joined.last_mut().filter(|_| is_same) {
                span.to = piece.to;
            } else {
                joined.push(piece);
            }
            before = now;
        }
        joined
    }

    /// The meters of it at an instant.
    pub(crate) fn meters_at<'r>(&self, register: &'r Register, at: Instant) -> Vec<&'r Meter> {
        let rows = self.meters.iter().filter_map(|id| register.meters.get(id)?.at(at));
        rows.filter(|meter| is_held(register, &meter.place, &self.body, at)).collect()
    }

    /// Its buildings at an instant, and the parts of other buildings that it holds. A site is one only as
    /// long as it holds no building there.
    pub(crate) fn units<'r>(&self, register: &'r Register, at: Instant) -> BTreeSet<&'r Id> {
        let places = self.places.iter().filter_map(|id| self.unit_of(register, id, at));
        let units: BTreeMap<&Id, PlaceKind> = places.map(|place| (&place.id, place.kind)).collect();
        let has_others = |site: &Id| units.keys().any(|id| *id != site && is_inside(register, id, site, at));
        let kept = units.iter().filter(|(id, kind)| **kind != PlaceKind::Site || !has_others(id));
        kept.map(|(id, _)| *id).collect()
    }

    /// The building of a held place, as far up as it is held; `None` for a place that is not.
    fn unit_of<'r>(&self, register: &'r Register, place: &Id, at: Instant) -> Option<&'r Place> {
        let chain = register.ancestors(place, at);
        let building = chain.iter().position(|p| p.kind == PlaceKind::Building).unwrap_or(chain.len());
        let held = chain.into_iter().take(building + 1).take_while(|p| self.holds(register, p, at));
        held.last()
    }

    fn holds(&self, register: &Register, place: &Place, at: Instant) -> bool {
        is_held(register, &place.id, &self.body, at)
    }

    /// A place that somebody else holds inside a unit, with that body.
    pub(crate) fn foreign<'r>(&self, register: &'r Register, at: Instant) -> Option<(&'r Id, &'r Id)> {
        let units = self.units(register, at);
        self.places.iter().find_map(|id| {
            let place = register.place(id, at)?;
            let holder = register.body(place.body.as_ref()?, at)?;
            let is_ours = self.holds(register, place, at);
            let mut above = register.ancestors(id, at).into_iter().skip(1);
            (!is_ours && above.any(|p| units.contains(&p.id))).then_some((&place.id, &holder.id))
        })
    }

    /// Its units at an instant with the meters whose sum is their use of a carrier.
    ///
    /// A unit that a meter elsewhere counts for (a total of the site above it, or a meter above its own) is
    /// not among them.
    pub(crate) fn parts<'r>(
        &self,
        register: &'r Register,
        at: Instant,
        carrier: Carrier,
        only: &[EndUse],
    ) -> Vec<Part<'r>> {
        let all = self.meters_at(register, at);
        let mut units: BTreeMap<&Id, Vec<&Meter>> =
            self.units(register, at).into_iter().map(|unit| (unit, Vec::new())).collect();
        for meter in &all {
            if let Some(unit) = self.unit_of(register, &meter.place, at) {
                units.entry(&unit.id).or_default().push(meter);
            }
        }
        let units: Vec<Part<'_>> =
            units.into_iter().map(|(unit, meters)| (unit, chosen(&meters, carrier, only))).collect();
        let counted: Vec<&Meter> = units.iter().flat_map(|(_, meters)| meters).copied().collect();
        let is_total_above = |unit: &Id, meter: &Meter| {
            meter.end_use == EndUse::Total && is_inside(register, unit, &meter.place, at)
        };
        let parts = units.into_iter().filter_map(|(unit, mut meters)| {
            if meters.is_empty() {
                let is_covered = counted.iter().any(|meter| is_total_above(unit, meter));
                return (!is_covered).then_some((unit, meters));
            }
            meters.retain(|meter| !has_counted_parent(meter, &counted, &all));
            (!meters.is_empty()).then_some((unit, meters))
        });
        parts.collect()
    }

    /// The people of the body, of all below it too.
    ///
    /// # Errors
    /// Returns the body that holds room and is counted with nobody.
    pub(crate) fn people<'r>(&'r self, register: &'r Register, at: Instant) -> Result<f64, &'r Id> {
        let has_room = |member: &Id| self.has_room(register, member, at);
        people_among(self.members.iter(), has_room, register, &self.body, at)
    }

    fn has_room(&self, register: &Register, body: &Id, at: Instant) -> bool {
        let places = self.places.iter().filter_map(|id| register.place(id, at));
        places.filter_map(|place| place.body.as_ref()).any(|holder| holder == body)
    }
}

fn is_inside(register: &Register, place: &Id, above: &Id, at: Instant) -> bool {
    register.ancestors(place, at).iter().skip(1).any(|p| p.id == *above)
}
