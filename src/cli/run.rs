//! `run`: the service.

use std::path::PathBuf;

use super::{Exit, Terminal};
use crate::{
    app::{self, ServiceError},
    clock::Clock,
    config::{Config, environment},
    telemetry,
};

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
            Ok(config) => serve(&config, terminal),
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
fn serve(config: &Config, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    telemetry::start("warn,normwatch=info");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut service = match app::start(config, Clock::System).await {
            Ok(service) => service,
            Err(error) => return refused(error, terminal),
        };
        terminal.say(format_args!("console at http://{}/", service.address));
        let is_asked = tokio::select! {
            () = stop_signal() => true,
            () = service.failed() => false,
        };
        terminal.say("stopping");
        service.stop().await?;
        Ok(if is_asked { Exit::Fine } else { Exit::Findings })
    })
}

/// Says why the service did not start.
pub(super) fn refused(error: ServiceError, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    match error {
        ServiceError::Problems(problems) => {
            for problem in problems {
                terminal.say(problem);
            }
            Ok(Exit::Findings)
        }
        other @ ServiceError::Part { .. } => Err(other.into()),
    }
}

/// Waits for SIGINT or SIGTERM.
pub(super) async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        else {
            drop(interrupt.await);
            return;
        };
        tokio::select! {
            done = interrupt => drop(done),
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
}
