//! Who takes the messages: a bare subscriber, our intake up to the disk, or the whole service.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use ingest::{
    Decoder, Routes,
    mqtt::{MqttConfig, Subscriber},
};
use model::Instant as EventTime;
use sensors_sim::Receiver;
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::Instant,
};

use super::{broker::Broker, office::Office};
use crate::{
    app::{self, Service},
    clock::Clock,
    config::Config,
    history::{self, History},
    metrics::Metrics,
    pipeline::{Diagnoses, Intake, IntakeParts, Tallies, Unknown},
    spool::{self, Spool, SpoolError},
};

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bare,
    Intake,
    Whole,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Bare, Self::Intake, Self::Whole];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Bare => "(a) bare subscriber, manual acks",
            Self::Intake => "(b) intake: decode, durable, ack",
            Self::Whole => "(c) whole service: and judged",
        }
    }
}

/// One that runs.
#[derive(Debug)]
pub(super) enum Consumer {
    Bare(Receiver),
    Intake { spool: Spool, stop: watch::Sender<bool>, task: JoinHandle<Result<(), SpoolError>> },
    Whole { service: Box<Service>, judged: JoinHandle<Vec<(Instant, u64)>> },
}

impl Consumer {
    /// Starts one in an empty folder and waits until the broker holds its subscription. The whole service starts an
    /// embedded broker itself.
    pub(super) async fn start(
        kind: Kind,
        broker: &mut Broker,
        folder: &Path,
        office: &Office,
        now: EventTime,
    ) -> anyhow::Result<Self> {
        let clock = Clock::simulated(now, 1.0);
        match kind {
            Kind::Bare => {
                let filters = Decoder::new(Routes::defaults()).subscriptions();
                let receiver = Receiver::start(&broker.url(), "bench-bare", filters, broker.is_embedded())?;
                receiver.watch().wait_for(|state| state.is_subscribed).await?;
                Ok(Self::Bare(receiver))
            }
            Kind::Intake => intake(broker, folder, office, clock).await,
            Kind::Whole => {
                let config = config(broker, folder, office)?;
                let service = app::start(&config, clock).await?;
                service.may_tick.send_replace(false);
                service.subscribed().await;
                let judged = tokio::spawn(follow(service.progress().judged()));
                Ok(Self::Whole { service: Box::new(service), judged })
            }
        }
    }

    /// Waits until it has dealt with so many messages.
    pub(super) async fn settled(&self, messages: u64) -> anyhow::Result<()> {
        match self {
            Self::Bare(receiver) => {
                receiver.watch().wait_for(|state| state.acked >= messages).await?;
            }
            Self::Intake { spool, .. } => {
                let mut counts = spool.watch();
                let is_done = |counts: &spool::Counts| counts.stored + counts.duplicate >= messages;
                counts.wait_for(is_done).await?;
            }
            Self::Whole { service, .. } => service.progress().settled(messages).await,
        }
        Ok(())
    }

    /// With how many messages it has dealt.
    fn done(&self) -> u64 {
        match self {
            Self::Bare(receiver) => receiver.watch().borrow().acked,
            Self::Intake { spool, .. } => {
                let counts = spool.counts();
                counts.stored + counts.duplicate
            }
            Self::Whole { service, .. } => *service.progress().judged().borrow(),
        }
    }

    /// Waits until it has dealt with so many messages, or with no more for a while: at quality of service 0
    /// brokers and clients drop what they cannot pass on. Returns how many, and when the last was.
    pub(super) async fn settled_or_still(&self, messages: u64) -> (u64, Instant) {
        const LOOK: Duration = Duration::from_millis(5);
        const STILL: Duration = Duration::from_secs(1);
        let (mut done, mut at) = (self.done(), Instant::now());
        while done < messages && at.elapsed() < STILL {
            tokio::time::sleep(LOOK).await;
            let now = self.done();
            if now > done {
                (done, at) = (now, Instant::now());
            }
        }
        (done, at)
    }

    /// Ends it. Of the whole service: up to which message it had judged, and when.
    pub(super) async fn stop(self) -> anyhow::Result<Vec<(Instant, u64)>> {
        match self {
            Self::Bare(_) => Ok(Vec::new()),
            Self::Intake { spool, stop, task } => {
                stop.send_replace(true);
                task.await??;
                spool.close().await;
                Ok(Vec::new())
            }
            Self::Whole { service, judged } => {
                service.stop().await?;
                Ok(judged.await?)
            }
        }
    }
}

async fn intake(
    broker: &mut Broker,
    folder: &Path,
    office: &Office,
    clock: Clock,
) -> anyhow::Result<Consumer> {
    let decoder = Decoder::new(Routes::defaults());
    let filters = decoder.subscriptions();
    let subscriber = match broker.take_link() {
        Some(link) => link.subscribe(filters),
        None => Subscriber::start(&MqttConfig::new(broker.url(), "bench-intake"), filters)?,
    };
    let monitor = subscriber.monitor();
    let spool = Spool::open(&folder.join("spool.sqlite"), spool::Options::default())?;
    let metrics = Arc::new(Metrics::new());
    // Nothing else comes into force while a bench runs.
    let (_, registers) = watch::channel(Arc::clone(&office.register));
    let history = History::open(&folder.join("history.sqlite"), history::Options::default())?;
    let intake = Intake::new(IntakeParts {
        subscriber,
        decoder,
        registers,
        spool: spool.clone(),
        clock,
        metrics,
        unknown: Unknown::default(),
        tallies: Tallies::default(),
        history,
        // Nobody posts: the channel is closed at once.
        posts: mpsc::channel(1).1,
        diagnoses: Diagnoses::default(),
    });
    let (to_judge, mut batches) = mpsc::channel(64);
    tokio::spawn(async move { while batches.recv().await.is_some() {} });
    let (stop, stopping) = watch::channel(false);
    let task = tokio::spawn(intake.run(to_judge, stopping));
    while !monitor.link().0.is_subscribed {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(Consumer::Intake { spool, stop, task })
}

/// The configuration of a whole service without mail and InfluxDB.
fn config(broker: &Broker, folder: &Path, office: &Office) -> anyhow::Result<Config> {
    let register = folder.join("register");
    std::fs::create_dir_all(&register)?;
    for (name, body) in office.scenario.register_files() {
        std::fs::write(register.join(name), body)?;
    }
    let settings = [
        ("DATA_DIR", folder.join("data").display().to_string()),
        ("LISTEN", "127.0.0.1:0".to_owned()),
        ("REGISTER", register.display().to_string()),
        ("MQTT__URL", broker.url()),
        ("MQTT__CLIENT_ID", "bench-whole".to_owned()),
        ("MQTT__EMBEDDED", broker.is_embedded().to_string()),
    ];
    let variables: BTreeMap<String, String> =
        settings.into_iter().map(|(key, value)| (format!("NORMWATCH__{key}"), value)).collect();
    Config::load(None, &variables).map_err(|problems| anyhow::anyhow!("{problems:?}"))
}

/// When the judge had come how far, until it ends.
async fn follow(mut judged: watch::Receiver<u64>) -> Vec<(Instant, u64)> {
    let mut steps = Vec::new();
    while judged.changed().await.is_ok() {
        steps.push((Instant::now(), *judged.borrow_and_update()));
    }
    steps
}
