//! `packs`: the standards catalogue.

mod show;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use model::Problem;
use rules::{Catalogue, Decides, Provenance};

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
    /// Lists every pack with its document, dates and clauses by provenance and by what decides them, tab-separated.
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

/// Writes one line a pack and one for all of them: how many clauses there are, where their numbers come
/// from and what decides them. The sums go to stderr too, for people.
fn list(standards: &Catalogue, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    terminal
        .line("pack\tdocument\tlayer\tbinding\tin_force\tuntil\tclauses\tprovenance\tdecided_by\ttitle")?;
    for pack in standards.packs() {
        let until = pack.until.map(|date| date.to_string()).unwrap_or_default();
        let counts = pack.counts();
        terminal.line(format_args!(
            "{}\t{}\t{}\t{}\t{}\t{until}\t{}\t{}\t{}\t{}",
            pack.id,
            pack.document,
            pack.layer.name(),
            pack.binding.name(),
            pack.in_force,
            counts.clauses,
            kinds(&counts.by_provenance, Provenance::name),
            kinds(&counts.by_decides, Decides::name),
            pack.title.en
        ))?;
    }
    let counts = standards.counts();
    let by_provenance = kinds(&counts.by_provenance, Provenance::name);
    let by_decides = kinds(&counts.by_decides, Decides::name);
    terminal.line(format_args!("total\t\t\t\t\t\t{}\t{by_provenance}\t{by_decides}\t", counts.clauses))?;
    let packs = standards.packs().len();
    terminal.say(format_args!("{packs} packs, {} clauses, {} limits", counts.clauses, counts.limits));
    terminal.say(format_args!("by provenance: {by_provenance}"));
    terminal.say(format_args!("decided by: {by_decides}"));
    Ok(Exit::Fine)
}

/// `3 two_sources, 1 policy`.
fn kinds<T: Copy>(counts: &BTreeMap<T, usize>, name: fn(T) -> &'static str) -> String {
    let counts: Vec<String> = counts.iter().map(|(kind, n)| format!("{n} {}", name(*kind))).collect();
    counts.join(", ")
}

/// Writes one pack for people; an id that there is not is a usage error.
fn show(standards: &Catalogue, id: &str, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let Some(pack) = standards.pack(id) else {
        let known = model::nearest(id, standards.packs().iter().map(|pack| pack.id.as_str()));
        terminal.say(format_args!("there is no pack `{id}`; did you mean `{}`?", known.unwrap_or_default()));
        return Ok(Exit::Usage);
    };
    for line in show::pack(pack) {
        terminal.line(line)?;
    }
    Ok(Exit::Fine)
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
        let rows: Vec<Vec<&str>> = out.lines().map(|line| line.split('\t').collect()).collect();
        assert!(rows.len() > 10 && rows.iter().all(|row| row.len() == rows[0].len()), "{out}");
    }

    #[test]
    fn the_counts_of_the_packs_add_up_to_the_total() {
        let (_, out, err) = run(Command::List);
        let rows: Vec<Vec<&str>> = out.lines().skip(1).map(|line| line.split('\t').collect()).collect();
        let (total, packs) = rows.split_last().unwrap();
        let sum =
            |cell: &str| cell.split(", ").filter_map(|n| n.split(' ').next()?.parse::<usize>().ok()).sum();
        let clauses: usize = packs.iter().map(|row| row[6].parse::<usize>().unwrap()).sum();
        for (column, what) in [(6, "clauses"), (7, "provenance"), (8, "decides")] {
            let of_packs: usize = packs.iter().map(|row| sum(row[column])).sum::<usize>();
            assert_eq!((sum(total[column]), of_packs), (clauses, clauses), "{what}");
        }
        assert!(total[7].contains("unverified") && total[8].contains("register"), "{total:?}");
        assert!(err.contains("by provenance: ") && err.contains("decided by: "), "{err}");
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
    fn a_pack_shows_dates_provenance_notes_and_every_row_with_its_ratings() {
        let show = |id: &str| run(Command::Show { id: id.to_owned() }).1;
        let offices = show("cn-2674-2014");
        let grades = "up to 30 % over: may wait while no fitting room is free; from 50 %: must be put right";
        assert!(offices.contains(grades), "{offices}");
        for wanted in [
            "in force from 2014-11-24 (day not confirmed, see the note)",
            "[two_sources, warning, firm]",
            "by level, rank:",
            "city, below_bureau: at most 9 m2",
            "authorised_headcount: 400: at most 6 m2",
            "note: Usable area per post.",
        ] {
            assert!(offices.contains(wanted), "{wanted}: {offices}");
        }
        let quota = show("db37-t-2672-2019");
        for wanted in [
            "at most 80 kWh/(m2.a), baseline 51.5, guide 31.9",
            "a lower layer may set at most 31.9 to 80",
            "energy: electricity x 0.31 + gas x 1.2143 + heat x 34.12, without heating, transport",
            "applies to building, level city, quota_zone db37-b",
        ] {
            assert!(quota.contains(wanted), "{wanted}: {quota}");
        }
        let rows = show("gb-t-51161-2016");
        assert!(rows.contains("cold, a: at most 55 kWh/(m2.a), guide 45"), "{rows}");
        assert!(rows.contains("corrected by (0.3 + 0.7 x 2500 h / T) x (0.7 + 0.3 x S / 10 m2)"), "{rows}");
        let weather = show("en-16798-1-2019");
        assert!(weather.contains("-4 to 3 Cel around 0.33 x Trm + 18.8"), "{weather}");
        assert!(show("gb-t-18883-2002").contains("until 2023-02-01"));
    }

    #[test]
    fn a_number_that_an_overlay_moved_says_by_what_right() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("local.toml");
        let text =
            "[[override]]\nclause = \"gb-t-18883-2022/co2\"\ncitation = \"house rule 3\"\nat_most = 900\n";
        std::fs::write(&file, text).unwrap();
        let (mut terminal, out, _) = terminal();
        let command = Command::Show { id: "gb-t-18883-2022".to_owned() };
        let packs = Packs { packs: None, overlay: Some(file), command };
        assert_eq!(packs.run(&mut terminal).unwrap(), Exit::Fine);
        let out = out.text();
        assert!(out.contains("moved by: house rule 3") && out.contains("at most 900 ppm"), "{out}");
        assert!(out.contains("alert clears: at most 850 ppm"), "{out}");
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
