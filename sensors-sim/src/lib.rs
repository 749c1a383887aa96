//! The stage: a seeded office with people, weather, meters and faults that publishes vendor formats.
//!
//! It shares no decoder code with the product, so that what both understand of a format is
//! checked twice. Time is an argument and chance is a pure function of seed, device and time:
//! the same scenario gives the same bytes, however a run is cut into spans.

mod air;
mod dates;
mod day;
mod energy;
mod fault;
mod ids;
mod noise;
mod numbers;
mod office;
mod payload;
mod people;
mod publish;
mod receive;
mod register;
mod replay;
mod report;
mod rooms;
mod run;
mod scenario;
mod sensing;
mod stage;
mod truth;
mod weather;

pub use fault::FaultKind;
pub use publish::{PublishError, Published, Publisher};
pub use receive::{Received, Receiver};
pub use replay::{eui_of, messages_for};
pub use report::Row;
pub use scenario::{Format, ScenarioError};
pub use stage::{Event, Scenario};
pub use truth::{Label, Truth};
