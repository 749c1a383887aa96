//! Why the broker cannot be reached, in words that say what to do. Never with a secret in them.

/// What the client library says, and what it means for whoever runs the service: which key, and what to do. The
/// first that fits is told. "Fatal alert" is the broker speaking of our certificate, "peer certificate" of its own.
const MEANINGS: &[(&str, &str)] = &[
    (
        "fatal alert: CertificateExpired",
        "the broker refuses our certificate as no longer valid: have the one in cert_file issued anew",
    ),
    (
        "fatal alert: CertificateRequired",
        "the broker asks for a certificate of ours: set cert_file and key_file",
    ),
    (
        "fatal alert: UnknownCA",
        "the broker does not know who signed our certificate: have the one in cert_file signed by an authority that \
         the broker trusts",
    ),
    (
        "fatal alert: BadCertificate",
        "the broker does not accept our certificate: see cert_file and key_file, and the broker's log",
    ),
    (
        "fatal alert: CertificateUnknown",
        "the broker does not accept our certificate: see cert_file and key_file, and the broker's log",
    ),
    (
        "fatal alert: CertificateRevoked",
        "the broker refuses our certificate as revoked: have the one in cert_file issued anew",
    ),
    (
        "HandshakeFailure",
        "the broker refuses the TLS handshake: it may ask for a certificate of ours, set cert_file and key_file",
    ),
    (
        "UnknownIssuer",
        "the broker's certificate is signed by nobody in ca_file: put the certificate of its authority there",
    ),
    (
        "CaUsedAsEndEntity",
        "the broker shows an authority's certificate as its own: have it issue one for the broker",
    ),
    ("NotValidForName", OTHER_HOST),
    ("not valid for name", OTHER_HOST),
    ("Expired", OVER),
    ("certificate expired", OVER),
    ("NotValidYet", "the broker's certificate is not valid yet: see its dates, and this machine's clock"),
    ("not valid yet", "the broker's certificate is not valid yet: see its dates, and this machine's clock"),
    ("InvalidContentType", NO_TLS),
    ("corrupt message", NO_TLS),
    // While the handshake goes on: later breaks are not told as of TLS.
    ("TLS: I/O: Connection reset", BROKEN_OFF),
    ("TLS: I/O: Broken pipe", BROKEN_OFF),
    ("TLS: I/O: tls handshake eof", BROKEN_OFF),
    ("BadUserNamePassword", "the broker refuses our name or password: see username and password_file"),
    ("NotAuthorized", "the broker refuses our name or password: see username and password_file"),
    ("Banned", "the broker has banned this client id: see client_id, and the broker's log"),
    ("ClientIdentifierNotValid", "the broker refuses client_id: write another"),
    ("Connection refused (os error", "nobody listens at the address in mqtt.url: is the broker running?"),
    ("failed to lookup address", "the host in mqtt.url has no address: mend the name, or the name server"),
];

const OTHER_HOST: &str = "the broker's certificate is for another host than the one in mqtt.url: write the name that it was issued for";
const OVER: &str = "the broker's certificate is no longer valid: have it issued anew at the broker (or see this machine's clock)";
const BROKEN_OFF: &str = "the broker breaks the TLS handshake off: there may be no TLS at this port (then mqtt:// in mqtt.url, or another \
     port), or it wants a certificate of ours (cert_file)";
const NO_TLS: &str = "the broker does not speak TLS at this port: write mqtt:// instead of mqtts:// in mqtt.url, or another port";

/// Ends of a connection that say more where the broker had not answered yet.
const ENDS: [&str; 4] = ["Connection reset", "closed by peer", "Broken pipe", "eof"];
const UNANSWERED: &str = "the broker ends the connection before it answers: it may want TLS (then mqtts:// in mqtt.url), \
     or nothing that speaks MQTT 5 listens at this port";

/// The fault in words, with what the library said behind it. `was_connected` tells whether the broker had let us in.
pub(super) fn explain(error: &impl ToString, was_connected: bool) -> String {
    let said = error.to_string();
    match MEANINGS.iter().find(|(sign, _)| said.contains(sign)) {
        Some((_, meaning)) => format!("{meaning} ({said})"),
        None if !was_connected && ENDS.iter().any(|end| said.contains(end)) => {
            format!("{UNANSWERED} ({said})")
        }
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_passed_on_as_it_is() {
        assert_eq!(explain(&"something else", false), "something else");
        assert!(
            explain(&"TLS: I/O: invalid peer certificate: UnknownIssuer", false).starts_with("the broker's")
        );
    }

    #[test]
    fn a_certificate_of_ours_that_is_over_is_told_from_one_of_the_brokers() {
        assert!(explain(&"received fatal alert: CertificateExpired", false).contains("cert_file"));
        assert!(explain(&"invalid peer certificate: Expired", false).contains("the broker's certificate"));
    }

    #[test]
    fn a_connection_that_ends_before_the_answer_hints_at_tls_and_a_later_end_does_not() {
        let reset = "Mqtt state: IO: Connection reset by peer (os error 104)";
        assert!(explain(&reset, false).contains("mqtts://"));
        assert_eq!(explain(&reset, true), reset);
    }
}
