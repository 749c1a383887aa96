//! The ears: bytes on a topic in, readings out.
//!
//! Two halves that know nothing of each other: [`Decoder`] turns a message into readings and is
//! pure (no clock, no network), and the subscriber takes messages from a broker. The [`quality`]
//! stage between decoder and engine settles times and marks doubtful values.

mod asyncapi;
mod certificate;
mod decoder;
mod diagnostics;
mod entry;
mod error;
mod field;
mod fields;
mod formats;
mod key;
mod line;
mod message;
pub mod mqtt;
mod names;
mod near;
mod obis;
mod owned;
mod place;
mod profile;
mod protobuf;
pub mod quality;
mod radio;
mod roles;
mod route;
mod scalar;
mod scale;
mod scaler;
mod sniff;
mod spelling;
mod stamp;
mod strict;
mod table;
mod tape;
mod time;
mod tls;
mod unnamed;
mod wire_id;

pub use asyncapi::asyncapi;
pub use decoder::{Decoder, Outcome};
pub use diagnostics::{Diagnosis, Diagnostics};
pub use error::{DecodeError, ErrorKind};
pub use formats::{Format, rebirth_request};
pub use line::decode_line;
pub use message::{Decoded, MAX_READINGS, Message, RawReading};
pub use owned::Owned;
pub use profile::{Profile, ProfileError, Profiles};
pub use route::{Filter, RouteEntry, RouteError, Routes};
pub use strict::{Strict, decode_line_strictly};
pub use tape::{MAX_DEPTH, MAX_PAYLOAD, MAX_VALUES};
pub use tls::{Tls, TlsError, TlsFinding};
