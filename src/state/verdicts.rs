//! What was said of each window, and the events that charts mark.

use std::collections::HashMap;

use model::{Id, Instant, Span};
use rules::{Outcome, RatingLevel, Subject, Verdict};
use rusqlite::{OptionalExtension, Transaction, params};

use super::{State, StateError};
use crate::database::unsigned;

/// The printed fields of a verdict, without its clause.
#[derive(Debug, Clone, PartialEq)]
pub struct VerdictRow {
    /// Clause id.
    pub clause: String,
    /// What was judged.
    pub subject: Subject,
    /// The window.
    pub window: Span,
    /// 1 for the first verdict of the window.
    pub revision: u32,
    /// Event time of the judgement.
    pub time: Instant,
    /// The outcome.
    pub outcome: Outcome,
    /// The rating below the limit.
    pub rating: Option<RatingLevel>,
    /// Measured value.
    pub value: Option<f64>,
    /// The limit it was compared with.
    pub limit: Option<f64>,
    /// Whether that is a minimum.
    pub is_minimum: bool,
    /// Observed share of the judged time, 0 to 1.
    pub coverage: f64,
    /// Reason of the waiver in force.
    pub waived: Option<String>,
}

impl From<&Verdict> for VerdictRow {
    fn from(verdict: &Verdict) -> Self {
        Self {
            clause: verdict.clause.id.clone(),
            subject: verdict.subject.clone(),
            window: verdict.window,
            revision: verdict.revision,
            time: verdict.time,
            outcome: verdict.outcome,
            rating: verdict.rating,
            value: verdict.value,
            limit: verdict.limit,
            is_minimum: verdict.is_minimum,
            coverage: verdict.coverage,
            waived: verdict.waived.clone(),
        }
    }
}

impl VerdictRow {
    /// Whether both print the same, whenever and however often they were said.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let bits = |number: Option<f64>| number.map(f64::to_bits);
        (self.outcome, self.rating, self.is_minimum, &self.waived)
            == (other.outcome, other.rating, other.is_minimum, &other.waived)
            && bits(self.value) == bits(other.value)
            && bits(self.limit) == bits(other.limit)
            && self.coverage.to_bits() == other.coverage.to_bits()
    }
}

/// Something that a chart marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// When.
    pub at: Instant,
    /// What it is about, such as `limit`.
    pub kind: String,
    /// The place, or nothing.
    pub place: String,
    /// One line.
    pub title: String,
    /// More.
    pub text: String,
}

const OUTCOMES: [Outcome; 3] = [Outcome::Compliant, Outcome::Breach, Outcome::Insufficient];
const RATINGS: [RatingLevel; 4] =
    [RatingLevel::Guide, RatingLevel::Baseline, RatingLevel::Constraint, RatingLevel::AboveConstraint];

fn number<T: PartialEq>(all: &[T], one: &T) -> Option<i64> {
    all.iter().position(|held| held == one).and_then(|index| i64::try_from(index).ok())
}

fn member<T: Copy>(all: &[T], number: i64) -> Option<T> {
    all.get(usize::try_from(number).ok()?).copied()
}

const fn kind_of(subject: &Subject) -> &'static str {
    match subject {
        Subject::Place(_) => "place",
        Subject::Body(_) => "body",
    }
}

/// Writes rows; a later revision takes the place of an earlier one.
pub(super) fn write(step: &Transaction<'_>, rows: &[VerdictRow]) -> Result<(), rusqlite::Error> {
    let mut find =
        step.prepare_cached("SELECT id FROM checks WHERE clause = ?1 AND kind = ?2 AND subject = ?3")?;
    let mut add = step.prepare_cached("INSERT INTO checks (clause, kind, subject) VALUES (?1, ?2, ?3)")?;
    let mut put = step.prepare_cached(
        "INSERT OR REPLACE INTO verdicts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    let mut known: HashMap<(&str, &Subject), i64> = HashMap::new();
    for row in rows {
        let check = if let Some(id) = known.get(&(row.clause.as_str(), &row.subject)) {
            *id
        } else {
            let named = params![row.clause, kind_of(&row.subject), row.subject.id().as_str()];
            let held: Option<i64> = find.query_row(named, |row| row.get(0)).optional()?;
            let id = match held {
                Some(id) => id,
                None => add.insert(named)?,
            };
            known.insert((&row.clause, &row.subject), id);
            id
        };
        put.execute(params![
            row.window.from.millis(),
            check,
            row.window.millis(),
            row.revision,
            row.time.millis(),
            number(&OUTCOMES, &row.outcome),
            row.rating.and_then(|rating| number(&RATINGS, &rating)),
            row.value,
            row.limit,
            row.is_minimum,
            row.coverage,
            row.waived
        ])?;
    }
    Ok(())
}

/// Writes events; one that is there already stays as it is.
pub(super) fn write_events(step: &Transaction<'_>, rows: &[EventRow]) -> Result<(), rusqlite::Error> {
    let mut put = step.prepare_cached("INSERT OR IGNORE INTO events VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for row in rows {
        put.execute(params![row.at.millis(), row.kind, row.place, row.title, row.text])?;
    }
    Ok(())
}

const COLUMNS: &str = "v.start, v.length, v.revision, v.time, v.outcome, v.rating, v.value, v.bound,
     v.is_minimum, v.coverage, v.waived, c.clause, c.kind, c.subject";

fn read(row: &rusqlite::Row<'_>) -> Result<Option<VerdictRow>, rusqlite::Error> {
    let from = Instant::from_millis(row.get(0)?);
    let rating: Option<i64> = row.get(5)?;
    let (kind, subject): (String, String) = (row.get(12)?, row.get(13)?);
    let (Some(outcome), Ok(subject)) = (member(&OUTCOMES, row.get(4)?), Id::parse(&subject)) else {
        return Ok(None);
    };
    Ok(Some(VerdictRow {
        clause: row.get(11)?,
        subject: if kind == "body" { Subject::Body(subject) } else { Subject::Place(subject) },
        window: Span::new(from, from.plus_ms(row.get(1)?)),
        revision: row.get(2)?,
        time: Instant::from_millis(row.get(3)?),
        outcome,
        rating: rating.and_then(|number| member(&RATINGS, number)),
        value: row.get(6)?,
        limit: row.get(7)?,
        is_minimum: row.get(8)?,
        coverage: row.get(9)?,
        waived: row.get(10)?,
    }))
}

impl State {
    /// What was last said of the window of a check that begins at `from`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn verdict(
        &self,
        clause: &str,
        subject: &Subject,
        from: Instant,
    ) -> Result<Option<VerdictRow>, StateError> {
        let db = self.db();
        let mut query = db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM verdicts v JOIN checks c ON c.id = v.check_id
             WHERE c.clause = ?1 AND c.kind = ?2 AND c.subject = ?3 AND v.start = ?4"
        ))?;
        let named = params![clause, kind_of(subject), subject.id().as_str(), from.millis()];
        Ok(query.query_row(named, read).optional()?.flatten())
    }

    /// What was last said of every window of a place or body that begins in `span`, in time order, at most `max`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn verdicts_of(&self, subject: &Id, span: Span, max: usize) -> Result<Vec<VerdictRow>, StateError> {
        let db = self.db();
        let mut query = db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM verdicts v JOIN checks c ON c.id = v.check_id
             WHERE v.start >= ?1 AND v.start < ?2 AND c.subject = ?3 ORDER BY v.start, c.clause LIMIT ?4"
        ))?;
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let rows =
            query.query_map(params![span.from.millis(), span.to.millis(), subject.as_str(), max], read)?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// Shows `take` what was last said of every window that begins in `span`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn each_verdict(&self, span: Span, mut take: impl FnMut(VerdictRow)) -> Result<(), StateError> {
        let db = self.db();
        let mut query = db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM verdicts v JOIN checks c ON c.id = v.check_id
             WHERE v.start >= ?1 AND v.start < ?2 ORDER BY v.start"
        ))?;
        let mut rows = query.query([span.from.millis(), span.to.millis()])?;
        while let Some(row) = rows.next()? {
            if let Some(row) = read(row)? {
                take(row);
            }
        }
        Ok(())
    }

    /// Lets verdicts of windows go that ended before `before`; returns how many.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn prune_verdicts(&self, before: Instant) -> Result<u64, StateError> {
        let db = self.db();
        let gone = db
            .prepare_cached("DELETE FROM verdicts WHERE start < ?1 AND start + length < ?1")?
            .execute([before.millis()])?;
        Ok(unsigned(i64::try_from(gone).unwrap_or(0)))
    }

    /// The events in `span`, in time order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn events(&self, span: Span) -> Result<Vec<EventRow>, StateError> {
        let db = self.db();
        let mut query = db.prepare_cached(
            "SELECT at, kind, place, title, text FROM events WHERE at >= ?1 AND at < ?2 ORDER BY at, kind, place",
        )?;
        let rows = query.query_map([span.from.millis(), span.to.millis()], |row| {
            let at = Instant::from_millis(row.get(0)?);
            Ok(EventRow { at, kind: row.get(1)?, place: row.get(2)?, title: row.get(3)?, text: row.get(4)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Step, *};

    fn row(from: i64, revision: u32, value: f64) -> VerdictRow {
        VerdictRow {
            clause: "own-1/co2".to_owned(),
            subject: Subject::Place(Id::parse("r-1").unwrap()),
            window: Span::new(Instant::from_millis(from), Instant::from_millis(from + 10)),
            revision,
            time: Instant::from_millis(from + 20),
            outcome: Outcome::Breach,
            rating: Some(RatingLevel::Baseline),
            value: Some(value),
            limit: Some(1000.0),
            is_minimum: false,
            coverage: 0.75,
            waived: Some("works".to_owned()),
        }
    }

    #[test]
    fn a_revision_takes_the_place_of_the_verdict_before_and_comes_back_whole() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(&dir.path().join("state.sqlite")).unwrap();
        let commit = |verdicts| state.commit(&Step { verdicts, ..Step::default() }).unwrap();
        commit(vec![row(0, 1, 1200.0), row(10, 1, 900.0)]);
        commit(vec![row(0, 2, 1300.0)]);
        let subject = row(0, 1, 0.0).subject;
        let held = state.verdict("own-1/co2", &subject, Instant::from_millis(0)).unwrap();
        assert_eq!(held, Some(row(0, 2, 1300.0)));
        assert_eq!(state.verdict("own-1/co3", &subject, Instant::from_millis(0)).unwrap(), None);
        let all = Span::new(Instant::from_millis(0), Instant::from_millis(99));
        assert_eq!(state.verdicts_of(subject.id(), all, 9).unwrap().len(), 2);
        assert_eq!(state.prune_verdicts(Instant::from_millis(15)).unwrap(), 1, "what has not ended stays");
        assert!(
            !row(0, 1, 1.0).says_the_same(&row(0, 1, 2.0)) && row(0, 1, 1.0).says_the_same(&row(0, 7, 1.0))
        );
    }

    #[test]
    fn an_event_that_is_written_again_is_there_once() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(&dir.path().join("state.sqlite")).unwrap();
        let event = EventRow {
            at: Instant::from_millis(5),
            kind: "limit".to_owned(),
            place: String::new(),
            title: "limit moved".to_owned(),
            text: "1000 to 900".to_owned(),
        };
        for _ in 0..2 {
            state.commit(&Step { events: vec![event.clone()], ..Step::default() }).unwrap();
        }
        assert_eq!(state.events(Span::ALWAYS).unwrap(), [event]);
    }
}
