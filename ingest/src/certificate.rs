//! From when to when a certificate holds, as the verifier of the TLS library tells it.

use std::time::Duration;

use model::{Instant, Span};
use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage};

/// The validity of an X.509 certificate (RFC 5280, section 4.1.2.5); `None` when the bytes are none, or none that
/// the TLS library can use.
///
/// The verifier shows no dates, but it looks at them before anything else and says what it missed: asked for the
/// first instant there is it names the beginning, for the last one the end. A root of the first version of X.509 may
/// be trusted without the verifier ever looking at it; its dates stay unknown, and it counts as one that holds.
pub(crate) fn validity(certificate: &CertificateDer<'_>) -> Option<Span> {
    let parsed = match EndEntityCert::try_from(certificate) {
        Ok(parsed) => parsed,
        Err(Error::UnsupportedCertVersion) => return Some(Span::ALWAYS),
        Err(_) => return None,
    };
    let missed = |at: u64| {
        let at = UnixTime::since_unix_epoch(Duration::from_secs(at));
        parsed.verify_for_usage(&[], &[], &[], at, KeyUsage::client_auth(), None, None).err()
    };
    let to = match missed(u64::MAX) {
        Some(Error::CertExpired { not_after, .. }) => instant(not_after),
        Some(Error::InvalidCertValidity) => return Some(Span::new(Instant::MIN, Instant::MIN)),
        _ => return None,
    };
    let from = match missed(0) {
        Some(Error::CertNotValidYet { not_before, .. }) => instant(not_before),
        _ => Instant::MIN,
    };
    Some(Span::new(from, to))
}

fn instant(at: UnixTime) -> Instant {
    Instant::from_millis(i64::try_from(at.as_secs().saturating_mul(1000)).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    use super::*;

    /// The last second of 1999, written with two digits of the year, to a second of 2050, written with four.
    const THIRD_VERSION: &str = "MIIBNjCB3qADAgECAgEBMAoGCCqGSM49BAMCMAwxCjAIBgNVBAMMAWEwIBcNOTkxMjMxMjM1OTU5\
        WhgPMjA1MDAxMDIwMzA0MDVaMAwxCjAIBgNVBAMMAWEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASS1iA1+H/eszcb45IAxRwqwaXo\
        OAB04Uw8qUzVSRuiGDakxDbB521ZDjM/6EVBcosSkOKlcmBZ09qMJKtq8wlhoy8wLTAMBgNVHRMEBTADAQH/MB0GA1UdDgQWBBQzZBZ4\
        SYgbIXL36Rw4cShqAInLkjAKBggqhkjOPQQDAgNHADBEAiAJUYs9n0JSxwtZStV9v+dz2gdc+fhCw80/dXvXaqKv4gIgKpkdTxrvCWSW\
        rc/OJf7xFBYdMGQMQ1I5KWYsvsG5wbA=";
    /// What `openssl x509 -req` made for decades where nobody asked for extensions.
    const FIRST_VERSION: &str = "MIIBEjCBuQIUfII2C1nUF62IqlB/uKGYqw+usEgwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBYTAe\
        Fw0yNjExMjIwNzU0NTNaFw0zNjExMTkwNzU0NTNaMAwxCjAIBgNVBAMMAWEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASS1iA1+H/e\
        szcb45IAxRwqwaXoOAB04Uw8qUzVSRuiGDakxDbB521ZDjM/6EVBcosSkOKlcmBZ09qMJKtq8wlhMAoGCCqGSM49BAMCA0gAMEUCIDQZ\
        460C6cQDObSXGKdWZ3wRhVwxrCov9/BwSNBDzPzuAiEA9ABHTZ7uNipfw8wZKcGElzBVwN8XKnyHgqrw/7Y6X5g=";

    fn der(text: &str) -> Vec<u8> {
        STANDARD.decode(text).unwrap()
    }

    #[test]
    fn both_ways_to_write_a_time_are_read() {
        let held = validity(&der(THIRD_VERSION).into()).unwrap();
        let at = |text: &str| Instant::parse(text).unwrap();
        assert_eq!((held.from, held.to), (at("1999-12-31T23:59:59Z"), at("2050-01-02T03:04:05Z")));
    }

    #[test]
    fn an_old_root_is_one_without_dates() {
        assert_eq!(validity(&der(FIRST_VERSION).into()), Some(Span::ALWAYS));
    }

    #[test]
    fn anything_cut_short_is_no_certificate() {
        let whole = der(THIRD_VERSION);
        for end in 0..whole.len() {
            assert!(validity(&whole[..end].into()).is_none(), "{end}");
        }
    }
}
