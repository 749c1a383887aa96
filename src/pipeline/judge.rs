//! The one task that owns the engine: reads the spool in order, judges, tells, and checkpoints.

use std::{sync::Arc, time::Duration};

use model::{Instant, Reading};
use rules::{Engine, EngineOptions, Output, RegisterChecks};
use tokio::sync::{Notify, mpsc, watch};

use super::{
    Batch, Tallies, Unknown,
    acts::{ACT, Acts},
    board::Board,
    late::Late,
    lists::{self, Lists},
    pieces::{CheckpointError, LATE, MARKED, Parts, decode, set_up},
    record::record_of,
};
use crate::{
    audit::Audit,
    clock::Clock,
    database::DatabaseError,
    disk::Disk,
    history::{History, HistoryError},
    links::Links,
    metrics::Metrics,
    notify::{Dispatcher, Outbox, OutboxError, Settings, SqliteOutbox},
    rulebook::{self, Rulebook},
    spool::{Entry, Kind, Position, Spool, SpoolError},
    standing::Standing,
    state::{EventRow, JournalRow, State, StateError, VerdictRow},
    view::Snapshot,
};

/// How often the state is written, real time.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);
/// How often pages get a new copy at most, real time.
const SNAPSHOT_EVERY: Duration = Duration::from_millis(500);
/// Transitions of earlier runs that are read back for pages.
const JOURNAL_IN_VIEW: usize = 1000;

/// With more series than this, pages wait for new readings: reading all of them back would delay the start.
const MOST_RECALLED: usize = 50_000;

/// Why the judge had to stop.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// The spool cannot be read.
    #[error("the spool cannot be read")]
    Spool(#[from] SpoolError),
    /// The history cannot be written.
    #[error("the history cannot be written")]
    History(#[from] HistoryError),
    /// The state cannot be written.
    #[error("the state cannot be written")]
    State(#[from] StateError),
    /// The outbox cannot be written.
    #[error("the outbox cannot be written")]
    Outbox(#[from] OutboxError),
    /// The trail of who did what cannot be written.
    #[error("the audit trail cannot be written")]
    Audit(#[source] DatabaseError),
    /// The checkpoint cannot be used.
    #[error("the checkpoint cannot be used")]
    Checkpoint(#[from] CheckpointError),
}

/// Where mails go; absent when no mail server is configured.
#[derive(Debug)]
pub struct Outlet {
    /// Plans in, queued letters out.
    pub outbox: Outbox<SqliteOutbox>,
    /// Wakes the delivery.
    pub wake: Arc<Notify>,
}

/// What the judge is built from.
#[derive(Debug)]
pub struct JudgeParts {
    /// What is judged by, until the spool says otherwise.
    pub rulebook: Arc<Rulebook>,
    /// Who else must know what is in force.
    pub in_force: watch::Sender<Arc<Rulebook>>,
    /// What pages say of it.
    pub standing: Standing,
    /// How the engine behaves where both are silent.
    pub options: EngineOptions,
    /// When mails go out.
    pub settings: Settings,
    /// The spool.
    pub spool: Spool,
    /// The history.
    pub history: History,
    /// Checkpoints, journal, lines for InfluxDB.
    pub state: State,
    /// Who did what.
    pub audit: Audit,
    /// How far the history's raw readings reach, ms: so old may late data be.
    pub raw_ms: i64,
    /// Mail.
    pub outlet: Option<Outlet>,
    /// Whether verdict lines are kept for InfluxDB.
    pub has_series: bool,
    /// Wall time.
    pub clock: Clock,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Sensors that the intake met and nobody knows.
    pub unknown: Unknown,
    /// What the intake counted of the others.
    pub tallies: Tallies,
    /// What the disk refuses.
    pub disk: Disk,
    /// Where pages look.
    pub snapshot: watch::Sender<Arc<Snapshot>>,
    /// How outside parties are.
    pub links: Links,
    /// Sequence of the newest entry that was judged.
    pub judged: watch::Sender<u64>,
}

/// The judge. See the module page.
#[derive(Debug)]
pub struct Judge {
    pub(super) parts: JudgeParts,
    pub(super) engine: Engine,
    pub(super) register_checks: RegisterChecks,
    pub(super) dispatcher: Dispatcher,
    pub(super) board: Board,
    pub(super) acts: Acts,
    /// Newest entry that the engine has seen.
    pub(super) position: Position,
    /// Since the last checkpoint.
    pub(super) fresh: Fresh,
    pub(super) outputs: Vec<Output>,
    /// Days that data from before the engine's memory has touched.
    pub(super) late: Late,
    /// When what the intake has listed is written next.
    pub(super) lists: Lists,
    /// Events have been told up to here, and when to look for more.
    pub(super) marked_to: Option<Instant>,
    pub(super) next_mark: Instant,
    /// When charts get their next hour.
    pub(super) next_hour: Instant,
    /// The day whose use they got last.
    pub(super) used_on: Option<Instant>,
    pub(super) is_changed: bool,
}

/// What the next checkpoint writes besides the engine's pieces.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    pub(super) journal: Vec<JournalRow>,
    pub(super) lines: Vec<String>,
    pub(super) verdicts: Vec<VerdictRow>,
    pub(super) events: Vec<EventRow>,
    /// A rulebook was taken up that is in force since then.
    pub(super) rulebook_since: Option<Instant>,
    /// Events have been told up to here.
    pub(super) marked_to: Option<Instant>,
    /// Pieces that are no more.
    pub(super) removed: Vec<String>,
}

impl Judge {
    /// Takes up the last checkpoint and everything that the spool holds behind it.
    ///
    /// # Errors
    /// [`JudgeError`] when the state or the spool cannot be read.
    pub fn start(parts: JudgeParts) -> Result<Self, JudgeError> {
        let register = &parts.rulebook.register;
        let live = parts.rulebook.catalogue.live(register);
        let mut judge = Self {
            engine: set_up(Arc::clone(register), &live, parts.options),
            register_checks: RegisterChecks::new(Arc::clone(register), &live),
            dispatcher: Dispatcher::new(parts.settings.clone()),
            board: Board::new(Arc::clone(register), parts.unknown.clone()),
            acts: Acts::default(),
            position: Position::new(0),
            fresh: Fresh::default(),
            outputs: Vec::new(),
            late: Late::default(),
            lists: Lists::default(),
            marked_to: None,
            next_mark: Instant::MIN,
            next_hour: Instant::MIN,
            used_on: None,
            is_changed: false,
            parts,
        };
        judge.restore()?;
        judge.move_old_acts()?;
        // A crash may have come between the checkpoint before the work and the one behind it.
        judge.reopen_when_due()?;
        judge.catch_up()?;
        judge.recall()?;
        Ok(judge)
    }

    fn restore(&mut self) -> Result<(), JudgeError> {
        for entry in self.parts.state.journal(u64::MAX >> 1, JOURNAL_IN_VIEW)?.iter().rev() {
            if let Some((record, true)) = record_of(&entry.row)
                && let Some(view) = record.view(&self.parts.rulebook.catalogue)
            {
                self.board.resolved(view);
            }
        }
        let Some(saved) = self.parts.state.engine(0)? else { return Ok(()) };
        self.position = saved.position;
        let mut parts = Parts {
            engine: &mut self.engine,
            register: &mut self.register_checks,
            dispatcher: &mut self.dispatcher,
            acts: &mut self.acts,
        };
        parts.restore(&saved.pieces)?;
        lists::restore(&saved.pieces, &self.parts.unknown, &self.parts.tallies);
        if let Some(body) = saved.pieces.get(LATE) {
            self.late = decode(LATE, body)?;
        }
        if let Some(body) = saved.pieces.get(MARKED) {
            self.set_marked(decode(MARKED, body)?);
        }
        self.dispatcher = std::mem::take(&mut self.dispatcher).with_settings(self.parts.settings.clone());
        let verdicts = self.engine.verdicts().into_iter().chain(self.register_checks.verdicts());
        for verdict in verdicts {
            self.board.judged(&Arc::new(verdict));
        }
        Ok(())
    }

    /// Pages show the newest readings of earlier runs until new ones come.
    fn recall(&mut self) -> Result<(), JudgeError> {
        let series = self.parts.history.series();
        if series.len() > MOST_RECALLED {
            return Ok(());
        }
        for series in series {
            if let Some(newest) = self.parts.history.newest(&series, 0)?.last() {
                self.board.read(newest);
            }
        }
        Ok(())
    }

    /// Runs until the intake has closed the channel, then writes a last checkpoint.
    ///
    /// # Errors
    /// [`JudgeError`] when a file is damaged: the process should end. A full disk is waited for.
    pub async fn run(mut self, mut batches: mpsc::Receiver<Batch>) -> Result<(), JudgeError> {
        let mut checkpoint = tokio::time::interval(CHECKPOINT_EVERY);
        let mut snapshot = tokio::time::interval(SNAPSHOT_EVERY);
        for interval in [&mut checkpoint, &mut snapshot] {
            interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        }
        loop {
            let due = self.dispatcher.next_due().unwrap_or(Instant::MAX);
            tokio::select! {
                biased;
                _ = checkpoint.tick() => tokio::task::block_in_place(|| self.checkpoint())?,
                _ = snapshot.tick() => {
                    let begun = tokio::time::Instant::now();
                    tokio::task::block_in_place(|| self.publish());
                    // Pages may take a twentieth of this task at most, however many places there are.
                    snapshot.reset_after(SNAPSHOT_EVERY.max(begun.elapsed() * 20));
                }
                () = self.parts.clock.sleep_until(due) => tokio::task::block_in_place(|| self.tell())?,
                batch = batches.recv() => match batch {
                    Some(batch) => tokio::task::block_in_place(|| self.take_batch(&batch))?,
                    None => break,
                },
            }
        }
        self.lists.are_due();
        self.is_changed = true;
        tokio::task::block_in_place(|| {
            self.tell()?;
            self.checkpoint()
        })?;
        self.publish();
        Ok(())
    }

    /// Judges entries that have become durable.
    ///
    /// # Errors
    /// [`JudgeError`] when a disk refuses.
    pub fn take_batch(&mut self, batch: &Batch) -> Result<(), JudgeError> {
        let mut has_verdicts = false;
        for (position, entry) in &batch.entries {
            if position.sequence > self.position.sequence + 1 {
                self.fill(*position)?;
            }
            has_verdicts |= self.take(*position, entry)?;
        }
        self.parts.judged.send_replace(self.position.sequence);
        if has_verdicts {
            self.parts.metrics.observe_reading_to_verdict(batch.since.elapsed().as_secs_f64());
        }
        self.tell()
    }

    /// One entry of the spool. Returns whether it led to a verdict.
    pub(super) fn take(&mut self, position: Position, entry: &Entry) -> Result<bool, JudgeError> {
        if position <= self.position {
            return Ok(false);
        }
        self.position = position;
        self.is_changed = true;
        match &entry.kind {
            Kind::Readings(readings) => self.take_readings(position, readings)?,
            Kind::Tick { to, since } => {
                self.remember(position, &[])?;
                match since {
                    Some(since) => self.engine.advance_listening(*to, *since, &mut self.outputs),
                    None => self.engine.advance(*to, &mut self.outputs),
                }
            }
            Kind::Change { kind, body } => {
                self.remember(position, &[])?;
                if kind == ACT
                    && let Some(signed) = self.acts.take(body, &mut self.dispatcher)
                {
                    self.note_act(position, &signed)?;
                }
                if kind == rulebook::KIND {
                    self.take_up(body, entry.arrival)?;
                    self.note_rulebook(position, body, entry.arrival)?;
                }
            }
        }
        if let Some(now) = self.engine.event_time() {
            self.register_checks.advance(now, &mut self.outputs);
        }
        let has_verdicts = self.settle_outputs();
        self.mark_day();
        self.chart_hour();
        self.reopen_when_due()?;
        Ok(has_verdicts)
    }

    pub(super) fn remember(&mut self, position: Position, readings: &[Reading]) -> Result<(), JudgeError> {
        if self.parts.history.append(position, readings) {
            self.parts.disk.insist("history", || self.parts.history.flush())?;
        }
        Ok(())
    }
}
