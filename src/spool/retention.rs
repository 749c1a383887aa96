//! Which entries of the spool must stay.

use super::Position;

/// The first entry that must stay: everything before it may be trimmed.
///
/// `done` are the positions up to which each reader that cannot be spared is through
/// (engine checkpoint, history). `sink` is the one of the time-series writer, where one
/// runs; it holds entries back only while the spool is not `full`, because a server that
/// never comes back must not fill the disk. What it loses then is counted by the writer.
///
/// # Examples
/// ```
/// use normwatch::spool::{Position, first_to_keep};
///
/// let done = [Position::new(90), Position::new(80)];
/// assert_eq!(first_to_keep(&done, Some(Position::new(10)), false), Position::new(11));
/// assert_eq!(first_to_keep(&done, Some(Position::new(10)), true), Position::new(81));
/// ```
#[must_use]
pub fn first_to_keep(done: &[Position], sink: Option<Position>, full: bool) -> Position {
    let sink = sink.filter(|_| !full);
    done.iter().copied().chain(sink).min().unwrap_or(Position::START).next()
}
