//! Which names the console answers to.
//!
//! A page elsewhere can make its own name point at this machine (DNS rebinding) and then read what
//! the console shows to its visitor. The browser still sends that name as `Host`, so names that are
//! none of ours are refused.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// The names of this service.
#[derive(Debug, Clone)]
pub struct Hosts {
    listen: IpAddr,
    public: Option<Arc<str>>,
}

impl Hosts {
    /// Loopback names, the address it listens at and the host of `public_url` (`[web]` of the
    /// configuration). A service that listens at every address answers to any address, but to no other name.
    #[must_use]
    pub fn new(listen: SocketAddr, public_url: &str) -> Self {
        let authority =
            public_url.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default());
        let public = authority.map(name_of).filter(|name| !name.is_empty());
        Self { listen: listen.ip(), public: public.map(|name| name.to_ascii_lowercase().into()) }
    }

    fn answers_to(&self, host: &str) -> bool {
        let name = name_of(host).trim_end_matches('.').to_ascii_lowercase();
        if name == "localhost"
            || name.ends_with(".localhost")
            || self.public.as_deref() == Some(name.as_str())
        {
            return true;
        }
        // An address cannot be made to point elsewhere.
        name.parse::<IpAddr>()
            .is_ok_and(|ip| ip.is_loopback() || ip == self.listen || self.listen.is_unspecified())
    }
}

/// A host without its port, an IPv6 address without its brackets.
fn name_of(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Lets a request pass whose `Host` is one of ours; counters and health tell nothing of rooms or
/// people and are asked by any name.
pub(super) async fn check(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let is_open = matches!(request.uri().path(), "/healthz" | "/readyz" | "/metrics");
    let sent = request.headers().get(header::HOST).map(|value| value.to_str().unwrap_or_default());
    let host = sent.or_else(|| request.uri().host());
    if is_open || host.is_none_or(|host| hosts.answers_to(host)) {
        return next.run(request).await;
    }
    let text = "421: this service does not answer to the name in the address. Open it at its own address, \
                or set public_url under [web] in the configuration to the address people use.\n";
    (StatusCode::MISDIRECTED_REQUEST, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(listen: &str, public_url: &str) -> Hosts {
        Hosts::new(listen.parse().unwrap(), public_url)
    }

    #[test]
    fn loopback_the_listen_address_and_the_public_name_are_ours() {
        let hosts = at("10.0.0.5:8080", "https://Normwatch.example.org:8443/console");
        for host in [
            "localhost:8080",
            "127.0.0.1",
            "[::1]:8080",
            "10.0.0.5:8080",
            "normwatch.EXAMPLE.org.",
            "a.localhost",
        ] {
            assert!(hosts.answers_to(host), "{host}");
        }
    }

    #[test]
    fn a_foreign_name_that_points_here_is_refused() {
        let hosts = at("127.0.0.1:8080", "http://127.0.0.1:8080");
        for host in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", "10.0.0.5", ""]
        {
            assert!(!hosts.answers_to(host), "{host}");
        }
    }

    #[test]
    fn a_service_at_every_address_answers_to_addresses_only() {
        let hosts = at("0.0.0.0:8080", "");
        assert!(hosts.answers_to("192.168.7.9:8080") && !hosts.answers_to("normwatch.example.org"));
    }
}
