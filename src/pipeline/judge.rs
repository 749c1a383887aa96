//! The one task that owns the engine: reads the spool in order, judges, tells, and checkpoints.

use std::{sync::Arc, time::Duration};

use model::{Instant, Reading, Register};
use rules::{AlertState, Catalogue, Engine, EngineOptions, Output, RegisterChecks, Transition, Verdict};
use tokio::sync::{Notify, mpsc, watch};

use super::{
    Batch, Unknown,
    acts::{ACT, Acts},
    board::Board,
    checkpoint::{CheckpointError, Parts},
    record::{journal_row, record_of, view_of},
};
use crate::{
    clock::Clock,
    history::{History, HistoryError},
    links::Links,
    metrics::Metrics,
    notify::{Dispatcher, Outbox, OutboxError, Settings, SqliteOutbox},
    series::{PlaceTags, line},
    spool::{Entry, Kind, Position, Spool, SpoolError},
    state::{Checkpoint, JournalRow, State, StateError, Step},
    view::Snapshot,
};

/// How often the state is written, real time.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);
/// How often pages get a new copy at most, real time.
const SNAPSHOT_EVERY: Duration = Duration::from_millis(500);
/// Entries read from the spool at once while catching up.
const CATCH_UP: usize = 4096;
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
    /// The register in use.
    pub register: Arc<Register>,
    /// The standards in use.
    pub catalogue: Arc<Catalogue>,
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
    parts: JudgeParts,
    engine: Engine,
    register_checks: RegisterChecks,
    dispatcher: Dispatcher,
    board: Board,
    acts: Acts,
    /// Newest entry that the engine has seen.
    position: Position,
    /// Since the last checkpoint.
    journal: Vec<JournalRow>,
    lines: Vec<String>,
    outputs: Vec<Output>,
    is_changed: bool,
}

impl Judge {
    /// Takes up the last checkpoint and everything that the spool holds behind it.
    ///
    /// # Errors
    /// [`JudgeError`] when the state or the spool cannot be read.
    pub fn start(parts: JudgeParts) -> Result<Self, JudgeError> {
        let live = parts.catalogue.live(&parts.register);
        let mut judge = Self {
            engine: Engine::new(Arc::clone(&parts.register), &live, parts.options),
            register_checks: RegisterChecks::new(Arc::clone(&parts.register), &live),
            dispatcher: Dispatcher::new(parts.settings.clone()),
            board: Board::new(Arc::clone(&parts.register), parts.unknown.clone()),
            acts: Acts::default(),
            position: Position::new(0),
            journal: Vec::new(),
            lines: Vec::new(),
            outputs: Vec::new(),
            is_changed: false,
            parts,
        };
        judge.restore()?;
        judge.catch_up()?;
        judge.recall()?;
        Ok(judge)
    }

    fn restore(&mut self) -> Result<(), JudgeError> {
        for entry in self.parts.state.journal(u64::MAX >> 1, JOURNAL_IN_VIEW)?.iter().rev() {
            if let Some((record, true)) = record_of(&entry.row)
                && let Some(view) = record.view(&self.parts.catalogue)
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
        for (name, body) in &saved.pieces {
            parts.restore(name, body)?;
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

    fn catch_up(&mut self) -> Result<(), JudgeError> {
        let reader = self.parts.spool.reader()?;
        loop {
            let entries = reader.read_from(self.position.next(), CATCH_UP)?;
            if entries.is_empty() {
                return Ok(());
            }
            tracing::info!(entries = entries.len(), "catching up with the spool");
            for (position, entry) in &entries {
                self.take(*position, entry)?;
            }
            self.tell()?;
            self.checkpoint()?;
            self.parts.judged.send_replace(self.position.sequence);
        }
    }

    /// Runs until the intake has closed the channel, then writes a last checkpoint.
    ///
    /// # Errors
    /// [`JudgeError`] when a disk refuses: the process should end, and goes on from its checkpoint.
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
        tokio::task::block_in_place(|| {
            self.tell()?;
            self.checkpoint()
        })?;
        self.publish();
        Ok(())
    }

    fn take_batch(&mut self, batch: &Batch) -> Result<(), JudgeError> {
        let mut has_verdicts = false;
        for (position, entry) in &batch.entries {
            has_verdicts |= self.take(*position, entry)?;
        }
        self.parts.judged.send_replace(self.position.sequence);
        if has_verdicts {
            self.parts.metrics.observe_reading_to_verdict(batch.since.elapsed().as_secs_f64());
        }
        self.tell()
    }

    /// One entry of the spool. Returns whether it led to a verdict.
    fn take(&mut self, position: Position, entry: &Entry) -> Result<bool, JudgeError> {
        if position <= self.position {
            return Ok(false);
        }
        self.position = position;
        self.is_changed = true;
        match &entry.kind {
            Kind::Readings(readings) => {
                self.remember(position, readings)?;
                self.parts.metrics.readings(readings.len() as u64);
                for reading in readings {
                    self.board.read(reading);
                    self.engine.observe(reading, &mut self.outputs);
                }
            }
            Kind::Tick(to) => {
                self.remember(position, &[])?;
                self.engine.advance(*to, &mut self.outputs);
            }
            Kind::Change { kind, body } => {
                self.remember(position, &[])?;
                if kind == ACT
                    && let Some(signed) = self.acts.take(body, &mut self.dispatcher)
                {
                    let name = format!("{:020}", position.sequence);
                    let body = serde_json::to_string(&signed).unwrap_or_default();
                    self.parts.state.put_record(ACT, &name, &body)?;
                }
            }
        }
        if let Some(now) = self.engine.event_time() {
            self.register_checks.advance(now, &mut self.outputs);
        }
        Ok(self.settle_outputs())
    }

    fn remember(&mut self, position: Position, readings: &[Reading]) -> Result<(), JudgeError> {
        if self.parts.history.append(position, readings) {
            self.parts.history.flush()?;
        }
        Ok(())
    }

    fn settle_outputs(&mut self) -> bool {
        let outputs = std::mem::take(&mut self.outputs);
        let mut has_verdicts = false;
        let mut transitions: Vec<Transition> = Vec::new();
        for output in outputs {
            match output {
                Output::Verdict(verdict) => {
                    has_verdicts = true;
                    self.board.judged(&verdict);
                    if self.parts.has_series {
                        self.lines.push(self.line_of(&verdict));
                    }
                }
                Output::Transition(transition) => transitions.push(*transition),
            }
        }
        if !transitions.is_empty() {
            let now = self.parts.clock.now();
            for transition in &transitions {
                tracing::info!(
                    alert = %transition.alert.id,
                    kind = transition.kind.name(),
                    clause = transition.alert.check.clause,
                    subject = %transition.alert.check.subject.id(),
                    "alert"
                );
                self.journal.push(journal_row(transition));
                if transition.alert.state == AlertState::Resolved {
                    self.acts.resolved(transition.alert.id.as_str());
                    self.board.resolved(view_of(transition.alert.clone()));
                }
            }
            self.dispatcher.handle(&transitions, &self.parts.register, now);
        }
        has_verdicts
    }

    fn line_of(&self, verdict: &Verdict) -> String {
        let tags = PlaceTags::of(&self.parts.register, verdict.subject.id(), verdict.window.from);
        line::verdict(&verdict.into(), &tags)
    }

    /// Writes the mails that are due to the outbox.
    fn tell(&mut self) -> Result<(), JudgeError> {
        let now = self.parts.clock.now();
        if self.dispatcher.next_due().is_none_or(|due| due > now) {
            return Ok(());
        }
        let plans = self.dispatcher.due(&self.parts.register, now);
        self.is_changed = true;
        let Some(outlet) = &mut self.parts.outlet else { return Ok(()) };
        for plan in &plans {
            outlet.outbox.put(plan, now)?;
        }
        if !plans.is_empty() {
            outlet.wake.notify_one();
        }
        Ok(())
    }

    /// History first, then the state in one transaction: nothing of the state is ahead of the history.
    fn checkpoint(&mut self) -> Result<(), JudgeError> {
        if !std::mem::take(&mut self.is_changed) {
            return Ok(());
        }
        self.parts.history.flush()?;
        let event_time = self.engine.event_time();
        let mut parts = Parts {
            engine: &mut self.engine,
            register: &mut self.register_checks,
            dispatcher: &mut self.dispatcher,
            acts: &mut self.acts,
        };
        let checkpoint = Checkpoint {
            position: self.position,
            event_time,
            changed: parts.take_changed()?,
            removed: Vec::new(),
        };
        let step = Step {
            checkpoint: Some(checkpoint),
            journal: std::mem::take(&mut self.journal),
            lines: std::mem::take(&mut self.lines),
            ..Step::default()
        };
        self.parts.state.commit(&step)?;
        Ok(())
    }

    fn publish(&mut self) {
        let now = self.parts.clock.now();
        let mut snapshot = self.board.snapshot(&self.engine, &self.register_checks, now);
        self.acts.tidy(now);
        for alert in snapshot.alerts.iter_mut().filter(|alert| alert.resolved_at.is_none()) {
            self.acts.mark(Arc::make_mut(alert), &self.parts.register, now);
        }
        snapshot.silences = self.acts.silences(now);
        snapshot.sequence = self.position.sequence;
        snapshot.is_caught_up = true;
        snapshot.ledger = self.parts.spool.ledger();
        snapshot.links = self.parts.links.all();
        self.parts.metrics.set_pending(snapshot.ledger.pending);
        for state in [AlertState::Pending, AlertState::Firing, AlertState::Resolved] {
            let count = snapshot.alerts.iter().filter(|alert| alert.state == state).count();
            self.parts.metrics.alerts(state, count as u64);
        }
        self.parts.snapshot.send_replace(Arc::new(snapshot));
    }
}
