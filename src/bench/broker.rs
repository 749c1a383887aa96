//! Brokers to measure through: the embedded one, and mosquitto where it is installed.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::Context;
use tokio::time::Instant;

use crate::broker;

/// Where Debian puts it.
const MOSQUITTO: &str = "/usr/sbin/mosquitto";
const PATIENCE: Duration = Duration::from_secs(10);

/// Which broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Embedded,
    Mosquitto,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded broker",
            Self::Mosquitto => "mosquitto",
        }
    }

    /// Whether this machine and this build have it.
    pub(super) fn is_there(self) -> bool {
        match self {
            Self::Embedded => cfg!(feature = "embedded-broker"),
            Self::Mosquitto => Path::new(MOSQUITTO).exists(),
        }
    }
}

/// A broker of ours on a port of its own, without messages or sessions.
#[derive(Debug)]
pub(super) struct Broker {
    address: SocketAddr,
    /// The embedded one ends with this process.
    child: Option<Child>,
    /// The way to the embedded one that a service of the same process has.
    link: Option<broker::Link>,
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // One that has ended already needs no end.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl Broker {
    /// The address of an embedded one that the service itself will start.
    pub(super) fn of_the_service() -> anyhow::Result<Self> {
        Ok(Self { address: address()?, child: None, link: None })
    }

    /// Starts a new one and waits until it listens.
    pub(super) async fn start(kind: Kind, folder: &Path) -> anyhow::Result<Self> {
        let address = address()?;
        let broker = match kind {
            Kind::Embedded => {
                Self { address, child: None, link: Some(broker::start(broker::Settings::open(address))?) }
            }
            Kind::Mosquitto => Self { address, child: Some(mosquitto(address, folder)?), link: None },
        };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect_timeout(&address, Duration::from_millis(100)).is_err() {
            if Instant::now() > deadline {
                anyhow::bail!("the {} does not listen at {address}", kind.name());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(broker)
    }

    pub(super) fn url(&self) -> String {
        format!("mqtt://{}", self.address)
    }

    /// Whether it runs in this process.
    pub(super) const fn is_embedded(&self) -> bool {
        self.child.is_none()
    }

    /// The way that a service of this process has, once.
    pub(super) fn take_link(&mut self) -> Option<broker::Link> {
        self.link.take()
    }

    /// Id of its process when that is another.
    pub(super) fn process(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }
}

/// In memory, with a window as wide as the embedded one's.
fn mosquitto(address: SocketAddr, folder: &Path) -> anyhow::Result<Child> {
    let file = folder.join(format!("mosquitto-{}.conf", address.port()));
    let port = address.port();
    let text = format!(
        "listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 1000\nmax_queued_messages 0\n"
    );
    std::fs::write(&file, text)?;
    let mut command = Command::new(MOSQUITTO);
    command.arg("-c").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().context("mosquitto does not start")
}

fn address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
