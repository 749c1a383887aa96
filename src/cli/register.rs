//! `register`: a directory of tables to start from, and back and forth between spellings of it.

mod xlsx;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::{Exit, Terminal, run::config_file};
use crate::config::{Config, environment};

/// Writes, imports and exports the register that facilities staff maintain.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  normwatch register init office/\n  normwatch register export --register office/ office.xlsx"
)]
pub(super) struct Register {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Writes a small example register into a new or empty directory.
    #[command(after_help = "Example:\n  normwatch register init office/")]
    Init {
        /// Directory to write.
        dir: PathBuf,
    },
    /// Checks the tables of a directory or workbook and takes them over as the register of the service.
    #[command(
        after_help = "Examples:\n  normwatch register import spreadsheets/ --register office/\n  normwatch register \
                      import office.xlsx --register office/"
    )]
    Import {
        /// Directory of CSV files in any tolerated spelling, or an XLSX workbook with a sheet for each of them.
        from: PathBuf,
        /// The register to replace; that of the configuration when absent.
        #[arg(long, value_name = "DIR")]
        register: Option<PathBuf>,
        /// Configuration file that names the register.
        #[arg(short = 'c', long = "config", value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Writes the register as CSV in UTF-8, or as one XLSX, with every column and every default spelled out.
    #[command(
        after_help = "Examples:\n  normwatch register export --register office/ copy/\n  normwatch register export \
                      --register office/ office.xlsx"
    )]
    Export {
        /// Directory to write, new or empty; or a workbook, when it ends in .xlsx and is not there yet.
        #[arg(value_name = "DIR|XLSX")]
        to: PathBuf,
        /// The register to read; that of the configuration when absent.
        #[arg(long, value_name = "DIR")]
        register: Option<PathBuf>,
        /// Configuration file that names the register.
        #[arg(short = 'c', long = "config", value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Prints the broker's list of rights: who may publish for which devices of the register.
    #[command(
        after_help = "Example:\n  normwatch register acl -c /etc/normwatch/normwatch.toml > mosquitto/acl"
    )]
    Acl {
        /// The broker that is to read it.
        #[arg(long, value_enum, default_value = "mosquitto")]
        format: Broker,
        /// The register to read; that of the configuration when absent.
        #[arg(long, value_name = "DIR")]
        register: Option<PathBuf>,
        /// Configuration file that names the register, the routes and their users.
        #[arg(short = 'c', long = "config", value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

/// Brokers whose lists we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Broker {
    /// Mosquitto 2, for its `acl_file`.
    Mosquitto,
}

impl Register {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        match self.command {
            Command::Init { dir } => {
                write_new(&dir, &model::Register::template())?;
                terminal.say(format_args!("wrote an example register to {}", dir.display()));
                terminal.say("next: describe your office in it, name it as `register` in the configuration, then `normwatch check`");
                Ok(Exit::Fine)
            }
            Command::Import { from, register, config } => {
                let Some(to) = directory(register, config, terminal)? else { return Ok(Exit::Findings) };
                let register = if is_workbook(&from) {
                    load_workbook(&from, terminal)?
                } else {
                    checked(&from, terminal)?
                };
                let Some(register) = register else { return Ok(Exit::Findings) };
                replace(&to, &register.export())?;
                terminal.say(format_args!("took {} over as {}", from.display(), to.display()));
                Ok(Exit::Fine)
            }
            Command::Export { to, register, config } => {
                let Some(from) = directory(register, config, terminal)? else { return Ok(Exit::Findings) };
                let Some(register) = checked(&from, terminal)? else { return Ok(Exit::Findings) };
                if is_workbook(&to) {
                    anyhow::ensure!(!to.exists(), "{} is there already: choose a new name", to.display());
                    xlsx::write(&to, &register.export())?;
                } else {
                    write_new(&to, &register.export())?;
                }
                terminal.say(format_args!("wrote {} to {}", from.display(), to.display()));
                Ok(Exit::Fine)
            }
            Command::Acl { format: Broker::Mosquitto, register, config } => acl(register, config, terminal),
        }
    }
}

fn acl(register: Option<PathBuf>, config: Option<PathBuf>, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let config = match Config::load(config_file(config).as_deref(), &environment()) {
        Ok(config) => config,
        Err(problems) => {
            terminal.complain(&problems);
            return Ok(Exit::Findings);
        }
    };
    let dir = register.unwrap_or_else(|| config.register.clone());
    let Some(register) = load(&dir, terminal) else { return Ok(Exit::Findings) };
    match crate::acl::mosquitto(&config, &register) {
        Ok(acl) => {
            acl.lines().try_for_each(|line| terminal.line(line))?;
            Ok(Exit::Fine)
        }
        Err(problems) => {
            terminal.complain(&problems);
            Ok(Exit::Findings)
        }
    }
}

/// The register directory that was given, else that of the configuration.
fn directory(
    given: Option<PathBuf>,
    config: Option<PathBuf>,
    terminal: &mut Terminal,
) -> anyhow::Result<Option<PathBuf>> {
    if given.is_some() {
        return Ok(given);
    }
    match Config::load(config_file(config).as_deref(), &environment()) {
        Ok(config) => Ok(Some(config.register)),
        Err(problems) => {
            terminal.problems(&problems)?;
            Ok(None)
        }
    }
}

/// The register of a directory; `None` when it has problems, which are told to people.
pub(crate) fn load(dir: &Path, terminal: &mut Terminal) -> Option<model::Register> {
    crate::files::register(dir).map_err(|problems| terminal.complain(&problems)).ok()
}

/// The same where what is wrong is what the command is asked for.
fn checked(dir: &Path, terminal: &mut Terminal) -> anyhow::Result<Option<model::Register>> {
    match crate::files::register(dir) {
        Ok(register) => Ok(Some(register)),
        Err(problems) => {
            terminal.problems(&problems)?;
            Ok(None)
        }
    }
}

fn is_workbook(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("xlsx"))
}

/// The register of a workbook; `None` when it has problems, which are written out by sheet and row.
fn load_workbook(path: &Path, terminal: &mut Terminal) -> anyhow::Result<Option<model::Register>> {
    let book = xlsx::Book::read(path)?;
    for sheet in &book.unknown {
        terminal.say(format_args!("sheet `{sheet}` is no table of a register: left out"));
    }
    let (register, mut problems) = match model::Register::load(&book.files) {
        Ok(register) => (Some(register), Vec::new()),
        Err(problems) => (None, problems),
    };
    problems.extend(book.problems.iter().cloned());
    if problems.is_empty() {
        return Ok(register);
    }
    let problems: Vec<_> = problems.into_iter().map(|problem| book.place(path, problem)).collect();
    terminal.problems(&problems)?;
    Ok(None)
}

/// Writes files into a directory that is new or empty: nothing of the user's is overwritten.
fn write_new(dir: &Path, files: &BTreeMap<String, String>) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    let mut entries = std::fs::read_dir(dir).with_context(|| dir.display().to_string())?;
    anyhow::ensure!(entries.next().is_none(), "{} is not empty: choose a new directory", dir.display());
    for (name, text) in files {
        let path = dir.join(name);
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Replaces the files of a register; each is whole at any time, and the old one stays beside it as `.bak`.
fn replace(dir: &Path, files: &BTreeMap<String, String>) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    for (name, text) in files {
        let path = dir.join(name);
        let fresh = dir.join(format!("{name}.new"));
        std::fs::write(&fresh, text).with_context(|| fresh.display().to_string())?;
        if path.exists() {
            std::fs::copy(&path, dir.join(format!("{name}.bak")))
                .with_context(|| path.display().to_string())?;
        }
        std::fs::rename(&fresh, &path).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{super::terminal::tests::terminal, *};

    #[test]
    fn an_example_register_can_be_written_exported_and_imported_again() {
        let root = tempfile::tempdir().unwrap();
        let dir = |name: &str| root.path().join(name);
        let run = |command| Register { command }.run(&mut terminal().0).unwrap();
        assert_eq!(run(Command::Init { dir: dir("a") }), Exit::Fine);
        assert_eq!(run(Command::Export { to: dir("b"), register: Some(dir("a")), config: None }), Exit::Fine);
        assert_eq!(
            run(Command::Import { from: dir("b"), register: Some(dir("a")), config: None }),
            Exit::Fine
        );
        let export = |to| Command::Export { to, register: Some(dir("a")), config: None };
        assert_eq!(run(export(dir("c.xlsx"))), Exit::Fine);
        assert!(
            Register { command: export(dir("c.xlsx")) }.run(&mut terminal().0).is_err(),
            "never overwritten"
        );
        let import = Command::Import { from: dir("c.xlsx"), register: Some(dir("a")), config: None };
        assert_eq!(run(import), Exit::Fine);
        assert!(dir("a").join("places.csv.bak").exists());
        let again = load(&dir("a"), &mut terminal().0).unwrap();
        let exported = load(&dir("b"), &mut terminal().0).unwrap();
        assert_eq!(again.export(), exported.export());
    }

    #[test]
    fn a_directory_that_holds_something_is_never_written_to() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("mine.txt"), "x").unwrap();
        let command = Command::Init { dir: root.path().to_path_buf() };
        assert!(Register { command }.run(&mut terminal().0).is_err());
    }

    #[test]
    fn problems_name_the_directory_and_the_line() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("register.toml"), "id = \"a\"\ntime_zone = \"UTC\"\n").unwrap();
        std::fs::write(root.path().join("places.csv"), "place,kind\nr,rom\n").unwrap();
        let (mut terminal, out, _) = terminal();
        assert!(checked(root.path(), &mut terminal).unwrap().is_none());
        let wanted = format!("{}/places.csv:2: kind: ", root.path().display());
        assert!(out.text().starts_with(&wanted), "{}", out.text());
    }
}
