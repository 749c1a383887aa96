//! `-c FILE`: which configuration a command works by.

use std::path::PathBuf;

use super::{Terminal, run::config_file};
use crate::config::{Config, environment};

// No doc comment: clap would take it for the text of the command that flattens this.
#[derive(Debug, clap::Args)]
pub(super) struct ConfigFile {
    /// Configuration file; without it ./normwatch.toml when there is one, else the defaults.
    #[arg(short = 'c', long = "config", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

impl ConfigFile {
    /// The configuration, or `None` when it is wrong and that has been said.
    pub(super) fn load(self, terminal: &mut Terminal) -> anyhow::Result<Option<Config>> {
        match Config::load(config_file(self.config).as_deref(), &environment()) {
            Ok(config) => Ok(Some(config)),
            Err(problems) => {
                terminal.problems(&problems)?;
                Ok(None)
            }
        }
    }
}
