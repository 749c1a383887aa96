//! The embedded broker, for `demo` and for sites of one machine.
//!
//! It keeps nothing on disk: what it had not yet delivered is gone when it stops. A site that
//! must not lose what vendors published during a stop runs a broker of its own.
//!
//! Vendors reach it over the network. Our own subscription takes the messages from it by hand: over the network it would
//! send us no more than a hundred before it waits for the disk. Both end together, so nothing is promised less.

#[cfg(feature = "embedded-broker")]
mod direct;

use std::net::SocketAddr;

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
    /// Its thread could not be started.
    #[error("the embedded broker cannot start")]
    Thread(#[source] std::io::Error),
    /// Its host is a name.
    #[error("the embedded broker needs an IP address in mqtt.url, not `{0}`")]
    Host(String),
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
}

/// Starts the broker: MQTT 5 at `address`, MQTT 3.1.1 at the port after it. It runs until the process ends.
/// Returns our own way to it.
///
/// # Errors
/// [`BrokerError`] when a port is taken, or the build has no broker.
#[cfg(feature = "embedded-broker")]
pub fn start(address: SocketAddr) -> Result<Link, BrokerError> {
    use std::collections::HashMap;

    use rumqttd::{Broker, Config, ConnectionSettings, RouterConfig, ServerSettings};

    let older = SocketAddr::new(address.ip(), address.port().saturating_add(1));
    for listen in [address, older] {
        // The broker itself only logs a port that is taken.
        drop(std::net::TcpListener::bind(listen).map_err(|error| BrokerError::Listen(listen, error))?);
    }
    let server = |name: &str, listen| ServerSettings {
        name: name.to_owned(),
        listen,
        tls: None,
        next_connection_delay_ms: 1,
        connections: ConnectionSettings {
            connection_timeout_ms: 10_000,
            max_payload_size: ingest::MAX_PAYLOAD,
            max_inflight_count: 1000,
            auth: None,
            external_auth: None,
            dynamic_filters: true,
        },
    };
    let config = Config {
        id: 0,
        router: RouterConfig {
            max_connections: 10_000,
            max_outgoing_packet_count: 1000,
            max_segment_size: 64 << 20,
            max_segment_count: 16,
            ..RouterConfig::default()
        },
        v5: Some(HashMap::from([("v5".to_owned(), server("v5", address))])),
        v4: Some(HashMap::from([("v4".to_owned(), server("v4", older))])),
        ..Config::default()
    };
    let mut broker = Broker::new(config);
    // Whoever connects by a name that is taken gets its place: nobody is to guess this one.
    let name = format!("normwatch-{:032x}", rand::random::<u128>());
    let (to, from) = broker.link(&name).map_err(|error| BrokerError::Link(error.to_string()))?;
    std::thread::Builder::new()
        .name("broker".to_owned())
        .spawn(move || {
            if let Err(error) = broker.start() {
                tracing::error!(%error, "the embedded broker has ended");
            }
        })
        .map_err(BrokerError::Thread)?;
    Ok(Link { to, from })
}

/// Without the feature there is no broker.
///
/// # Errors
/// Always [`BrokerError::Absent`].
#[cfg(not(feature = "embedded-broker"))]
pub fn start(_address: SocketAddr) -> Result<Link, BrokerError> {
    Err(BrokerError::Absent)
}
