//! An example mail, to look at a template or to test a mail server.

use std::sync::Arc;

use model::{
    Id, Instant, Period, PlaceKind, Register, Span,
    register::{Language, Severity, Text},
};
use rules::{
    Alert, AlertState, Bound, CheckId, Clause, Measure, Outcome, Subject, Transition, TransitionId,
    TransitionKind, Verdict, Why,
};

use super::{
    Addressee, Letter, Line, MailKind, MailPlan, Notice, RenderError, Renderer, page::page, words::Words,
};

/// An example mail in `language` about a room of the register (or a made-up one), as of `now`, to `mail`.
///
/// Document and limit are made up and say so; nothing of it is a finding.
///
/// # Errors
/// Returns [`RenderError`] when a template of the operator asks for something that a mail does not have.
pub fn preview(
    renderer: &Renderer,
    register: &Register,
    language: Language,
    mail: &str,
    now: Instant,
) -> Result<Letter, RenderError> {
    let place = room(register, now).unwrap_or_else(|| Id::fold("example-room"));
    let notice = Notice::new(&example(place, now), register);
    let zone = notice.zone.clone();
    let plan = MailPlan {
        addressee: Addressee {
            id: Id::fold("example"),
            mail: mail.to_owned(),
            language,
            zone,
            deputy_of: None,
        },
        kind: MailKind::Changes,
        building: notice.building().cloned(),
        // The id names the moment, so that a second test mail is a mail of its own.
        lines: vec![Line { id: format!("example-{}", now.millis()), notice }],
        answers: Vec::new(),
        due: now,
    };
    let mut page = page(&plan, None);
    page.footer.insert(0, Words(language).word("footer-example"));
    renderer.letter_of(&plan, &page)
}

/// The first room of the register.
fn room(register: &Register, now: Instant) -> Option<Id> {
    let places = register.places.values().filter_map(|h| h.at(now));
    places.filter(|p| p.kind == PlaceKind::Room).map(|p| p.id.clone()).next()
}

fn example(place: Id, now: Instant) -> Transition {
    let clause = Arc::new(clause());
    let hour = now.plus_ms(-now.millis().rem_euclid(3_600_000));
    let window = Span::new(hour.plus_ms(-3_600_000), hour);
    let check = CheckId { clause: clause.id.clone(), subject: Subject::Place(place) };
    let id = TransitionId::new(&check, TransitionKind::Firing, hour, 1);
    let verdict = Verdict {
        time: hour,
        subject: check.subject.clone(),
        clause,
        outcome: Outcome::Breach,
        rating: None,
        value: Some(2.4),
        limit: Some(2.0),
        is_minimum: false,
        coverage: 0.93,
        waived: None,
        window,
        revision: 1,
        why: Why::from([("gate".to_owned(), "occupied".into())]),
    };
    let alert = Alert {
        id: id.clone(),
        check,
        state: AlertState::Firing,
        started_at: window.from,
        fired_at: Some(hour),
        resolved_at: None,
        is_unproven: false,
        verdict,
    };
    Transition { id, kind: TransitionKind::Firing, at: hour, alert }
}

/// A clause of no document at all.
fn clause() -> Clause {
    let text = |zh: &str, en: &str| Text { zh: zh.to_owned(), en: en.to_owned() };
    Clause {
        document: "EXAMPLE".to_owned(),
        citation: "1.1".to_owned(),
        title: text("示例条款", "Example clause"),
        remedy: text("无需处理，这是示例。", "Nothing to do: this is an example."),
        severity: Severity::Info,
        ..Clause::new(
            "example",
            "example",
            Measure::EnergyWhileEmpty,
            Period::Hour,
            Bound { at_most: Some(2.0), at_least: None },
        )
    }
}
