//! `measure`: figures of places over periods, from files alone.

use std::{path::PathBuf, sync::Arc};

use model::{Instant, Period, Register, Span};
use rules::MeasureRow;

use super::{
    Exit, Input, Terminal,
    input::{InputError, Strictness},
    register,
};

/// Computes one measure for every place it exists for; CSV, one row a place and period.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Output: place,measure,from,to,value,unit,coverage, times with the site's offset; a period without evidence has an empty value and \
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
    /// The readings of the files, told what could not be used.
    ///
    /// # Errors
    /// When a file cannot be read at all.
    pub(super) fn read(&self, register: &Register, terminal: &mut Terminal) -> Result<Input, InputError> {
        Input::read(&self.input, register, Strictness::default(), terminal)
    }

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
        let Some(measure) = rules::Measure::parse(&self.measure) else {
            let names = rules::Measure::NAMES.iter().map(|(_, name)| *name);
            let meant = model::nearest(&self.measure, names).unwrap_or_default();
            terminal.say(format_args!("--measure: unknown `{}`; did you mean `{meant}`?", self.measure));
            return Ok(Exit::Usage);
        };
        if let Some(refusal) = refusal(measure, self.period) {
            terminal.say(refusal);
            return Ok(Exit::Usage);
        }
        let Some(register) = register::load(&self.register, terminal) else { return Ok(Exit::Findings) };
        let span = match self.readings.span(&register) {
            Ok(span) => span,
            Err(what) => {
                terminal.say(what);
                return Ok(Exit::Usage);
            }
        };
        let input = self.readings.read(&register, terminal)?;
        let register = Arc::new(register);
        let (from, to) = (
            self.readings.from.is_some().then_some(span.from),
            self.readings.to.is_some().then_some(span.to),
        );
        let rows = rules::measure(&register, measure, self.period, from, to, input.readings().collect())?;
        write(measure, &rows, &register, terminal)?;
        Ok(if input.is_failure(self.readings.strict) { Exit::Findings } else { Exit::Fine })
    }
}

/// Why a measure cannot be taken over a period from readings alone.
fn refusal(measure: rules::Measure, period: Period) -> Option<String> {
    let name = measure.name();
    if measure.periods() == [Period::Register] {
        return Some(format!("--measure: {name} is of the register alone: see `assess`"));
    }
    if measure.needs_band() {
        return Some(format!("--measure: {name} needs the band of a clause: see `replay`"));
    }
    if measure.periods().contains(&period) {
        return None;
    }
    let known: Vec<&str> = measure.periods().iter().map(|period| period.name()).collect();
    Some(format!("--period: {name} has no {period}; it has {}", known.join(", ")))
}

/// Writes the rows as CSV. Ids, names and units hold nothing that would need quoting.
fn write(
    measure: rules::Measure,
    rows: &[MeasureRow],
    register: &Register,
    terminal: &mut Terminal,
) -> std::io::Result<()> {
    terminal.line("place,measure,from,to,value,unit,coverage")?;
    let (name, unit) = (measure.name(), measure.unit());
    for row in rows {
        let (from, to) = (register.calendar.rfc3339(row.from), register.calendar.rfc3339(row.to));
        let value = row.value.map(|value| value.to_string()).unwrap_or_default();
        terminal.line(format_args!("{},{name},{from},{to},{value},{unit},{}", row.place, row.coverage))?;
    }
    Ok(())
}
