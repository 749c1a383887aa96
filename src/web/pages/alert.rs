//! One alert, told whole: what, where, by which clause, how sure, why, since when, what to do.

use axum::{extract::Path, response::Response};
use model::{Id, Instant};
use rules::Provenance;
use serde::Serialize;

use super::{
    frame,
    look::Look,
    not_found,
    rows::{Against, AlertRow, alert_row},
};
use crate::{
    view::{AlertView, MailView, Mark},
    web::{
        charts::limits::quantity_of,
        desk::Desk,
        format::{self, When},
        language::Viewer,
    },
};

/// Mails that are looked through for those about an alert.
const MOST_MAILS: usize = 500;

#[derive(Serialize)]
struct Page {
    alert: AlertRow,
    clause: String,
    pack: String,
    clause_path: String,
    document_title: String,
    provenance: Provenance,
    period: &'static str,
    hold: Option<String>,
    clear: Option<String>,
    coverage: String,
    min_coverage: String,
    window: String,
    revision: u32,
    remedy: String,
    why: Vec<FactRow>,
    timeline: Vec<Step>,
    chart: Option<Picture>,
    mails: Vec<MailLink>,
    /// Whether whoever looks may act on it.
    may_act: bool,
    /// Id, as it stands in an address.
    path: String,
    acknowledgement: Option<Told>,
    silences: Vec<SilenceRow>,
}

/// Who did something, when and why.
#[derive(Serialize)]
struct Told {
    by: String,
    at: When,
    note: String,
}

#[derive(Serialize)]
struct SilenceRow {
    id: String,
    until: When,
    told: Told,
}

fn told(look: &Look<'_>, mark: &Mark) -> Told {
    Told { by: mark.by.clone(), at: look.when_and_age(mark.at), note: mark.note.clone() }
}

/// The silences that cover an alert.
fn silences(look: &Look<'_>, alert: &AlertView) -> Vec<SilenceRow> {
    let above = look.desk.register().ancestors(&alert.place, look.now);
    let is_of = |id: &Id| *id == alert.place || above.iter().any(|place| place.id == *id);
    let covering = look.snapshot.silences.iter().filter(|silence| {
        silence.clause.as_ref().is_none_or(|clause| *clause == alert.clause)
            && silence.subject.as_ref().is_none_or(is_of)
    });
    covering
        .map(|silence| SilenceRow {
            id: silence.id.clone(),
            until: look.when(silence.until),
            told: told(look, &silence.mark),
        })
        .collect()
}

#[derive(Serialize)]
struct FactRow {
    name: String,
    text: String,
}

#[derive(Serialize)]
struct Step {
    kind: &'static str,
    at: When,
}

#[derive(Serialize)]
struct Picture {
    quantity: &'static str,
    unit: String,
    src: String,
}

#[derive(Serialize)]
struct MailLink {
    id: String,
    subject: String,
    recipient: String,
    at: When,
    state: &'static str,
}

/// `GET /alerts/{id}`.
pub(super) async fn page(desk: Desk, viewer: Viewer, Path(id): Path<String>) -> Response {
    let snapshot = desk.snapshot();
    let look = Look::new(&desk, &snapshot, &viewer);
    let Some(alert) = snapshot.alerts.iter().find(|alert| alert.id == id) else {
        return not_found(&desk, &viewer);
    };
    let mails = desk.ask_mails(|mails| mails.newest(MOST_MAILS)).await;
    let told = mails.iter().filter(|mail| mail.alerts.contains(&alert.id));
    let mails = told.map(|mail| mail_link(&look, mail)).collect();
    let page = Page { mails, ..form(&look, alert) };
    frame::render(&desk, &snapshot, &viewer, "alert.html", "alerts", &page)
}

fn form(look: &Look<'_>, alert: &AlertView) -> Page {
    let verdict = &alert.verdict;
    let clause = &verdict.clause;
    let pack = look.desk.pack(&clause.pack);
    let clear = clause.clear.and_then(|clear| clear.at_most.or(clear.at_least)).map(|limit| {
        let shown = Against::of(look, None, Some(limit), verdict.is_minimum, &clause.limit.unit);
        format!("{} {}", shown.asks, shown.limit.unwrap_or_default())
    });
    Page {
        alert: alert_row(look, alert),
        clause: clause.id.clone(),
        pack: clause.pack.clone(),
        clause_path: clause.id.strip_prefix(&format!("{}/", clause.pack)).unwrap_or(&clause.id).to_owned(),
        document_title: pack.map(|pack| look.words(&pack.title)).unwrap_or_default(),
        provenance: clause.provenance,
        period: clause.period.name(),
        hold: (clause.hold_ms > 0).then(|| format::age(clause.hold_ms, look.language)),
        clear,
        coverage: format::share(alert.coverage),
        min_coverage: format::share(clause.min_coverage),
        window: look.window(verdict.window.from, verdict.window.to, Some(clause.period)),
        revision: alert.revision,
        remedy: look.words(&clause.remedy),
        why: facts(look, alert),
        timeline: timeline(look, alert),
        chart: picture(look, alert),
        mails: Vec::new(),
        may_act: look.desk.actor().is_ok(),
        path: form_urlencoded::byte_serialize(alert.id.as_bytes()).collect(),
        acknowledgement: alert.acknowledgement.as_ref().map(|mark| told(look, mark)),
        silences: silences(look, alert),
    }
}

fn facts(look: &Look<'_>, alert: &AlertView) -> Vec<FactRow> {
    let row = |(key, fact): (&String, &rules::Fact)| FactRow {
        name: look.fact_name(key),
        text: look.fact(key, fact),
    };
    alert.verdict.why.iter().map(row).collect()
}

fn timeline(look: &Look<'_>, alert: &AlertView) -> Vec<Step> {
    let verdict = &alert.verdict;
    let judged = (verdict.window.to != Instant::MAX).then_some(verdict.window.to);
    let steps = [
        ("started", Some(alert.started_at)),
        ("fired", alert.fired_at),
        ("judged", judged.filter(|at| *at > alert.started_at)),
        ("resolved", alert.resolved_at),
    ];
    let mut steps: Vec<(&'static str, Instant)> =
        steps.into_iter().filter_map(|(kind, at)| at.map(|at| (kind, at))).collect();
    steps.sort_by_key(|(_, at)| *at);
    steps.into_iter().map(|(kind, at)| Step { kind, at: look.when_and_age(at) }).collect()
}

/// The curve around the breach: from six hours before it began (31 days back at most) to its end or now.
fn picture(look: &Look<'_>, alert: &AlertView) -> Option<Picture> {
    let quantity = quantity_of(alert.verdict.clause.measure)?;
    let place = look.snapshot.places.get(&alert.place)?;
    place.latest.iter().find(|reading| reading.quantity == quantity)?;
    let end = alert.resolved_at.map(|at| at.plus_ms(3_600_000));
    let to = end.or(look.snapshot.event_time).unwrap_or(look.now).max(alert.started_at.plus_ms(3_600_000));
    let from = alert.started_at.plus_ms(-6 * 3_600_000).max(to.plus_ms(-31 * 86_400_000));
    Some(Picture {
        quantity: quantity.name(),
        unit: format::unit(quantity.unit().name()),
        src: format!("/charts/{}/{}.svg?from={from}&to={to}", alert.place, quantity.name()),
    })
}

fn mail_link(look: &Look<'_>, mail: &MailView) -> MailLink {
    MailLink {
        id: mail.id.clone(),
        subject: mail.subject.clone(),
        recipient: mail.recipient.to_string(),
        at: look.when(mail.time),
        state: mail.state.name(),
    }
}
