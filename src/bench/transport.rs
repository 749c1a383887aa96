//! Messages from publisher to subscriber: what the service leaves of what is possible.
//!
//! At quality of service 1 every message arrives. At 0 whoever is too slow loses some, so the share that
//! arrived stands beside the rate.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use sensors_sim::Event;
use tokio::time::Instant;

use super::{
    Options,
    broker::{Broker, Kind as BrokerKind},
    consumer::{Consumer, Kind},
    load::{Load, Sent},
    office::{DAY_MS, HOUR_MS, Office, START},
    progress::Progress,
    report::{Section, figure, ratio},
    system::{self, Work, median, number, quantile},
};
use crate::pipeline::cores;

/// How long a round may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is published in every round.
struct Stage {
    office: Office,
    events: Arc<Vec<Event>>,
    readings: u64,
}

/// What one kind of consumer came to.
#[derive(Default)]
struct Tally {
    rates: Vec<f64>,
    /// Processor seconds by who spent them, and the time they had.
    work: BTreeMap<&'static str, f64>,
    secs: f64,
    /// From the publisher to the verdict, ms.
    latency: Vec<f64>,
    /// Share of the messages that arrived.
    arrived: Vec<f64>,
}

/// Through what is published, and with what promise.
#[derive(Debug, Clone, Copy)]
struct Course {
    broker: BrokerKind,
    qos: u8,
}

impl Course {
    const ALL: [Self; 4] = [
        Self { broker: BrokerKind::Embedded, qos: 1 },
        Self { broker: BrokerKind::Mosquitto, qos: 1 },
        Self { broker: BrokerKind::Embedded, qos: 0 },
        Self { broker: BrokerKind::Mosquitto, qos: 0 },
    ];

    fn title(self) -> String {
        format!("QoS {} through {}", self.qos, self.broker.name())
    }
}

pub(super) fn measure(
    options: &Options,
    folder: &Path,
    progress: &mut Progress<'_>,
) -> anyhow::Result<Vec<Section>> {
    let office = Office::new()?;
    let from = START.plus_ms(DAY_MS + 8 * HOUR_MS);
    let (events, readings) = office.messages(from, options.pick(10_000, 30_000));
    let stage = Stage { office, events: Arc::new(events), readings };
    // A current-thread runtime would not do: the judge works in place on a thread of its own.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("service").build()?;
    let mut sections = Vec::new();
    for course in Course::ALL {
        if course.broker.is_there() {
            let rounds = if course.qos == 0 { 1 } else { options.pick(1, 3) };
            let tallies = runtime.block_on(rounds_of(course, rounds, &stage, folder, progress))?;
            sections.push(section(course, &stage, tallies));
        } else {
            let mut section = Section::new(course.title());
            section.note("not measured: it is not on this machine");
            sections.push(section);
        }
    }
    Ok(sections)
}

async fn rounds_of(
    course: Course,
    rounds: usize,
    stage: &Stage,
    folder: &Path,
    progress: &mut Progress<'_>,
) -> anyhow::Result<[Tally; 3]> {
    let mut tallies: [Tally; 3] = Default::default();
    // The first one warms up and is thrown away.
    for round in 0..=rounds {
        progress.step(format_args!("{}, round {round} of {rounds}", course.title()));
        for (kind, tally) in Kind::ALL.into_iter().zip(&mut tallies) {
            if round == 0 && kind != Kind::Bare {
                continue;
            }
            let place = folder.join(format!("{}-{}-{round}-{kind:?}", course.broker.name(), course.qos));
            std::fs::create_dir_all(&place)?;
            let mut fresh = Tally::default();
            let done = one_round(course, kind, stage, &place, &mut fresh);
            tokio::time::timeout(PATIENCE, done).await.context("a round took too long")??;
            std::fs::remove_dir_all(&place)?;
            if round > 0 {
                tally.add(fresh);
            }
        }
    }
    Ok(tallies)
}

/// Every round has a broker of its own, so that no session of an earlier one gets copies.
async fn one_round(
    course: Course,
    kind: Kind,
    stage: &Stage,
    folder: &Path,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let mut broker = match (course.broker, kind) {
        (BrokerKind::Embedded, Kind::Whole) => Broker::of_the_service()?,
        (broker, _) => Broker::start(broker, folder).await?,
    };
    let now = stage.events.last().map_or(START, |event| event.time);
    let consumer = Consumer::start(kind, &mut broker, folder, &stage.office, now).await?;
    let messages = stage.events.len() as u64;
    let (before, begun) = (Work::now(), Instant::now());
    let outside = broker.process().map_or(0.0, system::process);
    let load = Load::start(&broker, Arc::clone(&stage.events), course.qos)?;
    let (done, ended) = if course.qos == 0 {
        consumer.settled_or_still(messages).await
    } else {
        consumer.settled(messages).await?;
        (messages, Instant::now())
    };
    let secs = ended.saturating_duration_since(begun).as_secs_f64();
    let outside = broker.process().map_or(0.0, system::process) - outside;
    let spent = Work::now().since(&before);
    let sent = tokio::task::block_in_place(|| load.end())?;
    let judged = consumer.stop().await?;
    tally.rates.push(number(done) / secs);
    tally.arrived.push(number(done) / number(messages));
    tally.secs = secs;
    tally.work = by_part(spent, sent.work, outside);
    tally.latency = latencies(&sent, &judged);
    Ok(())
}

/// Processor seconds of the service, its disk thread, the publisher and the broker.
fn by_part(spent: BTreeMap<String, f64>, publisher: f64, outside: f64) -> BTreeMap<&'static str, f64> {
    let mut parts = BTreeMap::from([("publisher", publisher), ("broker", outside)]);
    for (name, secs) in spent {
        let part = match name.as_str() {
            "service" | "normwatch" => "subscriber",
            "spool" => "spool",
            "publisher" => continue,
            _ => "broker",
        };
        *parts.entry(part).or_insert(0.0) += secs;
    }
    parts
}

/// Milliseconds between the publisher's hand and the judge's, message by message.
fn latencies(sent: &Sent, judged: &[(Instant, u64)]) -> Vec<f64> {
    let mut steps = judged.iter();
    let mut step = steps.next();
    let each = sent.at.iter().zip(1_u64..).filter_map(|(sent, sequence)| {
        while step.is_some_and(|(_, reached)| *reached < sequence) {
            step = steps.next();
        }
        step.map(|(at, _)| at.saturating_duration_since(*sent).as_secs_f64() * 1e3)
    });
    each.collect()
}

impl Tally {
    fn add(&mut self, round: Self) {
        self.rates.extend(round.rates);
        self.latency.extend(round.latency);
        self.arrived.extend(round.arrived);
        self.secs += round.secs;
        for (part, secs) in round.work {
            *self.work.entry(part).or_insert(0.0) += secs;
        }
    }
}

fn section(course: Course, stage: &Stage, tallies: [Tally; 3]) -> Section {
    let mut section = Section::new(course.title());
    let per_message = number(stage.readings) / number(stage.events.len() as u64);
    let mut bare = 0.0;
    for (kind, mut tally) in Kind::ALL.into_iter().zip(tallies) {
        let rate = median(&mut tally.rates);
        let mut figures = vec![figure("takes", rate, "messages/s")];
        if kind == Kind::Bare {
            bare = rate;
        } else {
            figures.push(figure("that is", rate * per_message, "readings/s"));
            figures.push(ratio("of (a)", rate, bare));
        }
        if course.qos == 0 {
            figures.push(figure("arrived", median(&mut tally.arrived) * 100.0, "%"));
        }
        section.row(kind.name(), figures);
        let shares =
            tally.work.iter().map(|(part, secs)| figure(part, secs / tally.secs * 100.0, "% of a core"));
        section.row("    busy", shares.collect());
        if kind == Kind::Whole && course.qos == 1 {
            let (p50, p99) = (quantile(&mut tally.latency, 0.5), quantile(&mut tally.latency, 0.99));
            section.row("    publisher to verdict", vec![figure("p50", p50, "ms"), figure("p99", p99, "ms")]);
        }
    }
    let count = stage.events.len();
    section.note(format!("{count} messages of the simulated office in its vendors' formats, {per_message:.1} readings each, 1000 in flight, as fast as they go"));
    section.note(format!("publisher, broker and subscriber share {} cores: when their shares add up to that, processors bound it, else waiting does", cores()));
    section
}
