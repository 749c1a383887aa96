//! A message as it came from the broker.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::wire::Publish;

/// The right to acknowledge one message on the connection that delivered it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AckToken {
    pub(super) packet_id: u16,
    pub(super) epoch: u64,
}

/// A message from the broker, to be acknowledged once its readings are safe.
#[derive(Debug)]
pub struct Incoming {
    pub(super) publish: Publish,
    pub(super) token: AckToken,
    pub(super) is_resumed: bool,
}

impl Incoming {
    /// The topic; a byte that is not UTF-8 makes it empty, which no route matches.
    #[must_use]
    pub fn topic(&self) -> &str {
        std::str::from_utf8(&self.publish.topic).unwrap_or_default()
    }

    /// The bytes.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.publish.payload
    }

    /// Whether the broker had kept it from before the subscription.
    #[must_use]
    pub const fn is_retained(&self) -> bool {
        self.publish.retain
    }

    /// Whether the broker says that it sends it again (not every broker does).
    #[must_use]
    pub const fn is_dup(&self) -> bool {
        self.publish.dup
    }

    /// The token for [`Acker::ack`](crate::mqtt::Acker::ack); `None` at `QoS` 0.
    #[must_use]
    pub const fn ack_token(&self) -> Option<AckToken> {
        if self.publish.pkid == 0 { None } else { Some(self.token) }
    }

    /// Which connection brought it (a number that never comes again in this process), and its packet id.
    #[must_use]
    pub const fn delivery(&self) -> (u64, u16) {
        (self.token.epoch, self.token.packet_id)
    }

    /// Whether the session is an earlier one, so that messages may come again that we had already taken.
    #[must_use]
    pub const fn is_resumed(&self) -> bool {
        self.is_resumed
    }

    /// Equal for two deliveries of one message within a session: packet id, topic and payload.
    ///
    /// `None` at `QoS` 0. Packet ids are used again after the acknowledgement, so a key tells a repeat only when
    /// [`Self::is_resumed`], against messages taken on earlier connections, and once for each of them.
    #[must_use]
    pub fn redelivery_key(&self) -> Option<u64> {
        self.ack_token()?;
        let mut hasher = DefaultHasher::new();
        (self.publish.pkid, &self.publish.topic, &self.publish.payload).hash(&mut hasher);
        Some(hasher.finish())
    }
}
