//! `report`: a month by body and clause, for a spreadsheet or a browser.

use clap::ValueEnum;
use jiff::{ToSpan as _, civil::Date};
use model::Span;

use super::{Exit, Terminal, config_file::ConfigFile};
use crate::{
    clock::Clock,
    report::{self, HEADER},
    rulebook::Rulebook,
    state::State,
};

/// Prints what was found in a month, by body and clause: windows, share of compliance, findings, the worst value.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Verdicts are kept as long as raw readings (`raw_days`): report a month soon after its end.\n\
                        \nExample:\n  normwatch report --month 2026-10 > october.csv"
)]
pub(super) struct Report {
    /// The month, such as 2026-10; the last full one by default
    #[arg(long, value_name = "YYYY-MM", value_parser = month)]
    month: Option<Date>,
    /// Form of the table
    #[arg(long, default_value = "csv")]
    format: Form,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For spreadsheets.
    Csv,
    /// For browsers and printers.
    Html,
}

fn month(text: &str) -> Result<Date, String> {
    format!("{text}-01").parse().map_err(|_| "write a month such as 2026-10".to_owned())
}

impl Report {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let Some(config) = self.config.load(terminal)? else { return Ok(Exit::Findings) };
        let read = Rulebook::read(&config.register, config.packs_dir.as_deref(), config.overlay.as_deref());
        let book = match read {
            Ok(book) => book,
            Err(problems) => {
                terminal.complain(&problems);
                return Ok(Exit::Findings);
            }
        };
        let calendar = &book.register.calendar;
        let today = calendar.date(Clock::System.now());
        let first = self.month.unwrap_or_else(|| today.first_of_month().saturating_sub(1.month()));
        let end = first.saturating_add(1.month());
        let span = Span::new(calendar.start_of(first), calendar.start_of(end));
        let path = config.data_dir.join("state.sqlite");
        anyhow::ensure!(path.exists(), "{} is not there: no service has run here yet", path.display());
        let report = report::Report::of(&State::open_reader(&path)?, &book, span)?;
        let name = first.strftime("%Y-%m").to_string();
        let table = report.table(&name, &book);
        match self.format {
            Form::Csv => csv(&table, terminal)?,
            Form::Html => html(&name, &table, terminal)?,
        }
        match report.oldest {
            None => terminal.say(format_args!("nothing is stored of {name}")),
            Some(oldest) => {
                let zone = &calendar.zone;
                terminal.say(format_args!("the oldest window stored is of {}", oldest.rfc3339(zone)));
            }
        }
        Ok(Exit::Fine)
    }
}

fn csv(table: &[Vec<String>], terminal: &mut Terminal) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(terminal.out());
    for row in table {
        writer.write_record(row)?;
    }
    writer.flush()?;
    Ok(())
}

fn html(name: &str, table: &[Vec<String>], terminal: &mut Terminal) -> anyhow::Result<()> {
    terminal.line(format_args!(
        "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>Normwatch {name}</title>\n\
         <style>body{{font:14px sans-serif}}table{{border-collapse:collapse}}th,td{{border:1px solid #999;\
         padding:.2em .5em;text-align:left}}</style></head><body>\n<h1>合规月报 Report {name}</h1>\n<table><thead><tr>"
    ))?;
    for (english, chinese) in HEADER {
        terminal.line(format_args!("<th>{chinese}<br>{english}</th>"))?;
    }
    terminal.line("</tr></thead><tbody>")?;
    for row in table.iter().skip(1) {
        let cells: String = row.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
        terminal.line(format_args!("<tr>{cells}</tr>"))?;
    }
    terminal.line("</tbody></table></body></html>")?;
    Ok(())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
