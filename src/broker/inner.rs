//! What stands behind the door: the router, and a server for each version of MQTT on a loopback port of its own.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    pin::Pin,
    sync::mpsc,
};

use bytes::BytesMut;
use futures_util::FutureExt as _;
use rumqttd::{
    ConnectionSettings, LinkType, Router, RouterConfig, Server, ServerSettings,
    local::LinkBuilder,
    protocol::{Error as Malformed, Packet, Protocol, v4::V4, v5::V5},
};

use super::{BrokerError, direct::Link};
use crate::config::Secret;

/// How often another port is tried when the one found free is taken in between.
const TRIES: usize = 16;

/// Where the servers listen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inner {
    /// For MQTT 3.1.1.
    pub(super) v4: SocketAddr,
    /// For MQTT 5.
    pub(super) v5: SocketAddr,
}

/// Starts router and servers, and waits until they listen.
///
/// # Errors
/// [`BrokerError`] when a thread, a port or our own subscription fails.
pub(super) fn start(login: Option<&(String, Secret)>) -> Result<(Link, Inner), BrokerError> {
    let router = Router::new(0, router()).spawn();
    let settings = servers(login);
    let (ready, listening) = mpsc::channel();
    let ours = router.clone();
    let serve = async move || {
        let v5 = bound(&settings, |settings| Server::new(settings, router.clone(), V5)).await;
        let v4 = bound(&settings, |settings| Server::new(settings, router.clone(), Plain)).await;
        let bound = v5.and_then(|v5| Ok((v5, v4?)));
        let (told, run) = match bound {
            Ok(((v5, of_v5), (v4, of_v4))) => (Ok(Inner { v4, v5 }), Some((of_v4, of_v5))),
            Err(error) => (Err(error), None),
        };
        // Whoever started us waits for this.
        drop(ready.send(told));
        if let Some((v4, v5)) = run {
            let (v4, v5) = tokio::join!(v4, v5);
            tracing::error!(v4, v5, "the embedded broker has ended");
        }
    };
    let run = move || {
        // Where there is none, whoever waits hears that nobody is left to tell.
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
            runtime.block_on(serve());
        }
    };
    std::thread::Builder::new().name("broker".to_owned()).spawn(run).map_err(BrokerError::Thread)?;
    let inner =
        listening.recv().map_err(|_| BrokerError::Inner("its thread has ended".to_owned())).flatten()?;
    // Whoever connects by a name that is taken gets its place: nobody is to guess this one.
    let name = format!("normwatch-{:032x}", rand::random::<u128>());
    let (to, from, _) =
        LinkBuilder::new(&name, ours).build().map_err(|error| BrokerError::Link(error.to_string()))?;
    Ok((Link { to, from, beside: inner.v5 }, inner))
}

fn router() -> RouterConfig {
    RouterConfig {
        max_connections: 10_000,
        max_outgoing_packet_count: 1000,
        max_segment_size: 64 << 20,
        max_segment_count: 16,
        ..RouterConfig::default()
    }
}

/// Settings of both servers. They ask for the login too: whoever is on this machine could go past the door.
fn servers(login: Option<&(String, Secret)>) -> ServerSettings {
    ServerSettings {
        name: "embedded".to_owned(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        tls: None,
        next_connection_delay_ms: 1,
        connections: ConnectionSettings {
            connection_timeout_ms: 10_000,
            max_payload_size: ingest::MAX_PAYLOAD,
            max_inflight_count: 1000,
            auth: login.map(|(name, password)| HashMap::from([(name.clone(), password.expose().to_owned())])),
            external_auth: None,
            dynamic_filters: true,
        },
    }
}

/// MQTT 3.1.1 that leaves out what only MQTT 5 can say: rumqttd's own panics where one who speaks 5 has published with
/// properties, such as how long our diagnoses are kept.
#[derive(Debug, Clone)]
struct Plain;

impl Protocol for Plain {
    fn read_mut(&mut self, stream: &mut BytesMut, max_size: usize) -> Result<Packet, Malformed> {
        V4.read_mut(stream, max_size)
    }

    fn write(&self, packet: Packet, buffer: &mut BytesMut) -> Result<usize, Malformed> {
        let packet = match packet {
            Packet::Publish(publish, _) => Packet::Publish(publish, None),
            Packet::PubAck(ack, _) => Packet::PubAck(ack, None),
            Packet::PubRec(ack, _) => Packet::PubRec(ack, None),
            Packet::PubRel(ack, _) => Packet::PubRel(ack, None),
            Packet::PubComp(ack, _) => Packet::PubComp(ack, None),
            Packet::SubAck(ack, _) => Packet::SubAck(ack, None),
            Packet::UnsubAck(ack, _) => Packet::UnsubAck(ack, None),
            Packet::Disconnect(disconnect, _) => Packet::Disconnect(disconnect, None),
            other => other,
        };
        V4.write(packet, buffer)
    }
}

/// A server that listens; when it ends, why.
type Running = Pin<Box<dyn Future<Output = String>>>;

/// Starts a server on a free port and gives the port.
async fn bound<P: Protocol + Clone + Send + 'static>(
    settings: &ServerSettings,
    server: impl Fn(ServerSettings) -> Server<P>,
) -> Result<(SocketAddr, Running), BrokerError> {
    let mut newest = String::new();
    for _ in 0..TRIES {
        let listen = free_port().map_err(|error| BrokerError::Inner(error.to_string()))?;
        let mut server = server(ServerSettings { listen, ..settings.clone() });
        let mut running: Running = Box::pin(async move {
            server.start(LinkType::Remote).await.err().map(|error| error.to_string()).unwrap_or_default()
        });
        // It binds first of all, and then waits for connections: where it has ended, it could not bind.
        match running.as_mut().now_or_never() {
            None => return Ok((listen, running)),
            Some(error) => newest = error,
        }
    }
    Err(BrokerError::Inner(newest))
}

fn free_port() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
