//! `run`: the service.

use std::path::PathBuf;

use super::{Exit, Terminal};
use crate::config::{Config, environment};

/// Runs the service until it is stopped.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  normwatch run -c /etc/normwatch/normwatch.toml")]
pub(super) struct Run {
    /// Configuration file; without it ./normwatch.toml when there is one, else the defaults.
    #[arg(short = 'c', long = "config", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

/// The configuration file that counts: the one given, else `normwatch.toml` here when there is one.
pub(super) fn config_file(given: Option<PathBuf>) -> Option<PathBuf> {
    given.or_else(|| Some(PathBuf::from("normwatch.toml")).filter(|file| file.exists()))
}

impl Run {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        match Config::load(config_file(self.config).as_deref(), &environment()) {
            Ok(config) => serve(config, terminal),
            Err(problems) => {
                for problem in problems {
                    terminal.say(problem);
                }
                Ok(Exit::Findings)
            }
        }
    }
}

/// Builds the service of a configuration and runs it until it is told to stop.
fn serve(_config: Config, _terminal: &mut Terminal) -> anyhow::Result<Exit> {
    anyhow::bail!("not wired yet")
}
