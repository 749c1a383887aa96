//! What a checkpoint holds, in pieces that change on their own.

use model::{Id, Instant, Period};
use serde::{Deserialize, Serialize};

use super::place::Kept;
use crate::{
    buffer::SeriesBuffer, check::Memory, listening::Listening, measure::holding::Delivered, meter::Chain,
};

/// One piece of a shard's state. Opaque: written and read back by the service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedShard(pub(crate) Piece);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Piece {
    /// Event time of a shard.
    Clock(Instant),
    /// A place, with the memories of its checks by clause.
    Place(Box<Kept>, Vec<(String, Memory)>),
    /// Outdoor air of a shard.
    Outdoor(Vec<SeriesBuffer>),
    /// One series of a meter.
    Chain(Box<Chain>),
    /// Event time of a shard, and when it was listened to.
    Moment(Option<Instant>, Box<Listening>),
    /// What buildings delivered to a body of some windows (each by its topmost place), and the memories of
    /// the body's checks by clause.
    Body(Vec<((Period, Instant, Id), Delivered)>, Vec<(String, Memory)>),
}
