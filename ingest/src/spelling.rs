//! Field names as vendors spell them: their words, and what is taken off before they are looked up.

use std::{borrow::Cow, collections::HashSet};

use model::Unit;

use crate::key::fold;

/// A spelling to look up, with what was taken off it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spelling {
    /// Letters and figures only, in lower case.
    pub(crate) folded: String,
    /// A unit written at the end of the name.
    pub(crate) unit: Option<String>,
    /// Numbers and phase letters that tell channels apart.
    pub(crate) channel: Option<String>,
}

/// The words of a name: split at separators, where a capital follows a small letter or a figure, and before the last of
/// several capitals; units (`kWh`) left whole.
pub(crate) fn words(text: &str) -> Vec<String> {
    let is_separator = |c: char| !c.is_alphanumeric() && !matches!(c, '°' | '%' | '³');
    let mut words = Vec::new();
    for part in text.split(is_separator).filter(|part| !part.is_empty()) {
        if Unit::is_known(part) {
            words.push(part.to_owned());
            continue;
        }
        let mut word = String::new();
        for (at, c) in part.char_indices() {
            // `TotkWhImport`: the k belongs to what follows.
            let is_kilo = c == 'k'
                && word.ends_with(char::is_lowercase)
                && part.get(at..).is_some_and(begins_with_kilo);
            let is_next = c.is_uppercase()
                && word != "k"
                && word.ends_with(|end: char| end.is_lowercase() || end.is_ascii_digit());
            // `LNAvg`: the last capital of several belongs to what follows.
            let is_last_capital = c.is_uppercase()
                && word.ends_with(char::is_uppercase)
                && part.get(at + c.len_utf8()..).is_some_and(begins_small);
            if is_kilo || is_next || is_last_capital {
                words.push(std::mem::take(&mut word));
            }
            word.push(c);
        }
        words.push(word);
    }
    words
}

/// Whether a part of a name goes on with two small letters: one alone is of a unit (`kVAh`) or a plural (`IDs`).
fn begins_small(rest: &str) -> bool {
    let mut letters = rest.chars();
    letters.next().is_some_and(char::is_lowercase) && letters.next().is_some_and(char::is_lowercase)
}

/// Whether a part of a name begins with a unit of thousands, and ends or goes on with another word.
fn begins_with_kilo(part: &str) -> bool {
    ["kWh", "kW", "kVAh", "kVA", "kV"]
        .iter()
        .any(|unit| part.strip_prefix(unit).is_some_and(|rest| !rest.starts_with(|c: char| c.is_lowercase())))
}

/// Whether a name says its own degrees: `temp_c`, `tempF`, `celsius`.
pub(crate) fn states_degrees(name: &str) -> bool {
    let folded = fold(name);
    let scale = ["temperature", "temp", "t"].iter().find_map(|front| folded.strip_prefix(front));
    let is_scale =
        |text: &str| matches!(text, "c" | "f" | "degc" | "degf" | "celsius" | "fahrenheit" | "kelvin");
    is_scale(scale.unwrap_or(&folded))
        || words(name).last().is_some_and(|last| is_scale(&last.to_lowercase()))
}

/// The spellings to try for a name, most literal first: as written, without a unit at its
/// end, without numbers and phase letters that stand alone, without figures at word ends.
pub(crate) fn spellings(text: &str) -> Vec<Spelling> {
    let whole = unambiguous(text);
    let (text, bracket) = bracket_unit(&whole);
    if let Some((phase, name)) = chinese_phase(text) {
        let phase = Some(phase);
        return vec![Spelling { folded: fold(name), unit: bracket, channel: phase }];
    }
    let words = words(text);
    let mut found = vec![Spelling { folded: fold(text), unit: bracket.clone(), channel: None }];
    let (short, unit) = match unit_word(&words).filter(|_| bracket.is_none()) {
        Some(at) => {
            let (front, unit) = take_unit(words.clone(), at);
            found.push(Spelling { folded: fold(&front.concat()), unit: unit.clone(), channel: None });
            (Some(front), unit)
        }
        None => (None, None),
    };
    found.extend(short.as_deref().zip(unit.as_deref()).and_then(|(front, unit)| place_and_unit(front, unit)));
    for strip in [strip_alone, strip_figures] {
        found.extend(strip(&words).map(|(folded, channel)| Spelling {
            folded,
            unit: bracket.clone(),
            channel: Some(channel),
        }));
        found.extend(short.as_deref().and_then(strip).map(|(folded, channel)| Spelling {
            folded,
            unit: unit.clone(),
            channel: Some(channel),
        }));
    }
    found
}

/// The word that is a unit, at the end or before the words that tell the channel: `power_W`, `power_W_phase_a`.
///
/// Figures alone are a number, and `current_a` is a phase among its like, while `current_A` is in amperes.
fn unit_word(words: &[String]) -> Option<usize> {
    let is_unit = |word: &str| {
        let is_letter =
            word.len() == 1 && word.bytes().all(|b| b.is_ascii_lowercase() && b != b'v' && b != b'w');
        // A count is what is measured, not in what.
        let is_count = matches!(&*word.to_ascii_lowercase(), "count" | "people" | "persons" | "p" | "rh");
        let is_number = word.bytes().all(|b| b.is_ascii_digit());
        !is_number && !is_count && (!is_letter || matches!(word, "c" | "f" | "k")) && is_unit_name(word)
    };
    let last = words.len().checked_sub(1).filter(|last| *last > 0)?;
    if words.get(last).is_some_and(|word| is_unit(word)) {
        return Some(last);
    }
    (1..last).rev().find(|at| words.get(*at).is_some_and(|word| word.len() > 1 && is_unit(word)))
}

/// Whether a word of a name is a unit; a percentage has names of its own there.
fn is_unit_name(word: &str) -> bool {
    is_percentage(word) || Unit::is_known(word)
}

fn is_percentage(word: &str) -> bool {
    matches!(&*word.to_ascii_lowercase(), "percentage" | "pct" | "perc")
}

/// `L1_V`, `ch2_kW`: a place and a unit name what most often is in that unit there.
fn place_and_unit(front: &[String], unit: &str) -> Option<Spelling> {
    let (letter, folded) = match unit.to_ascii_lowercase().trim_start_matches(['k', 'm']) {
        "v" => ("u", "voltage"),
        "a" => ("i", "current"),
        "w" => ("p", "power"),
        "wh" => ("e", "energy"),
        "hz" => ("f", "frequency"),
        "va" => ("s", "apparentpower"),
        "var" => ("q", "reactivepower"),
        _ => return None,
    };
    // `U_L1_V`: the letter of a formula says it once more.
    let is_letter = |word: &str| word.eq_ignore_ascii_case(letter);
    let is_told = |word: &String| word.len() == 1 || word.bytes().any(|b| b.is_ascii_digit());
    let (letters, places): (Vec<&String>, Vec<&String>) = front.iter().partition(|word| is_letter(word));
    let is_clear = !letters.is_empty() || front.iter().any(is_told);
    if !is_clear || !places.iter().all(|word| is_place(word)) {
        return None;
    }
    let places: Vec<String> = places.iter().map(|word| word.to_lowercase()).collect();
    let channel = channel_of(vec!["-"], &places).map(|(_, channel)| channel);
    Some(Spelling { folded: folded.to_owned(), unit: Some(unit.to_owned()), channel })
}

/// Takes the unit out of a name, and the `in` before it: `temperatureInCelsius`.
fn take_unit(mut words: Vec<String>, at: usize) -> (Vec<String>, Option<String>) {
    let unit = words.remove(at);
    let is_in = |word: &String| word.eq_ignore_ascii_case("in");
    if at > 1 && words.get(at - 1).is_some_and(is_in) {
        words.remove(at - 1);
    }
    let unit = if is_percentage(&unit) { "%".to_owned() } else { unit };
    (words, Some(unit))
}

/// `A相电流`: the phase stands before the name.
fn chinese_phase(text: &str) -> Option<(String, &str)> {
    let (phase, name) = text.split_once('相')?;
    let is_phase = matches!(phase, "A" | "B" | "C" | "a" | "b" | "c");
    (is_phase && !name.is_empty()).then(|| (phase.to_lowercase(), name))
}

/// What folding would lose: the minus of a register of energy given back, and the point of `PM1.0`, which would make
/// it PM10; and what words would: the point of `PM2.5`.
fn unambiguous(text: &str) -> Cow<'_, str> {
    if text.contains("(-)") {
        return Cow::Owned(text.replace("(-)", " negative "));
    }
    let lower = text.to_ascii_lowercase();
    let ends = lower.match_indices("pm").map(|(at, pm)| at + pm.len());
    ends.into_iter().find_map(|at| size_of_particles(text, at)).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The name with the size of particles behind `at` in figures alone, unless it is there already.
fn size_of_particles(text: &str, at: usize) -> Option<String> {
    let (front, rest) = text.split_at_checked(at)?;
    let rest = rest.trim_start_matches(['_', '-', ' ', '.']);
    let size = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let size = rest.strip_suffix(size).filter(|size| !size.is_empty())?;
    let mut behind = rest.strip_prefix(size)?.chars();
    let point = behind.next().filter(|c| matches!(c, '.' | '_' | 'p' | 'P'))?;
    let part = behind.next().filter(char::is_ascii_digit)?;
    if behind.clone().next().is_some_and(|c| c.is_ascii_digit()) {
        return None;
    }
    match part {
        '0' => Some(format!("{front}{size}{}", behind.as_str())),
        _ if point == '.' => Some(format!("{front}{size}{part}{}", behind.as_str())),
        _ => None,
    }
}

/// The words of a name in lower case, the unit and the channel taken out.
pub(crate) fn parts(text: &str) -> (Vec<String>, Option<String>, Option<String>) {
    let whole = unambiguous(text);
    let (text, bracket) = bracket_unit(&whole);
    let words = words(text);
    let (words, unit) = match unit_word(&words).filter(|_| bracket.is_none()) {
        Some(at) => take_unit(words, at),
        None => (words, bracket),
    };
    let (places, kept): (Vec<String>, Vec<String>) = words.into_iter().partition(|word| is_place(word));
    let places: Vec<String> = places.iter().map(|word| word.to_lowercase()).collect();
    let channel = channel_of(vec!["-"], &places).map(|(_, channel)| channel);
    (kept.iter().map(|word| word.to_lowercase()).collect(), unit, channel)
}

/// The same for the name without words that say nothing of what is measured; `None` when there are none, or nothing
/// else.
pub(crate) fn without(text: &str, fillers: &HashSet<String>) -> Option<String> {
    let whole = unambiguous(text);
    let (front, bracket) = bracket_unit(&whole);
    let words = words(front);
    let kept: Vec<&str> = words.iter().filter_map(|word| without_fillers(word, fillers)).collect();
    if kept.is_empty() || kept.concat().len() == words.concat().len() {
        return None;
    }
    let kept = kept.join("_");
    Some(bracket.map_or(kept.clone(), |unit| format!("{kept}({unit})")))
}

/// A word that says something; of one in Chinese, which has no spaces, what is left between fillers.
fn without_fillers<'w>(word: &'w str, fillers: &HashSet<String>) -> Option<&'w str> {
    if word.is_ascii() {
        return Some(word).filter(|word| !fillers.contains(&word.to_lowercase()));
    }
    let is_kept = |word: &str| !word.is_empty() && !fillers.contains(&word.to_lowercase());
    let after = fillers.iter().filter(|f| !f.is_ascii()).find_map(|filler| word.strip_prefix(&**filler));
    let word = after.unwrap_or(word);
    let before = fillers.iter().filter(|f| !f.is_ascii()).find_map(|filler| word.strip_suffix(&**filler));
    Some(before.unwrap_or(word)).filter(|word| is_kept(word))
}

/// Takes a known unit in brackets off the end: `Temperature(°C)`, `PM2.5 (ug/m3)`.
fn bracket_unit(text: &str) -> (&str, Option<String>) {
    let text = text.trim();
    let inside = text.strip_suffix([')', ']']).and_then(|t| t.rsplit_once(['(', '[']));
    match inside {
        Some((front, unit)) if Unit::is_known(unit) => (front, Some(unit.to_owned())),
        _ => (text, None),
    }
}

/// Phases of a supply and places on a device as words of their own.
const PLACES: &[&str] = &[
    "a", "b", "c", "n", "phase", "ch", "chn", "chan", "channel", "left", "right", "center", "centre", "top",
    "bottom", "floor", "an", "bn", "cn", "ab", "bc", "ca", "ln", "l1n", "l2n", "l3n", "l1l2", "l2l3", "l3l1",
];

/// What is numbered: `L1`, `L123`, `chn2`, tariff `T1`.
const NUMBERED: &[&str] = &[
    "l", "t", "ch", "chn", "chan", "channel", "phase", "ph", "ct", "line", "port", "zone", "loop", "circuit",
    "tariff", "tarif", "tier", "slot", "outlet", "socket", "mppt",
];

/// Whether a word tells a place on a device, a phase or a number and not what is measured.
pub(crate) fn is_place(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
    stem.is_empty() || PLACES.contains(&&*word) || (stem.len() < word.len() && NUMBERED.contains(&stem))
}

fn strip_alone(words: &[String]) -> Option<(String, String)> {
    let (taken, mut kept): (Vec<&String>, Vec<&String>) = words.iter().partition(|word| is_place(word));
    // `A_L1` is amperes of a line, as `V_L1` is volts.
    let taken = match taken.as_slice() {
        [first, rest @ ..] if kept.is_empty() && !rest.is_empty() && first.as_str() == "A" => {
            kept.push(first);
            rest.to_vec()
        }
        _ => taken,
    };
    channel_of(kept, &taken.into_iter().map(|w| w.to_lowercase()).collect::<Vec<_>>())
}

fn strip_figures(words: &[String]) -> Option<(String, String)> {
    let mut kept = Vec::new();
    let mut taken = Vec::new();
    for word in words {
        let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let figures = word.strip_prefix(stem).unwrap_or_default();
        if !figures.is_empty() {
            taken.push(figures.to_owned());
        }
        if !stem.is_empty() {
            kept.push(stem);
        }
    }
    channel_of(kept, &taken)
}

fn channel_of<W: AsRef<str>>(kept: Vec<W>, taken: &[String]) -> Option<(String, String)> {
    // The kind of place says nothing where its number does: `chn2` is 2, `phase_a` is a. Lines of a supply keep theirs.
    let is_kind = |word: &&str| NUMBERED.contains(word) && word.len() > 1;
    let numbered = taken.iter().map(|word| match word.trim_end_matches(|c: char| c.is_ascii_digit()) {
        stem if stem.len() > 1 => {
            word.strip_prefix(stem).filter(|figures| !figures.is_empty()).unwrap_or(word)
        }
        _ => word.as_str(),
    });
    let taken: Vec<&str> = numbered.filter(|word| !is_kind(word)).collect();
    if kept.is_empty() || taken.is_empty() {
        return None;
    }
    let kept: String = kept.iter().map(AsRef::as_ref).collect();
    Some((fold(&kept), taken.join("-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(text: &str) -> Vec<(String, Option<String>, Option<String>)> {
        spellings(text).into_iter().map(|s| (s.folded, s.unit, s.channel)).collect()
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_unit_at_the_end_or_in_brackets_is_taken_off() {
        assert!(tried("power_W").contains(&("power".into(), some("W"), None)));
        assert!(tried("energy_kWh").contains(&("energy".into(), some("kWh"), None)));
        assert_eq!(tried("Temperature(°C)"), [("temperature".into(), some("°C"), None)]);
        assert!(tried("acCurrent_mA").contains(&("accurrent".into(), some("mA"), None)));
    }

    #[test]
    fn words_begin_with_capitals_and_units_stay_whole() {
        let cases = [
            ("VoltageLNAvg_V", "Voltage LN Avg V"),
            ("TotalEnergykWh", "Total Energy kWh"),
            ("PFTotal", "PF Total"),
            ("TVOCValue", "TVOC Value"),
            ("energy_kVAh", "energy kVAh"),
            ("CO2Level", "CO2 Level"),
            ("IDs", "IDs"),
        ];
        for (name, wanted) in cases {
            assert_eq!(words(name).join(" "), wanted);
        }
    }

    #[test]
    fn a_unit_may_follow_the_word_in() {
        assert!(tried("temperatureInCelsius").contains(&("temperature".into(), some("Celsius"), None)));
        assert!(tried("batteryLevelInPercentage").contains(&("batterylevel".into(), some("%"), None)));
        assert!(tried("temperature_k").contains(&("temperature".into(), some("k"), None)));
        assert_eq!(tried("people_in").len(), 1, "who came in is no unit");
    }

    #[test]
    fn figures_and_phases_become_the_channel() {
        assert!(tried("line_1_total_in").contains(&("linetotalin".into(), None, some("1"))));
        assert!(tried("Current1").contains(&("current".into(), None, some("1"))));
        assert!(tried("a_voltage").contains(&("voltage".into(), None, some("a"))));
        assert!(tried("current_chn2").contains(&("currentchn".into(), None, some("2"))));
    }

    #[test]
    fn words_without_meaning_are_left_out() {
        let fillers = ["avg", "sensor"].map(str::to_owned).into();
        assert_eq!(without("avgCo2_sensor(ppm)", &fillers), some("Co2(ppm)"));
        assert_eq!(without("sensor", &fillers), None);
        assert_eq!(without("temperature", &fillers), None);
    }

    #[test]
    fn figures_that_belong_to_the_name_are_tried_first() {
        assert_eq!(tried("pm2_5").first().unwrap().0, "pm25");
        assert_eq!(tried("CO2").first().unwrap().0, "co2");
    }
}
