//! The words of normwatch, each with one meaning (see `ARCHITECTURE.md`).
//!
//! This crate knows no file, no network, no clock and no task: time is an argument,
//! files arrive as bytes. Everything else in the workspace stands on it.

mod calendar;
mod closed;
mod flags;
mod id;
mod instant;
mod nearest;
mod place;
mod problem;
mod quantity;
mod reading;
pub mod register;
mod time_from;
mod unit;

pub use calendar::{Calendar, DayKind, Period, Season, WorkingHours};
pub use flags::Flags;
pub use id::{Id, IdError};
pub use instant::{Instant, Span, TimeError};
pub use nearest::nearest;
pub use place::{Place, PlaceKind, RoomUse};
pub use problem::{Problem, line_of};
pub use quantity::{Nature, Quantity};
pub use reading::{Reading, Series};
pub use register::Register;
pub use time_from::TimeFrom;
pub use unit::{Unit, UnitError};
