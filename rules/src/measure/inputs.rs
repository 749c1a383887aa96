//! One place's sensor data over one window, fused lazily.

use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
};

use model::{Quantity, Span};

use crate::{
    Gate,
    almanac::HourFacts,
    buffer::{DOORS, OCCUPANCY, SeriesBuffer},
    doors,
    occupancy::{Counted, Occupancy, fused},
    steps::{Micro, Steps, mean_of},
};

/// The readings of one place as step functions over one window inside an hour.
#[derive(Debug)]
pub(crate) struct Inputs<'a> {
    pub(crate) window: Span,
    facts: &'a HourFacts,
    buffers: &'a [SeriesBuffer],
    has_ended: bool,
    occupancy: OnceCell<Steps<Occupancy>>,
    /// Whether somebody is there (1 or 0), which many figures are gated by.
    occupied: OnceCell<Rc<Steps<Micro>>>,
    /// Gauges that were asked for: several figures are taken from one.
    gauges: RefCell<Vec<(Quantity, Rc<Steps<Micro>>)>>,
}

impl<'a> Inputs<'a> {
    pub(crate) const fn new(
        window: Span,
        facts: &'a HourFacts,
        buffers: &'a [SeriesBuffer],
        has_ended: bool,
    ) -> Self {
        Self {
            window,
            facts,
            buffers,
            has_ended,
            occupancy: OnceCell::new(),
            occupied: OnceCell::new(),
            gauges: RefCell::new(Vec::new()),
        }
    }

    /// Series of a quantity that had been seen by the end of the window.
    fn of(&self, quantity: Quantity) -> impl Iterator<Item = &'a SeriesBuffer> + '_ {
        let before = self.window.to;
        self.buffers.iter().filter(move |b| b.series.quantity == quantity && b.first < before)
    }

    /// Those of them that hung here then: what has gone elsewhere leaves nothing unknown beside what is there.
    fn bound(&self, quantity: Quantity) -> impl Iterator<Item = &'a SeriesBuffer> + '_ {
        self.of(quantity).filter(|b| b.is_bound_in(self.window))
    }

    /// Whether any series of this quantity had been seen at the place.
    pub(crate) fn has(&self, quantity: Quantity) -> bool {
        self.of(quantity).next().is_some()
    }

    fn has_doors(&self) -> bool {
        DOORS.iter().any(|pair| pair.iter().all(|q| self.has(*q)))
    }

    /// Whether any sensor here can say how many people are in the room.
    pub(crate) fn has_people(&self) -> bool {
        self.has(Quantity::PeopleCount) || self.has_doors()
    }

    /// Whether any sensor here can say if somebody is in the room.
    pub(crate) fn has_occupancy(&self) -> bool {
        OCCUPANCY.iter().any(|q| self.has(*q)) || self.has_doors()
    }

    /// Whether a sensor for this gate had been seen at the place.
    pub(crate) fn has_gate(&self, gate: Gate) -> bool {
        match gate {
            Gate::Occupied => self.has_occupancy(),
            Gate::Cooling => self.has(Quantity::CoolingOn),
            Gate::Heating => self.has(Quantity::HeatingOn),
            Gate::Working => true,
        }
    }

    /// A gauge over the window; several sensors give the mean of those that are observed.
    pub(crate) fn gauge(&self, quantity: Quantity) -> Rc<Steps<Micro>> {
        let mut known = self.gauges.borrow_mut();
        if let Some((_, steps)) = known.iter().find(|(held, _)| *held == quantity) {
            return Rc::clone(steps);
        }
        let tracks = self.of(quantity).map(|b| b.values(self.window, self.has_ended)).collect();
        let steps = Rc::new(mean_of(tracks, self.window));
        known.push((quantity, Rc::clone(&steps)));
        steps
    }

    /// Who is in the room over the window.
    pub(crate) fn occupancy(&self) -> &Steps<Occupancy> {
        self.occupancy.get_or_init(|| {
            let counts: Vec<Counted> = self
                .bound(Quantity::PeopleCount)
                .map(|b| Counted {
                    zone: b.about.zone.clone(),
                    overlaps: b.about.overlaps.clone(),
                    steps: b.values(self.window, self.has_ended),
                })
                .collect();
            let midnight = self.facts.day.from;
            let doors = doors::inside(self.buffers, self.window, midnight, self.has_ended);
            let presence: Vec<_> =
                self.bound(Quantity::Occupied).map(|b| b.values(self.window, self.has_ended)).collect();
            let motion: Vec<_> = [Quantity::Motion, Quantity::MotionCount]
                .into_iter()
                .flat_map(|q| self.bound(q))
                .map(|b| b.motion(self.window, self.has_ended))
                .collect();
            fused(&counts, doors.as_ref(), &presence, &motion, self.window)
        })
    }

    /// Whether the gate holds over the window (1, 0, or unobserved).
    pub(crate) fn gate(&self, gate: Gate) -> Rc<Steps<Micro>> {
        match gate {
            Gate::Occupied => {
                let map = || Rc::new(self.occupancy().map(|o| Micro::from(o.is_occupied)));
                Rc::clone(self.occupied.get_or_init(map))
            }
            Gate::Cooling => Rc::new(self.gauge(Quantity::CoolingOn).map(|v| Micro::from(v > 0))),
            Gate::Heating => Rc::new(self.gauge(Quantity::HeatingOn).map(|v| Micro::from(v > 0))),
            Gate::Working => Rc::new(self.at_work()),
        }
    }

    /// Whether it is working time (1 or 0), known for all of the window.
    fn at_work(&self) -> Steps<Micro> {
        let mut steps = Steps::default();
        let mut at = self.window.from;
        for span in self.working().iter().filter_map(|span| span.intersect(self.window)) {
            steps.push(Span::new(at, span.from), 0);
            steps.push(span, 1);
            at = span.to;
        }
        steps.push(Span::new(at, self.window.to), 0);
        steps
    }

    /// Working hours inside the hour.
    pub(crate) fn working(&self) -> &'a [Span] {
        &self.facts.working
    }

    /// Working hours of ordinary weekdays inside the hour, holidays or not.
    pub(crate) fn weekday_working(&self) -> &'a [Span] {
        &self.facts.weekday
    }
}
