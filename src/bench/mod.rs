//! What the service costs, part by part, as ratios taken in one run on one machine.
//!
//! Everything is made in this process by the simulator and bounded in time; nothing is read from
//! outside. Whatever is compared is measured in turns, so that a busy minute hits both sides.

mod broker;
mod clauses;
mod consumer;
mod disk;
mod headline;
pub mod hot;
mod load;
mod office;
mod parse;
mod pipeline;
mod progress;
mod report;
mod restart;
mod scale;
mod series;
mod system;
mod transport;

use std::{fmt::Display, path::PathBuf};

use progress::Progress;

pub use report::{Figure, Report, Row, Section};

/// A part of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Decode, quality, engine and line protocol against a bare JSON parse.
    Pipeline,
    /// Messages at quality of service 1 and 0 through brokers against a bare subscriber.
    Transport,
    /// Spool and history.
    Disk,
    /// Cost and memory as series and clauses grow, and the time of a restart.
    Scale,
    /// The restart alone, which belongs to scale.
    Restart,
    /// Many readings of an office, judged.
    Headline,
}

impl Part {
    /// All that a run measures, in its order.
    pub const ALL: [Self; 5] = [Self::Pipeline, Self::Transport, Self::Disk, Self::Scale, Self::Headline];
}

/// How much to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// Fewer rounds.
    pub is_quick: bool,
    /// A million series and 9.25 million readings.
    pub is_large: bool,
    /// What to measure.
    pub parts: Vec<Part>,
}

impl Options {
    /// The figure for a quick run, or for any other.
    const fn pick(&self, quick: usize, usual: usize) -> usize {
        if self.is_quick { quick } else { usual }
    }
}

/// Who is told what is measured now, and each row of a long part as soon as it is there.
pub type Say<'s> = &'s mut dyn FnMut(&dyn Display);

/// Measures and reports.
///
/// # Errors
/// When a temporary folder, a broker or a file of our own cannot be used.
pub fn run(options: &Options, say: Say<'_>) -> anyhow::Result<Report> {
    let folder = Folder::new()?;
    let mut sections = Vec::new();
    let before = system::Busy::now();
    let progress = &mut Progress::new(say);
    for part in &options.parts {
        progress.step(format_args!("{part:?}"));
        match part {
            Part::Pipeline => sections.push(pipeline::measure(options)?),
            Part::Transport => sections.extend(transport::measure(options, &folder.0, progress)?),
            Part::Disk => sections.extend(disk::measure(options, &folder.0)?),
            Part::Scale => {
                sections.push(series::measure(options, progress)?);
                sections.push(clauses::measure(options, progress)?);
                sections.push(restart::measure(options, &folder.0, progress)?);
            }
            Part::Restart => sections.push(restart::measure(options, &folder.0, progress)?),
            Part::Headline => sections.push(headline::measure(options, progress)?),
        }
    }
    let others = before.zip(system::Busy::now()).map(|(before, after)| after.others_since(&before));
    Ok(Report::new(sections, others))
}

/// A temporary folder that goes with its owner.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("normwatch-bench-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that stays is in a temporary place already.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
