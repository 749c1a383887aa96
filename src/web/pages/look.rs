//! One look at the state in one language: what all pages form their rows with.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use model::{Id, Instant, Period, PlaceKind, Quantity, register::Language, register::Text};
use rules::{Fact, Subject};
use serde::Serialize;

use crate::{
    view::{PlaceView, Snapshot},
    web::{
        desk::Desk,
        format::{self, When},
        language::{Viewer, find_text, text},
    },
};

/// The state, the register, the language and now.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) desk: &'a Desk,
    pub(super) snapshot: &'a Snapshot,
    pub(super) language: Language,
    pub(super) now: Instant,
}

/// A link to what something is about.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Link {
    pub(super) id: String,
    /// Its label, else its id.
    pub(super) label: String,
    /// Labels of what contains it, outermost first; empty for a body.
    pub(super) path: String,
    /// Address of its page; bodies have none.
    pub(super) url: Option<String>,
}

impl<'a> Look<'a> {
    pub(super) fn new(desk: &'a Desk, snapshot: &'a Snapshot, viewer: &Viewer) -> Self {
        Self { desk, snapshot, language: viewer.language, now: Desk::now(snapshot) }
    }

    pub(super) fn zone(&self) -> &'a TimeZone {
        &self.desk.register().calendar.zone
    }

    pub(super) fn text(&self, key: &str) -> String {
        text(self.language, key)
    }

    /// A text of a pack in the page's language, else in the other.
    pub(super) fn words(&self, words: &Text) -> String {
        let (first, second) = match self.language {
            Language::Zh => (&words.zh, &words.en),
            Language::En => (&words.en, &words.zh),
        };
        if first.is_empty() { second.clone() } else { first.clone() }
    }

    /// Where in its document a clause stands, in the page's language.
    pub(super) fn citation(&self, citation: &str) -> String {
        crate::notify::cited(citation, self.language)
    }

    /// A unit in the page's language; most are the same in all.
    fn unit<'u>(&self, unit: &'u str) -> Cow<'u, str> {
        match (self.language, unit) {
            (Language::Zh, "d") => Cow::Borrowed("天"),
            (Language::Zh, unit) => Cow::Owned(unit.replace("(p.a)", "(人.a)")),
            (Language::En, unit) => Cow::Borrowed(unit),
        }
    }

    /// A value with its unit in the page's language.
    pub(super) fn value(&self, value: f64, unit: &str) -> String {
        format::value(value, &self.unit(unit))
    }

    /// A reading: states as yes or no, everything else with its unit.
    pub(super) fn reading(&self, quantity: Quantity, value: f64) -> String {
        match quantity {
            Quantity::Occupied
            | Quantity::Motion
            | Quantity::WindowOpen
            | Quantity::CoolingOn
            | Quantity::HeatingOn => self.text(if value > 0.0 { "yes" } else { "no" }),
            Quantity::PowerFactor => format::value(value, ""),
            _ => self.value(value, quantity.unit().name()),
        }
    }

    /// A value and its limit, told apart where they differ.
    pub(super) fn pair(&self, value: f64, limit: f64, unit: &str) -> (String, String) {
        format::pair(value, limit, &self.unit(unit))
    }

    pub(super) fn when(&self, at: Instant) -> When {
        format::when(at, self.zone())
    }

    pub(super) fn when_and_age(&self, at: Instant) -> When {
        format::when_and_age(at, self.now, self.zone(), self.language)
    }

    /// A window in words: days as dates, an hour as date and hours, the whole of time as nothing.
    pub(super) fn window(&self, from: Instant, to: Instant, period: Option<Period>) -> String {
        if from == Instant::MIN || matches!(period, Some(Period::Register)) {
            return self.text("window-register");
        }
        let (a, b) = (self.when(from).text, self.when(to).text);
        let date = |text: &str| text.get(..10).unwrap_or_default().to_owned();
        let clock = |text: &str| text.get(11..16).unwrap_or_default().to_owned();
        let offset = a.get(17..).unwrap_or_default();
        let last = self.when(to.plus_ms(-1)).text;
        if clock(&a) == "00:00" && clock(&b) == "00:00" {
            let (first, last) = (date(&a), date(&last));
            return if first == last { first } else { format!("{first} – {last}") };
        }
        let end = if date(&a) == date(&b) { clock(&b) } else { format!("{} {}", date(&b), clock(&b)) };
        format!("{} {}–{end} {offset}", date(&a), clock(&a))
    }

    /// A window beside an instant that has told the offset already.
    pub(super) fn window_here(&self, from: Instant, to: Instant) -> String {
        let window = self.window(from, to, None);
        let offset = self.when(from).text.split_off(16);
        window.strip_suffix(offset.as_str()).map(str::to_owned).unwrap_or(window)
    }

    pub(super) fn label(&self, place: &PlaceView) -> String {
        place.label.clone().unwrap_or_else(|| place.place.to_string())
    }

    /// The places above one, outermost first.
    pub(super) fn above(&self, place: &PlaceView) -> Vec<&'a PlaceView> {
        let mut chain: Vec<&PlaceView> = Vec::new();
        let mut next = place.parent.as_ref();
        while let Some(parent) = next.and_then(|id| self.snapshot.places.get(id)) {
            if chain.iter().any(|seen| seen.place == parent.place) {
                break;
            }
            chain.push(parent);
            next = parent.parent.as_ref();
        }
        chain.reverse();
        chain
    }

    /// Whether `place` lies in `ancestor` or is it.
    pub(super) fn is_within(&self, place: &PlaceView, ancestor: &Id) -> bool {
        place.place == *ancestor || self.above(place).iter().any(|above| above.place == *ancestor)
    }

    pub(super) fn place_link(&self, id: &Id) -> Link {
        let Some(place) = self.snapshot.places.get(id) else {
            return Link { id: id.to_string(), label: id.to_string(), path: String::new(), url: None };
        };
        // The site is on every page already.
        let path: Vec<String> = self
            .above(place)
            .into_iter()
            .filter(|above| above.kind != PlaceKind::Site)
            .map(|above| self.label(above))
            .collect();
        Link {
            id: id.to_string(),
            label: self.label(place),
            path: path.join(" / "),
            url: Some(format!("/places/{id}")),
        }
    }

    pub(super) fn body_name(&self, id: &Id) -> String {
        let body =
            self.desk.register().bodies.get(id).and_then(|rows| rows.at(self.now).or_else(|| rows.last()));
        body.map_or_else(|| id.to_string(), |body| body.name.clone())
    }

    pub(super) fn subject(&self, subject: &Subject) -> Link {
        match subject {
            Subject::Place(id) => self.place_link(id),
            Subject::Body(id) => {
                Link { id: id.to_string(), label: self.body_name(id), path: String::new(), url: None }
            }
        }
    }

    /// A fact of an explanation as text; the end of its key says the unit.
    pub(super) fn fact(&self, key: &str, fact: &Fact) -> String {
        match fact {
            #[expect(clippy::cast_possible_truncation, reason = "seconds of a window; `as` saturates")]
            Fact::Number(secs) if key.ends_with("_s") && *secs >= 60.0 => {
                format::age((secs * 1000.0) as i64, self.language)
            }
            Fact::Number(number) => format::value(*number, unit_of(key)),
            Fact::Bool(true) => self.text("yes"),
            Fact::Bool(false) => self.text("no"),
            Fact::Text(word) => self.word(word),
            Fact::List(facts) => facts
                .iter()
                .map(|fact| self.fact(key, fact))
                .collect::<Vec<_>>()
                .join(self.text("list-comma").as_str()),
        }
    }

    /// A word of a closed list in the page's language, else as it is.
    pub(super) fn word(&self, word: &str) -> String {
        let is_key = word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        let find = |prefix: &str| find_text(self.language, &format!("{prefix}-{word}"), None);
        let found = is_key.then(|| ["word", "use", "measure", "why"].into_iter().find_map(find)).flatten();
        found.unwrap_or_else(|| word.to_owned())
    }

    /// The name of a key of an explanation: translated where known, else in plain letters.
    pub(super) fn fact_name(&self, key: &str) -> String {
        for start in ["factor", "subtracted"] {
            if let Some(rest) = key.strip_prefix(start).and_then(|rest| rest.strip_prefix('_')) {
                return format!("{} · {}", self.text(&format!("why-{start}")), self.word(rest));
            }
        }
        find_text(self.language, &format!("why-{key}"), None).unwrap_or_else(|| {
            let word = self.word(key);
            if word == key { key.replace('_', " ") } else { word }
        })
    }
}

/// The unit that the end of a key names.
fn unit_of(key: &str) -> &'static str {
    let ends = [
        ("_s", "s"),
        ("_ms", "ms"),
        ("_h", "h"),
        ("_m2", "m2"),
        ("_kwh", "kWh"),
        ("_kw", "kW"),
        ("_w", "W"),
        ("_ppm", "ppm"),
    ];
    ends.into_iter().find(|(end, _)| key.ends_with(end)).map_or("", |(_, unit)| unit)
}
