//! The task that carries readings and lines to the time-series server.
//!
//! It reads the spool behind a cursor of its own, so an outage of the server only lengthens
//! the spool. Everything it writes may be written twice without harm: a point is named by
//! its tags and its time.

use std::{sync::Arc, time::Duration};

use model::Register;
use tokio::{sync::watch, time::Instant};

use super::{
    delivery::{Delivery, Told},
    heads::Heads,
    influx::Influx,
    line,
    settling::Settling,
};
use crate::{
    spool::{Entry, Kind, Position, Spool, SpoolError, SpoolReader},
    state::{State, StateError},
};

/// Name of the cursor in the state.
const CURSOR: &str = "influx";
/// How long to wait for new lines of the state, which nothing announces.
const LINES_PAUSE: Duration = Duration::from_millis(500);

/// How often the backlog is counted while there is work.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// Why the writer ended.
#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    /// The spool cannot be read.
    #[error("the series writer cannot read the spool")]
    Spool(#[from] SpoolError),
    /// The state cannot be read or written.
    #[error("the series writer cannot keep its cursor")]
    State(#[from] StateError),
}

/// Sizes and times of the writer.
#[derive(Debug, Clone, Copy)]
pub struct WriterOptions {
    /// Entries of the spool read at a time.
    pub batch_entries: usize,
    /// Lines in one request.
    pub request_lines: usize,
    /// How long after the server's 204 its word is trusted.
    pub settle_after: Duration,
    /// First wait after a failure; waits double from here.
    pub retry_floor: Duration,
    /// Longest wait while the server does not answer or fails.
    pub retry_cap: Duration,
    /// First wait after 429 or 503. The client does not show Retry-After, so it is a long one.
    pub busy_floor: Duration,
    /// Wait after a refusal that only a changed configuration can mend.
    pub configuration_wait: Duration,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            batch_entries: 2_000,
            request_lines: 5_000,
            settle_after: Duration::from_secs(60),
            retry_floor: Duration::from_millis(500),
            retry_cap: Duration::from_secs(15),
            busy_floor: Duration::from_secs(5),
            configuration_wait: Duration::from_secs(30),
        }
    }
}

/// How the writer fares, for console and metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeriesStatus {
    /// Whether the server took the newest request; `None` before the first.
    pub is_up: Option<bool>,
    /// Newest error, `None` after a success.
    pub error: Option<String>,
    /// Lines that the server took.
    pub written: u64,
    /// Lines that it refused for good.
    pub refused: u64,
    /// The newest refusal: the server's words and, where known, the line.
    pub newest_refusal: Option<String>,
    /// Entries of the spool that were trimmed before it took them.
    pub skipped_entries: u64,
    /// Readings in the spool that it has not taken yet.
    pub backlog_readings: u64,
    /// Sequence of the spool up to which everything has settled: entries up to here may be trimmed.
    pub settled: u64,
}

/// The writer; made with [`SeriesWriter::new`], it works while [`SeriesWriter::run`] is awaited.
#[derive(Debug)]
pub struct SeriesWriter {
    spool: Spool,
    state: State,
    register: watch::Receiver<Arc<Register>>,
    options: WriterOptions,
    heads: Heads,
    delivery: Delivery,
    status: watch::Sender<SeriesStatus>,
}

/// Marks of both sources.
#[derive(Debug)]
struct Marks {
    entries: Settling<Position>,
    lines: Settling<u64>,
    stored: Position,
}

impl SeriesWriter {
    /// A writer from `spool` and `state` to `influx`, and its status to follow.
    #[must_use]
    pub fn new(
        spool: Spool,
        state: State,
        influx: Influx,
        register: watch::Receiver<Arc<Register>>,
        options: WriterOptions,
    ) -> (Self, watch::Receiver<SeriesStatus>) {
        let (status, watched) = watch::channel(SeriesStatus::default());
        let heads = Heads::new(Arc::clone(&register.borrow()));
        let delivery = Delivery::new(influx, options);
        (Self { spool, state, register, options, heads, delivery, status }, watched)
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
        loop {
            changes.mark_unchanged();
            self.follow_register();
            let from = marks.entries.newest().next();
            let most = self.options.batch_entries;
            let entries = match reader.call(move |reader| reader.read_from(from, most)).await {
                Err(SpoolError::Missing { .. }) if self.skip_trimmed(&mut marks, &reader).await? => continue,
                read => read?,
            };
            let after = marks.lines.newest();
            let most = self.options.request_lines;
            let lines = self.state.call(move |state| state.series_lines(after, most)).await?;
            let is_idle = entries.is_empty() && lines.is_empty();
            self.write(&mut marks, &entries, &lines).await?;
            self.settle(&mut marks).await?;
            if is_idle || reported.elapsed() >= REPORT_EVERY {
                self.report(&marks, &reader).await?;
                reported = Instant::now();
            }
            if is_idle {
                tokio::select! {
                    changed = changes.changed() => if changed.is_err() { return Ok(()) },
                    () = tokio::time::sleep(LINES_PAUSE) => {}
                }
            }
        }
    }

    /// Where to go on: behind the stored cursor, or at the oldest entry that is still there.
    async fn marks(&self, reader: &SpoolReader) -> Result<Marks, SeriesError> {
        let oldest = reader.call(SpoolReader::oldest).await?;
        let before_oldest = Position { sequence: oldest.sequence.saturating_sub(1), ..oldest };
        let stored = self.state.call(|state| state.cursor(CURSOR)).await?;
        let start = stored.unwrap_or(before_oldest);
        if start < before_oldest {
            tracing::warn!(cursor = %start, %oldest, "entries for the time-series server were trimmed while no writer ran");
        }
        let start = start.max(before_oldest);
        Ok(Marks {
            entries: Settling::new(start, self.options.settle_after),
            lines: Settling::new(0, self.options.settle_after),
            stored: start,
        })
    }

    /// Goes on at the oldest entry when those before it were trimmed although they were not written.
    ///
    /// That happens only when the spool outgrew its bound in a long outage; it is counted.
    async fn skip_trimmed(&self, marks: &mut Marks, reader: &SpoolReader) -> Result<bool, SeriesError> {
        let oldest = reader.call(SpoolReader::oldest).await?;
        let next = marks.entries.newest().next();
        if oldest <= next {
            return Ok(false);
        }
        let skipped = oldest.sequence - next.sequence;
        tracing::error!(skipped, "spool entries were given up before the time-series server took them");
        self.state.call(move |state| state.count("series_skipped_entries", skipped)).await?;
        let start = Position { sequence: oldest.sequence - 1, ..oldest };
        marks.entries = Settling::new(start, self.options.settle_after);
        self.status.send_modify(|status| status.skipped_entries += skipped);
        Ok(true)
    }

    fn follow_register(&mut self) {
        if self.register.has_changed().unwrap_or(false) {
            let register = Arc::clone(&self.register.borrow_and_update());
            self.heads = Heads::new(register);
        }
    }

    /// Delivers a batch and moves the marks; after an outage they go back to what had settled.
    async fn write(
        &mut self,
        marks: &mut Marks,
        entries: &[(Position, Entry)],
        lines: &[(u64, String)],
    ) -> Result<(), SeriesError> {
        let mut text = String::new();
        for (_, entry) in entries {
            if let Kind::Readings(readings) = &entry.kind {
                for reading in readings {
                    let head = self.heads.head(&reading.series, reading.time);
                    line::push_reading(&mut text, head, reading);
                }
            }
        }
        for (_, line) in lines {
            text.push_str(line);
            text.push('\n');
        }
        let told = self.delivery.deliver(&text, &self.status).await;
        self.record(told).await?;
        if self.delivery.take_outage() {
            marks.entries.rewind();
            marks.lines.rewind();
            return Ok(());
        }
        let now = Instant::now();
        if let Some((position, _)) = entries.last() {
            marks.entries.acknowledge(*position, now);
        }
        if let Some((id, _)) = lines.last() {
            marks.lines.acknowledge(*id, now);
        }
        Ok(())
    }

    /// Keeps count of what was refused for good.
    async fn record(&self, told: Told) -> Result<(), SeriesError> {
        if told.refused.is_empty() {
            return Ok(());
        }
        let count = told.refused.len() as u64;
        for refused in &told.refused {
            tracing::warn!(refused, "the time-series server refused a line for good");
        }
        self.state.call(move |state| state.count("series_refused", count)).await?;
        Ok(())
    }

    /// Stores how far everything has settled.
    async fn settle(&self, marks: &mut Marks) -> Result<(), SeriesError> {
        let now = Instant::now();
        marks.entries.pass(now);
        let settled = marks.entries.settled();
        if settled != marks.stored {
            self.state.call(move |state| state.set_cursor(CURSOR, settled)).await?;
            marks.stored = settled;
        }
        if marks.lines.pass(now) {
            let up_to = marks.lines.settled();
            self.state.call(move |state| state.forget_series_lines(up_to)).await?;
        }
        Ok(())
    }

    /// Publishes how far it is and what is left.
    async fn report(&self, marks: &Marks, reader: &SpoolReader) -> Result<(), SeriesError> {
        let (newest, settled) = (marks.entries.newest(), marks.stored);
        let backlog = reader.call(move |reader| reader.readings_behind(newest)).await?;
        self.status.send_if_modified(|status| {
            let is_new = status.backlog_readings != backlog || status.settled != settled.sequence;
            status.backlog_readings = backlog;
            status.settled = settled.sequence;
            is_new
        });
        Ok(())
    }
}
