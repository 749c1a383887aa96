//! How to reach the broker, and why it cannot even be tried.

use std::{fmt, time::Duration};

use tokio::sync::watch;

use crate::tls::{Tls, TlsError};

/// How to reach the broker.
#[derive(Clone)]
pub struct MqttConfig {
    /// `mqtt://host[:1883]` or `mqtts://host[:8883]`.
    pub url: String,
    /// Fixed over restarts: the broker keeps the session under it.
    pub client_id: String,
    /// User and password.
    pub credentials: Option<(String, String)>,
    /// Certificates for `mqtts`; without them the authorities that browsers trust.
    pub tls: Option<Tls>,
    /// Certificates that take their place while we run: the connection is made anew with each that come.
    pub renewed_tls: Option<watch::Receiver<Tls>>,
    /// How long the broker keeps the session while we are away (default 7 days).
    pub session_expiry: Duration,
    /// Messages that the broker may have sent and we not yet acknowledged (default 1000).
    pub receive_maximum: u16,
    /// Silence after which a ping is sent (default 30 s).
    pub keep_alive: Duration,
    /// Whether no packet waits for another (default no). A broker with a small window waits for our acknowledgements;
    /// any other has more work with each in a packet of its own.
    pub is_undelayed: bool,
    /// Pause before a subscription that was refused is asked for again while the connection stands (default 1 min).
    pub ask_again: Duration,
}

/// The password stays out of logs.
impl fmt::Debug for MqttConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MqttConfig")
            .field("url", &self.url)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl MqttConfig {
    /// A configuration with the defaults.
    #[must_use]
    pub fn new(url: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            client_id: client_id.into(),
            credentials: None,
            tls: None,
            renewed_tls: None,
            session_expiry: Duration::from_secs(7 * 86_400),
            receive_maximum: 1000,
            keep_alive: Duration::from_secs(30),
            is_undelayed: false,
            ask_again: Duration::from_secs(60),
        }
    }

    /// Whether TLS is wanted, the host, and the port.
    ///
    /// # Errors
    /// Returns [`MqttError::Url`] when the address is none or the client id is empty.
    pub(super) fn address(&self) -> Result<(bool, &str, u16), MqttError> {
        let bad = || MqttError::Url(self.url.clone());
        let (is_tls, address) = match self.url.split_once("://") {
            Some(("mqtt" | "tcp", rest)) => (false, rest.trim_end_matches('/')),
            Some(("mqtts" | "ssl", rest)) => (true, rest.trim_end_matches('/')),
            _ => return Err(bad()),
        };
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| bad())?),
            _ => (address, if is_tls { 8883 } else { 1883 }),
        };
        if host.is_empty() || self.client_id.is_empty() { Err(bad()) } else { Ok((is_tls, host, port)) }
    }
}

/// Why a connection cannot be tried at all.
#[derive(Debug, thiserror::Error)]
pub enum MqttError {
    /// The address is none.
    #[error("`{0}` is not mqtt://host[:port] or mqtts://host[:port] (and a client id is needed)")]
    Url(String),
    /// The certificates are unusable.
    #[error("TLS cannot be set up")]
    Tls(#[from] TlsError),
    /// The queue towards the broker is full, or the connection task has ended.
    #[error("the message could not be queued")]
    Full,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_a_scheme_and_a_host() {
        for bad in ["localhost", "http://x", "mqtt://", "mqtt://host:port"] {
            assert!(MqttConfig::new(bad, "a").address().is_err(), "{bad}");
        }
        assert!(MqttConfig::new("mqtt://h", "").address().is_err());
        assert_eq!(MqttConfig::new("mqtt://[::1]:1884/", "a").address().unwrap(), (false, "[::1]", 1884));
        assert_eq!(MqttConfig::new("mqtts://h", "a").address().unwrap(), (true, "h", 8883));
    }
}
