//! Where a series stands in the tree of places, kept until the local day ends.

use std::{collections::HashMap, sync::Arc};

use model::{Id, Instant, Period, PlaceKind, Register, Series, Span};

use super::line;

/// The places around a place and the body that holds it: tags of its lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlaceTags {
    /// Site.
    pub site: Option<Id>,
    /// Building.
    pub building: Option<Id>,
    /// Floor.
    pub floor: Option<Id>,
    /// Room.
    pub room: Option<Id>,
    /// Body that holds the place.
    pub body: Option<Id>,
}

impl PlaceTags {
    /// The tags of a place as it was at `at`; an unknown place has none.
    #[must_use]
    pub fn of(register: &Register, place: &Id, at: Instant) -> Self {
        let above = |kind| register.enclosing(place, kind, at).map(|found| found.id.clone());
        Self {
            site: above(PlaceKind::Site),
            building: above(PlaceKind::Building),
            floor: above(PlaceKind::Floor),
            room: above(PlaceKind::Room),
            body: register.body_of(place, at).map(|body| body.id.clone()),
        }
    }
}

/// Heads of lines by series. Rows of the register change at local midnights only, so a head holds for a day.
#[derive(Debug)]
pub(super) struct Heads {
    register: Arc<Register>,
    known: HashMap<Series, (Span, String)>,
}

impl Heads {
    pub(super) fn new(register: Arc<Register>) -> Self {
        Self { register, known: HashMap::new() }
    }

    /// The head of a series' lines at `at`.
    pub(super) fn head(&mut self, series: &Series, at: Instant) -> &str {
        let is_known = self.known.get(series).is_some_and(|(day, _)| day.contains(at));
        if !is_known {
            let day = self.register.calendar.window(Period::Day, at);
            let place = self.register.place_of_sensor(&series.sensor, at);
            let tags =
                place.map_or_else(PlaceTags::default, |place| PlaceTags::of(&self.register, place, at));
            self.known.insert(series.clone(), (day, line::reading_head(series, &tags)));
        }
        self.known.get(series).map_or("", |(_, head)| head)
    }
}
