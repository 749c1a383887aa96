//! A writer at work, and what it is given.

use std::{path::Path, sync::Arc, time::Duration};

use model::{
    Flags, Id, Instant, Place, PlaceKind, Quantity, Reading, Register, Series,
    register::{History, Sensor},
};
use normwatch::{
    clock::Clock,
    series::{Influx, InfluxConfig, SeriesParts, SeriesStatus, SeriesWriter, WriterOptions},
    spool::{Fate, Item, Message, Options, Spool},
    state::State,
};
use tokio::{sync::watch, task::JoinHandle};

pub(crate) const SOON: Duration = Duration::from_secs(60);
pub(crate) const START: i64 = 1_700_000_000_000;

pub(crate) fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

pub(crate) fn reading(sensor: &str, n: i64, value: f64) -> Reading {
    let series = Series { sensor: id(sensor), quantity: Quantity::Co2, channel: None };
    Reading { series, time: Instant::from_millis(START + n * 1000), value, flags: Flags::NONE }
}

pub(crate) fn messages(count: i64) -> Vec<Item> {
    (0..count).map(|n| message(vec![reading("s-1", n, 400.5), reading("s-2", n, 1e-7)])).collect()
}

pub(crate) fn message(readings: Vec<Reading>) -> Item {
    let arrival = readings[0].time;
    Item::Message(Message { arrival, key: None, delivery: None, fate: Fate::Stored(readings), replays: None })
}

/// A writer at work, with the spool and state that it reads.
pub(crate) struct Rig {
    pub(crate) spool: Spool,
    pub(crate) state: State,
    pub(crate) status: watch::Receiver<SeriesStatus>,
    task: JoinHandle<()>,
}

impl Rig {
    pub(crate) fn start(dir: &Path, url: &str, options: WriterOptions) -> Self {
        let spool = Spool::open(&dir.join("spool.sqlite"), Options::default()).unwrap();
        let state = State::open(&dir.join("state.sqlite")).unwrap();
        Self::with(spool, state, url, options)
    }

    pub(crate) fn with(spool: Spool, state: State, url: &str, options: WriterOptions) -> Self {
        let config = InfluxConfig {
            url: url.to_owned(),
            org: "o".to_owned(),
            bucket: "b".to_owned(),
            token: "t".to_owned(),
            timeout: Duration::from_secs(5),
        };
        let (_register, watched) = watch::channel(Arc::new(register()));
        let influx = Influx::new(&config).unwrap();
        let parts = SeriesParts {
            spool: spool.clone(),
            state: state.clone(),
            influx,
            register: watched,
            clock: Clock::System,
            options,
        };
        let (writer, status) = SeriesWriter::new(parts);
        let task = tokio::spawn(async move { writer.run().await.unwrap() });
        Self { spool, state, status, task }
    }

    /// Waits until the server took everything and it has settled.
    pub(crate) async fn settled(&mut self) -> SeriesStatus {
        let newest = self.spool.counts().newest;
        let is_done = |status: &SeriesStatus| status.settled == newest && status.backlog_readings == 0;
        let seen = tokio::time::timeout(SOON, self.status.wait_for(is_done)).await;
        seen.expect("all is written").unwrap().clone()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn quick() -> WriterOptions {
    WriterOptions {
        settle_after: Duration::ZERO,
        retry_floor: Duration::from_millis(10),
        retry_cap: Duration::from_millis(50),
        busy_floor: Duration::from_millis(50),
        configuration_wait: Duration::from_millis(50),
        ..WriterOptions::default()
    }
}

pub(crate) fn register() -> Register {
    let mut register = Register::empty(id("reg"));
    let mut parent = None;
    for (name, kind) in [
        ("hq", PlaceKind::Site),
        ("b-1", PlaceKind::Building),
        ("f-2", PlaceKind::Floor),
        ("r-201", PlaceKind::Room),
    ] {
        let place = Place { parent: parent.replace(id(name)), ..Place::new(id(name), kind) };
        register.places.insert(id(name), History::always(place));
    }
    register.sensors.insert(id("s-1"), History::always(Sensor::new(id("s-1"), id("r-201"))));
    register
}
