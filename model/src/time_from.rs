//! Whose clock a reading's time is from.

/// Whose clock a reading's time is from: the nearer to the sensor, the less has come between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeFrom {
    /// The device that measured.
    Device,
    /// What passed the message on: a gateway, a network server, a cloud.
    Gateway,
    /// Ours: the message says no time, or one that cannot be.
    Arrival,
}

impl TimeFrom {
    /// Every member.
    pub const ALL: [Self; 3] = [Self::Device, Self::Gateway, Self::Arrival];

    /// Its name in the API and in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Gateway => "gateway",
            Self::Arrival => "arrival",
        }
    }
}
