//! The broker's side: a subscriber that loses nothing it has acknowledged.
//!
//! One task polls the connection and never waits for the consumer, so that pings go on while the
//! consumer holds back: it holds back by not acknowledging, and the broker's window (receive
//! maximum) stops the flow. An acknowledgement of an earlier connection is dropped: its packet id
//! may by now belong to another message. After a lost session the filters are subscribed again, and
//! what was refused also while the connection stands: the right to it may be given meanwhile.

mod backoff;
mod config;
mod connection;
mod fault;
mod feed;
mod filters;
mod incoming;
mod link;
mod publish;
mod renewal;
mod subscriber;
mod wire;

pub use config::{MqttConfig, MqttError};
pub use feed::{Fed, Feed};
pub use incoming::{AckToken, Incoming};
pub use link::{Acker, LinkState, Monitor};
pub use publish::Publisher;
pub use subscriber::Subscriber;
