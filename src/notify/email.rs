//! Sends letters: to a mail server, into a folder, or into memory. The only file that names lettre.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use lettre::{
    Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        extension::ClientId,
    },
};
use model::Instant;
use tokio::{net::TcpStream, time::timeout};

use super::{
    Letter, MailUrlError, MailerConfig,
    mail_url::{Address, Encryption, is_loopback},
};

/// Why a [`MailerConfig`] cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// The URL cannot be used.
    #[error(transparent)]
    Url(#[from] MailUrlError),
    /// A name without a password, or the reverse.
    #[error("mail username and password belong together: one of them is missing")]
    Login,
    /// The certificate or the host name cannot be used for TLS.
    #[error("mail server certificate cannot be used")]
    Tls(#[source] lettre::transport::smtp::Error),
    /// The folder cannot be made.
    #[error("mail folder {} cannot be used", path.display())]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Why a letter was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The server cannot be reached or used (connection, TLS, login): every mail waits.
    #[error("mail server {server} cannot be used")]
    Server {
        /// Host and port.
        server: String,
        /// Why.
        source: lettre::transport::smtp::Error,
    },
    /// Nobody answers at the server's address: every mail waits.
    #[error("mail server {server} cannot be reached")]
    Unreachable {
        /// Host and port.
        server: String,
        /// Why.
        source: std::io::Error,
    },
    /// The server does not answer in time; the letter may have arrived if it was under way.
    #[error("mail server {server} does not answer")]
    Silent {
        /// Host and port.
        server: String,
        /// Whether the letter was under way.
        may_have_arrived: bool,
    },
    /// The server offers no encryption, and the password must not go out in the clear.
    #[error("mail server {0} offers no encryption, so the password was not sent (tls=none allows it)")]
    NotEncrypted(String),
    /// The connection broke while the letter was under way: it may have arrived.
    #[error("connection to the mail server broke while sending")]
    Broken(#[source] lettre::transport::smtp::Error),
    /// The server asks to try this letter later (4xx).
    #[error("mail server takes this mail later")]
    Later(#[source] lettre::transport::smtp::Error),
    /// The server refuses this letter or its recipient for good (5xx).
    #[error("mail server refuses this mail")]
    Refused(#[source] lettre::transport::smtp::Error),
    /// The letter cannot be written as a mail: an address or header is wrong.
    #[error("mail cannot be written: {0}")]
    Malformed(String),
    /// The folder refuses.
    #[error("mail folder cannot be written")]
    Folder(#[from] std::io::Error),
}

impl SendError {
    /// Whether trying again may help.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        !matches!(self, Self::Refused(_) | Self::Malformed(_))
    }

    /// Whether the server, not this letter, is the trouble: other letters would fare the same.
    #[must_use]
    pub const fn is_of_server(&self) -> bool {
        !matches!(self, Self::Later(_) | Self::Refused(_) | Self::Malformed(_))
    }

    /// Whether the letter may have arrived all the same.
    #[must_use]
    pub const fn may_have_arrived(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::Silent { may_have_arrived: true, .. })
    }
}

/// A mail server, with the connection while a round of mails lasts.
pub struct Smtp {
    host: String,
    port: u16,
    encryption: Encryption,
    tls: TlsParameters,
    credentials: Option<Credentials>,
    timeout: Duration,
    connection: Option<AsyncSmtpConnection>,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Smtp({}:{} {:?})", self.host, self.port, self.encryption)
    }
}

/// Where letters go.
#[derive(Debug)]
pub enum Mailer {
    /// To a mail server.
    Smtp(Box<Smtp>),
    /// Into a folder, one `.eml` file a letter; names sort by time.
    File(PathBuf),
    /// Into memory, for tests.
    Memory(Arc<Mutex<Vec<Letter>>>),
}

impl Mailer {
    /// The mailer that a config asks for. No connection is made yet.
    ///
    /// # Errors
    /// Returns [`MailerError`] when the config cannot be used.
    pub fn new(config: &MailerConfig) -> Result<Self, MailerError> {
        if let Some(dir) = config.url.strip_prefix("file:") {
            let path = PathBuf::from(dir.strip_prefix("//").unwrap_or(dir));
            std::fs::create_dir_all(&path)
                .map_err(|source| MailerError::Folder { path: path.clone(), source })?;
            return Ok(Self::File(path));
        }
        Ok(Self::Smtp(Box::new(Smtp::new(config)?)))
    }

    /// Sends one letter. When it returns, the server has taken it or the file is on disk. Returns what the server
    /// answered, or the name of the file.
    ///
    /// # Errors
    /// Returns [`SendError`], which says whether trying again may help.
    pub async fn send(&mut self, letter: &Letter) -> Result<String, SendError> {
        match self {
            Self::Smtp(smtp) => smtp.send(letter).await,
            Self::File(dir) => write_eml(dir, letter),
            Self::Memory(sent) => {
                message(letter)?;
                sent.lock().unwrap_or_else(PoisonError::into_inner).push(letter.clone());
                Ok(letter.key.clone())
            }
        }
    }

    /// Ends the connection, if there is one, until the next letter.
    pub async fn rest(&mut self) {
        if let Self::Smtp(smtp) = self
            && let Some(mut connection) = smtp.connection.take()
        {
            // The letters are safe already; whether the goodbye is answered changes nothing.
            drop(timeout(smtp.timeout, connection.quit()).await);
        }
    }
}

impl Smtp {
    fn new(config: &MailerConfig) -> Result<Self, MailerError> {
        let address = Address::parse(&config.url)?;
        let credentials = match (&config.username, &config.password) {
            (Some(name), Some(password)) => Some(Credentials::new(name.clone(), password.clone())),
            (None, None) => None,
            _ => return Err(MailerError::Login),
        };
        let mut tls = TlsParameters::builder(address.host.clone());
        if let Some(pem) = &config.ca_pem {
            tls = tls.add_root_certificate(Certificate::from_pem(pem).map_err(MailerError::Tls)?);
        } else if address.encryption == Encryption::IfOffered && is_loopback(&address.host) {
            // Nobody stands between two programs of one machine, and its relay rarely has a real certificate.
            tls = tls.dangerous_accept_invalid_certs(true);
        }
        let Address { host, port, encryption } = address;
        let tls = tls.build().map_err(MailerError::Tls)?;
        Ok(Self { host, port, encryption, tls, credentials, timeout: config.timeout, connection: None })
    }

    async fn send(&mut self, letter: &Letter) -> Result<String, SendError> {
        let message = message(letter)?;
        let server = self.server();
        let silent = |may_have_arrived| SendError::Silent { server: server.clone(), may_have_arrived };
        let mut connection = match self.reuse().await {
            Some(open) => open,
            None => timeout(self.timeout, self.connect()).await.map_err(|_| silent(false))??,
        };
        let body = message.formatted();
        let sent = timeout(self.timeout, connection.send(message.envelope(), &body)).await;
        let sent = sent.map_err(|_| silent(true))?;
        if !connection.has_broken() {
            self.connection = Some(connection);
        }
        let answer = sent.map_err(|source| self.judge(source))?;
        Ok(format!("{} {}", answer.code(), answer.message().collect::<Vec<_>>().join(" ")))
    }

    /// The open connection, if the server still answers on it.
    async fn reuse(&mut self) -> Option<AsyncSmtpConnection> {
        let mut open = self.connection.take()?;
        let answers = timeout(self.timeout, open.test_connected()).await;
        answers.is_ok_and(|answers| answers).then_some(open)
    }

    /// What an error after the login means for the letter.
    fn judge(&self, source: lettre::transport::smtp::Error) -> SendError {
        let code = source.status().map(u16::from);
        match code {
            // 421: the server shuts down. 530 and 53x: it wants another login.
            Some(421 | 454 | 530 | 534 | 535 | 538) => SendError::Server { server: self.server(), source },
            Some(500..) => SendError::Refused(source),
            Some(_) => SendError::Later(source),
            None if source.is_client() => SendError::Refused(source),
            None => SendError::Broken(source),
        }
    }

    fn server(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let failed = |source| SendError::Server { server: self.server(), source };
        let hello = ClientId::default();
        let server = (self.host.as_str(), self.port);
        let mut connection = if self.encryption == Encryption::FromStart {
            let tls = Some(self.tls.clone());
            AsyncSmtpConnection::connect_tokio1(server, None, &hello, tls, None).await.map_err(failed)?
        } else {
            let unreachable = |source| SendError::Unreachable { server: self.server(), source };
            let stream = TcpStream::connect(server).await.map_err(unreachable)?;
            // A letter goes out in two writes; without this the second one waits 40 ms for an ACK.
            stream.set_nodelay(true).map_err(unreachable)?;
            AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await.map_err(failed)?
        };
        let wants_tls = match self.encryption {
            Encryption::Required => true,
            Encryption::IfOffered => connection.can_starttls(),
            Encryption::Never | Encryption::FromStart => false,
        };
        if wants_tls {
            connection.starttls(self.tls.clone(), &hello).await.map_err(failed)?;
        }
        if let Some(credentials) = &self.credentials {
            let may_be_read = self.encryption == Encryption::Never || is_loopback(&self.host);
            if !connection.is_encrypted() && !may_be_read {
                return Err(SendError::NotEncrypted(self.server()));
            }
            connection.auth(DEFAULT_MECHANISMS, credentials).await.map_err(failed)?;
        }
        Ok(connection)
    }
}

/// The letter as a MIME message: text and HTML as alternatives.
fn message(letter: &Letter) -> Result<Message, SendError> {
    let wrong = |what: &str, error: &dyn std::fmt::Display| SendError::Malformed(format!("{what}: {error}"));
    let mailbox = |what: &str, address: &str| address.parse::<Mailbox>().map_err(|e| wrong(what, &e));
    let mut builder = Message::builder()
        .message_id(Some(letter.message_id.clone()))
        .date(system_time(letter.date))
        .from(mailbox("sender", &letter.from)?)
        .to(mailbox("recipient", &letter.to)?)
        .subject(letter.subject.clone());
    if let Some(id) = &letter.in_reply_to {
        builder = builder.in_reply_to(id.clone());
    }
    if !letter.references.is_empty() {
        builder = builder.references(letter.references.join(" "));
    }
    for (name, value) in &letter.headers {
        let name = HeaderName::new_from_ascii(name.clone()).map_err(|e| wrong("header", &e))?;
        builder = builder.raw_header(HeaderValue::new(name, value.clone()));
    }
    let body = MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone());
    builder.multipart(body).map_err(|e| wrong("message", &e))
}

/// `Date` counts whole seconds from 1970 on.
fn system_time(at: Instant) -> SystemTime {
    let secs = u64::try_from(at.millis().div_euclid(1000)).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_secs(secs)
}

/// Writes `<time>-<key>.eml` whole or not at all. The same letter has the same name.
fn write_eml(dir: &Path, letter: &Letter) -> Result<String, SendError> {
    use std::io::Write as _;
    let message = message(letter)?;
    let stamp = letter.date.timestamp().strftime("%Y%m%dT%H%M%S%3fZ").to_string();
    let name = format!("{stamp}-{}.eml", letter.key);
    let part = dir.join(format!(".{name}.part"));
    let mut file = std::fs::File::create(&part)?;
    file.write_all(&message.formatted())?;
    file.sync_all()?;
    let path = dir.join(name);
    std::fs::rename(&part, &path)?;
    Ok(path.display().to_string())
}
