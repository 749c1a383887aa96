//! What goes into one batch: entries of the spool and waiting lines of the state, as text.

use std::sync::Arc;

use model::{Flags, Reading, Register};
use tokio::sync::watch;

use super::{
    heads::Heads,
    lanes::{Lanes, Next, Which},
    line,
    options::WriterOptions,
    status::SeriesError,
};
use crate::{
    spool::{Kind, Position, SpoolReader},
    state::State,
};

/// Lines of one delivery, and up to where they go.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) text: String,
    /// Newest entry of the spool in it.
    pub(super) entries: Option<u64>,
    /// Newest waiting line in it.
    pub(super) lines: Option<u64>,
    /// First entry of which something was held.
    pub(super) held_from: Option<u64>,
    /// It is as large as a batch gets: more waits.
    pub(super) is_full: bool,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_none() && self.lines.is_none()
    }
}

/// Reads batches.
#[derive(Debug)]
pub(super) struct Source {
    register: watch::Receiver<Arc<Register>>,
    heads: Heads,
    state: State,
    options: WriterOptions,
}

/// Whether a reading may name a point that an older reading has named: only what is newer than everything
/// before it of its series bears none of these marks.
fn may_repeat(reading: &Reading) -> bool {
    [Flags::LATE, Flags::DUPLICATE, Flags::BACKFILL].into_iter().any(|mark| reading.flags.has(mark))
}

impl Source {
    pub(super) fn new(
        register: watch::Receiver<Arc<Register>>,
        state: State,
        options: WriterOptions,
    ) -> Self {
        let heads = Heads::new(Arc::clone(&register.borrow()));
        Self { register, heads, state, options }
    }

    /// Takes up another register.
    pub(super) fn follow_register(&mut self) {
        if self.register.has_changed().unwrap_or(false) {
            let register = Arc::clone(&self.register.borrow_and_update());
            self.heads = Heads::new(register);
        }
    }

    /// The next batch of the live lanes.
    pub(super) async fn live(
        &mut self,
        reader: &SpoolReader,
        entries: &Lanes,
        lines: &Lanes,
    ) -> Result<Batch, SeriesError> {
        let next = |lanes: &Lanes| Next {
            after: lanes.newest(),
            upto: u64::MAX,
            which: Which::All,
            holds: lanes.holds(),
        };
        self.read(reader, Some(next(entries)), Some(next(lines))).await
    }

    /// The next batch of what was left behind.
    pub(super) async fn behind(
        &mut self,
        reader: &SpoolReader,
        entries: &Lanes,
        lines: &Lanes,
    ) -> Result<Batch, SeriesError> {
        self.read(reader, entries.next_behind(), lines.next_behind()).await
    }

    async fn read(
        &mut self,
        reader: &SpoolReader,
        entries: Option<Next>,
        lines: Option<Next>,
    ) -> Result<Batch, SeriesError> {
        let mut batch = Batch::default();
        if let Some(next) = entries {
            self.read_entries(reader, next, &mut batch).await?;
        }
        if let Some(next) = lines {
            self.read_lines(next, &mut batch).await?;
        }
        Ok(batch)
    }

    async fn read_entries(
        &mut self,
        reader: &SpoolReader,
        next: Next,
        batch: &mut Batch,
    ) -> Result<(), SeriesError> {
        let most = self.options.batch_entries;
        let from = Position::new(next.after).next();
        let read = reader.call(move |reader| reader.read_from(from, most)).await?;
        batch.is_full |= read.len() >= most;
        for (position, entry) in read.iter().filter(|(position, _)| position.sequence <= next.upto) {
            batch.entries = Some(position.sequence);
            let Kind::Readings(readings) = &entry.kind else { continue };
            for reading in readings {
                let repeats = may_repeat(reading);
                match next.which {
                    Which::Held if !repeats => continue,
                    Which::All if next.holds && repeats => {
                        batch.held_from.get_or_insert(position.sequence);
                        continue;
                    }
                    Which::Held | Which::All => {}
                }
                let head = self.heads.head(&reading.series, reading.time);
                line::push_reading(&mut batch.text, head, reading);
            }
        }
        Ok(())
    }

    /// Each point waits once, with what was said of it last, so that no order has to be kept.
    async fn read_lines(&self, next: Next, batch: &mut Batch) -> Result<(), SeriesError> {
        let (after, most) = (next.after, self.options.request_lines);
        let read = self.state.call(move |state| state.series_lines(after, most)).await?;
        batch.is_full |= read.len() >= most;
        for (id, line) in read.iter().filter(|(id, _)| *id <= next.upto) {
            batch.lines = Some(*id);
            batch.text.push_str(line);
            batch.text.push('\n');
        }
        if batch.lines.is_none() && next.upto != u64::MAX {
            // Nothing of the stretch waits any more: newer lines took the place of the rest.
            batch.lines = Some(next.upto);
        }
        Ok(())
    }
}
