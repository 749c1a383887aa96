//! Figures that several checks of one place ask for at once: taken once, held against each limit.

use model::{Id, Period, Place, Register, Span};

use crate::{
    Bound, Clause, Condition, Correction, Energy, Figure, Gate, Measure,
    measure::{Source, source_within},
};

/// What a figure is asked for with. Two that are equal have the same figure over a window of one place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) measure: Measure,
    pub(super) gate: Option<Gate>,
    pub(super) period: Period,
    pub(super) energy: Energy,
    pub(super) correction: Option<Correction>,
    /// The band of a share of time outside it.
    pub(super) within: Option<Bound>,
    /// CO2 outdoors where no sensor tells it, ppm.
    pub(super) outdoor_ppm: Option<f64>,
    /// How long after its last device was taken away a place is still judged for silence, ms.
    pub(super) linger_ms: i64,
}

impl Asked {
    /// What a clause limits.
    pub(super) fn by(clause: &Clause) -> Self {
        Self {
            energy: clause.energy.clone(),
            correction: clause.correction,
            within: clause.within,
            outdoor_ppm: clause.outdoor_ppm,
            linger_ms: linger_ms(clause),
            ..Self::plain(clause.measure, clause.gate, clause.period)
        }
    }

    /// Whether a clause limits this; nothing is copied to tell.
    fn is_by(&self, clause: &Clause) -> bool {
        (self.measure, self.gate, self.period) == (clause.measure, clause.gate, clause.period)
            && self.within == clause.within
            && self.outdoor_ppm == clause.outdoor_ppm
            && self.linger_ms == linger_ms(clause)
            && self.correction == clause.correction
            && self.energy == clause.energy
    }

    /// What a condition of a clause bounds.
    pub(super) fn by_condition(condition: &Condition, period: Period) -> Self {
        Self::plain(condition.measure, condition.gate, period)
    }

    /// A figure without anything a clause may add.
    pub(super) fn plain(measure: Measure, gate: Option<Gate>, period: Period) -> Self {
        Self {
            measure,
            gate,
            period,
            energy: Energy::default(),
            correction: None,
            within: None,
            outdoor_ppm: None,
            linger_ms: 0,
        }
    }

    /// Where its evidence comes from.
    pub(super) fn source(&self) -> Source {
        source_within(self.measure, self.gate, self.within)
    }

    /// Everything that a check asks for: its own figure, then those of its conditions.
    pub(super) fn all(clause: &Clause) -> impl Iterator<Item = Self> + '_ {
        let conditions = clause.only_if.iter().flat_map(|only_if| &only_if.conditions);
        let period = clause.period;
        std::iter::once(Self::by(clause)).chain(conditions.map(move |c| Self::by_condition(c, period)))
    }
}

/// How long after its last device was taken away a clause still judges a place for silence, ms.
fn linger_ms(clause: &Clause) -> i64 {
    let flap_ms = clause.firing.flap.map_or(0, |flap| flap.within_ms);
    clause.firing.keep_ms.max(flap_ms)
}

/// Figures of one place that were taken just now; nothing may change while they are held.
#[derive(Debug)]
pub(super) struct Shared<'r> {
    register: &'r Register,
    figures: Vec<(Asked, Span, Option<Figure>)>,
    place: Option<(Span, Option<&'r Place>)>,
}

impl<'r> Shared<'r> {
    pub(super) const fn new(register: &'r Register) -> Self {
        Self { register, figures: Vec::new(), place: None }
    }

    /// The place as it is at the start of a window.
    pub(super) fn place(&mut self, id: &Id, window: Span) -> Option<&'r Place> {
        match self.place {
            Some((known, place)) if known == window => place,
            _ => {
                let place = self.register.place(id, window.from);
                self.place = Some((window, place));
                place
            }
        }
    }

    /// The figure that a clause limits over a window, taken when no clause before asked for the same.
    pub(super) fn limited(
        &mut self,
        clause: &Clause,
        window: Span,
        take: impl FnOnce(&Asked) -> Option<Figure>,
    ) -> Option<Figure> {
        let known = self.figures.iter().find(|(held, over, _)| *over == window && held.is_by(clause));
        if let Some((_, _, figure)) = known {
            return figure.clone();
        }
        let asked = Asked::by(clause);
        let figure = take(&asked);
        self.figures.push((asked, window, figure.clone()));
        figure
    }

    /// The figure asked for over a window, taken when nobody has asked before.
    pub(super) fn get(
        &mut self,
        asked: &Asked,
        window: Span,
        take: impl FnOnce() -> Option<Figure>,
    ) -> Option<Figure> {
        let known = self.figures.iter().find(|(held, over, _)| *over == window && held == asked);
        if let Some((_, _, figure)) = known {
            return figure.clone();
        }
        let figure = take();
        self.figures.push((asked.clone(), window, figure.clone()));
        figure
    }
}
