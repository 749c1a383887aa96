//! Builds every part of the service, names every channel, spawns every task, and stops them in order.

mod charts;
mod idle;
mod mails;
mod offline;
mod parts;
mod reload;
mod rights;
mod storage;
mod stores;
mod subscriptions;
mod watchers;

use std::{net::SocketAddr, sync::Arc, time::Duration};

pub use idle::Idle;
use ingest::mqtt::{Monitor, MqttConfig};
use model::Problem;
pub use offline::{Offline, Stuck, offline, unless_stuck};
use rules::EngineOptions;
use stores::Stores;
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    task::JoinHandle,
};

use crate::{
    access::Access,
    audit::Audit,
    broker,
    certificates::Certificates,
    claims::Claims,
    clock::Clock,
    config::Config,
    devices,
    disk::Disk,
    links::Links,
    metrics::Metrics,
    pipeline::{self, Intake, IntakeParts, Judge, JudgeParts, Letterbox, Pen, Post, Tallies, Ticks, Unknown},
    rulebook::Rulebook,
    spool::Spool,
    standing::Standing,
    view::Snapshot,
    web,
};

/// Batches between intake and judge; beyond that the broker has to wait.
const BATCHES: usize = 64;
/// How often it follows, real time.
const TICK_EVERY: Duration = Duration::from_secs(5);

/// Why the service did not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Files of the operator are wrong; each problem names its place and its remedy.
    #[error("{} problems in configuration, register or packs", .0.len())]
    Problems(Vec<Problem>),
    /// A part could not be built or failed for good.
    #[error("{what}")]
    Part {
        /// Which part, and what to do.
        what: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl ServiceError {
    fn of<E: std::error::Error + Send + Sync + 'static>(what: impl Into<String>) -> impl FnOnce(E) -> Self {
        let what = what.into();
        move |source| Self::Part { what, source: Box::new(source) }
    }
}

/// A running service.
#[derive(Debug)]
pub struct Service {
    /// Where console and API listen.
    pub address: SocketAddr,
    /// What pages show.
    pub snapshot: watch::Receiver<Arc<Snapshot>>,
    /// Whether event time may follow the wall clock (`demo` holds it back while it lives through the past).
    pub may_tick: watch::Sender<bool>,
    judged: watch::Receiver<u64>,
    monitor: Monitor,
    stop: watch::Sender<bool>,
    stop_late: watch::Sender<bool>,
    intake: JoinHandle<Result<(), ServiceError>>,
    ticks: JoinHandle<Result<(), ServiceError>>,
    judge: JoinHandle<Result<(), ServiceError>>,
    late: Vec<JoinHandle<()>>,
    spool: Spool,
    disk: Disk,
    /// Held while the service runs: two services on one directory would undo each other.
    _lock: std::fs::File,
}

/// Starts the service of a configuration on wall time `clock`.
///
/// Broker, `InfluxDB` and mail server may be absent: their tasks try on for ever.
///
/// # Errors
/// [`ServiceError`] when files are wrong, the directory is in use, or the port is taken.
pub async fn start(config: &Config, clock: Clock) -> Result<Service, ServiceError> {
    // Before the register is read: what was broken off may have left half of that too.
    parts::must_be_whole(config)?;
    let files = reload::Files::of(config);
    // Looked at before they are read, so that no edit falls between.
    let look = files.look();
    let read = files.read();
    if let (Err(problems), false) = (&read, config.data_dir.join("state.sqlite").exists()) {
        return Err(ServiceError::Problems(problems.clone()));
    }
    let lock = parts::lock(&config.data_dir)?;
    let access = parts::access(config)?;
    let audit = parts::audit(config)?;
    let listen = parts::listen(config.listen, &access)?;
    let listener = TcpListener::bind(listen).await.map_err(ServiceError::of(format!(
        "cannot listen at {listen}: free the port, or set another address in `listen`",
    )))?;
    let (mqtt, certificates, broker) = parts::broker(&config.mqtt, clock.now())?;
    let stores = Stores::open(config)?;
    let metrics = Arc::new(Metrics::new());
    metrics.restore(&stores.spool.ledger());
    let (stop_late, stopping_late) = watch::channel(false);
    let standing = Standing::new(Arc::clone(&metrics));
    let start = reload::start(&stores, &standing, read, clock.now())?;
    let site = Site {
        config,
        clock,
        in_force: watch::Sender::new(start.rulebook),
        stores,
        disk: Disk::default(),
        links: Links::default(),
        metrics,
        standing,
        unknown: Unknown::default(),
        tallies: Tallies::default(),
        claims: Claims::new(config),
        access,
        audit,
        broker,
        stopping_late,
        late: Vec::new(),
    };
    site.start(listener, stop_late, lock, (mqtt, certificates), (files, look, start.edit)).await
}

/// What every part is built from.
struct Site<'a> {
    config: &'a Config,
    clock: Clock,
    /// Follows what the judge has taken up.
    in_force: watch::Sender<Arc<Rulebook>>,
    stores: Stores,
    /// What the disk refuses.
    disk: Disk,
    links: Links,
    metrics: Arc<Metrics>,
    standing: Standing,
    unknown: Unknown,
    tallies: Tallies,
    claims: Claims,
    access: Access,
    audit: Audit,
    /// The way to a broker of our own, until the intake takes it.
    broker: Option<broker::Link>,
    /// Says true to what stops last: mail, series, pages.
    stopping_late: watch::Receiver<bool>,
    late: Vec<JoinHandle<()>>,
}

impl Site<'_> {
    async fn start(
        mut self,
        listener: TcpListener,
        stop_late: watch::Sender<bool>,
        lock: std::fs::File,
        (mqtt, certificates): (MqttConfig, Certificates),
        (files, look, edit): (reload::Files, reload::Look, Option<(Rulebook, bool)>),
    ) -> Result<Service, ServiceError> {
        let address = listener.local_addr().map_err(ServiceError::of("the listener has no address"))?;
        let (snapshot, snapshots) = watch::channel(Arc::new(Snapshot::default()));
        let (judged, judging) = watch::channel(0);
        let (may_tick, ticking) = watch::channel(true);
        let (stop, stopping) = watch::channel(false);
        let hosts = web::Hosts::new(address, &self.config.public_url);
        let (batches, to_judge) = mpsc::channel(BATCHES);
        let pen = Pen::new(self.stores.spool.clone(), self.clock.clone(), &batches);
        let (letterbox, posts) = Letterbox::new();
        let desk = parts::desk(&self, &snapshots)?.with_pen(pen).with_letterbox(letterbox);
        let guard = web::Guard::new(self.access.clone(), self.clock.clone(), &self.config.public_url)
            .with_audit(self.audit.clone());
        self.late.push(web::serve(listener, desk, hosts, guard, self.stopping_late.clone()));
        let judge = self.judge(snapshot, judged).await?;
        let judge = reload::catch_up(&self, judge, edit).await?;
        let intake = self.intake(mqtt, posts)?;
        let monitor = intake.monitor();
        let listening = watchers::broker(&mut self, monitor.clone(), ticking, snapshots.clone());
        let settled = parts::series(&mut self)?;
        storage::trimmer(&mut self, settled);
        storage::watch(&mut self);
        rights::keep(&mut self);
        watchers::pruner(&mut self, snapshots.clone());
        let ticks = Ticks {
            spool: self.stores.spool.clone(),
            clock: self.clock.clone(),
            every: TICK_EVERY,
            listening,
        };
        let reload =
            reload::Reload::new(&self, files, look, certificates).run(batches.clone(), stopping.clone());
        self.late.push(tokio::spawn(reload));
        let intake = intake.run(batches.clone(), stopping.clone());
        let ticks = ticks.run(batches, stopping);
        Ok(Service {
            address,
            snapshot: snapshots,
            may_tick,
            judged: judging,
            monitor,
            stop,
            stop_late,
            intake: tokio::spawn(async { intake.await.map_err(ServiceError::of("intake")) }),
            ticks: tokio::spawn(async { ticks.await.map_err(ServiceError::of("ticks")) }),
            judge: tokio::spawn(async { judge.run(to_judge).await.map_err(ServiceError::of("judge")) }),
            late: self.late,
            spool: self.stores.spool,
            disk: self.disk,
            _lock: lock,
        })
    }

    async fn judge(
        &mut self,
        snapshot: watch::Sender<Arc<Snapshot>>,
        judged: watch::Sender<u64>,
    ) -> Result<Judge, ServiceError> {
        let raw_ms = i64::from(self.config.history.raw_days) * 86_400_000;
        let options = EngineOptions {
            stale_after_ms: parts::millis(self.config.alerts.stale_after),
            // A simulated past comes with gaps of its own: the demo hands over meters by the day.
            listening_is_told: matches!(self.clock, Clock::Simulated(_)),
            held_ms: pipeline::held_ms(raw_ms),
            ..EngineOptions::default()
        };
        let parts = JudgeParts {
            outlet: parts::mail(self)?,
            raw_ms,
            rulebook: Arc::clone(&self.in_force.borrow()),
            in_force: self.in_force.clone(),
            standing: self.standing.clone(),
            options,
            settings: parts::settings(self.config),
            spool: self.stores.spool.clone(),
            history: self.stores.history.clone(),
            state: self.stores.state.clone(),
            audit: self.audit.clone(),
            has_series: self.config.influx.is_some(),
            clock: self.clock.clone(),
            metrics: Arc::clone(&self.metrics),
            unknown: self.unknown.clone(),
            tallies: self.tallies.clone(),
            disk: self.disk.clone(),
            snapshot,
            links: self.links.clone(),
            judged,
        };
        tokio::task::spawn_blocking(move || Judge::start(parts))
            .await
            .map_err(ServiceError::of("the engine did not start"))?
            .map_err(ServiceError::of("the state of the engine cannot be taken up"))
    }

    fn intake(&mut self, mqtt: MqttConfig, posts: mpsc::Receiver<Post>) -> Result<Intake, ServiceError> {
        let registers = parts::registers(self);
        let register = Arc::clone(&registers.borrow());
        let decoder = devices::decoder(&self.config.routes, Some(&register));
        let decoder = decoder.map_err(ServiceError::Problems)?;
        let filters = decoder.subscriptions();
        let subscriber = match self.broker.take() {
            Some(link) => link.subscribe(filters),
            None => subscriptions::start(self, &mqtt, filters)?,
        };
        let diagnoses = parts::diagnoses(self, mqtt, registers.clone())?;
        Ok(Intake::new(IntakeParts {
            subscriber,
            decoder,
            registers,
            spool: self.stores.spool.clone(),
            clock: self.clock.clone(),
            metrics: Arc::clone(&self.metrics),
            unknown: self.unknown.clone(),
            tallies: self.tallies.clone(),
            history: self.stores.history.clone(),
            posts,
            diagnoses,
        }))
    }
}

/// How far the service is with what it was sent.
#[derive(Debug, Clone)]
pub struct Progress {
    spool: Spool,
    judged: watch::Receiver<u64>,
}

impl Progress {
    /// Follows the sequence of the newest spool entry that is judged.
    #[must_use]
    pub fn judged(&self) -> watch::Receiver<u64> {
        self.judged.clone()
    }

    /// Waits until `messages` have been counted since the service began, and everything durable is judged.
    pub async fn settled(&mut self, messages: u64) {
        let mut counts = self.spool.watch();
        loop {
            let ledger = self.spool.ledger();
            let newest = self.spool.counts().newest;
            if ledger.received - ledger.pending >= messages && *self.judged.borrow_and_update() >= newest {
                return;
            }
            tokio::select! {
                changed = counts.changed() => if changed.is_err() { return },
                changed = self.judged.changed() => if changed.is_err() { return },
            }
        }
    }
}

impl Service {
    /// Waits until the broker holds our subscriptions, so that nothing published from here on is missed.
    pub async fn subscribed(&self) {
        while !self.monitor.link().0.is_subscribed {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// For whoever feeds the service and must not run ahead of it.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress { spool: self.spool.clone(), judged: self.judged.clone() }
    }

    /// Stops in order: intake and ticks, judge with a last checkpoint, then mail, series and pages.
    ///
    /// # Errors
    /// [`ServiceError`] when a part had failed, or the disk refuses the last of what was taken: nothing of
    /// that was acknowledged, and the next start goes on from what is durable.
    pub async fn stop(self) -> Result<(), ServiceError> {
        self.stop.send_replace(true);
        self.disk.give_up();
        let release = tokio::spawn(storage::let_go(self.spool.clone()));
        let mut result = Ok(());
        for task in [self.intake, self.ticks, self.judge] {
            let ended = task.await.unwrap_or_else(|error| Err(ServiceError::of("a task was lost")(error)));
            result = result.and(ended);
        }
        self.stop_late.send_replace(true);
        for task in self.late {
            // Pages may hang on a slow reader; nothing of ours waits for them.
            drop(tokio::time::timeout(Duration::from_secs(3), task).await);
        }
        release.abort();
        self.spool.close().await;
        result
    }

    /// Waits until a part fails, which it does only for good.
    pub async fn failed(&mut self) {
        tokio::select! {
            _ = &mut self.judge => {}
            _ = &mut self.intake => {}
            _ = &mut self.ticks => {}
        }
    }
}
