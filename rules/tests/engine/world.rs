//! A small office to try things in.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{
    Calendar, Id, Instant, Period, Place, PlaceKind, Quantity, Reading, Register, RoomUse, Series, Span,
    register::{Body, Carrier, Dated, History, Meter, Sensor},
};
use rules::{
    Alert, AppliesTo, Bound, Clause, Engine, EngineOptions, Gate, LiveClause, Measure, Outcome, Output,
    Subject, Transition, TransitionKind, Verdict,
};

pub(crate) fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

/// A local time of the office: `03-02 08:00` of 2026, or with a year before it.
pub(crate) fn at(text: &str) -> Instant {
    let text = if text.len() == 11 { format!("2026-{text}") } else { text.to_owned() };
    Instant::parse(&format!("{}:00+08:00", text.replace(' ', "T"))).unwrap()
}

pub(crate) fn place(name: &str, kind: PlaceKind, parent: Option<&str>) -> Place {
    Place {
        parent: parent.map(id),
        room_use: (kind == PlaceKind::Room).then_some(RoomUse::Office),
        floor_area_m2: Some(1000.0),
        usable_area_m2: Some(20.0),
        capacity: Some(4.0),
        ..Place::new(id(name), kind)
    }
}

pub(crate) fn body(name: &str) -> Body {
    Body { name: String::new(), ..Body::new(id(name)) }
}

/// A rule of an own document: at most `cap`, judged over `period`, firing at once.
pub(crate) fn clause(name: &str, kind: PlaceKind, measure: Measure, period: Period, cap: f64) -> Clause {
    Clause {
        document: "own".to_owned(),
        applies_to: AppliesTo { kind: Some(kind), ..AppliesTo::default() },
        ..Clause::new("own-1", name, measure, period, Bound { at_most: Some(cap), at_least: None })
    }
}

pub(crate) fn co2() -> Clause {
    clause("co2", PlaceKind::Room, Measure::Co2HourMean, Period::Hour, 1000.0)
}

pub(crate) fn gated(clause: Clause) -> Clause {
    Clause { gate: Some(Gate::Occupied), ..clause }
}

pub(crate) fn hourly_meter(name: &str, place: &str) -> Meter {
    Meter {
        interval_s: 3600.0,
        max_gap_s: 3600.0,
        zero_is_gap: false,
        ..Meter::new(id(name), id(place), Carrier::Electricity)
    }
}

/// An office in one zone with its clauses; `Run` feeds it.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) register: Register,
    pub(crate) clauses: Vec<LiveClause>,
    pub(crate) options: EngineOptions,
}

impl World {
    /// Building `b` with rooms `r1` and `r2`; sensors `s1`, `t1` in the first and `s2` in the second,
    /// every 5 minutes, standing 15; in China.
    pub(crate) fn new() -> Self {
        let mut register = Register::empty(id("world"));
        register.calendar = Calendar::new(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap());
        let mut world = Self { register, clauses: Vec::new(), options: EngineOptions::default() };
        world.place(place("b", PlaceKind::Building, None));
        world.place(place("r1", PlaceKind::Room, Some("b")));
        world.place(place("r2", PlaceKind::Room, Some("b")));
        for (sensor, room) in [("s1", "r1"), ("t1", "r1"), ("s2", "r2")] {
            world.sensor(Sensor::new(id(sensor), id(room)));
        }
        world
    }

    pub(crate) fn place(&mut self, place: Place) {
        self.register.places.insert(place.id.clone(), History::always(place));
    }

    pub(crate) fn sensor(&mut self, sensor: Sensor) {
        self.register.sensors.insert(sensor.id.clone(), History::always(sensor));
    }

    /// Electricity meter `name` at `place`, every hour, with changes.
    pub(crate) fn meter(&mut self, name: &str, place: &str, change: impl FnOnce(&mut Meter)) {
        let mut meter = hourly_meter(name, place);
        change(&mut meter);
        self.register.meters.insert(meter.id.clone(), History::always(meter));
    }

    pub(crate) fn with(mut self, clause: Clause) -> Self {
        self.clauses.push(LiveClause { clause: Arc::new(clause), in_force: Span::ALWAYS, is_enforced: true });
        self
    }

    pub(crate) fn engine(&self) -> Engine {
        Engine::new(Arc::new(self.register.clone()), &self.clauses, self.options)
    }

    pub(crate) fn run(&self) -> Run {
        Run { engine: self.engine(), out: Vec::new() }
    }
}

/// Two rows of one id that follow each other at `border`.
pub(crate) fn two<T>(first: T, border: Instant, second: T) -> History<T> {
    let mut history = History::default();
    history.insert(Dated { span: Span::new(Instant::MIN, border), value: first }).unwrap();
    history.insert(Dated { span: Span::new(border, Instant::MAX), value: second }).unwrap();
    history
}

pub(crate) fn reading(sensor: &str, quantity: Quantity, time: Instant, value: f64) -> Reading {
    Reading::new(Series { sensor: id(sensor), quantity, channel: None }, time, value).unwrap()
}

/// An engine with all it has said.
pub(crate) struct Run {
    pub(crate) engine: Engine,
    pub(crate) out: Vec<Output>,
}

impl Run {
    pub(crate) fn observe(&mut self, reading: &Reading) -> rules::Taken {
        self.engine.observe(reading, &mut self.out)
    }

    pub(crate) fn send(&mut self, sensor: &str, quantity: Quantity, time: Instant, value: f64) -> &mut Self {
        self.observe(&reading(sensor, quantity, time, value));
        self
    }

    /// A steady value every 5 minutes over `[from, to)`.
    pub(crate) fn steady(
        &mut self,
        sensor: &str,
        quantity: Quantity,
        from: Instant,
        to: Instant,
        value: f64,
    ) -> &mut Self {
        let mut time = from;
        while time < to {
            self.send(sensor, quantity, time, value);
            time = time.plus_ms(300_000);
        }
        self
    }

    /// CO2 of `s1`, a steady value for each hour from `from` on; `None` is an hour of silence.
    pub(crate) fn co2_hours(&mut self, from: Instant, means: &[Option<f64>]) -> &mut Self {
        for (hour, mean) in (0..).zip(means) {
            let start = from.plus_ms(hour * 3_600_000);
            if let Some(mean) = mean {
                self.steady("s1", Quantity::Co2, start, start.plus_ms(3_600_000), *mean);
            }
        }
        self.advance(from.plus_ms((means.len() as i64 + 1) * 3_600_000))
    }

    pub(crate) fn advance(&mut self, to: Instant) -> &mut Self {
        self.engine.advance(to, &mut self.out);
        self
    }

    pub(crate) fn finish(&mut self) -> &mut Self {
        self.engine.finish(None, &mut self.out);
        self
    }

    pub(crate) fn verdicts(&self) -> Vec<&Verdict> {
        self.out.iter().filter_map(|o| if let Output::Verdict(v) = o { Some(&**v) } else { None }).collect()
    }

    pub(crate) fn of(&self, clause: &str) -> Vec<&Verdict> {
        let name = format!("own-1/{clause}");
        self.verdicts().into_iter().filter(|v| v.clause.id == name).collect()
    }

    pub(crate) fn outcomes(&self) -> Vec<Outcome> {
        self.verdicts().iter().map(|v| v.outcome).collect()
    }

    pub(crate) fn transitions(&self) -> Vec<&Transition> {
        self.out
            .iter()
            .filter_map(|o| if let Output::Transition(t) = o { Some(&**t) } else { None })
            .collect()
    }

    /// The first transition that bears the id of one before it: nobody would be told of it.
    pub(crate) fn untold(&self) -> Option<&Transition> {
        let mut known = BTreeSet::new();
        self.transitions().into_iter().find(|t| !known.insert(t.id.as_str()))
    }

    pub(crate) fn kinds(&self) -> Vec<TransitionKind> {
        self.transitions().iter().map(|t| t.kind).collect()
    }

    pub(crate) fn alert(&self) -> Option<Alert> {
        self.engine.alerts().pop()
    }

    /// The newest verdict of each window.
    pub(crate) fn state(&self) -> BTreeMap<(String, Subject, Instant), Verdict> {
        let mut state = BTreeMap::new();
        for verdict in self.verdicts() {
            let key = (verdict.clause.id.clone(), verdict.subject.clone(), verdict.window.from);
            if verdict.why.contains_key("withdrawn") {
                state.remove(&key);
            } else {
                state.insert(key, verdict.clone());
            }
        }
        state
    }
}
