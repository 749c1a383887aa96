//! What operations can set: the built-in defaults, then one file, then the environment.
//!
//! Everything is checked before anything starts; secrets come from files or the environment and
//! show themselves to nobody.

mod check;
mod duration;
mod embedded;
mod load;
mod schema;
mod secret;
mod spool;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

pub use duration::parse_duration;
pub use load::environment;
pub use schema::DEFAULT;
pub use secret::Secret;

use crate::spool::Fsync;

/// The checked configuration. Paths are ready to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where the spool, the history and the state live.
    pub data_dir: PathBuf,
    /// Address of console, API and metrics.
    pub listen: SocketAddr,
    /// The register directory.
    pub register: PathBuf,
    /// Directory of further packs.
    pub packs_dir: Option<PathBuf>,
    /// File of local limits.
    pub overlay: Option<PathBuf>,
    /// The broker.
    pub mqtt: Mqtt,
    /// Topic filters and their formats, the operator's own, in order.
    pub routes: Vec<Route>,
    /// InfluxDB, when configured.
    pub influx: Option<Influx>,
    /// Mail, when configured.
    pub smtp: Option<Smtp>,
    /// Bounds and fsync of the spool.
    pub spool: Spool,
    /// How far back the history reaches.
    pub history: History,
    /// When alerts are told.
    pub alerts: Alerts,
    /// How people reach the console: no slash at the end.
    pub public_url: String,
}

/// The broker and who we are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mqtt {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether the connection is TLS (`mqtts://`).
    pub tls: bool,
    /// Our fixed client id.
    pub client_id: String,
    /// Name at the broker.
    pub username: Option<String>,
    /// Password at the broker.
    pub password: Option<Secret>,
    /// Trusted certificates, PEM.
    pub ca_file: Option<PathBuf>,
    /// Our certificate, PEM.
    pub cert_file: Option<PathBuf>,
    /// Its key, PEM.
    pub key_file: Option<PathBuf>,
    /// The broker's list of rights, which we keep.
    pub acl_file: Option<PathBuf>,
    /// Whether we run the broker ourselves, listening at host and port.
    pub embedded: bool,
}

/// Which topics carry which format.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Route {
    /// MQTT topic filter.
    pub filter: String,
    /// Name of a wire format.
    pub format: String,
    /// The devices that messages of this route may name: ids, or their beginning and `*`; empty for any.
    #[serde(default)]
    pub sensors: Vec<String>,
    /// The name at the broker under which they are published, for the broker's own list of rights.
    #[serde(default)]
    pub user: Option<String>,
}

impl Route {
    /// What the decoder needs of it.
    #[must_use]
    pub fn entry(&self) -> ingest::RouteEntry<'_> {
        ingest::RouteEntry { filter: &self.filter, format: &self.format, sensors: &self.sensors }
    }
}

/// An InfluxDB 2 to write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Influx {
    /// Base address.
    pub url: String,
    /// Organisation.
    pub org: String,
    /// Bucket.
    pub bucket: String,
    /// API token.
    pub token: Option<Secret>,
}

/// Where mail goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    /// The way out.
    pub transport: Transport,
    /// Sender of every mail.
    pub from: String,
    /// Name at the mail server.
    pub username: Option<String>,
    /// Password at the mail server.
    pub password: Option<Secret>,
}

/// How a mail leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// `smtp://`: plain, raised to TLS by STARTTLS where the server offers it.
    Smtp {
        /// Host name or address.
        host: String,
        /// Port (default 587).
        port: u16,
    },
    /// `smtps://`: TLS from the first byte.
    Smtps {
        /// Host name or address.
        host: String,
        /// Port (default 465).
        port: u16,
    },
    /// `file:DIR`: one `.eml` file a mail.
    File(PathBuf),
}

/// How much the spool may hold, and what a loss of power may take of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spool {
    /// When its bytes are pressed to the disk.
    pub fsync: Fsync,
    /// Bytes in use from which on messages are not taken.
    pub max_bytes: u64,
    /// Bytes of quarantined messages that are kept.
    pub quarantine_bytes: u64,
}

/// How far back the history reaches, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// Raw readings.
    pub raw_days: u32,
    /// 15-minute partials.
    pub partial_days: u32,
}

/// When alerts are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alerts {
    /// How long a first mail waits for others.
    pub group_wait: Duration,
    /// How long further changes of a told group are collected.
    pub group_interval: Duration,
    /// After how long a lasting finding is told again.
    pub repeat_interval: Duration,
    /// After how long without evidence a firing alert is unproven.
    pub stale_after: Duration,
}
