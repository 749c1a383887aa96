//! A small made-up register and findings about it. Document and limits are invented.

use std::sync::Arc;

use jiff::tz::TimeZone;
use model::{
    Id, Instant, Period, Place, PlaceKind, Register, Span,
    register::{Body, History, Language, Recipient, Severity, Text},
};
use normwatch::notify::{Line, MailKind, MailPlan, Notice, Renderer, Sender};
use rules::{
    Alert, AlertState, Bound, CheckId, Clause, Fact, Measure, Outcome, Subject, Transition, TransitionId,
    TransitionKind, Verdict,
};

pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const MINUTE: i64 = 60_000;

pub(crate) fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

/// 2026-03-02 14:00 in the register's zone, plus minutes.
pub(crate) fn at(minutes: i64) -> Instant {
    Instant::parse("2026-03-02T14:00:00+08:00").unwrap().plus_ms(minutes * MINUTE)
}

/// Site `yard` with buildings `b1` (rooms r101, r102 held by `planning`) and `b2` (room r201, held by `works`,
/// a body below `planning`).
pub(crate) fn register() -> Register {
    let mut register = Register::empty(id("demo"));
    register.calendar.zone = TimeZone::get("Asia/Shanghai").unwrap();
    for (name, parent, label) in [("planning", None, "规划处"), ("works", Some("planning"), "工程科")] {
        let body = Body { name: label.to_owned(), parent: parent.map(id), ..Body::new(id(name)) };
        register.bodies.insert(id(name), History::always(body));
    }
    let places = [
        ("yard", PlaceKind::Site, None, Some("东院"), None),
        ("b1", PlaceKind::Building, Some("yard"), Some("1号楼"), Some("planning")),
        ("b1-f1", PlaceKind::Floor, Some("b1"), Some("1层"), None),
        ("r101", PlaceKind::Room, Some("b1-f1"), Some("101会议室"), None),
        ("r102", PlaceKind::Room, Some("b1-f1"), None, None),
        ("b2", PlaceKind::Building, Some("yard"), Some("2号楼"), Some("works")),
        ("r201", PlaceKind::Room, Some("b2"), Some("201办公室"), None),
    ];
    for (name, kind, parent, label, body) in places {
        let place = Place {
            parent: parent.map(id),
            label: label.map(str::to_owned),
            body: body.map(id),
            ..Place::new(id(name), kind)
        };
        register.places.insert(id(name), History::always(place));
    }
    register
}

/// A recipient of everything, in Chinese.
pub(crate) fn recipient(name: &str) -> Recipient {
    Recipient {
        id: id(name),
        mail: format!("{name}@example.org"),
        language: Language::Zh,
        time_zone: None,
        place: None,
        body: None,
        severity_at_least: Severity::Info,
        deputy: None,
        absent: None,
    }
}

pub(crate) fn add(register: &mut Register, recipient: Recipient) {
    register.recipients.insert(recipient.id.clone(), History::always(recipient));
}

/// The register with these recipients of everything.
pub(crate) fn with_recipients(names: &[&str]) -> Register {
    let mut register = register();
    for name in names {
        add(&mut register, recipient(name));
    }
    register
}

pub(crate) fn clause() -> Clause {
    let text = |zh: &str, en: &str| Text { zh: zh.to_owned(), en: en.to_owned() };
    Clause {
        document: "MADE-UP 1-2026".to_owned(),
        citation: "4.2".to_owned(),
        title: text("室内二氧化碳浓度", "Indoor CO2 concentration"),
        remedy: text(
            "开窗或加大新风量，减少同时在场人数。",
            "Open windows or raise the fresh air; seat fewer people.",
        ),
        ..Clause::new(
            "made-up-1",
            "co2",
            Measure::Co2HourMean,
            Period::Hour,
            Bound { at_most: Some(700.0), at_least: None },
        )
    }
}

/// The story of one alert, told step by step.
#[derive(Clone)]
pub(crate) struct Story {
    pub(crate) clause: Clause,
    pub(crate) subject: Subject,
    pub(crate) began: Instant,
    pub(crate) value: f64,
    pub(crate) coverage: f64,
    pub(crate) revision: u32,
    pub(crate) waived: Option<String>,
}

impl Story {
    /// An alert of a room whose first breaching hour ended at `began`.
    pub(crate) fn of(room: &str, began: Instant) -> Self {
        let subject = Subject::Place(id(room));
        Self { clause: clause(), subject, began, value: 812.4, coverage: 0.93, revision: 1, waived: None }
    }

    pub(crate) fn step(&self, kind: TransitionKind, at: Instant) -> Transition {
        let check = CheckId { clause: self.clause.id.clone(), subject: self.subject.clone() };
        let is_over = kind == TransitionKind::Resolved;
        let verdict = Verdict {
            time: at,
            subject: self.subject.clone(),
            clause: Arc::new(self.clause.clone()),
            outcome: if is_over { Outcome::Compliant } else { Outcome::Breach },
            rating: None,
            value: Some(if is_over { 640.0 } else { self.value }),
            limit: self.clause.limit.fixed.at_most.or(self.clause.limit.fixed.at_least),
            is_minimum: self.clause.limit.fixed.at_least.is_some(),
            coverage: self.coverage,
            waived: self.waived.clone(),
            window: Span::new(at.plus_ms(-HOUR), at),
            revision: self.revision,
            why: [("gate".to_owned(), Fact::from("occupied"))].into(),
        };
        let alert = Alert {
            id: TransitionId::new(&check, TransitionKind::Firing, self.began, 1),
            check: check.clone(),
            state: if is_over { AlertState::Resolved } else { AlertState::Firing },
            started_at: self.began.plus_ms(-HOUR),
            fired_at: Some(self.began),
            resolved_at: is_over.then_some(at),
            is_unproven: kind == TransitionKind::Unproven,
            verdict,
        };
        Transition { id: TransitionId::new(&check, kind, at, self.revision), kind, at, alert }
    }

    pub(crate) fn fires(&self) -> Transition {
        self.step(TransitionKind::Firing, self.began)
    }

    pub(crate) fn resolves(&self, at: Instant) -> Transition {
        self.step(TransitionKind::Resolved, at)
    }
}

pub(crate) fn renderer() -> Renderer {
    let sender = Sender {
        from: "normwatch <alerts@office.example>".to_owned(),
        public_url: Some("https://watch.example".to_owned()),
    };
    Renderer::new(sender, None).unwrap()
}

/// One mail about these transitions to a recipient of the register, as the dispatcher would plan it.
pub(crate) fn plan(kind: MailKind, to: &Recipient, register: &Register, told: &[Transition]) -> MailPlan {
    let mut only = register.clone();
    only.recipients.clear();
    add(&mut only, to.clone());
    let notices: Vec<Notice> = told.iter().map(|t| Notice::new(t, register)).collect();
    let addressee = normwatch::notify::route(&notices[0], &only, told[0].at).remove(0);
    MailPlan {
        addressee,
        kind,
        building: notices[0].building().filter(|_| !kind.is_digest()).cloned(),
        lines: notices.into_iter().map(|n| Line { id: n.id.to_string(), notice: n }).collect(),
        answers: Vec::new(),
        due: at(1),
    }
}
