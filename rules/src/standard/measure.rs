//! Measures: the figures that a clause can limit, with their units and periods.

use model::Period;
use serde::{Deserialize, Serialize};

/// What has to be there for a measure to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decides {
    /// The register alone.
    Register,
    /// Readings of room sensors and counters.
    Sensors,
    /// Readings of meters.
    Meters,
}

/// The figures that a clause can limit (design: names of measures).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Occupied share of observed working time, 1.
    Utilisation,
    /// Mean people in working time over seats, 1.
    SeatUtilisation,
    /// US USE IT: mean people present on weekdays over capacity by area, 1.
    SpaceUtilisation,
    /// Most people at one instant.
    PeakPeople,
    /// Working days without any occupation.
    IdleWorkingDays,
    /// Usable area over people present, m²/person.
    AreaPerPerson,
    /// Usable area over posts in the room, m²/post.
    PrivateOfficeArea,
    /// Usable area of service rooms over authorised headcount, m²/person.
    ServiceArea,
    /// Mean CO2 of an hour, ppm.
    Co2HourMean,
    /// Mean CO2 of a day, ppm.
    Co2DayMean,
    /// Mean temperature of an hour, °C.
    TemperatureHourMean,
    /// Mean relative humidity of an hour, %.
    HumidityHourMean,
    /// Mean illuminance, lx.
    Illuminance,
    /// Lighting power over area, W/m².
    LightingPowerDensity,
    /// Electricity used, kWh.
    Electricity,
    /// Gas used, m³.
    Gas,
    /// Heat used, GJ.
    Heat,
    /// Water used, m³.
    Water,
    /// Energy use intensity, kWh/(m2.a).
    Eui,
    /// Energy use intensity corrected for hours and density, kWh/(m2.a).
    EuiCorrected,
    /// Energy over energy-using headcount, kWh/(p.a), or kgce/(p.a) by the factors of a clause.
    EnergyPerPerson,
    /// Water over energy-using headcount, m3/(p.a).
    WaterPerPerson,
    /// Electricity while nobody was there, kWh.
    EnergyWhileEmpty,
    /// Mean night power over mean working-hours power, 1.
    NightRatio,
    /// Energy of a rest day over that of a working day, 1.
    RestDayRatio,
    /// R² of the hourly cooling power on the outdoor temperature, 1.
    WeatherRegularity,
    /// People at work per day as sensors see them.
    EffectiveUsers,
    /// Usable area that a body holds over its people, m²/person.
    AreaPerFte,
    /// Usable area of a room, m².
    RoomArea,
    /// Usable area of a shared room over the posts assigned to it, m²/post.
    AreaPerPost,
    /// Building area of a body's canteens, m².
    CanteenArea,
    /// Building area of a garage, m².
    GarageArea,
    /// Usable area of equipment rooms over that of office and service rooms, 1.
    EquipmentShare,
    /// Usable area of a building over its building area, 1.
    UsableShare,
    /// Days since the last post left an office that is still held.
    VacatedDays,
    /// Mean set-point of an hour, °C.
    SetpointHourMean,
    /// Mean PM2.5 of a day, µg/m³.
    #[serde(rename = "pm2_5_day_mean")]
    Pm25DayMean,
    /// Mean PM10 of a day, µg/m³.
    Pm10DayMean,
    /// Mean TVOC of a day, µg/m³.
    TvocDayMean,
    /// Share of time with the temperature outside a band, 1.
    TemperatureOutside,
    /// Share of time with the relative humidity outside a band, 1.
    HumidityOutside,
    /// Mean CO2 of an hour less that outdoors, ppm.
    Co2AboveOutdoor,
    /// Running mean of the outdoor temperature of the seven days before, °C.
    RunningMeanOutdoor,
    /// Electricity of a data centre over that of its IT equipment, 1.
    EnergyUseEffectiveness,
    /// Longest silence of a sensor or meter of the place beyond its carry, h.
    Absence,
    /// Longest time for which a series of the place has been flagged stuck, h.
    Stuck,
    /// Share of the time in which a window is open, 1.
    WindowOpen,
    /// Share of the time in which the cooling runs, 1.
    CoolingOn,
    /// Share of the time in which the heating runs, 1.
    HeatingOn,
}

impl Measure {
    /// Every measure with its name in files and the API.
    pub const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Utilisation, "utilisation"),
        (Self::SeatUtilisation, "seat_utilisation"),
        (Self::SpaceUtilisation, "space_utilisation"),
        (Self::PeakPeople, "peak_people"),
        (Self::IdleWorkingDays, "idle_working_days"),
        (Self::AreaPerPerson, "area_per_person"),
        (Self::PrivateOfficeArea, "private_office_area"),
        (Self::ServiceArea, "service_area"),
        (Self::Co2HourMean, "co2_hour_mean"),
        (Self::Co2DayMean, "co2_day_mean"),
        (Self::TemperatureHourMean, "temperature_hour_mean"),
        (Self::HumidityHourMean, "humidity_hour_mean"),
        (Self::Illuminance, "illuminance"),
        (Self::LightingPowerDensity, "lighting_power_density"),
        (Self::Electricity, "electricity"),
        (Self::Gas, "gas"),
        (Self::Heat, "heat"),
        (Self::Water, "water"),
        (Self::Eui, "eui"),
        (Self::EuiCorrected, "eui_corrected"),
        (Self::EnergyPerPerson, "energy_per_person"),
        (Self::WaterPerPerson, "water_per_person"),
        (Self::EnergyWhileEmpty, "energy_while_empty"),
        (Self::NightRatio, "night_ratio"),
        (Self::RestDayRatio, "rest_day_ratio"),
        (Self::WeatherRegularity, "weather_regularity"),
        (Self::EffectiveUsers, "effective_users"),
        (Self::AreaPerFte, "area_per_fte"),
        (Self::RoomArea, "room_area"),
        (Self::AreaPerPost, "area_per_post"),
        (Self::CanteenArea, "canteen_area"),
        (Self::GarageArea, "garage_area"),
        (Self::EquipmentShare, "equipment_share"),
        (Self::UsableShare, "usable_share"),
        (Self::VacatedDays, "vacated_days"),
        (Self::SetpointHourMean, "setpoint_hour_mean"),
        (Self::Pm25DayMean, "pm2_5_day_mean"),
        (Self::Pm10DayMean, "pm10_day_mean"),
        (Self::TvocDayMean, "tvoc_day_mean"),
        (Self::TemperatureOutside, "temperature_outside"),
        (Self::HumidityOutside, "humidity_outside"),
        (Self::Co2AboveOutdoor, "co2_above_outdoor"),
        (Self::RunningMeanOutdoor, "running_mean_outdoor"),
        (Self::EnergyUseEffectiveness, "energy_use_effectiveness"),
        (Self::Absence, "absence"),
        (Self::Stuck, "stuck"),
        (Self::WindowOpen, "window_open"),
        (Self::CoolingOn, "cooling_on"),
        (Self::HeatingOn, "heating_on"),
    ];

    /// The name in files and the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(m, _)| *m == self).map_or("", |(_, name)| name)
    }

    /// The measure of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, n)| *n == name).map(|(m, _)| *m)
    }

    /// The unit of every value of this measure where the clause does not choose another, see [`Self::units`].
    #[must_use]
    pub fn unit(self) -> &'static str {
        self.units().first().copied().unwrap_or("1")
    }

    /// The units in which a clause may write a limit of this measure, the usual one first.
    ///
    /// `kgce` is kilogram coal equivalent, `p` a person, `a` a year; `d` counts days.
    #[must_use]
    pub const fn units(self) -> &'static [&'static str] {
        match self {
            Self::Utilisation
            | Self::SeatUtilisation
            | Self::SpaceUtilisation
            | Self::NightRatio
            | Self::RestDayRatio
            | Self::WeatherRegularity
            | Self::EquipmentShare
            | Self::UsableShare
            | Self::TemperatureOutside
            | Self::HumidityOutside
            | Self::EnergyUseEffectiveness
            | Self::WindowOpen
            | Self::CoolingOn
            | Self::HeatingOn => &["1"],
            Self::Absence | Self::Stuck => &["h"],
            Self::PeakPeople | Self::EffectiveUsers => &["count"],
            Self::IdleWorkingDays | Self::VacatedDays => &["d"],
            Self::AreaPerPerson
            | Self::PrivateOfficeArea
            | Self::ServiceArea
            | Self::AreaPerFte
            | Self::RoomArea
            | Self::AreaPerPost
            | Self::CanteenArea
            | Self::GarageArea => &["m2"],
            Self::Co2HourMean | Self::Co2DayMean | Self::Co2AboveOutdoor => &["ppm"],
            Self::TemperatureHourMean | Self::SetpointHourMean | Self::RunningMeanOutdoor => &["Cel"],
            Self::Pm25DayMean | Self::Pm10DayMean | Self::TvocDayMean => &["ug/m3"],
            Self::HumidityHourMean => &["%RH"],
            Self::Illuminance => &["lx"],
            Self::LightingPowerDensity => &["W/m2"],
            Self::Electricity | Self::EnergyWhileEmpty => &["kWh"],
            Self::Gas | Self::Water => &["m3"],
            Self::Heat => &["GJ"],
            Self::Eui | Self::EuiCorrected => &["kWh/(m2.a)", "kgce/(m2.a)"],
            // Without a clause there are no factors: electricity as it is.
            Self::EnergyPerPerson => &["kWh/(p.a)", "kgce/(p.a)"],
            Self::WaterPerPerson => &["m3/(p.a)"],
        }
    }

    /// The periods over which this measure exists.
    #[must_use]
    pub const fn periods(self) -> &'static [Period] {
        use Period as P;
        match self {
            Self::PrivateOfficeArea
            | Self::ServiceArea
            | Self::AreaPerFte
            | Self::RoomArea
            | Self::AreaPerPost
            | Self::CanteenArea
            | Self::GarageArea
            | Self::EquipmentShare
            | Self::UsableShare
            | Self::VacatedDays => &[P::Register],
            Self::Co2HourMean
            | Self::TemperatureHourMean
            | Self::HumidityHourMean
            | Self::SetpointHourMean
            | Self::Co2AboveOutdoor
            | Self::Absence
            | Self::Stuck => &[P::Hour],
            Self::Co2DayMean
            | Self::Pm25DayMean
            | Self::Pm10DayMean
            | Self::TvocDayMean
            | Self::RunningMeanOutdoor => &[P::Day],
            Self::TemperatureOutside | Self::HumidityOutside => {
                &[P::Hour, P::Day, P::Week, P::Month, P::Year]
            }
            // A year's figure of a year: a part of one is a projection and no verdict.
            Self::Eui
            | Self::EuiCorrected
            | Self::EnergyPerPerson
            | Self::WaterPerPerson
            | Self::EnergyUseEffectiveness => &[P::Year],
            // A week is the least that holds work and rest, or weather that changes.
            Self::RestDayRatio | Self::WeatherRegularity => &[P::Week, P::Month, P::Year, P::All],
            Self::IdleWorkingDays | Self::SpaceUtilisation | Self::NightRatio | Self::EffectiveUsers => {
                &[P::Day, P::Week, P::Month, P::Year, P::All]
            }
            Self::Utilisation
            | Self::SeatUtilisation
            | Self::PeakPeople
            | Self::AreaPerPerson
            | Self::Illuminance
            | Self::LightingPowerDensity
            | Self::Electricity
            | Self::Gas
            | Self::Heat
            | Self::Water
            | Self::EnergyWhileEmpty
            | Self::WindowOpen
            | Self::CoolingOn
            | Self::HeatingOn => &[P::Hour, P::Day, P::Week, P::Month, P::Year, P::All],
        }
    }

    /// What has to be there for this measure to be known.
    #[must_use]
    pub const fn decides(self) -> Decides {
        match self {
            _ if matches!(self.periods(), [Period::Register]) => Decides::Register,
            Self::LightingPowerDensity
            | Self::Electricity
            | Self::Gas
            | Self::Heat
            | Self::Water
            | Self::Eui
            | Self::EuiCorrected
            | Self::EnergyPerPerson
            | Self::WaterPerPerson
            | Self::EnergyWhileEmpty
            | Self::NightRatio
            | Self::RestDayRatio
            | Self::WeatherRegularity
            | Self::EnergyUseEffectiveness => Decides::Meters,
            _ => Decides::Sensors,
        }
    }

    /// Whether it is a share of time outside a band, which the clause has to say (`within`).
    #[must_use]
    pub const fn needs_band(self) -> bool {
        matches!(self, Self::TemperatureOutside | Self::HumidityOutside)
    }

    /// Whether meters tell it of a body as a whole: its buildings' use over its people.
    #[must_use]
    pub const fn is_of_bodies(self) -> bool {
        matches!(self, Self::EnergyPerPerson | Self::WaterPerPerson)
    }

    /// Whether it is about the devices of a place and not about what they observe.
    #[must_use]
    pub const fn is_of_devices(self) -> bool {
        matches!(self, Self::Absence | Self::Stuck)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn every_measure_has_a_name_a_unit_and_a_period() {
        for (measure, name) in Measure::NAMES {
            assert_eq!(Measure::parse(name), Some(*measure));
            assert!(!measure.units().is_empty() && !measure.periods().is_empty(), "{name}");
        }
    }

    #[test]
    fn a_figure_of_the_register_has_no_other_period() {
        for (measure, name) in Measure::NAMES {
            let of_register = measure.periods().contains(&Period::Register);
            assert_eq!(of_register, measure.decides() == Decides::Register, "{name}");
        }
    }

    #[test]
    fn without_factors_energy_is_in_kilowatt_hours() {
        for measure in [Measure::Eui, Measure::EuiCorrected, Measure::EnergyPerPerson] {
            assert!(measure.unit().starts_with("kWh/"), "{}", measure.name());
        }
    }
}
