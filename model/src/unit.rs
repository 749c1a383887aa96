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

/// How a written value becomes a canonical one. Small units divide, since a thousand has an exact binary form and a
/// thousandth has none: 3,600,000 J are 1 kWh and not a hair less.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    Same,
    Times(f64),
    By(f64),
    Fahrenheit,
    Kelvin,
}

use Scale::{By, Fahrenheit, Kelvin, Same, Times};

impl Scale {
    fn apply(self, value: f64) -> f64 {
        match self {
            Same => value,
            Times(factor) => value * factor,
            By(divisor) => value / divisor,
            Fahrenheit => (value - 32.0) * 5.0 / 9.0,
            Kelvin => value - 273.15,
        }
    }
}

/// A spelling, the canonical unit it belongs to, and the way there.
type Written = (&'static str, Unit, Scale);

/// What vendors write, folded by [`fold`]. SenML (RFC 8428, RFC 8798), UCUM, `BACnet`, UN/ECE Recommendation 20 and plain
/// spellings.
/// The exact letters matter only where folding would merge two units (mW and MW), see [`EXACT`].
const WRITTEN: &[Written] = &[
    ("1", Unit::One, Same),
    ("bool", Unit::One, Same),
    ("cos(phi)", Unit::One, Same),
    ("cosφ", Unit::One, Same),
    ("count", Unit::Count, Same),
    ("people", Unit::Count, Same),
    ("persons", Unit::Count, Same),
    ("p", Unit::Count, Same),
    ("人", Unit::Count, Same),
    ("%", Unit::Percent, Same),
    ("/100", Unit::Percent, Same),
    ("%el", Unit::Percent, Same),
    ("percent", Unit::Percent, Same),
    ("/", Unit::Percent, Times(100.0)),
    ("cel", Unit::Celsius, Same),
    ("c", Unit::Celsius, Same),
    ("°c", Unit::Celsius, Same),
    ("℃", Unit::Celsius, Same),
    ("degc", Unit::Celsius, Same),
    ("celsius", Unit::Celsius, Same),
    ("ºc", Unit::Celsius, Same),
    ("oc", Unit::Celsius, Same),
    ("&deg;c", Unit::Celsius, Same),
    ("gradc", Unit::Celsius, Same),
    ("gradcelsius", Unit::Celsius, Same),
    ("degreescelsius", Unit::Celsius, Same),
    ("degreesfahrenheit", Unit::Celsius, Fahrenheit),
    ("°f", Unit::Celsius, Fahrenheit),
    ("f", Unit::Celsius, Fahrenheit),
    ("degf", Unit::Celsius, Fahrenheit),
    ("fahrenheit", Unit::Celsius, Fahrenheit),
    ("k", Unit::Celsius, Kelvin),
    ("kelvin", Unit::Celsius, Kelvin),
    ("%rh", Unit::RelativeHumidity, Same),
    ("rh", Unit::RelativeHumidity, Same),
    ("percentrelativehumidity", Unit::RelativeHumidity, Same),
    ("rh%", Unit::RelativeHumidity, Same),
    ("%r.h.", Unit::RelativeHumidity, Same),
    ("ppm", Unit::Ppm, Same),
    ("partspermillion", Unit::Ppm, Same),
    ("partsperbillion", Unit::Ppm, By(1000.0)),
    ("ppb", Unit::Ppm, By(1000.0)),
    ("[ppm]", Unit::Ppm, Same),
    ("lx", Unit::Lux, Same),
    ("lux", Unit::Lux, Same),
    ("mlx", Unit::Lux, By(1000.0)),
    ("luxes", Unit::Lux, Same),
    ("klx", Unit::Lux, Times(1000.0)),
    ("db", Unit::Decibel, Same),
    ("decibels", Unit::Decibel, Same),
    ("dba", Unit::Decibel, Same),
    ("db(a)", Unit::Decibel, Same),
    ("dbm", Unit::DecibelMilliwatt, Same),
    ("hpa", Unit::Hectopascal, Same),
    ("mbar", Unit::Hectopascal, Same),
    ("pa", Unit::Hectopascal, By(100.0)),
    ("pascals", Unit::Hectopascal, By(100.0)),
    ("hectopascals", Unit::Hectopascal, Same),
    ("kilopascals", Unit::Hectopascal, Times(10.0)),
    ("kpa", Unit::Hectopascal, Times(10.0)),
    ("bar", Unit::Hectopascal, Times(1000.0)),
    ("ug/m3", Unit::MicrogramPerCubicMetre, Same),
    ("µg/m3", Unit::MicrogramPerCubicMetre, Same),
    ("μg/m3", Unit::MicrogramPerCubicMetre, Same),
    ("µg/m³", Unit::MicrogramPerCubicMetre, Same),
    ("μg/m³", Unit::MicrogramPerCubicMetre, Same),
    ("ug/m³", Unit::MicrogramPerCubicMetre, Same),
    ("mgpc", Unit::MicrogramPerCubicMetre, Same),
    ("mg/m3", Unit::MicrogramPerCubicMetre, Times(1000.0)),
    ("mg/m³", Unit::MicrogramPerCubicMetre, Times(1000.0)),
    ("w", Unit::Watt, Same),
    ("watt", Unit::Watt, Same),
    ("watts", Unit::Watt, Same),
    ("kilowatts", Unit::Watt, Times(1000.0)),
    ("kw", Unit::Watt, Times(1000.0)),
    ("kwh", Unit::KilowattHour, Same),
    ("kilowatthours", Unit::KilowattHour, Same),
    ("watthours", Unit::KilowattHour, By(1000.0)),
    ("wh", Unit::KilowattHour, By(1000.0)),
    ("gwh", Unit::KilowattHour, Times(1_000_000.0)),
    ("j", Unit::KilowattHour, By(3_600_000.0)),
    ("ws", Unit::KilowattHour, By(3_600_000.0)),
    ("kj", Unit::KilowattHour, By(3_600.0)),
    ("wmin", Unit::KilowattHour, By(60_000.0)),
    ("w*min", Unit::KilowattHour, By(60_000.0)),
    ("var", Unit::Var, Same),
    ("kvar", Unit::Var, Times(1000.0)),
    ("va", Unit::VoltAmpere, Same),
    ("kva", Unit::VoltAmpere, Times(1000.0)),
    ("v", Unit::Volt, Same),
    ("volt", Unit::Volt, Same),
    ("volts", Unit::Volt, Same),
    ("kv", Unit::Volt, Times(1000.0)),
    ("a", Unit::Ampere, Same),
    ("amp", Unit::Ampere, Same),
    ("ampere", Unit::Ampere, Same),
    ("amperes", Unit::Ampere, Same),
    ("amps", Unit::Ampere, Same),
    ("milliamperes", Unit::Ampere, By(1000.0)),
    ("millivolts", Unit::Volt, By(1000.0)),
    ("kilovolts", Unit::Volt, Times(1000.0)),
    ("milliwatts", Unit::Watt, By(1000.0)),
    ("megawatts", Unit::Watt, Times(1_000_000.0)),
    ("megawatthours", Unit::KilowattHour, Times(1000.0)),
    ("kilojoules", Unit::KilowattHour, By(3_600.0)),
    ("voltamperes", Unit::VoltAmpere, Same),
    ("kilovoltamperes", Unit::VoltAmpere, Times(1000.0)),
    ("voltamperesreactive", Unit::Var, Same),
    ("cubicmeters", Unit::CubicMetre, Same),
    ("cubicmetres", Unit::CubicMetre, Same),
    ("liters", Unit::CubicMetre, By(1000.0)),
    ("litres", Unit::CubicMetre, By(1000.0)),
    ("microgramspercubicmeter", Unit::MicrogramPerCubicMetre, Same),
    ("wtt", Unit::Watt, Same),
    ("kwt", Unit::Watt, Times(1000.0)),
    ("vlt", Unit::Volt, Same),
    ("htz", Unit::Hertz, Same),
    ("mtq", Unit::CubicMetre, Same),
    ("ka", Unit::Ampere, Times(1000.0)),
    ("hertz", Unit::Hertz, Same),
    ("hz", Unit::Hertz, Same),
    ("m3", Unit::CubicMetre, Same),
    ("m³", Unit::CubicMetre, Same),
    ("l", Unit::CubicMetre, By(1000.0)),
    ("dm3", Unit::CubicMetre, By(1000.0)),
    ("gj", Unit::Gigajoule, Same),
];

/// Spellings whose letters' case tells milli from mega.
const EXACT: &[Written] = &[
    ("mb", Unit::Hectopascal, Same),
    ("mB", Unit::Hectopascal, Same),
    ("mW", Unit::Watt, By(1000.0)),
    ("MW", Unit::Watt, Times(1_000_000.0)),
    ("mWh", Unit::KilowattHour, By(1_000_000.0)),
    ("MWh", Unit::KilowattHour, Times(1000.0)),
    ("MJ", Unit::KilowattHour, By(3.6)),
    ("mV", Unit::Volt, By(1000.0)),
    ("MV", Unit::Volt, Times(1_000_000.0)),
    ("mA", Unit::Ampere, By(1000.0)),
];

/// Lower case is common for milli; a mega of these is not a sensor's unit.
const MILLI: &[Written] = &[
    ("mw", Unit::Watt, By(1000.0)),
    ("mwh", Unit::KilowattHour, By(1_000_000.0)),
    ("mv", Unit::Volt, By(1000.0)),
    ("ma", Unit::Ampere, By(1000.0)),
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

/// Takes blanks, hyphens and underlines out and makes lower case, in `buffer`; `None` when it does not fit there.
fn fold<'b>(text: &str, buffer: &'b mut [u8; LONGEST]) -> Option<&'b str> {
    let mut length = 0;
    for c in
        text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_')).flat_map(char::to_lowercase)
    {
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
        let (_, kind, scale) = find(text).ok_or_else(|| UnitError::Unknown(text.to_owned()))?;
        let value = scale.apply(value);
        match (kind, self) {
            (kind, expected) if kind == expected => Ok(value),
            (Unit::Percent, Unit::RelativeHumidity) | (Unit::One | Unit::Count, Unit::One | Unit::Count) => {
                Ok(value)
            }
            (Unit::Percent, Unit::One | Unit::Count) => Ok(value / 100.0),
            (Unit::One, Unit::Percent) => Ok(value),
            (Unit::KilowattHour, Unit::Gigajoule) => Ok(value * 3.6 / 1000.0),
            (Unit::Gigajoule, Unit::KilowattHour) => Ok(value * 1000.0 / 3.6),
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
    fn a_small_unit_is_divided_and_so_rounded_once() {
        assert_eq!(Unit::KilowattHour.convert(3_600_000.0, "J"), Ok(1.0));
        assert_eq!(Unit::Ppm.convert(421_700.0, "ppb"), Ok(421.7));
        assert_eq!(Unit::Gigajoule.convert(1000.0, "kWh"), Ok(3.6));
        assert_eq!(Unit::Celsius.convert(68.0, "F"), Ok(20.0));
    }

    #[test]
    fn an_unknown_unit_is_named_in_the_error() {
        assert_eq!(Unit::Watt.convert(1.0, "furlong"), Err(UnitError::Unknown("furlong".to_owned())));
    }

    #[test]
    fn every_spelling_is_found_in_any_case_and_with_blanks() {
        for (text, kind, scale) in WRITTEN.iter().chain(MILLI) {
            let spaced = format!(" {} ", text.to_uppercase().replace('/', " /"));
            if !EXACT.iter().any(|exact| exact.0 == spaced.trim()) {
                assert_eq!(find(&spaced).map(|w| (w.1, w.2)), Some((*kind, *scale)), "{spaced}");
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
