//! How to reach a mail server: the URL of the config and what stands beside it.

use std::time::Duration;

use crate::config::{Smtp, Transport};

/// How to reach a mail server.
#[derive(Clone)]
pub struct MailerConfig {
    /// `smtp://host[:port][?tls=none|starttls|required]`, `smtps://host[:port]` or `file:DIR`.
    ///
    /// `starttls` (the default) encrypts when the server offers it, `required` insists on it.
    pub url: String,
    /// Name to log in with; no login when absent.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<String>,
    /// A further root certificate, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Longest wait for the server: once to connect and log in, once for each letter.
    pub timeout: Duration,
}

impl MailerConfig {
    /// A server without login, answers within 30 s.
    #[must_use]
    pub fn new(url: &str) -> Self {
        let timeout = Duration::from_secs(30);
        Self { url: url.to_owned(), username: None, password: None, ca_pem: None, timeout }
    }
}

impl MailerConfig {
    /// The server of a configuration.
    #[must_use]
    pub fn of(smtp: &Smtp) -> Self {
        let url = match &smtp.transport {
            Transport::Smtp { host, port } => format!("smtp://{host}:{port}"),
            Transport::Smtps { host, port } => format!("smtps://{host}:{port}"),
            Transport::File(dir) => format!("file:{}", dir.display()),
        };
        Self {
            username: smtp.username.clone(),
            password: smtp.password.as_ref().map(|password| password.expose().to_owned()),
            ..Self::new(&url)
        }
    }
}

impl std::fmt::Debug for MailerConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hidden = self.password.as_ref().map(|_| "***");
        f.debug_struct("MailerConfig")
            .field("url", &self.url)
            .field("username", &self.username)
            .field("password", &hidden)
            .finish_non_exhaustive()
    }
}

/// Why a mail URL cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MailUrlError {
    /// It is none of the forms.
    #[error(
        "mail url `{0}` is not smtp://host[:port][?tls=none|starttls|required], smtps://host[:port] or file:DIR"
    )]
    Form(String),
    /// It carries a name or a password.
    #[error("mail url carries a login: set username and password_file instead")]
    Login,
}

/// What to do about encryption on a connection that begins without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encryption {
    Never,
    IfOffered,
    Required,
    FromStart,
}

/// A mail server by its URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, MailUrlError> {
        let wrong = || MailUrlError::Form(url.to_owned());
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        if rest.contains('@') {
            return Err(MailUrlError::Login);
        }
        let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (encryption, default_port) = match (scheme, query) {
            ("smtps", "") => (Encryption::FromStart, 465),
            ("smtp", "" | "tls=starttls") => (Encryption::IfOffered, 587),
            ("smtp", "tls=none") => (Encryption::Never, 587),
            ("smtp", "tls=required") => (Encryption::Required, 587),
            _ => return Err(wrong()),
        };
        let authority = authority.trim_end_matches('/');
        let (host, port) = match authority.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':').unwrap_or(port)),
            None => authority.split_once(':').unwrap_or((authority, "")),
        };
        let port = if port.is_empty() { default_port } else { port.parse().map_err(|_| wrong())? };
        if host.is_empty() || host.contains('/') {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port, encryption })
    }
}

/// Whether a host is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_host_port_and_encryption() {
        let parse = |url: &str| Address::parse(url).map(|a| (a.host, a.port, a.encryption)).unwrap();
        assert_eq!(parse("smtp://mail.example.org"), ("mail.example.org".into(), 587, Encryption::IfOffered));
        assert_eq!(parse("smtp://10.0.0.1:2525?tls=none"), ("10.0.0.1".into(), 2525, Encryption::Never));
        assert_eq!(parse("smtp://h:587/?tls=required").2, Encryption::Required);
        assert_eq!(parse("smtps://[::1]:1465"), ("::1".into(), 1465, Encryption::FromStart));
        assert_eq!(parse("smtps://h").1, 465);
    }

    #[test]
    fn a_url_that_is_none_of_the_forms_is_refused_with_the_forms() {
        for url in ["mail.example.org", "smtp://", "smtp://h:port", "smtp://h?tls=maybe", "http://h"] {
            let error = Address::parse(url).unwrap_err().to_string();
            assert!(error.contains("smtps://host") && error.contains(url), "{error}");
        }
        assert!(matches!(Address::parse("smtp://me:secret@h"), Err(MailUrlError::Login)));
    }

    #[test]
    fn a_password_never_shows_in_debug_output() {
        let config = MailerConfig { password: Some("hunter2".into()), ..MailerConfig::new("smtp://h") };
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
