//! Readings of one entry of the spool: kept, counted, shown, judged.

use std::borrow::Cow;

use model::{Flags, Reading};
use rules::Taken;

use super::judge::{Judge, JudgeError};
use crate::{
    metrics::{LateOutcome, Marked},
    spool::Position,
};

impl Judge {
    /// Judges readings and hands them to the history, those that are too late to be judged with that mark.
    pub(super) fn take_readings(
        &mut self,
        position: Position,
        readings: &[Reading],
    ) -> Result<(), JudgeError> {
        let mut marked = Marked::default();
        let mut too_late = Vec::new();
        for (index, reading) in readings.iter().enumerate() {
            let is_too_late = match self.engine.observe(reading, &mut self.outputs) {
                Taken::Late => {
                    self.parts.metrics.late(LateOutcome::Late);
                    false
                }
                Taken::TooLate => self.note_late(reading),
                Taken::InOrder | Taken::Barred | Taken::Unbound => false,
            };
            // What was filled in by hand shows in charts, however old it is.
            let mut flags = reading.flags;
            if is_too_late && !flags.has(Flags::BACKFILL) {
                too_late.push(index);
                flags = flags.with(Flags::TOO_LATE);
            }
            marked.add(flags);
        }
        let mut readings = Cow::Borrowed(readings);
        for index in too_late {
            if let Some(reading) = readings.to_mut().get_mut(index) {
                reading.flags = reading.flags.with(Flags::TOO_LATE);
            }
        }
        let told = readings.iter().filter(|reading| !reading.series.quantity.is_of_radio());
        self.parts.metrics.readings(told.count() as u64);
        self.parts.metrics.marked(&marked);
        readings.iter().for_each(|reading| self.board.read(reading));
        self.remember(position, &readings)
    }
}
