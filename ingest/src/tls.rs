//! TLS towards the broker: rustls with the ring provider, certificates as bytes of PEM files.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

/// Certificates of a connection, each the content of a PEM file.
#[derive(Clone, Default)]
pub struct Tls {
    /// Authorities that may have signed the broker's certificate; empty for those that browsers trust.
    pub ca: Vec<u8>,
    /// Our own certificate chain and key, where the broker asks for them.
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
}

impl Tls {
    /// The client configuration of these certificates.
    ///
    /// # Errors
    /// Returns [`TlsError`] when a file holds no certificate or key, or they do not fit.
    pub fn client_config(&self) -> Result<Arc<ClientConfig>, TlsError> {
        let mut roots = RootCertStore::empty();
        if self.ca.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        } else {
            for certificate in certificates("ca_file", &self.ca)? {
                roots.add(certificate)?;
            }
        }
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
}
