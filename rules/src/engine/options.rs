//! How the engine behaves where the register and the clauses are silent.

/// What the engine is told besides the register and the clauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineOptions {
    /// A firing alert that nothing has proven for this long is shown as unproven, ms (default 7 days).
    pub stale_after_ms: i64,
    /// How far back late data can change an alert, ms (default 48 h). Windows and their verdicts are
    /// remembered for as long, and so are meters, outdoor air and when devices were heard.
    pub horizon_ms: i64,
    /// How long the readings of gauges are held, ms; never longer than the horizon. Memory grows with it.
    /// Between the two [`Taken::TooLate`] asks for days from a history ([`Engine::late_days`]). Who has
    /// none keeps the default: as long as the horizon.
    ///
    /// [`Taken::TooLate`]: crate::Taken::TooLate
    /// [`Engine::late_days`]: crate::Engine::late_days
    pub held_ms: i64,
    /// Whether somebody tells when we listen ([`Engine::advance_listening`]): then silence at any other time
    /// says nothing. In files (the default) all time from a sensor's first reading to the last reading of any
    /// counts; of a sensor without any reading a file says nothing.
    ///
    /// [`Engine::advance_listening`]: crate::Engine::advance_listening
    pub listening_is_told: bool,
}

impl EngineOptions {
    /// How long the readings of gauges are held where nothing asks for more, ms.
    pub(super) fn held_ms(&self) -> i64 {
        self.held_ms.min(self.horizon_ms)
    }
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            stale_after_ms: 7 * 86_400_000,
            horizon_ms: 48 * 3_600_000,
            held_ms: i64::MAX,
            listening_is_told: false,
        }
    }
}
