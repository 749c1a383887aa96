//! The writer thread: gathers what waits into one transaction, so that one flush serves many.

use std::{
    collections::HashSet,
    fs::{File, TryLockError},
    path::Path,
    sync::Arc,
};

use rusqlite::{Connection, Transaction, params};
use tokio::sync::{mpsc, oneshot, watch};

use super::{
    MIGRATIONS, block,
    entry::{Entry, Fate, Item, Kind, Message, Outcome, Receipt},
    keys::KeyWindow,
    log::{Options, SpoolError},
    position::Position,
    quarantine,
};
use crate::database::{self, signed, unsigned};

/// Free pages given back at a time: 8 MiB.
const FREE_PAGES: u32 = 2000;

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Command {
    /// Store items.
    Append { items: Vec<Item>, reply: oneshot::Sender<Result<Vec<Receipt>, SpoolError>> },
    /// Let entries go.
    Trim { before: Position, reply: oneshot::Sender<Result<u64, SpoolError>> },
    /// Close the file and end.
    Close { reply: oneshot::Sender<()> },
}

/// Durable counts of the spool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sequence of the newest durable entry; 0 before the first.
    pub newest: u64,
    /// Messages whose readings are durable.
    pub stored: u64,
    /// Messages seen before.
    pub duplicate: u64,
    /// Messages without a reading.
    pub ignored: u64,
    /// Messages that were not understood.
    pub quarantined: u64,
    /// Messages refused.
    pub rejected: u64,
    /// Readings stored.
    pub readings: u64,
    /// Quarantined messages dropped to keep the quarantine within its bytes.
    pub quarantine_dropped: u64,
}

impl Counts {
    fn of(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Stored => &mut self.stored,
            Outcome::Duplicate => &mut self.duplicate,
            Outcome::Ignored => &mut self.ignored,
            Outcome::Quarantined => &mut self.quarantined,
            Outcome::Rejected => &mut self.rejected,
        }
    }
}

/// Where the receipts of a call go.
type ReplyTo = oneshot::Sender<Result<Vec<Receipt>, SpoolError>>;

/// Receipts of one call and where they go.
type Answer = (Vec<Receipt>, ReplyTo);

/// One commit group in the making.
#[derive(Debug)]
struct Group {
    counts: Counts,
    keys: Vec<u128>,
    key_set: HashSet<u128>,
    held_bytes: u64,
}

/// Owner of the file's writing connection.
#[derive(Debug)]
pub(super) struct Writer {
    db: Connection,
    options: Options,
    keys: KeyWindow,
    counts: Counts,
    held_bytes: u64,
    publish: watch::Sender<Counts>,
    /// Locked while this writer lives; counts and positions are kept in memory, so there must be one only.
    _lock: File,
}

/// Takes the lock beside the file; the system lets it go when the process ends, however it ends.
fn lock(path: &Path) -> Result<File, SpoolError> {
    let failed = |error| SpoolError::Start(Arc::new(error));
    let file = File::create(path.with_extension("lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SpoolError::InUse(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

impl Writer {
    /// Opens the file and checks that its newest rows are those the ledger speaks of.
    pub(super) fn open(path: &Path, options: Options) -> Result<(Self, watch::Receiver<Counts>), SpoolError> {
        let lock = lock(path)?;
        let db = database::open(path, MIGRATIONS)?;
        let mut counts = load_counts(&db)?;
        let end: Option<i64> = db.query_row("SELECT MAX(first + count) FROM log", [], |row| row.get(0))?;
        if let Some(end) = end.map(unsigned)
            && end != counts.newest + 1
        {
            let (low, high) = (end.min(counts.newest + 1), end.max(counts.newest + 1));
            return Err(SpoolError::Missing { expected: Position::new(low), found: Position::new(high) });
        }
        if counts.newest < options.behind.sequence {
            tracing::warn!(spool = counts.newest, seen = %options.behind, "the spool is older than what was read from it; it begins anew behind that");
            counts.newest = options.behind.sequence;
            db.execute("DELETE FROM log", [])?;
            write_counts(&db, counts)?;
        }
        let keys = KeyWindow::load(&db, options.keys)?;
        let held_bytes = quarantine::held_bytes(&db)?;
        let (publish, watched) = watch::channel(counts);
        Ok((Self { db, options, keys, counts, held_bytes, publish, _lock: lock }, watched))
    }

    /// Serves commands until the last sender is gone or the file is closed.
    pub(super) fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        while let Some(first) = inbox.blocking_recv() {
            let (calls, other) = self.gather(first, &mut inbox);
            if !calls.is_empty() {
                self.commit(calls);
            }
            match other {
                None => {}
                Some(Command::Close { reply }) => {
                    inbox.close();
                    drop(self);
                    // Nobody waits any more when this fails.
                    let _closed = reply.send(());
                    return;
                }
                Some(Command::Trim { before, reply }) => {
                    let _unheard = reply.send(self.trim(before).map_err(SpoolError::from));
                }
                Some(Command::Append { .. }) => {}
            }
        }
    }

    /// Takes what waits, up to the size of a group or to the first command of another kind.
    fn gather(
        &self,
        first: Command,
        inbox: &mut mpsc::Receiver<Command>,
    ) -> (Vec<(Vec<Item>, ReplyTo)>, Option<Command>) {
        let (mut calls, mut items, mut next) = (Vec::new(), 0, Some(first));
        while let Some(command) = next.take() {
            match command {
                Command::Append { items: more, reply } => {
                    items += more.len();
                    calls.push((more, reply));
                }
                other => return (calls, Some(other)),
            }
            if items < self.options.group_items {
                next = inbox.try_recv().ok();
            }
        }
        (calls, None)
    }

    /// Stores a group in one transaction and answers its calls.
    fn commit(&mut self, calls: Vec<(Vec<Item>, ReplyTo)>) {
        match self.write(calls) {
            Ok(answers) => {
                self.publish.send_replace(self.counts);
                for (receipts, reply) in answers {
                    let _unheard = reply.send(Ok(receipts));
                }
            }
            Err((error, replies)) => {
                tracing::error!(%error, calls = replies.len(), "the spool cannot write; messages stay unacknowledged");
                for reply in replies {
                    let _unheard = reply.send(Err(error.clone()));
                }
            }
        }
    }

    fn write(&mut self, calls: Vec<(Vec<Item>, ReplyTo)>) -> Result<Vec<Answer>, (SpoolError, Vec<ReplyTo>)> {
        let (batches, replies): (Vec<_>, Vec<_>) = calls.into_iter().unzip();
        match self.transact(batches) {
            Ok(receipts) => Ok(receipts.into_iter().zip(replies).collect()),
            Err(error) => Err((error.into(), replies)),
        }
    }

    fn transact(&mut self, batches: Vec<Vec<Item>>) -> Result<Vec<Vec<Receipt>>, rusqlite::Error> {
        let mut group = Group {
            counts: self.counts,
            keys: Vec::new(),
            key_set: HashSet::new(),
            held_bytes: self.held_bytes,
        };
        let step = self.db.transaction()?;
        let mut receipts = Vec::with_capacity(batches.len());
        for items in batches {
            let placed: Result<Vec<_>, _> =
                items.into_iter().map(|item| place(&step, &self.keys, &mut group, item)).collect();
            receipts.push(placed?);
        }
        let (held, dropped) =
            quarantine::keep_within(&step, group.held_bytes, self.options.quarantine_bytes)?;
        group.held_bytes = held;
        group.counts.quarantine_dropped += dropped;
        write_log(&step, self.counts, group.counts, &receipts)?;
        let key_row = match group.keys.as_slice() {
            [] => None,
            keys => Some(self.keys.write(&step, keys)?),
        };
        write_counts(&step, group.counts)?;
        step.commit()?;
        self.counts = group.counts;
        self.held_bytes = group.held_bytes;
        if let Some(id) = key_row {
            self.keys.push(id, group.keys);
        }
        Ok(receipts)
    }

    fn trim(&mut self, before: Position) -> Result<u64, rusqlite::Error> {
        let step = self.db.transaction()?;
        let gone: i64 = step.query_row(
            "SELECT COALESCE(SUM(count), 0) FROM log WHERE part = ?1 AND first + count <= ?2",
            params![before.partition, signed(before.sequence)],
            |row| row.get(0),
        )?;
        step.execute(
            "DELETE FROM log WHERE part = ?1 AND first + count <= ?2",
            params![before.partition, signed(before.sequence)],
        )?;
        step.commit()?;
        database::give_back(&self.db, FREE_PAGES)?;
        Ok(unsigned(gone))
    }
}

/// Gives an item its outcome and, when it leaves an entry, its position.
fn place(
    step: &Transaction<'_>,
    keys: &KeyWindow,
    group: &mut Group,
    item: Item,
) -> Result<Receipt, rusqlite::Error> {
    match item {
        Item::Row(entry) => Ok(Receipt { outcome: None, entry: Some(group.entry(entry)) }),
        Item::Message(message) => {
            if let Some(key) = message.key {
                let is_known = keys.contains(key.hash()) || group.key_set.contains(&key.hash());
                if key.is_looked_up() && is_known {
                    group.counts.duplicate += 1;
                    return Ok(Receipt { outcome: Some(Outcome::Duplicate), entry: None });
                }
                group.keys.push(key.hash());
                group.key_set.insert(key.hash());
            }
            settle(step, group, message)
        }
    }
}

/// Counts a message that is new, and keeps what it carries.
fn settle(step: &Transaction<'_>, group: &mut Group, message: Message) -> Result<Receipt, rusqlite::Error> {
    if let Some(id) = message.replays {
        let Some((bytes, counted)) = quarantine::remove(step, id)? else {
            // Replayed before, or dropped since it was listed: it has its outcome already.
            return Ok(Receipt { outcome: Some(Outcome::Duplicate), entry: None });
        };
        group.held_bytes = group.held_bytes.saturating_sub(bytes);
        let count = group.counts.of(counted);
        *count = count.saturating_sub(1);
    }
    let (outcome, entry) = match message.fate {
        Fate::Stored(readings) => {
            group.counts.readings += readings.len() as u64;
            let entry = Entry { arrival: message.arrival, kind: Kind::Readings(readings) };
            (Outcome::Stored, Some(group.entry(entry)))
        }
        Fate::Ignored => (Outcome::Ignored, None),
        Fate::Rejected => (Outcome::Rejected, None),
        Fate::Quarantined(refusal) => {
            group.held_bytes += quarantine::insert(step, message.arrival, &refusal)?;
            (refusal.outcome(), None)
        }
    };
    *group.counts.of(outcome) += 1;
    Ok(Receipt { outcome: Some(outcome), entry })
}

impl Group {
    fn entry(&mut self, entry: Entry) -> (Position, Entry) {
        self.counts.newest += 1;
        (Position::new(self.counts.newest), entry)
    }
}

/// Writes the entries of a group as one row.
fn write_log(
    step: &Transaction<'_>,
    before: Counts,
    after: Counts,
    receipts: &[Vec<Receipt>],
) -> Result<(), rusqlite::Error> {
    let count = after.newest - before.newest;
    if count == 0 {
        return Ok(());
    }
    let entries = receipts.iter().flatten().filter_map(|receipt| Some(&receipt.entry.as_ref()?.1));
    let body = block::encode(entries);
    step.prepare_cached("INSERT INTO log (part, first, count, readings, body) VALUES (0, ?1, ?2, ?3, ?4)")?
        .execute(params![
        signed(before.newest + 1),
        signed(count),
        signed(after.readings - before.readings),
        body
    ])?;
    Ok(())
}

fn write_counts(step: &Connection, counts: Counts) -> Result<(), rusqlite::Error> {
    step.prepare_cached(
        "UPDATE ledger SET next = ?1, stored = ?2, duplicate = ?3, ignored = ?4, quarantined = ?5,
             rejected = ?6, readings = ?7, quarantine_dropped = ?8 WHERE part = 0",
    )?
    .execute(params![
        signed(counts.newest + 1),
        signed(counts.stored),
        signed(counts.duplicate),
        signed(counts.ignored),
        signed(counts.quarantined),
        signed(counts.rejected),
        signed(counts.readings),
        signed(counts.quarantine_dropped),
    ])?;
    Ok(())
}

fn load_counts(db: &Connection) -> Result<Counts, rusqlite::Error> {
    db.query_row(
        "SELECT next, stored, duplicate, ignored, quarantined, rejected, readings, quarantine_dropped
         FROM ledger WHERE part = 0",
        [],
        |row| {
            let count = |column| row.get(column).map(unsigned);
            Ok(Counts {
                newest: count(0)?.saturating_sub(1),
                stored: count(1)?,
                duplicate: count(2)?,
                ignored: count(3)?,
                quarantined: count(4)?,
                rejected: count(5)?,
                readings: count(6)?,
                quarantine_dropped: count(7)?,
            })
        },
    )
}
