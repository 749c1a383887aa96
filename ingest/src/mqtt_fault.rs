//! Why the broker cannot be reached, in words that say what to do. Never with a secret in them.

/// What the client library says, and what it means for whoever runs the service. The first that fits is told.
const MEANINGS: &[(&str, &str)] = &[
    ("UnknownIssuer", "the broker's certificate is signed by nobody in ca_file"),
    ("NotValidForName", "the broker's certificate is for another host than the one in mqtt.url"),
    ("not valid for name", "the broker's certificate is for another host than the one in mqtt.url"),
    ("Expired", "the broker's certificate is no longer valid"),
    ("certificate expired", "the broker's certificate is no longer valid"),
    ("CertificateRequired", "the broker asks for a certificate of ours: set cert_file and key_file"),
    ("UnknownCA", "the broker does not know who signed our certificate (cert_file)"),
    ("CertificateUnknown", "the broker does not accept our certificate (cert_file)"),
    (
        "HandshakeFailure",
        "the broker refuses the TLS handshake: it may ask for a certificate of ours (cert_file)",
    ),
    (
        "InvalidContentType",
        "the broker does not speak TLS at this port: mqtt:// instead of mqtts://, or another port",
    ),
    (
        "corrupt message",
        "the broker does not speak TLS at this port: mqtt:// instead of mqtts://, or another port",
    ),
    ("BadUserNamePassword", "the broker refuses our name or password: see username and password_file"),
    ("NotAuthorized", "the broker refuses our name or password: see username and password_file"),
    ("Banned", "the broker has banned this client id"),
    ("ClientIdentifierNotValid", "the broker refuses client_id"),
    ("Connection refused (os error", "nobody listens at the address in mqtt.url"),
    ("failed to lookup address", "the host in mqtt.url has no address"),
];

/// The fault in words, with what the library said behind it.
pub(crate) fn explain(error: &impl ToString) -> String {
    let said = error.to_string();
    match MEANINGS.iter().find(|(sign, _)| said.contains(sign)) {
        Some((_, meaning)) => format!("{meaning} ({said})"),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_passed_on_as_it_is() {
        assert_eq!(explain(&"something else"), "something else");
        assert!(explain(&"TLS: I/O: invalid peer certificate: UnknownIssuer").starts_with("the broker's"));
    }
}
