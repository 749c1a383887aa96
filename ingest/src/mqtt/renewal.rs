//! Other certificates for a connection that stands or is being tried.

use tokio::sync::watch;

use super::{
    config::MqttConfig,
    wire::{EventLoop, transport},
};
use crate::Tls;

/// Where other certificates come from, if they can.
#[derive(Debug)]
pub(super) struct Renewal(Option<watch::Receiver<Tls>>);

impl Renewal {
    pub(super) fn of(config: &MqttConfig) -> Self {
        Self(config.renewed_tls.clone())
    }

    /// The next certificates; for ever where none can come any more. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Tls {
        if let Some(renewed) = &mut self.0
            && renewed.changed().await.is_ok()
        {
            return renewed.borrow().clone();
        }
        std::future::pending().await
    }

    /// Has the connection made anew with these, now if it stands and else when it is tried next. Returns whether they
    /// are usable; if not, nothing changes.
    pub(super) fn apply(tls: &Tls, events: &mut EventLoop) -> bool {
        match transport(tls) {
            Ok(transport) => {
                events.options.set_transport(transport);
                events.clean();
                true
            }
            Err(error) => {
                tracing::error!(%error, "the certificates stay as they were");
                false
            }
        }
    }
}
