//! What a long run tells meanwhile, and when one figure has taken long enough.

use std::{fmt::Display, time::Duration};

use tokio::time::Instant;

use super::{
    Say,
    report::{Row, Section},
};

/// No more often is told how far a step is.
const QUIET: Duration = Duration::from_secs(15);

/// Tells each step as it begins, how far it is if it lasts, and each row as soon as it is measured.
pub(super) struct Progress<'s> {
    say: Say<'s>,
    step: String,
    told: Instant,
}

impl<'s> Progress<'s> {
    pub(super) fn new(say: Say<'s>) -> Self {
        Self { say, step: String::new(), told: Instant::now() }
    }

    /// A step begins.
    pub(super) fn step(&mut self, step: impl Display) {
        self.step = step.to_string();
        self.tell(format_args!("{} ...", self.step.clone()));
    }

    /// The step is so far; told when nothing was for a while.
    pub(super) fn at(&mut self, done: impl Display) {
        if self.told.elapsed() >= QUIET {
            self.tell(format_args!("{}: {done}", self.step.clone()));
        }
    }

    /// A row is measured: it is told at once, in case the run is not awaited.
    pub(super) fn row(&mut self, section: &mut Section, row: Row) {
        self.tell(format_args!("  {row}"));
        section.rows.push(row);
    }

    fn tell(&mut self, line: impl Display) {
        (self.say)(&line);
        self.told = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::figure;

    #[test]
    fn a_step_and_a_row_are_told_at_once_and_how_far_it_is_only_after_a_while() {
        let mut told = Vec::new();
        let mut say = |line: &dyn Display| told.push(line.to_string());
        let mut progress = Progress::new(&mut say);
        let mut section = Section::new("engine");
        progress.step("1000 series");
        progress.at("hour 1 of 3");
        progress.row(&mut section, Row::new("1000 series", vec![figure("takes", 3.0, "ns")]));
        assert_eq!(told, ["1000 series ...", "  1000 series  takes 3.00 ns"]);
        assert_eq!(section.rows.len(), 1);
    }
}
