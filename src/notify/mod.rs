//! Alert mail: from a step of an alert's life to a letter that a mail server has accepted.
//!
//! The flow, one file a stage:
//! [`Notice`] (what is told) -> [`route()`] (whom) -> [`Dispatcher`] (when, and together with what)
//! -> [`Renderer`] (in which words) -> [`Outbox`] (never lost, never doubled) -> [`Mailer`] (sent).
//! Up to the outbox everything is a pure function of its arguments; time is an argument throughout.

mod citation;
mod delivery;
mod dispatch;
mod email;
mod entry;
mod facts;
mod figures;
mod lane;
mod letter;
mod mail_url;
mod notice;
mod outbox;
mod page;
mod plan;
mod preview;
mod render;
mod route;
mod silence;
mod store;
mod words;

pub(crate) use citation::cited;
pub use delivery::{Delivery, RetryPolicy, Round};
pub use dispatch::{Dispatcher, Settings};
pub use email::{Mailer, MailerError, SendError, Smtp};
pub use letter::{Letter, mask};
pub use mail_url::{MailUrlError, MailerConfig};
pub use notice::{ClauseText, Notice, PlaceName};
pub use outbox::{Counts, MailStatus, Outbox, OutboxError, OutboxStore, Queued};
pub use plan::{Line, MailKind, MailPlan};
pub use preview::preview;
pub use render::{RenderError, Renderer, Sender};
pub use route::{Addressee, route};
pub use silence::Silence;
pub use store::{Logged, SqliteOutbox};
