//! Bounds of the spool, and when its bytes are pressed to the disk.

use super::Position;

/// Deliveries among which a repeat is looked for.
///
/// Many more than we announce to take unacknowledged
/// ([`ingest::mqtt::MqttConfig::receive_maximum`]): a broker that is busy hears our acknowledgements late, and mosquitto was
/// seen to send seven windows again. Less than half of all packet ids: what comes under one that has come round is
/// none of these, whatever it says.
pub const DELIVERIES: usize = 30_000;

/// When the bytes of a commit are pressed to the disk. A killed process loses nothing under any of
/// them; they differ in what a loss of power takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fsync {
    /// Before every acknowledgement: a loss of power takes nothing that was acknowledged.
    #[default]
    Always,
    /// Every few MiB of writes: a loss of power takes what was acknowledged since, seconds to
    /// minutes of it; the file stays whole.
    Checkpoint,
    /// When the system likes: a loss of power may damage the file itself.
    Never,
}

impl Fsync {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Always, Self::Checkpoint, Self::Never];

    /// The word in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Checkpoint => "checkpoint",
            Self::Never => "never",
        }
    }

    /// What SQLite calls it, in WAL mode.
    pub(super) const fn pragma(self) -> &'static str {
        match self {
            Self::Always => "FULL",
            Self::Checkpoint => "NORMAL",
            Self::Never => "OFF",
        }
    }
}

/// Bounds of the spool.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Items in one commit group, about.
    pub group_items: usize,
    /// Calls that may wait for the writer before callers wait for a place.
    pub queue_calls: usize,
    /// Ids of senders remembered against repetition.
    pub keys: usize,
    /// Bytes of quarantined messages kept; the oldest go first and are counted.
    pub quarantine_bytes: u64,
    /// Bytes in use from which on no message is taken until something was let go.
    pub max_bytes: u64,
    /// When bytes are pressed to the disk.
    pub fsync: Fsync,
    /// The newest position that state or history have seen: new entries stand behind it, even
    /// in a spool that is new or was restored from a backup older than theirs. Otherwise
    /// their readers would take new entries for old ones and pass over them.
    pub behind: Position,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            group_items: 4096,
            queue_calls: 4096,
            keys: 200_000,
            quarantine_bytes: 64 << 20,
            max_bytes: 8 << 30,
            fsync: Fsync::Always,
            behind: Position::START,
        }
    }
}
