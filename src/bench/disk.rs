//! The two stores that every reading goes through: the spool, which is waited for, and the history.

use std::path::Path;

use model::{Reading, Span};
use tokio::time::Instant;

use super::{
    Options,
    office::{self, DAY_MS, Office, START},
    report::{Section, figure, ratio},
    system::{number, timed},
};
use crate::{
    history::{self, History},
    spool::{self, Delivery, Fate, Item, Message, Position, Spool},
};

/// Messages handed to the spool at once, as the intake does under load.
const AT_ONCE: usize = 512;
/// Calls on their way to the disk, as the intake has.
const IN_FLIGHT: usize = 16;

pub(super) fn measure(options: &Options, folder: &Path) -> anyhow::Result<Vec<Section>> {
    let office = Office::new()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut section = Section::new("Spool: durable on this disk before it is acknowledged");
    let readings = readings(&office, 1);
    let grouped = messages(&readings, options.pick(50_000, 200_000));
    let (rate, flushes) = runtime.block_on(append(&folder.join("grouped"), grouped, AT_ONCE, IN_FLIGHT))?;
    section.row(
        "groups, as under load",
        vec![figure("takes", rate, "messages/s"), figure("a flush for", flushes, "messages")],
    );
    let single = messages(&readings, options.pick(200, 1_000));
    let (alone, flushes) = runtime.block_on(append(&folder.join("single"), single, 1, 1))?;
    section.row(
        "one by one",
        vec![figure("takes", alone, "messages/s"), figure("a flush for", flushes, "messages")],
    );
    section.row("groups against one by one", vec![ratio("", rate, alone)]);
    section.note("4 readings a message; each group is one transaction and one flush of the write-ahead log");
    Ok(vec![section, history(&office, options, folder)?])
}

fn readings(office: &Office, days: i64) -> Vec<Reading> {
    office::readings(office, Span::new(START, START.plus_ms(days * DAY_MS)))
}

/// So many messages of four readings each.
fn messages(readings: &[Reading], count: usize) -> Vec<Item> {
    let packs = readings.chunks_exact(4).cycle().zip(0_u64..).take(count);
    let message = |(pack, number): (&[Reading], u64)| {
        let packet = u16::try_from(number % u64::from(u16::MAX)).unwrap_or_default();
        Item::Message(Message {
            arrival: START,
            key: None,
            delivery: Some(Delivery::of(packet, &number.to_be_bytes(), false)),
            fate: Fate::Stored(pack.to_vec()),
            replays: None,
        })
    };
    packs.map(message).collect()
}

/// Messages a second, and messages a commit group.
async fn append(
    folder: &Path,
    items: Vec<Item>,
    at_once: usize,
    in_flight: usize,
) -> anyhow::Result<(f64, f64)> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join("spool.sqlite");
    let spool = Spool::open(&path, spool::Options::default())?;
    let count = number(items.len() as u64);
    let mut calls = Vec::new();
    let mut items = items.into_iter().peekable();
    while items.peek().is_some() {
        calls.push(items.by_ref().take(at_once).collect::<Vec<_>>());
    }
    let begun = Instant::now();
    let mut waiting = std::collections::VecDeque::new();
    for call in calls {
        if waiting.len() >= in_flight
            && let Some(appending) = waiting.pop_front()
        {
            receipt(appending).await?;
        }
        waiting.push_back(spool.submit(call).await?);
    }
    for appending in waiting {
        receipt(appending).await?;
    }
    let secs = begun.elapsed().as_secs_f64();
    spool.close().await;
    let groups: i64 =
        rusqlite::Connection::open(&path)?.query_row("SELECT COUNT(*) FROM log", [], |row| row.get(0))?;
    Ok((count / secs, count / number(u64::try_from(groups)?.max(1))))
}

async fn receipt(appending: spool::Appending) -> anyhow::Result<()> {
    appending.await?;
    Ok(())
}

fn history(office: &Office, options: &Options, folder: &Path) -> anyhow::Result<Section> {
    let days = if options.is_quick { 2 } else { 7 };
    let readings = readings(office, days);
    let history = History::open(&folder.join("history.sqlite"), history::Options::default())?;
    let (secs, flushed) = timed(|| {
        for (pack, number) in readings.chunks(4).zip(1..) {
            if history.append(Position::new(number), pack) {
                history.flush()?;
            }
        }
        history.flush()
    });
    flushed?;
    let count = number(readings.len() as u64);
    let bytes = number(history.bytes()?);
    let mut section = Section::new("History: our own store of readings and 15-minute partials");
    section.row(
        format!("{days} days of the simulated office"),
        vec![
            figure("readings", count, ""),
            figure("file", bytes / count, "bytes/reading"),
            figure("writes", count / secs, "readings/s"),
        ],
    );
    section.note("file size counts series names, indexes and partials; a longer history is denser");
    Ok(section)
}
