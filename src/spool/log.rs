//! The handle of the spool: hands items to the writer thread and waits for what is durable.

use std::{
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    thread,
};

use tokio::sync::{mpsc, oneshot, watch};

use super::{
    counts::Counts,
    entry::{Item, Receipt},
    error::SpoolError,
    held::Held,
    options::Options,
    position::Position,
    reader::SpoolReader,
    writer::{Call, Command, Seen, Writer},
};
use crate::view::Ledger;

/// The spool; clones share the one writer thread, which ends with the last of them.
#[derive(Debug, Clone)]
pub struct Spool {
    commands: mpsc::Sender<Command>,
    seen: Seen,
    /// Messages handed in by this process and not yet answered.
    waiting: Arc<AtomicU64>,
    path: PathBuf,
}

/// Items on their way to the disk: a future of their receipts, in the order of the items.
#[derive(Debug)]
pub struct Appending {
    reply: oneshot::Receiver<Result<Vec<Receipt>, SpoolError>>,
    messages: u64,
    waiting: Arc<AtomicU64>,
}

impl Future for Appending {
    type Output = Result<Vec<Receipt>, SpoolError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.reply).poll(cx).map(|reply| reply.unwrap_or(Err(SpoolError::Closed)))
    }
}

impl Drop for Appending {
    fn drop(&mut self) {
        self.waiting.fetch_sub(self.messages, Ordering::Relaxed);
    }
}

impl Spool {
    /// Opens the file, creating it if absent, and starts its writer thread.
    ///
    /// # Errors
    /// When the file cannot be opened, is in use, is newer than this release, or contradicts itself.
    pub fn open(path: &Path, options: Options) -> Result<Self, SpoolError> {
        let (commands, inbox) = mpsc::channel(options.queue_calls);
        let (writer, seen) = Writer::open(path, options)?;
        thread::Builder::new()
            .name("spool".to_owned())
            .spawn(move || writer.run(inbox))
            .map_err(|error| SpoolError::Start(Arc::new(error)))?;
        Ok(Self { commands, seen, waiting: Arc::default(), path: path.to_owned() })
    }

    /// Hands items to the writer, waiting for a place in its queue only; await the result for durability.
    ///
    /// Items are stored in the order of the calls. While the disk refuses or the spool is full they wait
    /// ([`Spool::held`] says so): acknowledge nothing until then.
    ///
    /// # Errors
    /// [`SpoolError::Closed`] when the writer has ended.
    pub async fn submit(&self, items: Vec<Item>) -> Result<Appending, SpoolError> {
        let messages = items.iter().filter(|item| matches!(item, Item::Message(_))).count() as u64;
        self.waiting.fetch_add(messages, Ordering::Relaxed);
        let (sender, reply) = oneshot::channel();
        let appending = Appending { reply, messages, waiting: Arc::clone(&self.waiting) };
        let command = Command::Append(Call { items, reply: sender });
        self.commands.send(command).await.map_err(|_| SpoolError::Closed)?;
        Ok(appending)
    }

    /// Appends items and waits until they are durable; receipts come in the order of the items.
    ///
    /// For those who can come again: it does not join a queue that the disk holds up.
    ///
    /// # Errors
    /// [`SpoolError::Held`] while the disk refuses or the spool is full. Nothing of the call is stored then.
    pub async fn append(&self, items: Vec<Item>) -> Result<Vec<Receipt>, SpoolError> {
        if let Some(held) = self.held() {
            return Err(SpoolError::Held(held));
        }
        self.submit(items).await?.await
    }

    /// Lets entries before `before` go, by whole commit groups; returns how many went.
    ///
    /// The caller knows the bound: what checkpoint, history and series writer have behind them.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn trim(&self, before: Position) -> Result<u64, SpoolError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Trim { before, reply }).await.map_err(|_| SpoolError::Closed)?;
        answer.await.unwrap_or(Err(SpoolError::Closed))
    }

    /// Waits until everything handed in before is durable and the writer has closed the file.
    pub async fn close(&self) {
        let (reply, answer) = oneshot::channel();
        if self.commands.send(Command::Close { reply }).await.is_ok() {
            // An error means that the writer ended without an answer, which is closed all the same.
            drop(answer.await);
        }
    }

    /// A reader with a connection of its own.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn reader(&self) -> Result<SpoolReader, SpoolError> {
        SpoolReader::open(&self.path)
    }

    /// Every message counted once; `pending` are those handed in and not yet durable.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        let pending = self.waiting.load(Ordering::Relaxed);
        let counts = self.counts();
        let settled =
            counts.stored + counts.duplicate + counts.ignored + counts.quarantined + counts.rejected;
        Ledger {
            received: settled + pending,
            stored: counts.stored,
            duplicate: counts.duplicate,
            ignored: counts.ignored,
            quarantined: counts.quarantined,
            rejected: counts.rejected,
            pending,
        }
    }

    /// Durable counts: newest position, outcomes, readings, what the quarantine dropped.
    #[must_use]
    pub fn counts(&self) -> Counts {
        *self.seen.counts.borrow()
    }

    /// Follows the durable counts: changes with every commit, so that readers need not poll.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Counts> {
        self.seen.counts.clone()
    }

    /// Why it takes nothing just now; `None` while it does.
    #[must_use]
    pub fn held(&self) -> Option<Held> {
        self.seen.held.borrow().clone()
    }

    /// Follows [`Spool::held`].
    #[must_use]
    pub fn watch_held(&self) -> watch::Receiver<Option<Held>> {
        self.seen.held.clone()
    }

    /// Bytes in use in the file, as of the newest commit.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.seen.bytes.load(Ordering::Relaxed)
    }
}
