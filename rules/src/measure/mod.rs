//! Measures: figures derived from readings and the register, a file each (alike ones share one).

pub(crate) mod absence;
mod amount;
mod area_per_fte;
mod area_per_person;
mod canteen_area;
pub(crate) mod co2_above_outdoor;
mod effective_users;
mod energy_use_effectiveness;
mod equipment_share;
pub(crate) mod estate;
mod eui;
mod eui_corrected;
mod garage_area;
mod gauge;
pub(crate) mod headcount;
pub(crate) mod holding;
mod idle_working_days;
pub(crate) mod inputs;
mod lighting_power_density;
pub(crate) mod metered;
pub(crate) mod meters;
mod night_ratio;
mod over_time;
mod peak_people;
mod per_person;
mod private_office_area;
pub(crate) mod register;
mod rest_day_ratio;
pub(crate) mod room;
mod room_area;
mod rooms;
pub(crate) mod running_mean_outdoor;
mod seat_utilisation;
mod service_area;
mod space_utilisation;
pub(crate) mod stuck;
mod usable_share;
mod utilisation;
mod vacated_days;
pub(crate) mod weather_regularity;
pub(crate) mod while_empty;

use std::collections::BTreeMap;

use model::{Calendar, Instant, Period, Place, Quantity, Register, Span};
use serde::{Deserialize, Serialize};

use crate::{
    Bound, Correction, Energy, Gate, Measure, Why,
    partial::Partial,
    steps::{Micro, micro},
};
pub(crate) use eui_corrected::People;
use meters::Supply;
pub(crate) use weather_regularity::Moment;

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
    /// Electricity while nobody is there.
    WhileEmpty,
    /// The mean of a gauge, within a gate.
    Gauge(Quantity, Option<Gate>),
    /// Whether a gauge is outside a band, within a gate.
    Outside(Quantity, Option<Gate>, Range),
    /// A moment of cooling power and outdoor temperature, hour by hour; in working hours alone where it is gated.
    Regularity(Moment, bool),
}

impl Basis {
    /// Whether its hours are taken from meters, joined with something else, and outlast gauges.
    pub(crate) const fn is_of_meters(self) -> bool {
        matches!(self, Self::WhileEmpty | Self::Regularity(..))
    }
}

/// A band in millionths of the gauge's unit, ends inside; open where a side is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Range {
    least: Option<Micro>,
    most: Option<Micro>,
}

impl Range {
    fn new(bound: Bound) -> Self {
        Self { least: bound.at_least.map(micro), most: bound.at_most.map(micro) }
    }

    fn holds(self, value: Micro) -> bool {
        self.least.is_none_or(|least| value >= least) && self.most.is_none_or(|most| value <= most)
    }
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
    /// Outdoor air of the building or its site.
    Outdoors,
    /// When the devices of the place were heard.
    Devices,
}

impl Source {
    /// Whether it is taken from the readings of gauges, which the engine holds for the shortest time.
    pub(crate) fn is_of_gauges(&self) -> bool {
        matches!(self, Self::Basis(basis) if !basis.is_of_meters())
    }

    /// Whether it changes hours of which no gauge is held any more.
    pub(crate) const fn outlasts_gauges(&self) -> bool {
        match self {
            Self::Meters | Self::Devices => true,
            Self::Basis(basis) => basis.is_of_meters(),
            Self::Register | Self::Outdoors => false,
        }
    }
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

/// What a measure may ask of the register and the meters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) register: &'a Register,
    pub(crate) place: &'a Place,
    pub(crate) window: Span,
    pub(crate) supply: Supply<'a>,
}

impl<'a> Context<'a> {
    pub(crate) fn at(&self) -> Instant {
        self.window.from
    }

    pub(crate) fn calendar(&self) -> &'a Calendar {
        &self.register.calendar
    }
}

/// Where the evidence of a clause's measure comes from; `within` is the band of a share outside one.
pub(crate) fn source_within(measure: Measure, gate: Option<Gate>, within: Option<Bound>) -> Source {
    let quantity = match measure {
        Measure::TemperatureOutside => Quantity::Temperature,
        Measure::HumidityOutside => Quantity::Humidity,
        _ => return source_of(measure, gate),
    };
    Source::Basis(Basis::Outside(quantity, gate, Range::new(within.unwrap_or_default())))
}

/// Where a measure's evidence comes from; `gate` narrows the time of gauge means.
pub(crate) fn source_of(measure: Measure, gate: Option<Gate>) -> Source {
    let basis = match measure {
        Measure::Utilisation | Measure::IdleWorkingDays => Basis::Occupied,
        Measure::SeatUtilisation => Basis::People,
        Measure::SpaceUtilisation => Basis::WeekdayPeople,
        Measure::PeakPeople | Measure::EffectiveUsers => Basis::Peak,
        Measure::AreaPerPerson => Basis::Present,
        Measure::EnergyWhileEmpty => Basis::WhileEmpty,
        Measure::WeatherRegularity => Basis::Regularity(Moment::Both, gate == Some(Gate::Working)),
        Measure::Co2HourMean | Measure::Co2DayMean | Measure::Co2AboveOutdoor => {
            Basis::Gauge(Quantity::Co2, gate)
        }
        Measure::TemperatureHourMean => Basis::Gauge(Quantity::Temperature, gate),
        Measure::HumidityHourMean => Basis::Gauge(Quantity::Humidity, gate),
        Measure::Illuminance => Basis::Gauge(Quantity::Illuminance, gate),
        Measure::SetpointHourMean => Basis::Gauge(Quantity::Setpoint, gate),
        Measure::Pm25DayMean => Basis::Gauge(Quantity::Pm2_5, gate),
        Measure::Pm10DayMean => Basis::Gauge(Quantity::Pm10, gate),
        Measure::TvocDayMean => Basis::Gauge(Quantity::Tvoc, gate),
        // Without a clause there is no band, and nothing lies outside it.
        Measure::TemperatureOutside => {
            Basis::Outside(Quantity::Temperature, gate, Range::new(Bound::default()))
        }
        Measure::HumidityOutside => Basis::Outside(Quantity::Humidity, gate, Range::new(Bound::default())),
        Measure::RunningMeanOutdoor => return Source::Outdoors,
        Measure::WindowOpen => Basis::Gauge(Quantity::WindowOpen, gate),
        Measure::CoolingOn => Basis::Gauge(Quantity::CoolingOn, gate),
        Measure::HeatingOn => Basis::Gauge(Quantity::HeatingOn, gate),
        Measure::Absence | Measure::Stuck => return Source::Devices,
        Measure::PrivateOfficeArea
        | Measure::ServiceArea
        | Measure::AreaPerFte
        | Measure::RoomArea
        | Measure::AreaPerPost
        | Measure::CanteenArea
        | Measure::GarageArea
        | Measure::EquipmentShare
        | Measure::UsableShare
        | Measure::VacatedDays => return Source::Register,
        Measure::LightingPowerDensity
        | Measure::Electricity
        | Measure::Gas
        | Measure::Heat
        | Measure::Water
        | Measure::Eui
        | Measure::EuiCorrected
        | Measure::EnergyPerPerson
        | Measure::WaterPerPerson
        | Measure::NightRatio
        | Measure::RestDayRatio
        | Measure::EnergyUseEffectiveness => return Source::Meters,
    };
    Source::Basis(basis)
}

/// The figure of a room or building measure from its daily partials.
pub(crate) fn figure(measure: Measure, days: &[(Span, Partial)], context: Context<'_>) -> Figure {
    match measure {
        Measure::Utilisation => utilisation::figure(days),
        Measure::SeatUtilisation => seat_utilisation::figure(days, context),
        Measure::SpaceUtilisation => space_utilisation::figure(days, context),
        Measure::PeakPeople => peak_people::figure(days),
        Measure::EffectiveUsers => effective_users::figure(days, context),
        Measure::IdleWorkingDays => idle_working_days::figure(days),
        Measure::AreaPerPerson => area_per_person::figure(days, context),
        Measure::EnergyWhileEmpty => while_empty::figure(days),
        _ => gauge::mean(days),
    }
}

/// The figure of a meter measure over a window of a period.
pub(crate) fn meter_figure(
    measure: Measure,
    context: Context<'_>,
    period: Period,
    energy: &Energy,
    correction: Option<&Correction>,
    people: Option<People<'_>>,
) -> Figure {
    match measure {
        Measure::Electricity | Measure::Gas | Measure::Heat | Measure::Water => {
            amount::figure(measure, context, period, energy)
        }
        Measure::Eui => eui::figure(measure, context, period, energy),
        Measure::EuiCorrected => {
            let nobody = BTreeMap::<Instant, Micro>::new();
            let people = people.unwrap_or(People { usual_peak: None, hours: &nobody });
            let plain = eui::figure(measure, context, period, energy);
            eui_corrected::corrected(plain, correction, context, people)
        }
        Measure::EnergyPerPerson | Measure::WaterPerPerson => {
            per_person::figure(measure, context, period, energy)
        }
        Measure::LightingPowerDensity => lighting_power_density::figure(context, period),
        Measure::RestDayRatio => rest_day_ratio::figure(context, energy),
        Measure::NightRatio => night_ratio::figure(context, energy),
        Measure::EnergyUseEffectiveness => energy_use_effectiveness::figure(context, period),
        _ => Figure::default(),
    }
}

/// The figure of a body from the meters of all that it holds; `None` for a measure that has none.
pub(crate) fn body_figure(
    measure: Measure,
    holding: holding::Holding<'_>,
    period: Period,
    energy: &Energy,
) -> Option<Figure> {
    measure.is_of_bodies().then(|| per_person::of_body(measure, holding, period, energy))
}

/// The mean of some numbers, each of the same weight.
fn average(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / count(values.len()))
}

fn count(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::MAX, f64::from)
}
