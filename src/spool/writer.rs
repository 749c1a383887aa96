//! The writer thread: gathers what waits into one transaction, so that one flush serves many.
//!
//! When the disk refuses, or the file has reached its bound, the calls stay here in their order and are
//! tried again until they are taken: nobody gets a receipt, so nothing is acknowledged to the broker.

use std::{
    fs::{File, TryLockError},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rusqlite::{Connection, params};
use tokio::sync::{
    mpsc::{self, error::TryRecvError},
    oneshot, watch,
};

use super::{
    MIGRATIONS,
    counts::{Counts, load_counts, write_counts},
    entry::{Item, Receipt},
    error::SpoolError,
    group::Group,
    held::Held,
    keys::{KeyRows, Keys},
    options::Options,
    position::Position,
    quarantine,
};
use crate::{
    database::{self, signed, unsigned},
    disk::{TRY_AGAIN, in_words, is_of_disk},
};

/// Free pages given back at a time: 8 MiB.
const FREE_PAGES: u32 = 2000;

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Command {
    /// Store items.
    Append(Call),
    /// Let entries go.
    Trim { before: Position, reply: oneshot::Sender<Result<u64, SpoolError>> },
    /// Close the file and end.
    Close { reply: oneshot::Sender<()> },
}

/// Items of one call, and where their receipts go.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) items: Vec<Item>,
    pub(super) reply: oneshot::Sender<Result<Vec<Receipt>, SpoolError>>,
}

/// What others see of the writer.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) counts: watch::Receiver<Counts>,
    pub(super) held: watch::Receiver<Option<Held>>,
    pub(super) bytes: Arc<AtomicU64>,
}

/// Owner of the file's writing connection.
#[derive(Debug)]
pub(super) struct Writer {
    db: Connection,
    options: Options,
    keys: Keys,
    counts: Counts,
    /// Bytes of the quarantine.
    held_bytes: u64,
    publish: watch::Sender<Counts>,
    held: watch::Sender<Option<Held>>,
    /// Bytes in use in the file.
    bytes: Arc<AtomicU64>,
    /// Locked while this writer lives; counts and positions are kept in memory, so there must be one only.
    _lock: File,
}

/// Nobody is left who could ask for anything.
struct Ended;

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
    pub(super) fn open(path: &Path, options: Options) -> Result<(Self, Seen), SpoolError> {
        let lock = lock(path)?;
        let db = database::open(path, MIGRATIONS)?;
        db.pragma_update(None, "synchronous", options.fsync.pragma())?;
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
        let keys = Keys::load(&db, &options)?;
        let held_bytes = quarantine::held_bytes(&db)?;
        let bytes = Arc::new(AtomicU64::new(database::used_bytes(&db)?));
        let (publish, watched) = watch::channel(counts);
        let (held, holding) = watch::channel(None);
        let seen = Seen { counts: watched, held: holding, bytes: Arc::clone(&bytes) };
        Ok((Self { db, options, keys, counts, held_bytes, publish, held, bytes, _lock: lock }, seen))
    }

    /// Serves commands until the last sender is gone or the file is closed.
    pub(super) fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        let mut calls = Vec::new();
        while let Ok(other) = self.gather(&mut calls, &mut inbox) {
            if let Some(Command::Close { reply }) = other {
                self.commit(&mut calls);
                inbox.close();
                // Calls that the disk still refuses are told by the end of their reply.
                drop(self);
                // Nobody waits any more when this fails.
                let _closed = reply.send(());
                return;
            }
            // What is to go makes room for what is to come.
            if let Some(Command::Trim { before, reply }) = other {
                let _unheard = reply.send(self.trim(before).map_err(SpoolError::from));
            }
            self.commit(&mut calls);
        }
    }

    /// Takes what waits, up to the size of a group or to the first command of another kind. While calls are
    /// held it takes everything: a trim among it may be what makes room.
    fn gather(
        &self,
        calls: &mut Vec<Call>,
        inbox: &mut mpsc::Receiver<Command>,
    ) -> Result<Option<Command>, Ended> {
        let is_held = !calls.is_empty();
        let mut next = if is_held {
            std::thread::sleep(TRY_AGAIN);
            inbox.try_recv()
        } else {
            inbox.blocking_recv().ok_or(TryRecvError::Disconnected)
        };
        let mut items = 0;
        loop {
            match next {
                Ok(Command::Append(call)) => {
                    items += call.items.len();
                    calls.push(call);
                    if !is_held && items >= self.options.group_items {
                        return Ok(None);
                    }
                }
                Ok(other) => return Ok(Some(other)),
                Err(TryRecvError::Empty) => return Ok(None),
                Err(TryRecvError::Disconnected) if calls.is_empty() || is_held => return Err(Ended),
                Err(TryRecvError::Disconnected) => return Ok(None),
            }
            next = inbox.try_recv();
        }
    }

    /// Stores calls group by group and answers them; those that the disk refuses stay, in their order.
    fn commit(&mut self, calls: &mut Vec<Call>) {
        while !calls.is_empty() {
            let mut group: Vec<Call> = calls.drain(..self.group_of(calls)).collect();
            match self.admit(&group).and_then(|()| Ok(self.transact(&group)?)) {
                Ok(done) => {
                    // Before anybody hears of it: whoever has a receipt finds the door open.
                    if calls.is_empty() {
                        self.hold(None);
                    }
                    self.answer(done, group);
                }
                Err(SpoolError::Held(held)) => {
                    self.hold(Some(held));
                    group.append(calls);
                    *calls = group;
                    return;
                }
                Err(error) if is_of_disk(&error) => {
                    self.hold(Some(Held::Refused(in_words(&error))));
                    group.append(calls);
                    *calls = group;
                    return;
                }
                Err(error) => {
                    tracing::error!(%error, calls = group.len(), "the spool cannot write; messages stay unacknowledged");
                    for call in group {
                        let _unheard = call.reply.send(Err(error.clone()));
                    }
                }
            }
        }
        self.hold(None);
    }

    /// How many of the calls make a group.
    fn group_of(&self, calls: &[Call]) -> usize {
        let mut items = 0;
        let fits = calls.iter().take_while(|call| {
            let is_room = items < self.options.group_items;
            items += call.items.len();
            is_room
        });
        fits.count()
    }

    /// Whether there is room for messages. Rows of our own are few and always have it.
    fn admit(&self, group: &[Call]) -> Result<(), SpoolError> {
        let max_bytes = self.options.max_bytes;
        let bytes = self.bytes.load(Ordering::Relaxed);
        let is_message = |item: &Item| matches!(item, Item::Message(_));
        if bytes < max_bytes || !group.iter().flat_map(|call| &call.items).any(is_message) {
            return Ok(());
        }
        Err(SpoolError::Held(Held::Full { bytes, max_bytes }))
    }

    fn hold(&self, held: Option<Held>) {
        self.held.send_if_modified(|now| {
            let is_new = *now != held;
            *now = held;
            is_new
        });
    }

    fn transact(&self, calls: &[Call]) -> Result<(Group, KeyRows), rusqlite::Error> {
        let items = || calls.iter().flat_map(|call| &call.items);
        let mut group = Group::new(self.counts, self.held_bytes);
        let step = self.db.unchecked_transaction()?;
        for item in items() {
            group.place(&step, &self.keys, item)?;
        }
        group.keep_within(&step, self.options.quarantine_bytes)?;
        group.write_log(&step, self.counts, items())?;
        let key_rows = self.keys.write(&step, &group.keys)?;
        write_counts(&step, group.counts)?;
        step.commit()?;
        Ok((group, key_rows))
    }

    /// Takes up what is durable now, and says so.
    fn answer(&mut self, (mut group, key_rows): (Group, KeyRows), calls: Vec<Call>) {
        self.counts = group.counts;
        self.held_bytes = group.held_bytes;
        self.keys.push(&key_rows, std::mem::take(&mut group.keys));
        self.note_bytes();
        self.publish.send_replace(self.counts);
        let (items, replies): (Vec<_>, Vec<_>) =
            calls.into_iter().map(|call| (call.items, call.reply)).unzip();
        for (receipts, reply) in group.receipts(items.into_iter()).into_iter().zip(replies) {
            let _unheard = reply.send(Ok(receipts));
        }
    }

    fn note_bytes(&self) {
        match database::used_bytes(&self.db) {
            Ok(bytes) => self.bytes.store(bytes, Ordering::Relaxed),
            Err(error) => tracing::error!(%error, "the size of the spool cannot be read"),
        }
    }

    fn trim(&self, before: Position) -> Result<u64, rusqlite::Error> {
        let step = self.db.unchecked_transaction()?;
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
        self.note_bytes();
        database::give_back(&self.db, FREE_PAGES)?;
        Ok(unsigned(gone))
    }
}
