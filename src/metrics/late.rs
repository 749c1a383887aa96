//! What becomes of late data.

/// What became of a reading that is older than what was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LateOutcome {
    /// The engine still remembered its windows.
    Late,
    /// Its days are built anew from the history.
    Reopened,
    /// The history does not reach so far: it is kept, and judges nothing.
    TooLate,
}

impl LateOutcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Late, Self::Reopened, Self::TooLate];

    /// The value of the label `outcome`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Reopened => "reopened",
            Self::TooLate => "too_late",
        }
    }
}
