//! `backfill`: readings of the past from files, through the same marks, spool and ledger as live ones.
//!
//! It works on the data directory of a service that is stopped: the spool has one writer, and the lock of the
//! directory keeps the two apart. What it stores is judged, in the order of time, when the service starts.

use std::{path::PathBuf, time::Duration};

use ingest::quality::Quality;
use model::{Flags, Instant, Reading, Register};

use super::{
    Exit, Input, Terminal,
    input::Strictness,
    register,
    run::{config_file, refused},
};
use crate::{
    app,
    clock::Clock,
    config::{Config, environment},
    spool::{Fate, Item, Message, MessageKey, Outcome, Spool},
};

/// Readings in one message. Few enough that an edit of a file changes few messages, many enough to be quick.
const MESSAGE_READINGS: usize = 1000;
/// Messages in one call of the spool.
const CALL_MESSAGES: usize = 16;
/// Bad rows that are named one by one.
const NAMED: u64 = 100_000;
const DAY_MS: i64 = 86_400_000;
/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Takes readings of the past from files into the data of a stopped service.
///
/// Stop the service first; an MQTT broker keeps meanwhile what sensors publish. Rows are checked as `replay` checks
/// them, and rows of unknown sensors or from the future are refused. A run that was broken off can be repeated:
/// what is stored already counts as duplicate. So can one that ended because the spool or the disk was full. The
/// service judges what was stored when it starts; findings that ended more than a day ago go to one digest.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  normwatch backfill -c /etc/normwatch/normwatch.toml 2025.csv.gz\n  normwatch backfill \
                  january.xlsx february.jsonl.gz"
)]
pub(super) struct Backfill {
    /// Configuration file; without it ./normwatch.toml when there is one, else the defaults.
    #[arg(short = 'c', long = "config", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Files of readings: CSV with the header time,sensor,quantity,value (unit, channel), JSON Lines, or XLSX with
    /// that header in its first sheet; .gz too; `-` for stdin.
    #[arg(required = true, value_name = "INPUT")]
    input: Vec<PathBuf>,
}

impl Backfill {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let config = match Config::load(config_file(self.config).as_deref(), &environment()) {
            Ok(config) => config,
            Err(problems) => {
                terminal.problems(&problems)?;
                return Ok(Exit::Findings);
            }
        };
        let Some(register) = register::load(&config.register, terminal) else { return Ok(Exit::Findings) };
        let data = match app::offline(&config) {
            Ok(data) => data,
            Err(error) => return refused(error, terminal),
        };
        let now = Clock::System.now();
        let strictness = Strictness { named: NAMED, is_unknown_bad: true, ..Strictness::at(now) };
        let input = Input::read(&self.input, &register, strictness, terminal)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let done = runtime.block_on(async {
            let work = store(&data.spool, messages(&input, &register, now), input.len(), terminal);
            let done = app::unless_stuck(&data.spool, work).await;
            data.spool.close().await;
            done
        })??;
        terminal.say(format_args!(
            "{} readings stored in {} messages, {} messages were there already; the service judges them when it starts",
            done.readings, done.stored, done.duplicate
        ));
        Ok(if input.is_failure(true) { Exit::Findings } else { Exit::Fine })
    }
}

/// The messages of an input: readings of one day in the order of time, marked as the quality stage marks them.
fn messages(input: &Input, register: &Register, arrival: Instant) -> impl Iterator<Item = (Message, usize)> {
    let mut quality = Quality::new();
    let mut readings = input.readings().map(move |mut reading| {
        let rows = register.sensors.get(&reading.series.sensor);
        let reporting = rows.and_then(|rows| rows.at(reading.time)).map(|sensor| sensor.reporting);
        quality.mark(&mut reading, reporting);
        reading.flags = reading.flags.with(Flags::BACKFILL);
        reading
    });
    let mut next = readings.next();
    std::iter::from_fn(move || {
        let first = next.take()?;
        let day = first.time.millis().div_euclid(DAY_MS);
        let mut held = vec![first];
        for reading in readings.by_ref() {
            if held.len() >= MESSAGE_READINGS || reading.time.millis().div_euclid(DAY_MS) != day {
                next = Some(reading);
                break;
            }
            held.push(reading);
        }
        let count = held.len();
        let key = Some(MessageKey::of(&identity(&held)));
        Some((Message { arrival, key, delivery: None, fate: Fate::Stored(held), replays: None }, count))
    })
}

/// What a message is known by: its readings.
fn identity(readings: &[Reading]) -> Vec<u8> {
    let mut bytes = b"backfill".to_vec();
    for Reading { series, time, value, .. } in readings {
        let channel = series.channel.as_ref().map_or("", model::Id::as_str);
        for text in [series.sensor.as_str(), series.quantity.name(), channel] {
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(0);
        }
        bytes.extend_from_slice(&time.millis().to_le_bytes());
        bytes.extend_from_slice(&value.to_bits().to_le_bytes());
    }
    bytes
}

#[derive(Debug, Default)]
struct Done {
    readings: usize,
    stored: u64,
    duplicate: u64,
}

/// Stores messages, and tells how far it is.
async fn store(
    spool: &Spool,
    messages: impl Iterator<Item = (Message, usize)>,
    total: usize,
    terminal: &mut Terminal,
) -> anyhow::Result<Done> {
    let mut done = Done::default();
    let (began, mut seen) = (tokio::time::Instant::now(), 0);
    let mut told = began;
    let mut messages = messages.peekable();
    while messages.peek().is_some() {
        let (items, counts): (Vec<Item>, Vec<usize>) = messages
            .by_ref()
            .take(CALL_MESSAGES)
            .map(|(message, count)| (Item::Message(message), count))
            .unzip();
        for (receipt, count) in spool.submit(items).await?.await?.into_iter().zip(counts) {
            seen += count;
            if receipt.outcome == Some(Outcome::Stored) {
                done.stored += 1;
                done.readings += count;
            } else {
                done.duplicate += 1;
            }
        }
        if told.elapsed() >= TELL_EVERY {
            told = tokio::time::Instant::now();
            progress(seen, total, began.elapsed(), terminal);
        }
    }
    progress(seen, total, began.elapsed(), terminal);
    Ok(done)
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn progress(seen: usize, total: usize, took: Duration, terminal: &mut Terminal) {
    let rate = seen as f64 / took.as_secs_f64().max(1e-3);
    let left = (total.saturating_sub(seen)) as f64 / rate.max(1.0);
    terminal.say(format_args!("{seen} of {total} readings, {rate:.0}/s, {left:.0} s left"));
}
