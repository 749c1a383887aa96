//! What a checkpoint holds, in pieces that change on their own.

use model::Instant;
use serde::{Deserialize, Serialize};

use super::place::Kept;
use crate::meter::Chain;

/// One piece of a shard's state. Opaque: written and read back by the service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedShard(pub(crate) Piece);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Piece {
    /// Event time of the shard.
    Clock(Instant),
    /// A place.
    Place(Box<Kept>),
    /// All series of a meter.
    Meter(Vec<Chain>),
}
