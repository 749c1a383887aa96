//! `measure`: figures of places over periods, from files alone.

use std::path::PathBuf;

use model::{Instant, Period, Register, Span};

use super::{Exit, Input, Terminal, register};

/// Computes one measure for every place it exists for; CSV, one row a place and period.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Output: place,measure,from,to,value,unit,coverage; a period without evidence has an empty value and \
                  coverage 0.\n\nExample:\n  normwatch measure --register office/ --measure utilisation --period week \
                  readings.csv.gz"
)]
pub(super) struct Measure {
    /// Register directory.
    #[arg(long, value_name = "DIR")]
    register: PathBuf,
    /// Name of the measure, such as utilisation or eui.
    #[arg(long, value_name = "NAME")]
    measure: String,
    /// all, year, month, week, day or hour.
    #[arg(long, value_name = "PERIOD", value_parser = period)]
    period: Period,
    #[command(flatten)]
    readings: Readings,
}

/// Which readings a command takes.
#[derive(Debug, clap::Args)]
pub(super) struct Readings {
    /// First instant: a local date or RFC 3339; the first reading when absent.
    #[arg(long, value_name = "TIME")]
    pub(super) from: Option<String>,
    /// First instant after: a local date or RFC 3339; the end of the readings when absent.
    #[arg(long, value_name = "TIME")]
    pub(super) to: Option<String>,
    /// Any row that cannot be used makes the command fail.
    #[arg(long)]
    pub(super) strict: bool,
    /// Files of readings: CSV with header time,sensor,quantity,value (unit, channel optional) or JSON Lines; .gz too; - is stdin.
    #[arg(value_name = "INPUT", required = true)]
    pub(super) input: Vec<PathBuf>,
}

fn period(name: &str) -> Result<Period, String> {
    let known = Period::ALL.iter().filter(|period| **period != Period::Register);
    Period::parse(name).filter(|period| *period != Period::Register).ok_or_else(|| {
        let names: Vec<&str> = known.map(|period| period.name()).collect();
        format!("one of: {}", names.join(", "))
    })
}

impl Readings {
    /// The span that `--from` and `--to` leave, open where they are absent.
    ///
    /// # Errors
    /// Returns what is wrong with them, for a usage error.
    pub(super) fn span(&self, register: &Register) -> Result<Span, String> {
        let at = |name: &str, text: &Option<String>, open: Instant| match text {
            None => Ok(open),
            Some(text) => register
                .calendar
                .parse(text)
                .ok_or_else(|| format!("--{name}: `{text}` is neither a date nor a time")),
        };
        let span = Span::new(at("from", &self.from, Instant::MIN)?, at("to", &self.to, Instant::MAX)?);
        if span.is_empty() { Err("--to must be later than --from".to_owned()) } else { Ok(span) }
    }
}

impl Measure {
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
        let exit = measure(&self.measure, self.period, span, &register, &input, terminal)?;
        Ok(if exit == Exit::Fine && input.is_failure(self.readings.strict) { Exit::Findings } else { exit })
    }
}

/// Writes the CSV of a measure; a name or period that does not exist is a usage error.
fn measure(
    _name: &str,
    _period: Period,
    _span: Span,
    _register: &Register,
    _input: &Input,
    _terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    anyhow::bail!("not wired yet")
}
