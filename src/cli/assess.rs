//! `assess`: what the register alone can tell.

use std::path::PathBuf;

use model::{Instant, Register};
use rules::Catalogue;

use super::{Exit, Terminal, register};
use crate::{clock::Clock, files};

/// Judges the register without any sensor: area per post, service rooms, totals; one JSON verdict a line.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  normwatch assess --register office/ --on 2026-07-01")]
pub(super) struct Assess {
    /// Register directory.
    #[arg(long, value_name = "DIR")]
    register: PathBuf,
    /// Directory of further packs.
    #[arg(long, value_name = "DIR")]
    packs: Option<PathBuf>,
    /// File of local limits.
    #[arg(long, value_name = "FILE")]
    overlay: Option<PathBuf>,
    /// Day or time to judge: a local date or RFC 3339; now when absent.
    #[arg(long, value_name = "DATE")]
    on: Option<String>,
}

impl Assess {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let Some(register) = register::load(&self.register, terminal) else { return Ok(Exit::Findings) };
        let on = match &self.on {
            None => Clock::System.now(),
            Some(text) => {
                let Some(at) = register.calendar.parse(text) else {
                    terminal.say(format_args!("--on: `{text}` is neither a date nor a time"));
                    return Ok(Exit::Usage);
                };
                at
            }
        };
        match files::standards(self.packs.as_deref(), self.overlay.as_deref()) {
            Ok(standards) => assess(&register, &standards, on, terminal),
            Err(problems) => {
                terminal.complain(&problems);
                Ok(Exit::Findings)
            }
        }
    }
}

/// Writes the verdicts of the register's own checks at an instant. Breaches are what was asked for, no failure.
fn assess(
    register: &Register,
    standards: &Catalogue,
    on: Instant,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    for verdict in rules::assess(register, &standards.live(register), on) {
        terminal.line(serde_json::to_string(&verdict)?)?;
    }
    Ok(Exit::Fine)
}
