//! What the embedded broker needs: an address of this machine, and a login before others may come.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::{Mqtt, check::Check};

impl Mqtt {
    /// Where the embedded broker listens; `None` where the host is a name.
    #[must_use]
    pub fn listens(&self) -> Option<SocketAddr> {
        let ip = if self.host == "localhost" {
            IpAddr::from(Ipv4Addr::LOCALHOST)
        } else {
            self.host.parse().ok()?
        };
        Some(SocketAddr::new(ip, self.port))
    }
}

impl Check {
    /// Whatever the embedded broker would not keep to is a problem: nobody is to believe in a lock that is not there.
    pub(super) fn embedded(&mut self, mqtt: &Mqtt) {
        if cfg!(not(feature = "embedded-broker")) {
            self.problem(
                "mqtt.embedded",
                "this build has no broker inside",
                "name a broker in mqtt.url instead",
            );
        }
        // An address that is none has been told already.
        if mqtt.listens().is_none() && !mqtt.host.is_empty() {
            self.problem(
                "mqtt.url",
                format!("the embedded broker listens at an IP address, not at `{}`", mqtt.host),
                "write an address of this machine, mqtt://127.0.0.1:1883",
            );
        }
        let has_password = mqtt.password.as_ref().is_some_and(|password| !password.expose().is_empty());
        if mqtt.username.is_none() && mqtt.listens().is_some_and(|at| !at.ip().is_loopback()) {
            self.problem(
                "mqtt.url",
                "without a login the embedded broker listens on loopback only",
                "set mqtt.username and mqtt.password_file, which every device then has to say, or write 127.0.0.1",
            );
        }
        if mqtt.username.is_some() != has_password {
            self.problem(
                if has_password { "mqtt.username" } else { "mqtt.password_file" },
                "the login of the embedded broker is a name and a password",
                "set both mqtt.username and mqtt.password_file, or neither",
            );
        }
        if mqtt.tls && mqtt.cert_file.is_none() {
            self.problem(
                "mqtt.cert_file",
                "the embedded broker has no certificate to show",
                "set cert_file and key_file to those of this machine, or write mqtt:// in mqtt.url",
            );
        }
        let unused = [
            ("mqtt.ca_file", &mqtt.ca_file),
            ("mqtt.cert_file", &mqtt.cert_file),
            ("mqtt.key_file", &mqtt.key_file),
        ];
        for (key, file) in unused {
            if !mqtt.tls && file.is_some() {
                self.problem(
                    key,
                    "is for TLS, and the embedded broker listens without it",
                    "write mqtts:// in mqtt.url, or \"\" here",
                );
            }
        }
        if mqtt.acl_file.is_some() {
            self.problem(
                "mqtt.acl_file",
                "the embedded broker has one login and no list of rights",
                "run mosquitto where each vendor is to have its own, or write \"\"",
            );
        }
    }
}
