//! TLS towards the broker, and of a broker of our own: rustls with the ring provider, certificates as bytes of PEM files.

use std::sync::Arc;

use model::{Instant, Span};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{VerifierBuilderError, WebPkiClientVerifier},
};

use crate::certificate::validity;

/// A certificate that ends within this is worth a warning, ms.
const SOON_MS: i64 = 30 * 86_400_000;

/// Certificates of a connection, each the content of a PEM file.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// Authorities that may have signed the broker's certificate; empty for those that browsers trust.
    pub ca: Vec<u8>,
    /// Our own certificate chain and key, where the broker asks for them; of a broker of our own, the broker's.
    pub client: Option<(Vec<u8>, Vec<u8>)>,
}

/// The key stays out of logs.
impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("has_client", &self.client.is_some()).finish_non_exhaustive()
    }
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM file does not hold what it should.
    #[error("{file} holds no usable PEM: {reason}")]
    Pem {
        /// Which of `ca_file`, `cert_file`, `key_file`.
        file: &'static str,
        /// What the reader says.
        reason: String,
    },
    /// The certificates do not fit together.
    #[error("certificate and key cannot be used")]
    Rustls(#[from] rustls::Error),
    /// A list of authorities cannot be used to look at certificates of clients.
    #[error("certificates of clients cannot be looked at")]
    Clients(#[from] VerifierBuilderError),
    /// A server has to show a certificate.
    #[error("cert_file and key_file are needed")]
    NoCertificate,
}

/// What is wrong with one of the files, or will be soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFinding {
    /// Which of `ca_file`, `cert_file`, `key_file`.
    pub file: &'static str,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub remedy: &'static str,
    /// Whether a connection can be made all the same.
    pub is_warning: bool,
    /// Whether the file is right by itself and only belongs to another: one of two may have been replaced so far.
    pub is_mismatch: bool,
}

impl Tls {
    /// Everything that is wrong with the files at an instant: no PEM, certificates that are over, not yet begun or
    /// over soon, a key of another certificate.
    #[must_use]
    pub fn findings(&self, now: Instant) -> Vec<TlsFinding> {
        let mut found = Vec::new();
        if !self.ca.is_empty() {
            found.extend(inspect("ca_file", &self.ca, now, CA_REMEDY).map(|finding| finding.told));
        }
        let Some((chain, key)) = &self.client else { return found };
        let ours = inspect("cert_file", chain, now, CERT_REMEDY);
        let is_readable = ours.as_ref().is_none_or(|finding| finding.is_readable);
        found.extend(ours.map(|finding| finding.told));
        let of_key = |what, is_mismatch| TlsFinding {
            file: "key_file",
            what,
            remedy: KEY_REMEDY,
            is_warning: false,
            is_mismatch,
        };
        match PrivateKeyDer::from_pem_slice(key) {
            Err(error) => found.push(of_key(format!("holds no private key in PEM: {error}"), false)),
            Ok(_) if is_readable => {
                let only_ours = Self { ca: Vec::new(), client: self.client.clone() };
                if let Err(error) = only_ours.client_config() {
                    let what = format!("does not belong to the certificate in cert_file: {error}");
                    found.push(of_key(what, true));
                }
            }
            Ok(_) => {}
        }
        found
    }

    /// The client configuration of these certificates.
    ///
    /// # Errors
    /// Returns [`TlsError`] when a file holds no certificate or key, or they do not fit.
    pub fn client_config(&self) -> Result<Arc<ClientConfig>, TlsError> {
        let roots = if self.ca.is_empty() {
            RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
        } else {
            self.authorities()?
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let config = match &self.client {
            Some((chain, key)) => {
                let key = PrivateKeyDer::from_pem_slice(key).map_err(|e| pem("key_file", e))?;
                builder.with_client_auth_cert(certificates("cert_file", chain)?, key)?
            }
            None => builder.with_no_client_auth(),
        };
        Ok(Arc::new(config))
    }

    /// The configuration of a server of these certificates: it shows `client`, and where there are authorities it lets in
    /// only who shows a certificate of theirs.
    ///
    /// # Errors
    /// Returns [`TlsError`] when there is no certificate, a file holds none or no key, or they do not fit.
    pub fn server_config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let (chain, key) = self.client.as_ref().ok_or(TlsError::NoCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|e| pem("key_file", e))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let builder = if self.ca.is_empty() {
            builder.with_no_client_auth()
        } else {
            let roots = Arc::new(self.authorities()?);
            builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(roots, provider).build()?,
            )
        };
        Ok(Arc::new(builder.with_single_cert(certificates("cert_file", chain)?, key)?))
    }

    /// Those of `ca_file`.
    fn authorities(&self) -> Result<RootCertStore, TlsError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates("ca_file", &self.ca)? {
            roots.add(certificate)?;
        }
        Ok(roots)
    }
}

const CA_REMEDY: &str = "ask whoever runs the broker for the certificate of its authority";
const CERT_REMEDY: &str = "have our certificate issued anew, with its key";
const KEY_REMEDY: &str =
    "name the key that the certificate in cert_file was made with, in PEM and without a password";

/// What is wrong with a file of certificates, and whether it holds any.
struct Inspected {
    told: TlsFinding,
    is_readable: bool,
}

/// Looks at the certificates of a file: an authority's file does while one of them holds, ours when the first does.
fn inspect(file: &'static str, bytes: &[u8], now: Instant, remedy: &'static str) -> Option<Inspected> {
    let told = |what: String, is_warning| TlsFinding { file, what, remedy, is_warning, is_mismatch: false };
    let found = match certificates(file, bytes) {
        Ok(found) => found,
        Err(TlsError::Pem { reason, .. }) => {
            let told = told(format!("holds no certificate in PEM: {reason}"), false);
            return Some(Inspected { told, is_readable: false });
        }
        Err(error) => return Some(Inspected { told: told(error.to_string(), false), is_readable: false }),
    };
    let mut spans = found.iter().map(validity);
    let Some(best) =
        (if file == "ca_file" { spans.max_by_key(|span| span.map(|s| s.to)) } else { spans.next() })
            .flatten()
    else {
        return Some(Inspected {
            told: told("holds no X.509 certificate".to_owned(), false),
            is_readable: false,
        });
    };
    let (what, is_warning) = said_of(best, now)?;
    Some(Inspected { told: told(what, is_warning), is_readable: true })
}

fn said_of(span: Span, now: Instant) -> Option<(String, bool)> {
    if span.is_empty() {
        Some(("the certificate is over: it ends before it begins".to_owned(), false))
    } else if now >= span.to {
        Some((format!("the certificate is over since {}", span.to), false))
    } else if now < span.from {
        Some((
            format!("the certificate holds from {} on only: is this machine's clock right?", span.from),
            false,
        ))
    } else if span.to.since(now) < SOON_MS {
        Some((format!("the certificate ends on {}", span.to), true))
    } else {
        None
    }
}

fn certificates(file: &'static str, bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    let found = found.map_err(|error| pem(file, error))?;
    if found.is_empty() { Err(pem(file, "no certificate")) } else { Ok(found) }
}

fn pem(file: &'static str, reason: impl ToString) -> TlsError {
    TlsError::Pem { file, reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificate_is_named() {
        let error = Tls { ca: b"hello".to_vec(), client: None }.client_config().unwrap_err();
        assert!(error.to_string().contains("ca_file"), "{error}");
    }

    #[test]
    fn files_that_hold_nothing_usable_are_found_each_with_its_remedy() {
        let tls = Tls { ca: b"hello".to_vec(), client: Some((b"cert".to_vec(), b"key".to_vec())) };
        let found = tls.findings(Instant::from_millis(0));
        let files: Vec<_> = found.iter().map(|finding| (finding.file, finding.is_warning)).collect();
        assert_eq!(files, [("ca_file", false), ("cert_file", false), ("key_file", false)]);
        assert!(Tls::default().findings(Instant::from_millis(0)).is_empty());
    }

    #[test]
    fn a_certificate_is_told_before_it_begins_when_it_is_over_and_a_month_before() {
        let at = |day: i64| Instant::from_millis(day * 86_400_000);
        let span = Span::new(at(100), at(200));
        let told = |day| said_of(span, at(day)).map(|(_, is_warning)| is_warning);
        assert_eq!((told(99), told(100), told(170), told(171)), (Some(false), None, None, Some(true)));
        assert_eq!((told(199), told(200)), (Some(true), Some(false)));
    }
}
