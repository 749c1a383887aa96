//! What goes into the spool: messages with one outcome each, and rows of our own.

use model::{Instant, Reading};

use super::Position;

/// What an entry of the spool says.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Readings of one message.
    Readings(Vec<Reading>),
    /// Event time may advance to this instant: we were connected and caught up.
    Tick {
        /// The instant.
        to: Instant,
        /// Since when we have listened without a break; rows of 0.1.0 do not say.
        since: Option<Instant>,
    },
    /// The rules changed here: register, packs, waivers, acknowledgements. Opaque to the spool.
    Change {
        /// Which kind of change, such as `register`.
        kind: String,
        /// What changed, in the kind's own encoding.
        body: Vec<u8>,
    },
}

/// One entry as the engine and the series writer read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When it reached us.
    pub arrival: Instant,
    /// What it says.
    pub kind: Kind,
}

/// What an entry says, borrowed from an [`Entry`] or from the message that becomes one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'a> {
    Readings(&'a [Reading]),
    Tick { to: Instant, since: Option<Instant> },
    Change { kind: &'a str, body: &'a [u8] },
}

impl Entry {
    /// Its arrival and what it says.
    pub(super) fn content(&self) -> (Instant, Content<'_>) {
        let content = match &self.kind {
            Kind::Readings(readings) => Content::Readings(readings),
            Kind::Tick { to, since } => Content::Tick { to: *to, since: *since },
            Kind::Change { kind, body } => Content::Change { kind, body },
        };
        (self.arrival, content)
    }
}

/// A sender's own id of a message: deduplication id, frame counter, `Idempotency-Key`. It can be compared at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageKey(u128);

impl MessageKey {
    /// A key that makes the message a duplicate when one with this key has been stored before.
    ///
    /// Put what the id is unique in (sensor, session) into `bytes` too.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(short_hash(bytes))
    }

    pub(super) const fn hash(self) -> u128 {
        self.0
    }
}

/// One delivery by the broker: its packet id, and what tells it from others under that id.
///
/// A broker uses a packet id again once it has our acknowledgement, and what it delivers then may say the same. So
/// "the same" means that it comes again only for the newest delivery under its packet id, only while that can
/// still be unacknowledged, and only into a resumed session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    key: u128,
    may_be_repeat: bool,
}

impl Delivery {
    /// A delivery that is known by `bytes`. It makes the message a duplicate when `may_be_repeat` and it equals the
    /// newest delivery under that packet id, of the newest [`DELIVERIES`]; else it is only recorded, for a later
    /// repeat to be recognised.
    ///
    /// [`DELIVERIES`]: super::DELIVERIES
    #[must_use]
    pub fn of(packet: u16, bytes: &[u8], may_be_repeat: bool) -> Self {
        let key = u128::from(packet) << PACKET_SHIFT | short_hash(bytes) >> u16::BITS;
        Self { key, may_be_repeat }
    }

    pub(super) const fn key(self) -> u128 {
        self.key
    }

    pub(super) const fn may_be_repeat(self) -> bool {
        self.may_be_repeat
    }
}

/// The key of a delivery begins with its packet id.
const PACKET_SHIFT: u32 = u128::BITS - u16::BITS;

/// The packet id of a delivery's key.
pub(super) fn packet_of(key: u128) -> u16 {
    u16::try_from(key >> PACKET_SHIFT).unwrap_or_default()
}

fn short_hash(bytes: &[u8]) -> u128 {
    let hash = blake3::hash(bytes);
    hash.as_bytes().iter().take(16).fold(0, |sum, byte| sum << 8 | u128::from(*byte))
}

/// A message that could not be understood, or was refused, kept with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Topic it was published to.
    pub topic: String,
    /// Its payload, whole.
    pub payload: Vec<u8>,
    /// Class of the error, such as `bad_unit` or `not_json`.
    pub kind: String,
    /// What is wrong, in words.
    pub reason: String,
    /// The field that is wrong, if one can be named.
    pub field: Option<String>,
    /// For which devices its sender may speak, where that is bound: opaque to the spool.
    pub speaker: Option<String>,
    /// Whether the broker had kept it from before our subscription.
    pub is_retained: bool,
}

impl Refusal {
    /// The refusal of a message.
    pub(crate) fn of(error: ingest::DecodeError, topic: &str, payload: &[u8]) -> Self {
        Self {
            topic: topic.to_owned(),
            payload: payload.to_vec(),
            kind: error.kind.name().to_owned(),
            reason: error.message,
            field: error.field,
            speaker: None,
            is_retained: false,
        }
    }

    /// What it counts as: a message that was understood and names another's device is rejected, not quarantined.
    pub(super) fn outcome(&self) -> Outcome {
        outcome_of(&self.kind)
    }
}

/// What a kept message of this kind counts as.
pub(super) fn outcome_of(kind: &str) -> Outcome {
    if kind == ingest::ErrorKind::NotItsDevice.name() { Outcome::Rejected } else { Outcome::Quarantined }
}

/// What became of a message. A duplicate is not named here: the spool finds it by its key.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// It carried readings.
    Stored(Vec<Reading>),
    /// It was understood and carries none (join, status ...).
    Ignored,
    /// It could not be understood, or was refused: it is kept, and its kind says as what it counts.
    Quarantined(Refusal),
    /// It was refused, and nothing of it is worth keeping.
    Rejected,
}

impl Fate {
    /// How the ledger counts it, unless it turns out to be a duplicate.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Stored(_) => Outcome::Stored,
            Self::Ignored => Outcome::Ignored,
            Self::Quarantined(refusal) => refusal.outcome(),
            Self::Rejected => Outcome::Rejected,
        }
    }
}

/// One incoming message, counted once.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// When it reached us.
    pub arrival: Instant,
    /// Its sender's own id, where it has one.
    pub key: Option<MessageKey>,
    /// How the broker delivered it; `None` for what is never delivered twice.
    pub delivery: Option<Delivery>,
    /// What became of it.
    pub fate: Fate,
    /// The quarantined message that this one replays: that row goes and its count moves over.
    pub replays: Option<u64>,
}

/// What can be appended.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A message.
    Message(Message),
    /// A row of our own: a tick or a change. Counted in no ledger.
    Row(Entry),
    /// The quarantined message of this number goes. It stays counted as what it was; the receipt says as what.
    Discard(u64),
}

impl Item {
    /// The entry that it leaves, for those that leave one.
    pub(super) fn content(&self) -> Option<(Instant, Content<'_>)> {
        match self {
            Self::Row(entry) => Some(entry.content()),
            Self::Message(message) => match &message.fate {
                Fate::Stored(readings) => Some((message.arrival, Content::Readings(readings))),
                Fate::Ignored | Fate::Quarantined(_) | Fate::Rejected => None,
            },
            Self::Discard(_) => None,
        }
    }

    /// The same as an entry of its own.
    pub(super) fn into_entry(self) -> Option<Entry> {
        match self {
            Self::Row(entry) => Some(entry),
            Self::Message(Message { arrival, fate: Fate::Stored(readings), .. }) => {
                Some(Entry { arrival, kind: Kind::Readings(readings) })
            }
            Self::Message(_) | Self::Discard(_) => None,
        }
    }
}

/// The outcome of a message in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Its readings are durable.
    Stored,
    /// It had been seen before; nothing was stored.
    Duplicate,
    /// It carries no reading.
    Ignored,
    /// It lies in the quarantine.
    Quarantined,
    /// It was refused.
    Rejected,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 5] =
        [Self::Stored, Self::Duplicate, Self::Ignored, Self::Quarantined, Self::Rejected];

    /// The value of the label `outcome` in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Duplicate => "duplicate",
            Self::Ignored => "ignored",
            Self::Quarantined => "quarantined",
            Self::Rejected => "rejected",
        }
    }
}

/// What the spool says of an appended item once it is durable; items of one call keep their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// The outcome; `None` for a row of our own, and for a message to discard that was not there.
    pub outcome: Option<Outcome>,
    /// The entry and its position, when the item left one: handed back, so that nobody reads it again.
    pub entry: Option<(Position, Entry)>,
}
