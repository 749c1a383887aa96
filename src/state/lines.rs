//! Lines for the time-series server that do not stand in the spool: those that wait, and those that it refused.

use model::Instant;
use rusqlite::{Transaction, params};

use super::{State, StateError, counters};
use crate::database::{signed, unsigned};

/// Lines kept for a time-series server that does not answer; older ones go and are counted.
const MOST_WAITING: i64 = 2_000_000;
/// Refused lines that are kept, the newest.
const MOST_REFUSED: i64 = 10_000;

/// A line that the server refused for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLine {
    /// The line; where the server named none, the first of those that it was among.
    pub line: String,
    /// The server's words.
    pub reason: String,
}

/// The hash of what names a line's point: measurement, tags and time.
fn point(line: &str) -> [u8; 16] {
    let mut is_escaped = false;
    let ends = line.char_indices().find(|(_, c)| {
        let is_end = *c == ' ' && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        is_end
    });
    let (head, rest) = ends.and_then(|(at, _)| line.split_at_checked(at)).unwrap_or((line, ""));
    let time = rest.rsplit(' ').next().unwrap_or_default();
    let mut hasher = blake3::Hasher::new();
    hasher.update(head.as_bytes()).update(b" ").update(time.as_bytes());
    hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default()
}

/// Adds lines; one that was waiting for the same point goes.
pub(super) fn write(step: &Transaction<'_>, lines: &[String]) -> Result<(), rusqlite::Error> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut put = step.prepare_cached("INSERT OR REPLACE INTO series_lines (line, point) VALUES (?1, ?2)")?;
    for line in lines {
        put.execute(params![line, point(line)])?;
    }
    let newest = step.last_insert_rowid();
    let mut trim = step.prepare_cached("DELETE FROM series_lines WHERE id <= ?1")?;
    let dropped = trim.execute([newest - MOST_WAITING])?;
    if dropped > 0 {
        counters::add(step, "series_lines_dropped", dropped as u64)?;
    }
    Ok(())
}

impl State {
    /// Lines that wait for the time-series server, with numbers above `after`, at most `max`.
    ///
    /// Of one point only the newest line waits; it has a number of its own.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn series_lines(&self, after: u64, max: usize) -> Result<Vec<(u64, String)>, StateError> {
        let db = self.db();
        let mut query =
            db.prepare_cached("SELECT id, line FROM series_lines WHERE id > ?1 ORDER BY id LIMIT ?2")?;
        let rows = query
            .query_map([signed(after), signed(max as u64)], |row| Ok((unsigned(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The number of the newest line that waits; 0 when none does.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn newest_series_line(&self) -> Result<u64, StateError> {
        let db = self.db();
        let mut query = db.prepare_cached("SELECT COALESCE(MAX(id), 0) FROM series_lines")?;
        Ok(query.query_row([], |row| row.get(0)).map(unsigned)?)
    }

    /// Forgets waiting lines by stretches `(after, upto)` of their numbers: the server has them.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn forget_series_lines(&self, stretches: &[(u64, u64)]) -> Result<(), StateError> {
        let mut db = self.db();
        let transaction = db.transaction()?;
        for (after, upto) in stretches {
            transaction
                .prepare_cached("DELETE FROM series_lines WHERE id > ?1 AND id <= ?2")?
                .execute([signed(*after), signed(*upto)])?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Keeps lines that the server refused for good, and counts them: a record may stand for several.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn refuse_lines(&self, lines: &[RefusedLine], count: u64, at: Instant) -> Result<(), StateError> {
        let mut db = self.db();
        let transaction = db.transaction()?;
        for RefusedLine { line, reason } in lines {
            transaction
                .prepare_cached("INSERT INTO refused_lines (at, line, reason) VALUES (?1, ?2, ?3)")?
                .execute(params![at.millis(), line, reason])?;
        }
        let newest = transaction.last_insert_rowid();
        transaction
            .prepare_cached("DELETE FROM refused_lines WHERE id <= ?1")?
            .execute([newest - MOST_REFUSED])?;
        counters::add(&transaction, "series_refused", count)?;
        transaction.commit()?;
        Ok(())
    }

    /// The newest refused lines with the time of their refusal, newest first, at most `max`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn refused_lines(&self, max: usize) -> Result<Vec<(Instant, RefusedLine)>, StateError> {
        let db = self.db();
        let mut query =
            db.prepare_cached("SELECT at, line, reason FROM refused_lines ORDER BY id DESC LIMIT ?1")?;
        let rows = query.query_map([signed(max as u64)], |row| {
            let refused = RefusedLine { line: row.get(1)?, reason: row.get(2)? };
            Ok((Instant::from_millis(row.get(0)?), refused))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Step, *};

    fn state(dir: &tempfile::TempDir, lines: &[&str]) -> State {
        let state = State::open(&dir.path().join("state.sqlite")).unwrap();
        for line in lines {
            state.commit(&Step { lines: vec![(*line).to_owned()], ..Step::default() }).unwrap();
        }
        state
    }

    fn waiting(state: &State) -> Vec<String> {
        state.series_lines(0, 99).unwrap().into_iter().map(|(_, line)| line).collect()
    }

    #[test]
    fn lines_wait_in_order_until_they_are_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let state = state(&dir, &["a v=1 1", "b v=1 1", "c v=1 1", "d v=1 1"]);
        let two = state.series_lines(0, 2).unwrap();
        assert_eq!(two.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>(), ["a v=1 1", "b v=1 1"]);
        assert_eq!(state.newest_series_line().unwrap(), 4);
        state.forget_series_lines(&[(0, 1), (2, 3)]).unwrap();
        assert_eq!(waiting(&state), ["b v=1 1", "d v=1 1"]);
    }

    #[test]
    fn a_revision_takes_the_place_of_what_waits_and_others_do_not() {
        let dir = tempfile::tempdir().unwrap();
        let state = state(
            &dir,
            &[
                r"verdict,place=a\ b state=1i,revision=1i 7",
                r"verdict,place=a\ b state=1i,revision=1i 8",
                r"verdict,place=a state=1i,revision=1i 7",
                r"verdict,place=a\ b state=0i,revision=2i 7",
            ],
        );
        assert_eq!(
            waiting(&state),
            [
                r"verdict,place=a\ b state=1i,revision=1i 8",
                r"verdict,place=a state=1i,revision=1i 7",
                r"verdict,place=a\ b state=0i,revision=2i 7",
            ]
        );
    }

    #[test]
    fn refused_lines_are_kept_newest_first_and_counted_by_what_they_stand_for() {
        let dir = tempfile::tempdir().unwrap();
        let state = state(&dir, &[]);
        let line = |text: &str| RefusedLine { line: text.to_owned(), reason: "no".to_owned() };
        state.refuse_lines(&[line("a"), line("b")], 5, Instant::from_millis(9)).unwrap();
        let kept = state.refused_lines(1).unwrap();
        assert_eq!(kept, [(Instant::from_millis(9), line("b"))]);
        assert_eq!(state.counter("series_refused").unwrap(), 5);
    }
}
