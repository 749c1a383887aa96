//! Measures: figures derived from readings and the register, a file each family.

pub(crate) mod energy;
pub(crate) mod inputs;
pub(crate) mod people;
pub(crate) mod room;

use model::{Calendar, Instant, Place, Register, Span};
use serde::{Deserialize, Serialize};

use crate::{Gate, Measure, Why};

/// What the hour partials of a place are taken from; several measures can share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Basis {
    /// Occupied or not, in working hours.
    Occupied,
    /// People in working hours.
    People,
    /// People in the working hours of weekdays, holidays or not.
    WeekdayPeople,
    /// People while somebody is there, any hour.
    Present,
    /// Most people at one instant, any hour.
    Peak,
    /// The mean of a gauge, within a gate.
    Gauge(model::Quantity, Option<Gate>),
}

/// Where the evidence of a measure comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// Room sensors, through hour partials.
    Basis(Basis),
    /// Meters.
    Meters,
    /// The register alone.
    Register,
}

/// A figure of a place over a window.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Figure {
    /// The value in the measure's unit; `None` without evidence.
    pub value: Option<f64>,
    /// Observed share of judged time, 0 to 1.
    pub coverage: f64,
    /// Whether there was any time to judge at all.
    pub has_judged_time: bool,
    /// Inputs, switches and factors.
    pub why: Why,
}

/// What a measure may ask of the register.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) register: &'a Register,
    pub(crate) place: &'a Place,
    pub(crate) window: Span,
}

impl<'a> Context<'a> {
    pub(crate) fn at(&self) -> Instant {
        self.window.from
    }

    pub(crate) fn calendar(&self) -> &'a Calendar {
        &self.register.calendar
    }
}

/// Where a measure's evidence comes from; `gate` narrows the time of gauge means.
pub(crate) fn source_of(measure: Measure, gate: Option<Gate>) -> Source {
    use model::Quantity as Q;
    let basis = match measure {
        Measure::Utilisation | Measure::IdleWorkingDays => Basis::Occupied,
        Measure::SeatUtilisation => Basis::People,
        Measure::SpaceUtilisation => Basis::WeekdayPeople,
        Measure::PeakPeople | Measure::EffectiveUsers => Basis::Peak,
        Measure::AreaPerPerson => Basis::Present,
        Measure::Co2HourMean | Measure::Co2DayMean => Basis::Gauge(Q::Co2, gate),
        Measure::TemperatureHourMean => Basis::Gauge(Q::Temperature, gate),
        Measure::HumidityHourMean => Basis::Gauge(Q::Humidity, gate),
        Measure::Illuminance => Basis::Gauge(Q::Illuminance, gate),
        Measure::PrivateOfficeArea | Measure::ServiceArea => return Source::Register,
        Measure::LightingPowerDensity
        | Measure::Electricity
        | Measure::Gas
        | Measure::Heat
        | Measure::Water
        | Measure::Eui
        | Measure::EuiCorrected
        | Measure::EnergyPerPerson
        | Measure::WaterPerPerson
        | Measure::EnergyWhileEmpty
        | Measure::NightRatio
        | Measure::RestDayRatio => return Source::Meters,
    };
    Source::Basis(basis)
}

/// The figure of a room or building measure from its daily partials.
pub(crate) fn figure(
    measure: Measure,
    days: &[(Span, crate::partial::Partial)],
    context: Context<'_>,
) -> Figure {
    match measure {
        Measure::SeatUtilisation => people::seat_utilisation(days, context),
        Measure::SpaceUtilisation => people::space_utilisation(days, context),
        Measure::PeakPeople => people::peak_people(days),
        Measure::EffectiveUsers => people::effective_users(days, context),
        Measure::IdleWorkingDays => people::idle_working_days(days, context),
        Measure::AreaPerPerson => people::area_per_person(days, context),
        _ => room::mean(days),
    }
}
