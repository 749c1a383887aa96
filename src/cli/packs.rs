//! `packs`: the standards catalogue.

use std::path::{Path, PathBuf};

use model::Problem;
use rules::{Bound, Catalogue, Clause, Limit, Pack};

use super::{Exit, Terminal};
use crate::files;

/// Shows the standards and runs their own tests.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  normwatch packs list\n  normwatch packs show gb-t-18883-2022\n  normwatch packs test"
)]
pub(super) struct Packs {
    /// Directory of further packs.
    #[arg(long, value_name = "DIR", global = true)]
    packs: Option<PathBuf>,
    /// File of local limits.
    #[arg(long, value_name = "FILE", global = true)]
    overlay: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Lists every pack with its document, dates and number of clauses, tab-separated.
    #[command(after_help = "Example:\n  normwatch packs list")]
    List,
    /// Shows the clauses, limits and citations of one pack.
    #[command(after_help = "Example:\n  normwatch packs show gb-t-18883-2022")]
    Show {
        /// Pack id.
        id: String,
    },
    /// Runs the tests of the packs inside, or of one test file.
    #[command(after_help = "Example:\n  normwatch packs test --packs mine/ mine/my-pack.test.toml")]
    Test {
        /// Test file; its pack is one inside or of `--packs`.
        file: Option<PathBuf>,
    },
}

impl Packs {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let standards = match files::standards(self.packs.as_deref(), self.overlay.as_deref()) {
            Ok(standards) => standards,
            Err(problems) => {
                terminal.problems(&problems)?;
                return Ok(Exit::Findings);
            }
        };
        match self.command {
            Command::List => list(&standards, terminal),
            Command::Show { id } => show(&standards, &id, terminal),
            Command::Test { file } => test(&standards, file.as_deref(), terminal),
        }
    }
}

/// Writes one line a pack, and how many clauses there are of which kind to stderr.
fn list(standards: &Catalogue, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    terminal.line("pack\tdocument\tlayer\tbinding\tin_force\tuntil\tclauses\ttitle")?;
    for pack in standards.packs() {
        let until = pack.until.map(|date| date.to_string()).unwrap_or_default();
        terminal.line(format_args!(
            "{}\t{}\t{}\t{}\t{}\t{until}\t{}\t{}",
            pack.id,
            pack.document,
            pack.layer.name(),
            pack.binding.name(),
            pack.in_force,
            pack.clauses.len(),
            pack.title.en
        ))?;
    }
    let counts = standards.counts();
    let packs = standards.packs().len();
    terminal.say(format_args!("{packs} packs, {} clauses, {} limits", counts.clauses, counts.limits));
    let by: Vec<String> =
        counts.by_provenance.iter().map(|(kind, n)| format!("{n} {}", kind.name())).collect();
    terminal.say(format_args!("by provenance: {}", by.join(", ")));
    let by: Vec<String> = counts.by_decides.iter().map(|(kind, n)| format!("{n} {}", kind.name())).collect();
    terminal.say(format_args!("decided by: {}", by.join(", ")));
    Ok(Exit::Fine)
}

/// Writes one pack for people; an id that there is not is a usage error.
fn show(standards: &Catalogue, id: &str, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let Some(pack) = standards.pack(id) else {
        let known = model::nearest(id, standards.packs().iter().map(|pack| pack.id.as_str()));
        terminal.say(format_args!("there is no pack `{id}`; did you mean `{}`?", known.unwrap_or_default()));
        return Ok(Exit::Usage);
    };
    terminal.line(format_args!("{}  {} / {}", pack.document, pack.title.zh, pack.title.en))?;
    terminal.line(format_args!(
        "{}, {}, {}, {}",
        pack.id,
        pack.layer.name(),
        pack.binding.name(),
        dates(pack)
    ))?;
    if !pack.note.is_empty() {
        terminal.line(&pack.note)?;
    }
    for clause in &pack.clauses {
        show_clause(clause, terminal)?;
    }
    Ok(Exit::Fine)
}

fn dates(pack: &Pack) -> String {
    let from = if pack.in_force_known { "in force from" } else { "in force from about" };
    let until = pack.until.map(|date| format!(" until {date}")).unwrap_or_default();
    format!("{from} {}{until}", pack.in_force)
}

fn show_clause(clause: &Clause, terminal: &mut Terminal) -> anyhow::Result<()> {
    terminal.line("")?;
    let use_ = if clause.in_use { "" } else { ", not in use" };
    terminal.line(format_args!(
        "{}  {}  [{}, {}, {}{use_}]",
        clause.id,
        clause.citation,
        clause.provenance.name(),
        clause.severity,
        clause.evidence.name()
    ))?;
    terminal.line(format_args!("  {} / {}", clause.title.zh, clause.title.en))?;
    for limit in limits(&clause.limit) {
        terminal.line(format_args!("  {} by {}: {limit}", clause.measure.name(), clause.period))?;
    }
    for note in [&clause.note, &clause.remedy.en].into_iter().filter(|text| !text.is_empty()) {
        terminal.line(format_args!("  {note}"))?;
    }
    Ok(())
}

/// Every number of a limit in words.
fn limits(limit: &Limit) -> Vec<String> {
    if let Some(table) = &limit.table {
        let row = |row: &rules::Row| format!("{}: {}", row.key.join(", "), bound(&row.bound, &limit.unit));
        return table.rows.iter().map(row).collect();
    }
    if let Some(curve) = &limit.curve {
        let point =
            |(at, cap): &(f64, f64)| format!("{}: {}: at most {cap} {}", curve.over.name(), at, limit.unit);
        return curve.at_most.iter().map(point).collect();
    }
    vec![bound(&limit.fixed, &limit.unit)]
}

fn bound(bound: &Bound, unit: &str) -> String {
    match (bound.at_least, bound.at_most) {
        (Some(low), Some(high)) => format!("{low} to {high} {unit}"),
        (Some(low), None) => format!("at least {low} {unit}"),
        (None, Some(high)) => format!("at most {high} {unit}"),
        (None, None) => "no number".to_owned(),
    }
}

/// Runs tests and writes the cases that fail.
fn test(standards: &Catalogue, file: Option<&Path>, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let report = match file.map(files::text) {
        None => standards.run_builtin_cases(),
        Some(Ok((name, text))) => standards.run_cases(&name, &text),
        Some(Err(problems)) => {
            terminal.problems(&problems)?;
            return Ok(Exit::Findings);
        }
    };
    let failed: &[Problem] = &report.problems;
    terminal.problems(failed)?;
    terminal.say(format_args!("{} cases, {} failed", report.cases.len(), failed.len()));
    Ok(if failed.is_empty() { Exit::Fine } else { Exit::Findings })
}

#[cfg(test)]
mod tests {
    use super::{super::terminal::tests::terminal, *};

    fn run(command: Command) -> (Exit, String, String) {
        let (mut terminal, out, err) = terminal();
        let exit = Packs { packs: None, overlay: None, command }.run(&mut terminal).unwrap();
        (exit, out.text(), err.text())
    }

    #[test]
    fn every_pack_is_listed_once_with_as_many_cells_as_the_header() {
        let (exit, out, _) = run(Command::List);
        assert_eq!(exit, Exit::Fine);
        let cells: Vec<usize> = out.lines().map(|line| line.split('\t').count()).collect();
        assert!(cells.len() > 10 && cells.iter().all(|n| *n == 8), "{out}");
    }

    #[test]
    fn a_pack_shows_its_limits_with_their_citations() {
        let (exit, out, _) = run(Command::Show { id: "gb-t-18883-2022".to_owned() });
        assert_eq!(exit, Exit::Fine);
        assert!(out.contains("gb-t-18883-2022/co2") && out.contains("at most 1000 ppm"), "{out}");
        let (exit, out, err) = run(Command::Show { id: "gb-t-18883".to_owned() });
        assert_eq!((exit, out.as_str()), (Exit::Usage, ""));
        assert!(err.contains("did you mean `gb-t-18883-20"), "{err}");
    }

    #[test]
    fn the_packs_pass_their_own_tests_and_a_wrong_case_fails() {
        assert_eq!(run(Command::Test { file: None }).0, Exit::Fine);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.test.toml");
        let text =
            "pack = \"gb-t-18883-2022\"\n[[case]]\nclause = \"co2\"\nvalue = 2000\nexpect = \"compliant\"\n";
        std::fs::write(&file, text).unwrap();
        assert_eq!(run(Command::Test { file: Some(file) }).0, Exit::Findings);
    }
}
