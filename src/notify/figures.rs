//! Numbers as people read them, without ever misleading about a limit.

use rules::Measure;

use super::words::Words;

/// More decimals than this are below what any sensor resolves; then all digits are printed.
const MAX_DECIMALS: usize = 9;

/// A value and the limit it was compared with, in words of one unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) value: Option<String>,
    pub(super) told_value: Option<String>,
    pub(super) limit: Option<String>,
}

/// Writes value and limit with their unit.
///
/// The limit keeps its own digits. The value has as many as its size asks for, and more where it would
/// otherwise look equal to a limit that it is not equal to. Ratios are written as percentages.
pub(super) fn figures(
    value: Option<f64>,
    told_value: Option<f64>,
    limit: Option<f64>,
    unit: &str,
    measure: Measure,
    words: Words,
) -> Figures {
    let (scale, unit) = if is_share(unit, measure) { (100.0, "/100") } else { (1.0, unit) };
    let unit = unit_text(unit, measure, words);
    let write = |number: String| match unit.as_str() {
        "" => number,
        "%" => format!("{number}%"),
        unit => words.say("value-with-unit", &[("value", &number), ("unit", unit)]),
    };
    Figures {
        value: value.map(|v| write(near(v, limit, scale))),
        told_value: told_value.map(|v| write(near(v, limit, scale))),
        limit: limit.map(|l| write(plain(l * scale, MAX_DECIMALS))),
    }
}

/// A number without a limit: about four digits.
pub(super) fn number(value: f64) -> String {
    plain(value, decimals(value))
}

/// A value beside its limit.
fn near(value: f64, limit: Option<f64>, scale: f64) -> String {
    let scaled = value * scale;
    let start = decimals(scaled);
    let Some(limit) = limit else { return plain(scaled, start) };
    let shown_limit = plain(limit * scale, MAX_DECIMALS);
    if value.total_cmp(&limit).is_eq() {
        return shown_limit;
    }
    let enough = (start..=MAX_DECIMALS).map(|d| plain(scaled, d)).find(|text| *text != shown_limit);
    enough.unwrap_or_else(|| format!("{scaled}"))
}

/// Decimals for about four digits: 1204, 54.5, 0.83.
fn decimals(value: f64) -> usize {
    match value.abs() {
        v if v >= 1000.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        _ => 3,
    }
}

/// Rounded to `decimals`, without trailing zeros and without a negative zero.
fn plain(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn is_share(unit: &str, measure: Measure) -> bool {
    use Measure as M;
    let is_ratio = matches!(
        measure,
        M::Utilisation
            | M::SeatUtilisation
            | M::SpaceUtilisation
            | M::NightRatio
            | M::RestDayRatio
            | M::EquipmentShare
            | M::UsableShare
            | M::TemperatureOutside
            | M::HumidityOutside
            | M::WindowOpen
            | M::CoolingOn
            | M::HeatingOn
    );
    unit == "1" && is_ratio
}

/// A unit of a pack as people write it.
pub(super) fn unit_text(unit: &str, measure: Measure, words: Words) -> String {
    match (unit, measure) {
        ("1", _) => String::new(),
        ("count" | "d" | "days", Measure::IdleWorkingDays) | ("d" | "days", _) => words.word("unit-days"),
        ("count" | "people", _) => words.word("unit-count"),
        ("Cel", _) => "°C".to_owned(),
        ("%RH" | "/100" | "%", _) => "%".to_owned(),
        _ => {
            let person = words.word("unit-person");
            let squares = unit.replace("m2", "m²").replace("m3", "m³").replace("ug/", "µg/");
            let people = squares.replace("person", "p").replace("/(p.", &format!("/({person}."));
            let people = people.strip_suffix("/p").map(|u| format!("{u}/{person}")).unwrap_or(people);
            people.replace('.', "·")
        }
    }
}

#[cfg(test)]
mod tests {
    use model::register::Language;

    use super::*;

    fn pair(value: f64, limit: f64) -> (String, String) {
        let words = Words(Language::En);
        let f = figures(Some(value), None, Some(limit), "ppm", Measure::Co2HourMean, words);
        (f.value.unwrap(), f.limit.unwrap())
    }

    #[test]
    fn a_value_just_over_its_limit_never_looks_equal_to_it() {
        assert_eq!(pair(1000.4, 1000.0), ("1000.4 ppm".into(), "1000 ppm".into()));
        assert_eq!(pair(1_000.000_4, 1000.0).0, "1000.0004 ppm");
        assert_eq!(pair(999.96, 1000.0).0, "999.96 ppm");
        assert_eq!(pair(1000.0 + 1e-12 * 1000.0, 1000.0).0, "1000.000000001 ppm");
        assert_ne!(pair(1_000.000_000_000_1, 1000.0).0, "1000 ppm");
        assert_eq!(pair(1000.0, 1000.0).0, "1000 ppm");
    }

    #[test]
    fn digits_follow_the_size_of_the_value() {
        assert_eq!(pair(1204.318, 1000.0).0, "1204 ppm");
        assert_eq!(pair(54.512, 42.0).0, "54.5 ppm");
        assert_eq!(pair(0.832_49, 0.5).0, "0.832 ppm");
        assert_eq!(pair(26.0, 20.0).0, "26 ppm");
        assert_eq!(pair(-0.0001, 5.0).0, "0 ppm");
    }

    #[test]
    fn a_ratio_reads_as_a_percentage_and_keeps_its_distance_from_the_limit() {
        let f = figures(Some(0.300_04), None, Some(0.3), "1", Measure::NightRatio, Words(Language::Zh));
        assert_eq!((f.value.unwrap(), f.limit.unwrap()), ("30.004%".into(), "30%".into()));
    }

    #[test]
    fn units_read_as_people_write_them() {
        let zh = |unit: &str| unit_text(unit, Measure::Eui, Words(Language::Zh));
        assert_eq!(zh("kWh/(m2.a)"), "kWh/(m²·a)");
        assert_eq!(zh("kgce/(p.a)"), "kgce/(人·a)");
        assert_eq!(zh("m2/person"), "m²/人");
        assert_eq!(zh("m2/p"), "m²/人");
        assert_eq!(zh("Cel"), "°C");
        assert_eq!(unit_text("m3/(p.a)", Measure::WaterPerPerson, Words(Language::En)), "m³/(person·a)");
    }
}
