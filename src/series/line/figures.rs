//! The lines of verdicts, measures and events.

use model::{Id, Instant};
use rules::{Evidence, Outcome, Subject, Verdict};

use super::text::{Fields, push_id, push_tag};
use crate::series::PlaceTags;

/// What a verdict says, as its line needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct VerdictLine<'a> {
    /// Clause id.
    pub clause: &'a str,
    /// What was judged.
    pub subject: &'a Subject,
    /// The outcome.
    pub outcome: Outcome,
    /// Firm or suspicion.
    pub evidence: Evidence,
    /// 1 for the first verdict of a window.
    pub revision: u32,
    /// Measured value.
    pub value: Option<f64>,
    /// The limit.
    pub limit: Option<f64>,
    /// Observed share of the judged time, 0 to 1.
    pub coverage: f64,
    /// Start of the window.
    pub from: Instant,
}

impl<'a> From<&'a Verdict> for VerdictLine<'a> {
    fn from(verdict: &'a Verdict) -> Self {
        Self {
            clause: &verdict.clause.id,
            subject: &verdict.subject,
            outcome: verdict.outcome,
            evidence: verdict.evidence(),
            revision: verdict.revision,
            value: verdict.value,
            limit: verdict.limit,
            coverage: verdict.coverage,
            from: verdict.window.from,
        }
    }
}

/// The line of a verdict, without line end; its time is the start of the window, so that a revision overwrites.
#[must_use]
pub fn verdict(verdict: &VerdictLine<'_>, tags: &PlaceTags) -> String {
    let mut out = String::from("verdict");
    push_tag(&mut out, "clause", verdict.clause);
    push_id(&mut out, "site", tags.site.as_ref());
    push_id(&mut out, "building", tags.building.as_ref());
    match verdict.subject {
        Subject::Place(place) => {
            push_id(&mut out, "place", Some(place));
            push_id(&mut out, "body", tags.body.as_ref());
        }
        Subject::Body(body) => push_id(&mut out, "body", Some(body)),
    }
    let state = match verdict.outcome {
        Outcome::Compliant => 0,
        Outcome::Breach => 1,
        Outcome::Insufficient => 2,
    };
    let mut fields = Fields::new(out);
    fields.integer("state", state);
    fields.integer("evidence", i64::from(verdict.evidence == Evidence::Firm));
    fields.integer("revision", i64::from(verdict.revision));
    fields.float("value", verdict.value);
    fields.float("limit", verdict.limit);
    fields.float("coverage", Some(verdict.coverage));
    fields.end(verdict.from)
}

/// A figure derived for one place or body and window.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureLine<'a> {
    /// Name of the measure.
    pub measure: &'a str,
    /// The place, unless it is a figure of a body alone.
    pub place: Option<&'a Id>,
    /// Site, building and body.
    pub tags: &'a PlaceTags,
    /// Name of the period, such as `day`.
    pub period: &'a str,
    /// The value, `None` without evidence.
    pub value: Option<f64>,
    /// Observed share of the judged time, 0 to 1.
    pub coverage: f64,
    /// Start of the window.
    pub from: Instant,
}

/// The line of a measure, without line end.
#[must_use]
pub fn measure(figure: &MeasureLine<'_>) -> String {
    let mut out = String::from("measure");
    push_tag(&mut out, "measure", figure.measure);
    push_id(&mut out, "site", figure.tags.site.as_ref());
    push_id(&mut out, "building", figure.tags.building.as_ref());
    push_id(&mut out, "place", figure.place);
    push_id(&mut out, "body", figure.tags.body.as_ref());
    push_tag(&mut out, "period", figure.period);
    let mut fields = Fields::new(out);
    fields.float("value", figure.value);
    // A line needs a field: what has no finite coverage was not observed.
    fields.float("coverage", Some(figure.coverage).filter(|share| share.is_finite()).or(Some(0.0)));
    fields.end(figure.from)
}

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// An alert fired, ended or was revised.
    Alert,
    /// A limit changed: a pack or an overlay came into force.
    Limit,
    /// A meter was replaced or reset.
    Meter,
    /// The register changed.
    Register,
}

impl EventKind {
    /// The value of the tag `kind`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Limit => "limit",
            Self::Meter => "meter",
            Self::Register => "register",
        }
    }
}

/// Something that a chart marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLine<'a> {
    /// What it is about.
    pub kind: EventKind,
    /// The place.
    pub place: Option<&'a Id>,
    /// Site and building.
    pub tags: &'a PlaceTags,
    /// One line.
    pub title: &'a str,
    /// More.
    pub text: &'a str,
    /// When.
    pub at: Instant,
}

/// The line of an event, without line end.
#[must_use]
pub fn event(event: &EventLine<'_>) -> String {
    let mut out = String::from("event");
    push_tag(&mut out, "kind", event.kind.name());
    push_id(&mut out, "site", event.tags.site.as_ref());
    push_id(&mut out, "building", event.tags.building.as_ref());
    push_id(&mut out, "place", event.place);
    let mut fields = Fields::new(out);
    fields.text("title", event.title);
    fields.text("text", event.text);
    fields.end(event.at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Id {
        Id::parse(text).unwrap()
    }

    #[test]
    fn texts_are_escaped_so_that_no_line_is_cut() {
        let tags = PlaceTags::default();
        let event = EventLine {
            kind: EventKind::Alert,
            place: Some(&id("r")),
            tags: &tags,
            title: "CO2 \"high\" \\",
            text: "会议室\n二",
            at: Instant::from_millis(7),
        };
        assert_eq!(
            super::event(&event),
            r#"event,kind=alert,place=r title="CO2 \"high\" \\",text="会议室 二" 7"#
        );
    }

    #[test]
    fn a_measure_without_evidence_keeps_its_coverage() {
        let tags = PlaceTags { building: Some(id("b")), ..PlaceTags::default() };
        let figure = MeasureLine {
            measure: "eui",
            place: Some(&id("b")),
            tags: &tags,
            period: "year",
            value: None,
            coverage: 0.0,
            from: Instant::from_millis(0),
        };
        assert_eq!(measure(&figure), "measure,measure=eui,building=b,place=b,period=year coverage=0.0 0");
    }

    #[test]
    fn a_verdict_has_the_promised_tags_and_fields() {
        let subject = Subject::Place(id("r-1"));
        let tags = PlaceTags { site: Some(id("hq")), body: Some(id("agency")), ..PlaceTags::default() };
        let mut said = VerdictLine {
            clause: "gb-t-18883-2022/co2",
            subject: &subject,
            outcome: Outcome::Breach,
            evidence: Evidence::Firm,
            revision: 2,
            value: Some(1010.5),
            limit: Some(1000.0),
            coverage: 0.875,
            from: Instant::from_millis(3_600_000),
        };
        assert_eq!(
            verdict(&said, &tags),
            "verdict,clause=gb-t-18883-2022/co2,site=hq,place=r-1,body=agency \
             state=1i,evidence=1i,revision=2i,value=1010.5,limit=1000.0,coverage=0.875 3600000"
        );
        let body = Subject::Body(id("agency"));
        (said.subject, said.outcome, said.evidence) = (&body, Outcome::Insufficient, Evidence::Suspicion);
        (said.value, said.coverage) = (None, 0.0);
        assert_eq!(
            verdict(&said, &PlaceTags::default()),
            "verdict,clause=gb-t-18883-2022/co2,body=agency \
             state=2i,evidence=0i,revision=2i,limit=1000.0,coverage=0.0 3600000"
        );
    }
}
