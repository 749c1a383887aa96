//! The client library: what we need of it, and how it is set up. The only file that names rumqttc.

pub(super) use rumqttc::v5::{
    AsyncClient, Event, EventLoop,
    mqttbytes::{
        QoS,
        v5::{Filter, Packet, Publish, PublishProperties, SubscribeReasonCode, UnsubAckReason},
    },
};
use rumqttc::{NetworkOptions, TlsConfiguration, Transport, v5::MqttOptions};

use super::config::{MqttConfig, MqttError};
use crate::{
    MAX_PAYLOAD,
    tls::{Tls, TlsError},
};

/// Room for topic and properties beside the largest payload, in the packet size that we announce, bytes.
const ENVELOPE: usize = 64 * 1024;

/// The library's options for a connection to this broker.
pub(super) fn options(config: &MqttConfig) -> Result<MqttOptions, MqttError> {
    let (is_tls, host, port) = config.address()?;
    let mut options = MqttOptions::new(&config.client_id, host, port);
    options.set_keep_alive(config.keep_alive);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(config.is_undelayed);
    options.set_network_options(network);
    // Announced to the broker too, which then drops larger messages instead of breaking the connection.
    options.set_max_packet_size(u32::try_from(MAX_PAYLOAD + ENVELOPE).ok());
    if let Some((user, password)) = &config.credentials {
        options.set_credentials(user, password);
    }
    if is_tls {
        options.set_transport(transport(config.tls.as_ref().unwrap_or(&Tls::default()))?);
    }
    Ok(options)
}

/// What the connection goes over with these certificates.
pub(super) fn transport(tls: &Tls) -> Result<Transport, TlsError> {
    Ok(Transport::Tls(TlsConfiguration::Rustls(tls.client_config()?)))
}
