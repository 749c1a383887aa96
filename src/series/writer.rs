//! The task that carries readings and lines to the time-series server.
//!
//! It reads the spool behind marks of its own, so an outage of the server only lengthens
//! the spool. Everything it writes may be written twice without harm: a point is named by
//! its tags and its time. After an outage the newest go first, see [`super::lanes`].

use std::sync::Arc;

use model::Register;
use tokio::{sync::watch, time::Instant};

use super::{
    batch::{Batch, Source},
    delivery::{Delivery, Told},
    influx::Influx,
    lanes::Lanes,
    options::WriterOptions,
    status::{SeriesError, SeriesStatus},
};
use crate::{
    clock::Clock,
    spool::{Position, Spool, SpoolError, SpoolReader},
    state::State,
};

/// The record of the state that says up to which entry everything has settled.
const RECORD: (&str, &str) = ("series", "influx");
/// How long to wait for new lines of the state, which nothing announces.
const LINES_PAUSE: std::time::Duration = std::time::Duration::from_millis(500);
/// How often the backlog is counted while there is work.
const REPORT_EVERY: std::time::Duration = std::time::Duration::from_secs(1);
/// While the live lane has more than a batch waiting, every so many turns one goes to what was left behind.
const SHARE_BEHIND: u64 = 4;

/// What the writer is built from.
#[derive(Debug)]
pub struct SeriesParts {
    /// Readings.
    pub spool: Spool,
    /// Lines of verdicts, measures and events; marks; what was refused.
    pub state: State,
    /// Where to write.
    pub influx: Influx,
    /// Which tags a reading gets.
    pub register: watch::Receiver<Arc<Register>>,
    /// Wall time: when a line was refused.
    pub clock: Clock,
    /// Sizes and times.
    pub options: WriterOptions,
}

/// The writer; made with [`SeriesWriter::new`], it works while [`SeriesWriter::run`] is awaited.
#[derive(Debug)]
pub struct SeriesWriter {
    source: Source,
    spool: Spool,
    state: State,
    options: WriterOptions,
    clock: Clock,
    delivery: Delivery,
    status: watch::Sender<SeriesStatus>,
}

/// Marks of both sources.
#[derive(Debug)]
struct Marks {
    entries: Lanes,
    lines: Lanes,
    stored: u64,
    forgotten: Vec<(u64, u64)>,
}

impl SeriesWriter {
    /// A writer from spool and state to the server, and its status to follow.
    #[must_use]
    pub fn new(parts: SeriesParts) -> (Self, watch::Receiver<SeriesStatus>) {
        let SeriesParts { spool, state, influx, register, clock, options } = parts;
        let (status, watched) = watch::channel(SeriesStatus::default());
        let source = Source::new(register, state.clone(), options);
        let delivery = Delivery::new(influx, options);
        (Self { source, spool, state, options, clock, delivery, status }, watched)
    }

    /// Writes until an error; dropping it at any point loses nothing, the next start goes on.
    ///
    /// # Errors
    /// When spool or state fail. The server's failures are no errors: they are waited out.
    pub async fn run(mut self) -> Result<(), SeriesError> {
        let reader = self.spool.reader()?;
        let mut changes = self.spool.watch();
        let mut marks = self.marks(&reader).await?;
        let mut reported = Instant::now();
        let mut turn = 0_u64;
        loop {
            turn += 1;
            changes.mark_unchanged();
            self.source.follow_register();
            self.overtake(&mut marks).await?;
            let live = self.source.live(&reader, &marks.entries, &marks.lines).await;
            let Some(live) = self.or_skip(live, &mut marks, &reader).await? else { continue };
            let mut is_idle = live.is_empty();
            let is_full = live.is_full;
            self.write(&mut marks, live, true).await?;
            if !is_full || turn.is_multiple_of(SHARE_BEHIND) {
                let behind = self.source.behind(&reader, &marks.entries, &marks.lines).await;
                let Some(behind) = self.or_skip(behind, &mut marks, &reader).await? else { continue };
                is_idle &= behind.is_empty();
                self.write(&mut marks, behind, false).await?;
            }
            self.settle(&mut marks).await?;
            if is_idle || reported.elapsed() >= REPORT_EVERY {
                self.report(&marks, &reader).await?;
                reported = Instant::now();
            }
            if is_idle && marks.entries.next_behind().is_none() {
                tokio::select! {
                    changed = changes.changed() => if changed.is_err() { return Ok(()) },
                    () = tokio::time::sleep(LINES_PAUSE) => {}
                }
            }
        }
    }

    /// Where to go on: behind the stored marks, or at the oldest entry that is still there.
    async fn marks(&self, reader: &SpoolReader) -> Result<Marks, SeriesError> {
        let oldest = reader.call(SpoolReader::oldest).await?;
        let before_oldest = oldest.sequence.saturating_sub(1);
        let (kept, refused) = self
            .state
            .call(|state| Ok((state.record(RECORD.0, RECORD.1)?, state.counter("series_refused")?)))
            .await?;
        let stored: Option<u64> = kept.and_then(|kept| kept.parse().ok());
        let stored = stored.unwrap_or(before_oldest);
        let after = self.options.settle_after;
        let mut entries = Lanes::new(stored, after);
        let gone = entries.skip(before_oldest);
        if gone > 0 {
            tracing::warn!(gone, %oldest, "entries for the time-series server were trimmed while no writer ran");
        }
        self.status.send_modify(|status| status.refused = refused);
        Ok(Marks { entries, lines: Lanes::new(0, after), stored, forgotten: Vec::new() })
    }

    /// Lets the newest overtake what an outage, or a slow server, left waiting.
    async fn overtake(&self, marks: &mut Marks) -> Result<(), SeriesError> {
        let most = self.options.most_behind;
        marks.entries.overtake(self.spool.counts().newest, most);
        let newest = self.state.call(State::newest_series_line).await?;
        marks.lines.overtake(newest, most);
        Ok(())
    }

    /// A batch; `None` when entries before it were trimmed although they were not written.
    ///
    /// That happens only when the spool outgrew its bound in a long outage; it is counted.
    async fn or_skip(
        &self,
        read: Result<Batch, SeriesError>,
        marks: &mut Marks,
        reader: &SpoolReader,
    ) -> Result<Option<Batch>, SeriesError> {
        let Err(SeriesError::Spool(missing @ SpoolError::Missing { .. })) = read else {
            return read.map(Some);
        };
        let oldest = reader.call(SpoolReader::oldest).await?;
        let skipped = marks.entries.skip(oldest.sequence.saturating_sub(1));
        if skipped == 0 {
            return Err(missing.into());
        }
        tracing::error!(skipped, "spool entries were given up before the time-series server took them");
        self.state.call(move |state| state.count("series_skipped_entries", skipped)).await?;
        self.status.send_modify(|status| status.skipped_entries += skipped);
        Ok(None)
    }

    /// Delivers a batch and moves the marks; after an outage they go back to what had settled.
    async fn write(&mut self, marks: &mut Marks, batch: Batch, is_live: bool) -> Result<(), SeriesError> {
        let told = self.delivery.deliver(&batch.text, &self.status).await;
        self.record(told).await?;
        if self.delivery.take_outage() {
            marks.entries.rewind();
            marks.lines.rewind();
            return Ok(());
        }
        let now = Instant::now();
        for (lanes, mark, held) in
            [(&mut marks.entries, batch.entries, batch.held_from), (&mut marks.lines, batch.lines, None)]
        {
            match mark {
                Some(mark) if is_live => lanes.acknowledge_live(mark, held, now),
                Some(mark) => lanes.acknowledge_behind(mark, held, now),
                None => {}
            }
        }
        Ok(())
    }

    /// Keeps what was refused for good.
    async fn record(&self, told: Told) -> Result<(), SeriesError> {
        if told.refused.is_empty() {
            return Ok(());
        }
        let count = told.refused_count;
        if let Some(newest) = told.refused.last() {
            tracing::warn!(
                count,
                reason = newest.reason,
                line = newest.line,
                "the time-series server refused lines for good"
            );
        }
        let now = self.clock.now();
        self.state.call(move |state| state.refuse_lines(&told.refused, count, now)).await?;
        Ok(())
    }

    /// Stores how far everything has settled.
    async fn settle(&self, marks: &mut Marks) -> Result<(), SeriesError> {
        let now = Instant::now();
        marks.entries.pass(now);
        marks.lines.pass(now);
        let settled = marks.entries.settled();
        if settled != marks.stored {
            let body = settled.to_string();
            self.state.call(move |state| state.put_record(RECORD.0, RECORD.1, &body)).await?;
            marks.stored = settled;
        }
        let settled = marks.lines.settled_stretches();
        if settled != marks.forgotten {
            let stretches = settled.clone();
            self.state.call(move |state| state.forget_series_lines(&stretches)).await?;
            marks.forgotten = settled;
        }
        Ok(())
    }

    /// Publishes how far it is and what is left.
    async fn report(&self, marks: &Marks, reader: &SpoolReader) -> Result<(), SeriesError> {
        let (missing, settled) = (marks.entries.missing(), marks.entries.settled());
        let backlog = reader.call(move |reader| readings_in(reader, &missing)).await?;
        self.status.send_if_modified(|status| {
            let is_new = status.backlog_readings != backlog || status.settled != settled;
            status.backlog_readings = backlog;
            status.settled = settled;
            is_new
        });
        Ok(())
    }
}

/// Readings of the spool in stretches `(after, upto)`, by whole commit groups.
fn readings_in(reader: &SpoolReader, stretches: &[(u64, Option<u64>)]) -> Result<u64, SpoolError> {
    let behind = |mark| reader.readings_behind(Position::new(mark));
    stretches.iter().try_fold(0, |sum, (after, upto)| {
        let beyond = upto.map_or(Ok(0), behind)?;
        Ok(sum + behind(*after)?.saturating_sub(beyond))
    })
}
