//! The embedded broker, for `demo` and for sites of one machine.
//!
//! It keeps nothing on disk: what it had not yet delivered is gone when it stops. A site that
//! must not lose what vendors published during a stop runs a broker of its own.
//!
//! Vendors reach it over the network. Our own subscription takes the messages from it by hand: over the network it would
//! send us no more than a hundred before it waits for the disk. Both end together, so nothing is promised less.

#[cfg(feature = "embedded-broker")]
mod direct;
#[cfg(feature = "embedded-broker")]
mod door;
#[cfg(feature = "embedded-broker")]
mod hello;
#[cfg(feature = "embedded-broker")]
mod inner;

use std::net::SocketAddr;

use ingest::{Tls, TlsError};
use tokio::sync::watch;

use crate::config::Secret;

/// Where the embedded broker listens, and whom it lets in.
#[derive(Debug)]
pub struct Settings {
    /// Its one port, for MQTT 3.1.1 and 5.
    pub address: SocketAddr,
    /// The name and password that every client has to say; `None` asks nobody.
    pub login: Option<(String, Secret)>,
    /// Its certificate and key (`client`), and the authorities that must have signed those of clients (`ca`; empty asks
    /// for none). What comes later is for connections made from then on. `None`: no TLS.
    pub tls: Option<watch::Receiver<Tls>>,
}

impl Settings {
    /// Open to everybody who reaches the address.
    #[must_use]
    pub const fn open(address: SocketAddr) -> Self {
        Self { address, login: None, tls: None }
    }
}

/// Why the embedded broker cannot run.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// This build has none.
    #[error(
        "this build has no embedded broker: build it with the feature `embedded-broker`, or set mqtt.embedded = false"
    )]
    Absent,
    /// The address is taken or not ours.
    #[error("the embedded broker cannot listen at {0}: free the port, or set another in mqtt.url")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// No port on loopback is free for what stands behind its port.
    #[error("the embedded broker finds no free port on loopback: {0}")]
    Inner(String),
    /// Its thread could not be started.
    #[error("the embedded broker cannot start")]
    Thread(#[source] std::io::Error),
    /// Its host is a name.
    #[error("the embedded broker needs an IP address in mqtt.url, not `{0}`")]
    Host(String),
    /// Its certificates are unusable.
    #[error(
        "the embedded broker cannot use the certificates: mend mqtt.cert_file, mqtt.key_file or mqtt.ca_file"
    )]
    Tls(#[from] TlsError),
    /// It takes no subscription of ours.
    #[error("the embedded broker cannot be subscribed to: {0}")]
    Link(String),
}

/// Our own way to the embedded broker.
#[cfg(feature = "embedded-broker")]
pub use direct::Link;

/// Without the feature there is no way to a broker.
#[cfg(not(feature = "embedded-broker"))]
#[derive(Debug)]
pub enum Link {}

#[cfg(not(feature = "embedded-broker"))]
impl Link {
    /// Never called.
    #[must_use]
    pub fn subscribe(self, _filters: Vec<String>) -> ingest::mqtt::Subscriber {
        match self {}
    }

    /// Never called.
    #[must_use]
    pub fn url(&self) -> String {
        match *self {}
    }
}

/// Starts the broker: MQTT 3.1.1 and 5 at one address. It runs until the process ends. Returns our own way to it.
///
/// # Errors
/// [`BrokerError`] when the port is taken, the certificates are unusable, or the build has no broker.
#[cfg(feature = "embedded-broker")]
pub fn start(settings: Settings) -> Result<Link, BrokerError> {
    let Settings { address, login, tls } = settings;
    let refused = |error| BrokerError::Listen(address, error);
    let listener = std::net::TcpListener::bind(address).map_err(refused)?;
    listener.set_nonblocking(true).map_err(refused)?;
    let secure = tls.map(door::Secure::new).transpose()?;
    let (is_tls, has_login) = (secure.is_some(), login.is_some());
    let (link, inner) = inner::start(login.as_ref())?;
    let door = door::Door { inner, login };
    let keep = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Err(error) = runtime.and_then(|runtime| runtime.block_on(door.keep(listener, secure))) {
            tracing::error!(%error, "the embedded broker lets nobody in any more");
        }
    };
    std::thread::Builder::new().name("broker-door".to_owned()).spawn(keep).map_err(BrokerError::Thread)?;
    tracing::info!(%address, is_tls, has_login, "the embedded broker listens, for MQTT 3.1.1 and 5");
    Ok(link)
}

/// Without the feature there is no broker.
///
/// # Errors
/// Always [`BrokerError::Absent`].
#[cfg(not(feature = "embedded-broker"))]
pub fn start(_settings: Settings) -> Result<Link, BrokerError> {
    Err(BrokerError::Absent)
}
