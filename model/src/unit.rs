//! Units: the names of the IANA SenML registry where one exists, and what vendors write instead.

use std::sync::LazyLock;

use crate::closed::closed_list;

closed_list! {
    /// Canonical units, one for each quantity.
    pub enum Unit {
        /// A state, 0 or 1, or a plain ratio.
        One = "1",
        /// A number of things.
        Count = "count",
        /// A hundredth part.
        Percent = "/100",
        /// Degree Celsius.
        Celsius = "Cel",
        /// Relative humidity in percent.
        RelativeHumidity = "%RH",
        /// Parts per million by volume.
        Ppm = "ppm",
        /// Lux.
        Lux = "lx",
        /// Decibel, A-weighted where the sensor says so.
        Decibel = "dB",
        /// Decibel above a milliwatt.
        DecibelMilliwatt = "dBm",
        /// Hectopascal.
        Hectopascal = "hPa",
        /// Microgram per cubic metre.
        MicrogramPerCubicMetre = "ug/m3",
        /// Watt.
        Watt = "W",
        /// Kilowatt-hour.
        KilowattHour = "kWh",
        /// Reactive volt-ampere.
        Var = "var",
        /// Volt-ampere.
        VoltAmpere = "VA",
        /// Volt.
        Volt = "V",
        /// Ampere.
        Ampere = "A",
        /// Hertz.
        Hertz = "Hz",
        /// Cubic metre.
        CubicMetre = "m3",
        /// Gigajoule.
        Gigajoule = "GJ",
    }
}

/// Why a value could not be brought to a canonical unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// The text names no unit that is known.
    #[error("unknown unit `{0}`")]
    Unknown(String),
    /// The unit belongs to another kind of quantity.
    #[error("unit `{found}` does not fit: expected one that converts to `{expected}`")]
    Mismatch {
        /// What was written.
        found: String,
        /// The canonical unit of the quantity.
        expected: Unit,
    },
}

/// A written unit as `canonical = value * factor + offset`.
type Written = (&'static str, Unit, f64, f64);

/// What vendors write, folded by [`fold`]. SenML (RFC 8428, RFC 8798), UCUM and plain spellings.
/// The exact letters matter only where folding would merge two units (mW and MW), see [`EXACT`].
const WRITTEN: &[Written] = &[
    ("1", Unit::One, 1.0, 0.0),
    ("bool", Unit::One, 1.0, 0.0),
    ("cos(phi)", Unit::One, 1.0, 0.0),
    ("cosφ", Unit::One, 1.0, 0.0),
    ("count", Unit::Count, 1.0, 0.0),
    ("people", Unit::Count, 1.0, 0.0),
    ("persons", Unit::Count, 1.0, 0.0),
    ("p", Unit::Count, 1.0, 0.0),
    ("人", Unit::Count, 1.0, 0.0),
    ("%", Unit::Percent, 1.0, 0.0),
    ("/100", Unit::Percent, 1.0, 0.0),
    ("%el", Unit::Percent, 1.0, 0.0),
    ("percent", Unit::Percent, 1.0, 0.0),
    ("/", Unit::Percent, 100.0, 0.0),
    ("cel", Unit::Celsius, 1.0, 0.0),
    ("c", Unit::Celsius, 1.0, 0.0),
    ("°c", Unit::Celsius, 1.0, 0.0),
    ("℃", Unit::Celsius, 1.0, 0.0),
    ("degc", Unit::Celsius, 1.0, 0.0),
    ("celsius", Unit::Celsius, 1.0, 0.0),
    ("degreescelsius", Unit::Celsius, 1.0, 0.0),
    ("degreesfahrenheit", Unit::Celsius, 5.0 / 9.0, -160.0 / 9.0),
    ("°f", Unit::Celsius, 5.0 / 9.0, -160.0 / 9.0),
    ("f", Unit::Celsius, 5.0 / 9.0, -160.0 / 9.0),
    ("degf", Unit::Celsius, 5.0 / 9.0, -160.0 / 9.0),
    ("fahrenheit", Unit::Celsius, 5.0 / 9.0, -160.0 / 9.0),
    ("k", Unit::Celsius, 1.0, -273.15),
    ("kelvin", Unit::Celsius, 1.0, -273.15),
    ("%rh", Unit::RelativeHumidity, 1.0, 0.0),
    ("rh", Unit::RelativeHumidity, 1.0, 0.0),
    ("percentrelativehumidity", Unit::RelativeHumidity, 1.0, 0.0),
    ("rh%", Unit::RelativeHumidity, 1.0, 0.0),
    ("%r.h.", Unit::RelativeHumidity, 1.0, 0.0),
    ("ppm", Unit::Ppm, 1.0, 0.0),
    ("partspermillion", Unit::Ppm, 1.0, 0.0),
    ("partsperbillion", Unit::Ppm, 0.001, 0.0),
    ("ppb", Unit::Ppm, 0.001, 0.0),
    ("[ppm]", Unit::Ppm, 1.0, 0.0),
    ("lx", Unit::Lux, 1.0, 0.0),
    ("lux", Unit::Lux, 1.0, 0.0),
    ("mlx", Unit::Lux, 0.001, 0.0),
    ("luxes", Unit::Lux, 1.0, 0.0),
    ("klx", Unit::Lux, 1000.0, 0.0),
    ("db", Unit::Decibel, 1.0, 0.0),
    ("decibels", Unit::Decibel, 1.0, 0.0),
    ("dba", Unit::Decibel, 1.0, 0.0),
    ("db(a)", Unit::Decibel, 1.0, 0.0),
    ("dbm", Unit::DecibelMilliwatt, 1.0, 0.0),
    ("hpa", Unit::Hectopascal, 1.0, 0.0),
    ("mbar", Unit::Hectopascal, 1.0, 0.0),
    ("pa", Unit::Hectopascal, 0.01, 0.0),
    ("pascals", Unit::Hectopascal, 0.01, 0.0),
    ("hectopascals", Unit::Hectopascal, 1.0, 0.0),
    ("kilopascals", Unit::Hectopascal, 10.0, 0.0),
    ("kpa", Unit::Hectopascal, 10.0, 0.0),
    ("bar", Unit::Hectopascal, 1000.0, 0.0),
    ("ug/m3", Unit::MicrogramPerCubicMetre, 1.0, 0.0),
    ("µg/m3", Unit::MicrogramPerCubicMetre, 1.0, 0.0),
    ("μg/m3", Unit::MicrogramPerCubicMetre, 1.0, 0.0),
    ("µg/m³", Unit::MicrogramPerCubicMetre, 1.0, 0.0),
    ("μg/m³", Unit::MicrogramPerCubicMetre, 1.0, 0.0),
    ("ug/m³", Unit::MicrogramPerCubicMetre, 1.0, 0.0),
    ("mg/m3", Unit::MicrogramPerCubicMetre, 1000.0, 0.0),
    ("mg/m³", Unit::MicrogramPerCubicMetre, 1000.0, 0.0),
    ("w", Unit::Watt, 1.0, 0.0),
    ("watt", Unit::Watt, 1.0, 0.0),
    ("watts", Unit::Watt, 1.0, 0.0),
    ("kilowatts", Unit::Watt, 1000.0, 0.0),
    ("kw", Unit::Watt, 1000.0, 0.0),
    ("kwh", Unit::KilowattHour, 1.0, 0.0),
    ("kilowatthours", Unit::KilowattHour, 1.0, 0.0),
    ("watthours", Unit::KilowattHour, 0.001, 0.0),
    ("wh", Unit::KilowattHour, 0.001, 0.0),
    ("gwh", Unit::KilowattHour, 1_000_000.0, 0.0),
    ("j", Unit::KilowattHour, 1.0 / 3_600_000.0, 0.0),
    ("ws", Unit::KilowattHour, 1.0 / 3_600_000.0, 0.0),
    ("kj", Unit::KilowattHour, 1.0 / 3_600.0, 0.0),
    ("wmin", Unit::KilowattHour, 1.0 / 60_000.0, 0.0),
    ("w*min", Unit::KilowattHour, 1.0 / 60_000.0, 0.0),
    ("var", Unit::Var, 1.0, 0.0),
    ("kvar", Unit::Var, 1000.0, 0.0),
    ("va", Unit::VoltAmpere, 1.0, 0.0),
    ("kva", Unit::VoltAmpere, 1000.0, 0.0),
    ("v", Unit::Volt, 1.0, 0.0),
    ("volt", Unit::Volt, 1.0, 0.0),
    ("volts", Unit::Volt, 1.0, 0.0),
    ("kv", Unit::Volt, 1000.0, 0.0),
    ("a", Unit::Ampere, 1.0, 0.0),
    ("amp", Unit::Ampere, 1.0, 0.0),
    ("ampere", Unit::Ampere, 1.0, 0.0),
    ("amperes", Unit::Ampere, 1.0, 0.0),
    ("ka", Unit::Ampere, 1000.0, 0.0),
    ("hertz", Unit::Hertz, 1.0, 0.0),
    ("hz", Unit::Hertz, 1.0, 0.0),
    ("m3", Unit::CubicMetre, 1.0, 0.0),
    ("m³", Unit::CubicMetre, 1.0, 0.0),
    ("l", Unit::CubicMetre, 0.001, 0.0),
    ("dm3", Unit::CubicMetre, 0.001, 0.0),
    ("gj", Unit::Gigajoule, 1.0, 0.0),
];

/// Spellings whose letters' case tells milli from mega.
const EXACT: &[Written] = &[
    ("mW", Unit::Watt, 0.001, 0.0),
    ("MW", Unit::Watt, 1_000_000.0, 0.0),
    ("mWh", Unit::KilowattHour, 1e-6, 0.0),
    ("MWh", Unit::KilowattHour, 1000.0, 0.0),
    ("MJ", Unit::KilowattHour, 1.0 / 3.6, 0.0),
    ("mV", Unit::Volt, 0.001, 0.0),
    ("MV", Unit::Volt, 1_000_000.0, 0.0),
    ("mA", Unit::Ampere, 0.001, 0.0),
];

/// Lower case is common for milli; a mega of these is not a sensor's unit.
const MILLI: &[Written] = &[
    ("mw", Unit::Watt, 0.001, 0.0),
    ("mwh", Unit::KilowattHour, 1e-6, 0.0),
    ("mv", Unit::Volt, 0.001, 0.0),
    ("ma", Unit::Ampere, 0.001, 0.0),
];

/// Spellings in lower case by their bytes, the first of equal ones kept: units are looked up for every reading.
static FOLDED: LazyLock<Vec<Written>> = LazyLock::new(|| {
    let mut table: Vec<Written> = WRITTEN.iter().chain(MILLI).copied().collect();
    table.sort_by_key(|written| written.0);
    table.dedup_by_key(|written| written.0);
    table
});

/// Longer texts are no unit; the longest spelling has 23 bytes.
const LONGEST: usize = 24;

/// Takes blanks out and makes lower case, in `buffer`; `None` when it does not fit there.
fn fold<'b>(text: &str, buffer: &'b mut [u8; LONGEST]) -> Option<&'b str> {
    let mut length = 0;
    for c in text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase) {
        length += c.encode_utf8(buffer.get_mut(length..)?.get_mut(..c.len_utf8())?).len();
    }
    std::str::from_utf8(buffer.get(..length)?).ok()
}

fn find(text: &str) -> Option<Written> {
    let text = text.trim();
    if let Some(found) = EXACT.iter().find(|w| w.0 == text) {
        return Some(*found);
    }
    let mut buffer = [0; LONGEST];
    let folded = fold(text, &mut buffer)?;
    let at = FOLDED.binary_search_by_key(&folded, |written| written.0).ok()?;
    FOLDED.get(at).copied()
}

impl Unit {
    /// Converts `value`, written in the unit `text`, to this unit.
    ///
    /// Heat and energy convert into each other only as GJ and kWh (1 GJ = 277.78 kWh); a
    /// percentage fits relative humidity, and a ratio fits a percentage and the reverse.
    ///
    /// # Errors
    /// Returns [`UnitError`] when the text names no unit, or one of another kind.
    ///
    /// # Examples
    /// ```
    /// use model::Unit;
    /// assert_eq!(Unit::Watt.convert(1.5, "kW"), Ok(1500.0));
    /// assert!(Unit::Watt.convert(1.5, "kWh").is_err());
    /// ```
    pub fn convert(self, value: f64, text: &str) -> Result<f64, UnitError> {
        let (_, kind, factor, offset) = find(text).ok_or_else(|| UnitError::Unknown(text.to_owned()))?;
        let value = value * factor + offset;
        match (kind, self) {
            (kind, expected) if kind == expected => Ok(value),
            (Unit::Percent, Unit::RelativeHumidity) | (Unit::One | Unit::Count, Unit::One | Unit::Count) => {
                Ok(value)
            }
            (Unit::Percent, Unit::One | Unit::Count) => Ok(value / 100.0),
            (Unit::One, Unit::Percent) => Ok(value),
            (Unit::KilowattHour, Unit::Gigajoule) => Ok(value * 0.0036),
            (Unit::Gigajoule, Unit::KilowattHour) => Ok(value / 0.0036),
            _ => Err(UnitError::Mismatch { found: text.to_owned(), expected: self }),
        }
    }

    /// Whether `text` names any known unit.
    #[must_use]
    pub fn is_known(text: &str) -> bool {
        find(text).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milli_and_mega_are_told_apart_by_case() {
        assert_eq!(Unit::Watt.convert(1.0, "mW"), Ok(0.001));
        assert_eq!(Unit::Watt.convert(1.0, "MW"), Ok(1_000_000.0));
        assert_eq!(Unit::Volt.convert(3000.0, "mv"), Ok(3.0));
    }

    #[test]
    fn a_fahrenheit_becomes_a_celsius() {
        assert!((Unit::Celsius.convert(212.0, "°F").unwrap() - 100.0).abs() < 1e-9);
    }

    #[test]
    fn an_unknown_unit_is_named_in_the_error() {
        assert_eq!(Unit::Watt.convert(1.0, "furlong"), Err(UnitError::Unknown("furlong".to_owned())));
    }

    #[test]
    fn every_spelling_is_found_in_any_case_and_with_blanks() {
        for (text, kind, factor, offset) in WRITTEN.iter().chain(MILLI) {
            let spaced = format!(" {} ", text.to_uppercase().replace('/', " /"));
            if !EXACT.iter().any(|exact| exact.0 == spaced.trim()) {
                assert_eq!(
                    find(&spaced).map(|w| (w.1, w.2, w.3)),
                    Some((*kind, *factor, *offset)),
                    "{spaced}"
                );
            }
            assert!(text.len() <= LONGEST && Unit::is_known(text), "{text}");
        }
        for text in ["", "mj", "kilowatt-hours-of-heat", "°°", &"µ".repeat(13)] {
            assert!(!Unit::is_known(text), "{text}");
        }
    }

    #[test]
    fn every_canonical_unit_converts_to_itself() {
        for unit in Unit::ALL {
            assert_eq!(unit.convert(2.0, unit.name()), Ok(2.0), "{unit}");
        }
    }
}
