//! The one port: TLS, version and login of whoever comes; then bytes are passed to the server of that version.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use ingest::{Tls, TlsError};
use tokio::{
    io::{self, AsyncRead, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

use super::{
    hello::{self, Hello, HelloError, OTHER_VERSION, Version},
    inner::Inner,
};
use crate::config::Secret;

/// How long a client may take for TLS and its first packet, and a server for its last bytes.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long nobody is let in after the system refused another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// The certificates in use.
#[derive(Debug)]
pub(super) struct Secure {
    follow: watch::Receiver<Tls>,
    config: Arc<ServerConfig>,
}

impl Secure {
    /// Takes those of now.
    ///
    /// # Errors
    /// [`TlsError`] when they are unusable.
    pub(super) fn new(mut follow: watch::Receiver<Tls>) -> Result<Self, TlsError> {
        let config = follow.borrow_and_update().server_config()?;
        Ok(Self { follow, config })
    }

    /// With the newest that are usable.
    fn acceptor(&mut self) -> TlsAcceptor {
        if self.follow.has_changed().unwrap_or(false) {
            match self.follow.borrow_and_update().server_config() {
                Ok(config) => self.config = config,
                Err(error) => tracing::warn!(%error, "the embedded broker keeps its certificates"),
            }
        }
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

/// Who is let in, and where to.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) inner: Inner,
    pub(super) login: Option<(String, Secret)>,
}

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("TLS: {0}")]
    Tls(io::Error),
    #[error("not within 10 seconds")]
    Late,
    #[error("{0}")]
    Hello(#[from] HelloError),
    #[error("{0:?} said no right name and password")]
    Login(String),
    #[error("the server behind does not answer: {0}")]
    Inner(io::Error),
}

impl Door {
    /// Lets clients in for ever.
    pub(super) async fn keep(
        self,
        listener: std::net::TcpListener,
        mut secure: Option<Secure>,
    ) -> io::Result<()> {
        let listener = TcpListener::from_std(listener)?;
        let door = Arc::new(self);
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let acceptor = secure.as_mut().map(Secure::acceptor);
                    tokio::spawn(Arc::clone(&door).meet(stream, peer, acceptor));
                }
                Err(error) => {
                    tracing::warn!(%error, "the embedded broker cannot take another connection");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn meet(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, acceptor: Option<TlsAcceptor>) {
        // An acknowledgement must not wait for another packet.
        drop(stream.set_nodelay(true));
        let met = match acceptor {
            None => self.serve(stream).await,
            Some(acceptor) => match timeout(PATIENCE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => self.serve(stream).await,
                Ok(Err(error)) => Err(Refusal::Tls(error)),
                Err(_) => Err(Refusal::Late),
            },
        };
        match met {
            // Whoever only looks whether somebody is here.
            Ok(()) | Err(Refusal::Hello(HelloError::Silent)) => {}
            Err(error) => tracing::warn!(%peer, %error, "the embedded broker refuses a connection"),
        }
    }

    async fn serve(&self, mut client: impl AsyncRead + AsyncWrite + Unpin) -> Result<(), Refusal> {
        let hello = match timeout(PATIENCE, hello::read(&mut client)).await {
            Ok(Ok(hello)) => hello,
            Ok(Err(error)) => {
                if let HelloError::Version(_) = error {
                    refuse(client, OTHER_VERSION).await;
                }
                return Err(error.into());
            }
            Err(_) => return Err(Refusal::Late),
        };
        if !self.knows(&hello) {
            refuse(client, hello.version.not_authorized()).await;
            return Err(Refusal::Login(hello.client_id));
        }
        let address = match hello.version {
            Version::V4 => self.inner.v4,
            Version::V5 => self.inner.v5,
        };
        let mut server = TcpStream::connect(address).await.map_err(Refusal::Inner)?;
        drop(server.set_nodelay(true));
        server.write_all(&hello.bytes).await.map_err(Refusal::Inner)?;
        drop(hello);
        pass(client, server).await;
        Ok(())
    }

    /// Whether the login is the one that is asked for. How alike they are takes no time to find out.
    fn knows(&self, hello: &Hello) -> bool {
        let Some((name, password)) = &self.login else { return true };
        hello.login.as_ref().is_some_and(|(said_name, said_password)| {
            let is_name = blake3::hash(said_name.as_bytes()) == blake3::hash(name.as_bytes());
            let is_password =
                blake3::hash(said_password.as_bytes()) == blake3::hash(password.expose().as_bytes());
            is_name & is_password
        })
    }
}

/// Says no, as well as it can still be heard.
async fn refuse(mut client: impl AsyncWrite + Unpin, answer: &[u8]) {
    let said = async {
        client.write_all(answer).await?;
        client.shutdown().await
    };
    drop(timeout(PATIENCE, said).await);
}

/// Passes bytes both ways until the server ends, which knows when a client is gone, or the client has said all.
async fn pass(client: impl AsyncRead + AsyncWrite, mut server: TcpStream) {
    let (mut from_client, mut to_client) = io::split(client);
    let (mut from_server, mut to_server) = server.split();
    let up = async {
        drop(io::copy(&mut from_client, &mut to_server).await);
        drop(to_server.shutdown().await);
    };
    let down = async {
        drop(io::copy(&mut from_server, &mut to_client).await);
        drop(timeout(PATIENCE, to_client.shutdown()).await);
    };
    tokio::pin!(down);
    tokio::select! {
        () = &mut down => {}
        () = up => drop(timeout(PATIENCE, down).await),
    }
}
