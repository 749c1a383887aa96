//! `replay`: history through the same engine that runs live.

use std::path::PathBuf;

use model::{Register, Span};

use super::{Exit, Input, Terminal, measure::Readings, register};

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
    /// Lists only the checks that newly breach or are freed under the overlay.
    #[arg(long, requires = "overlay")]
    compare: bool,
    #[command(flatten)]
    readings: Readings,
}

impl Replay {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let Some(register) = register::load(&self.register, terminal)? else { return Ok(Exit::Findings) };
        let span = match self.readings.span(&register) {
            Ok(span) => span,
            Err(what) => {
                terminal.say(what);
                return Ok(Exit::Usage);
            }
        };
        let input = Input::read(&self.readings.input, &register, terminal)?;
        let exit = replay(&self, span, &register, &input, terminal)?;
        Ok(if exit == Exit::Fine && input.is_failure(self.readings.strict) { Exit::Findings } else { exit })
    }
}

/// Writes the verdicts of an input, or with `--compare` what the overlay changes.
fn replay(
    _replay: &Replay,
    _span: Span,
    _register: &Register,
    _input: &Input,
    _terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    anyhow::bail!("not wired yet")
}
