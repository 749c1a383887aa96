//! `replay`: history through the same engine that runs live.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use ingest::quality::Quality;
use model::{Instant, Problem, Reading, Register, Span, register::Reporting};
use rules::{Catalogue, Engine, EngineOptions, Outcome, Output, Subject, Verdict};
use serde::Serialize;

use super::{Exit, Input, Terminal, measure::Readings, register};
use crate::files;

/// Judges past readings; one JSON verdict a line. With a draft overlay it shows what would change.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  normwatch replay --register office/ readings.csv.gz\n  normwatch replay --register office/ \
                  --overlay draft.toml --compare readings.csv.gz"
)]
pub(super) struct Replay {
    /// Register directory.
    #[arg(long, value_name = "DIR")]
    register: PathBuf,
    /// Directory of further packs.
    #[arg(long, value_name = "DIR")]
    packs: Option<PathBuf>,
    /// File of local limits.
    #[arg(long, value_name = "FILE")]
    overlay: Option<PathBuf>,
    /// Lists only the checks that newly breach or are freed under the overlay, taken as a draft.
    #[arg(long, requires = "overlay")]
    compare: bool,
    #[command(flatten)]
    readings: Readings,
}

impl Replay {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let Some(register) = register::load(&self.register, terminal) else { return Ok(Exit::Findings) };
        let span = match self.readings.span(&register) {
            Ok(span) => span,
            Err(what) => {
                terminal.say(what);
                return Ok(Exit::Usage);
            }
        };
        let standards = match self.standards() {
            Ok(standards) => standards,
            Err(problems) => {
                terminal.complain(&problems);
                return Ok(Exit::Findings);
            }
        };
        let register = Arc::new(register);
        let input = self.readings.read(&register, terminal)?;
        match standards {
            (standards, None) => {
                judge(&register, &standards, &input, span, |verdict| {
                    terminal.line(serde_json::to_string(verdict)?)?;
                    Ok(())
                })?;
            }
            (before, Some(after)) => compare(&register, [&before, &after], &input, span, terminal)?,
        }
        Ok(if input.is_failure(self.readings.strict) { Exit::Findings } else { Exit::Fine })
    }

    /// The standards to judge by, and with `--compare` those without and with the draft.
    fn standards(&self) -> Result<(Catalogue, Option<Catalogue>), Vec<Problem>> {
        let packs = self.packs.as_deref();
        match &self.overlay {
            Some(overlay) if self.compare => {
                Ok((files::standards(packs, None)?, Some(files::draft(packs, overlay)?)))
            }
            overlay => Ok((files::standards(packs, overlay.as_deref())?, None)),
        }
    }
}

/// How the sensor of a reading reports at that time.
fn reporting(register: &Register, reading: &Reading) -> Option<Reporting> {
    let rows = register.sensors.get(&reading.series.sensor)?;
    rows.at(reading.time).map(|sensor| sensor.reporting)
}

/// Sends the input through an engine and hands over every verdict whose window begins inside the span.
fn judge(
    register: &Arc<Register>,
    standards: &Catalogue,
    input: &Input,
    span: Span,
    mut each: impl FnMut(&Verdict) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut engine = Engine::new(Arc::clone(register), &standards.live(register), EngineOptions::default());
    let mut outputs = Vec::new();
    let mut hand_over = |outputs: &mut Vec<Output>| -> anyhow::Result<()> {
        for output in outputs.drain(..) {
            if let Output::Verdict(verdict) = output
                && span.contains(verdict.window.from)
            {
                each(&verdict)?;
            }
        }
        Ok(())
    };
    let mut quality = Quality::new();
    for mut reading in input.readings() {
        // As live: what a dead sensor repeats is no evidence.
        let reporting = reporting(register, &reading);
        quality.mark(&mut reading, reporting);
        engine.observe(&reading, &mut outputs);
        hand_over(&mut outputs)?;
    }
    engine.finish(None, &mut outputs);
    hand_over(&mut outputs)
}

/// Breaches of one check.
#[derive(Debug, Default, Clone, Copy)]
struct Breaches {
    windows: u64,
    first: Option<Instant>,
}

/// A line of `--compare`.
#[derive(Serialize)]
struct Change<'a> {
    /// `breach`: breaches only under the draft; `freed`: breached only without it.
    change: &'static str,
    #[serde(flatten)]
    subject: &'a Subject,
    clause: &'a str,
    /// Windows that breach without and with the draft.
    windows_before: u64,
    windows_after: u64,
    /// Start of the first of them.
    first: Option<Instant>,
}

/// Judges twice and lists the checks that newly breach or are freed, by clause and subject.
fn compare(
    register: &Arc<Register>,
    standards: [&Catalogue; 2],
    input: &Input,
    span: Span,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let mut checks: BTreeMap<(String, Subject), [Breaches; 2]> = BTreeMap::new();
    for (side, standards) in standards.into_iter().enumerate() {
        // The last revision of a window counts.
        let mut windows: BTreeMap<(String, Subject, Instant), Outcome> = BTreeMap::new();
        judge(register, standards, input, span, |verdict| {
            let key = (verdict.clause.id.clone(), verdict.subject.clone(), verdict.window.from);
            windows.insert(key, verdict.outcome);
            Ok(())
        })?;
        for ((clause, subject, from), _) in
            windows.into_iter().filter(|(_, outcome)| *outcome == Outcome::Breach)
        {
            if let Some(breaches) = checks.entry((clause, subject)).or_default().get_mut(side) {
                breaches.windows += 1;
                breaches.first = breaches.first.or(Some(from));
            }
        }
    }
    for ((clause, subject), [before, after]) in &checks {
        let (change, first) = match (before.windows, after.windows) {
            (0, _) => ("breach", after.first),
            (_, 0) => ("freed", before.first),
            _ => continue,
        };
        let (windows_before, windows_after) = (before.windows, after.windows);
        terminal.line(serde_json::to_string(&Change {
            change,
            subject,
            clause,
            windows_before,
            windows_after,
            first,
        })?)?;
    }
    Ok(())
}
