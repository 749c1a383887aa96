//! `packs`: the standards catalogue.

use std::path::PathBuf;

use super::{Exit, Terminal};

/// Shows the standards and runs their own tests.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  normwatch packs list\n  normwatch packs show gb-t-18883-2022\n  normwatch packs test"
)]
pub(super) struct Packs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Lists every pack with its document, dates and number of clauses.
    #[command(after_help = "Example:\n  normwatch packs list")]
    List,
    /// Shows the clauses, limits and citations of one pack.
    #[command(after_help = "Example:\n  normwatch packs show gb-t-18883-2022")]
    Show {
        /// Pack id.
        id: String,
    },
    /// Runs the tests of the packs inside, or of one test file.
    #[command(after_help = "Example:\n  normwatch packs test my-pack.test.toml")]
    Test {
        /// Test file beside its pack.
        file: Option<PathBuf>,
    },
}

impl Packs {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        match self.command {
            Command::List => list(terminal),
            Command::Show { id } => show(&id, terminal),
            Command::Test { file } => test(file.as_deref(), terminal),
        }
    }
}

/// Writes one line a pack.
fn list(_terminal: &mut Terminal) -> anyhow::Result<Exit> {
    anyhow::bail!("not wired yet")
}

/// Writes one pack; an id that there is not is a usage error.
fn show(_id: &str, _terminal: &mut Terminal) -> anyhow::Result<Exit> {
    anyhow::bail!("not wired yet")
}

/// Runs tests and writes the cases that fail.
fn test(_file: Option<&std::path::Path>, _terminal: &mut Terminal) -> anyhow::Result<Exit> {
    anyhow::bail!("not wired yet")
}
