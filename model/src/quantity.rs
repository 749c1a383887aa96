//! The closed list of quantities: canonical unit, nature and physical range of each.

use crate::{Unit, closed::closed_list};

closed_list! {
    /// An observed property. Any `motion` value above 0 counts as motion.
    pub enum Quantity {
        Occupied = "occupied",
        Motion = "motion",
        MotionCount = "motion_count",
        PeopleCount = "people_count",
        PeopleIn = "people_in",
        PeopleOut = "people_out",
        PeopleInTotal = "people_in_total",
        PeopleOutTotal = "people_out_total",
        OccupancyRate = "occupancy_rate",
        Temperature = "temperature",
        Humidity = "humidity",
        Co2 = "co2",
        Illuminance = "illuminance",
        SoundLevel = "sound_level",
        Pressure = "pressure",
        Pm2_5 = "pm2_5",
        Pm10 = "pm10",
        Tvoc = "tvoc",
        Power = "power",
        EnergyImport = "energy_import",
        EnergyExport = "energy_export",
        Energy = "energy",
        ReactivePower = "reactive_power",
        ApparentPower = "apparent_power",
        PowerFactor = "power_factor",
        Voltage = "voltage",
        Current = "current",
        Frequency = "frequency",
        Water = "water",
        Gas = "gas",
        Heat = "heat",
        WaterUsed = "water_used",
        GasUsed = "gas_used",
        HeatUsed = "heat_used",
        BatteryLevel = "battery_level",
        BatteryVoltage = "battery_voltage",
        Setpoint = "setpoint",
        OutdoorTemperature = "outdoor_temperature",
        OutdoorCo2 = "outdoor_co2",
        WindowOpen = "window_open",
        CoolingOn = "cooling_on",
        HeatingOn = "heating_on",
        /// Strength of the radio signal of a device, as its receiver got it (RSSI): health, no reading of the room.
        Signal = "signal",
        /// How far that signal stood above the noise.
        Snr = "snr",
    }
}

/// How the values of a quantity relate to time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nature {
    /// Stands until the next reading, at most the longest gap.
    Gauge,
    /// A register that only rises; steps between readings are what was used.
    Counter,
    /// An amount of the interval that starts at the reading's time; never carried.
    Interval,
    /// An amount since the last report (people in, motion events).
    SinceLast,
}

impl Quantity {
    /// The unit of every stored value of this quantity.
    #[must_use]
    pub const fn unit(self) -> Unit {
        use Quantity as Q;
        match self {
            Q::Occupied | Q::Motion | Q::WindowOpen | Q::CoolingOn | Q::HeatingOn | Q::PowerFactor => {
                Unit::One
            }
            Q::MotionCount
            | Q::PeopleCount
            | Q::PeopleIn
            | Q::PeopleOut
            | Q::PeopleInTotal
            | Q::PeopleOutTotal => Unit::Count,
            Q::OccupancyRate | Q::BatteryLevel => Unit::Percent,
            Q::Temperature | Q::Setpoint | Q::OutdoorTemperature => Unit::Celsius,
            Q::Humidity => Unit::RelativeHumidity,
            Q::Co2 | Q::OutdoorCo2 => Unit::Ppm,
            Q::Illuminance => Unit::Lux,
            Q::SoundLevel | Q::Snr => Unit::Decibel,
            Q::Signal => Unit::DecibelMilliwatt,
            Q::Pressure => Unit::Hectopascal,
            Q::Pm2_5 | Q::Pm10 | Q::Tvoc => Unit::MicrogramPerCubicMetre,
            Q::Power => Unit::Watt,
            Q::EnergyImport | Q::EnergyExport | Q::Energy => Unit::KilowattHour,
            Q::ReactivePower => Unit::Var,
            Q::ApparentPower => Unit::VoltAmpere,
            Q::Voltage | Q::BatteryVoltage => Unit::Volt,
            Q::Current => Unit::Ampere,
            Q::Frequency => Unit::Hertz,
            Q::Water | Q::Gas | Q::WaterUsed | Q::GasUsed => Unit::CubicMetre,
            Q::Heat | Q::HeatUsed => Unit::Gigajoule,
        }
    }

    /// Whether it says how a device was heard and nothing of what it observed: health, no reading of a room.
    #[must_use]
    pub const fn is_of_radio(self) -> bool {
        matches!(self, Self::Signal | Self::Snr)
    }

    /// How its values relate to time.
    #[must_use]
    pub const fn nature(self) -> Nature {
        use Quantity as Q;
        match self {
            Q::EnergyImport
            | Q::EnergyExport
            | Q::Water
            | Q::Gas
            | Q::Heat
            | Q::PeopleInTotal
            | Q::PeopleOutTotal => Nature::Counter,
            Q::Energy | Q::WaterUsed | Q::GasUsed | Q::HeatUsed => Nature::Interval,
            Q::PeopleIn | Q::PeopleOut | Q::MotionCount => Nature::SinceLast,
            _ => Nature::Gauge,
        }
    }

    /// Physical range in the canonical unit; a reading outside is marked `range`.
    ///
    /// CO2, temperature and humidity: the limits of the reference data sets (below the
    /// atmosphere's own 250 ppm no CO2 sensor is right). States: 0 to 1, motion may be an
    /// intensity. Counts of people: a building, not a city. Illuminance: full sun is about
    /// 120 klx. Sound: threshold of hearing to instant damage. Pressure: from 8,000 m up to a
    /// record high. Particles and TVOC: the span of common sensors. Registers and amounts:
    /// not negative. Electrical: low voltage supply with room for medium voltage meters. Radio:
    /// from below the noise floor of `LoRa` (-148 dBm, -20 dB) to a sender beside the antenna.
    #[must_use]
    pub const fn range(self) -> (f64, f64) {
        use Quantity as Q;
        match self {
            Q::Occupied | Q::WindowOpen | Q::CoolingOn | Q::HeatingOn => (0.0, 1.0),
            Q::Motion => (0.0, 1e6),
            Q::MotionCount | Q::PeopleIn | Q::PeopleOut | Q::PeopleCount => (0.0, 100_000.0),
            Q::OccupancyRate | Q::BatteryLevel | Q::Humidity => (0.0, 100.0),
            Q::Temperature => (-10.0, 50.0),
            Q::OutdoorTemperature => (-50.0, 60.0),
            Q::Setpoint => (0.0, 50.0),
            Q::Co2 | Q::OutdoorCo2 => (250.0, 10_000.0),
            Q::Illuminance => (0.0, 200_000.0),
            Q::SoundLevel => (0.0, 160.0),
            Q::Signal => (-160.0, 20.0),
            Q::Snr => (-50.0, 100.0),
            Q::Pressure => (300.0, 1_100.0),
            Q::Pm2_5 | Q::Pm10 => (0.0, 10_000.0),
            Q::Tvoc => (0.0, 100_000.0),
            Q::Power | Q::ReactivePower | Q::ApparentPower => (-1e9, 1e9),
            Q::PowerFactor => (-1.0, 1.0),
            Q::Voltage => (0.0, 1e6),
            Q::BatteryVoltage => (0.0, 100.0),
            Q::Current => (-1e6, 1e6),
            Q::Frequency => (0.0, 1_000.0),
            Q::PeopleInTotal
            | Q::PeopleOutTotal
            | Q::EnergyImport
            | Q::EnergyExport
            | Q::Water
            | Q::Gas
            | Q::Heat
            | Q::Energy
            | Q::WaterUsed
            | Q::GasUsed
            | Q::HeatUsed => (0.0, 1e12),
        }
    }

    /// Whether `value` lies inside [`Self::range`], ends included.
    #[must_use]
    pub fn is_plausible(self, value: f64) -> bool {
        let (low, high) = self.range();
        (low..=high).contains(&value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quantity_is_found_again_by_its_name() {
        for quantity in Quantity::ALL {
            assert_eq!(Quantity::parse(quantity.name()), Some(*quantity));
        }
    }

    #[test]
    fn the_range_of_co2_includes_its_ends() {
        assert!(Quantity::Co2.is_plausible(250.0) && Quantity::Co2.is_plausible(10_000.0));
        assert!(!Quantity::Co2.is_plausible(249.9) && !Quantity::Co2.is_plausible(10_000.1));
    }
}
