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
    let done = runtime.block_on(async {
        // Before anything else: a stop during a long start must not look like a crash.
        let mut stop = StopSignal::listen()?;
        outgrow_limits()?;
        let started = tokio::select! {
            started = app::start(config, clock()) => started,
            () = stop.wait() => {
                terminal.say("stopped during the start");
                return Ok(Exit::Fine);
            }
        };
        let mut service = match started {
            Ok(service) => service,
            Err(error) => return refused(error, terminal),
        };
        terminal.say(format_args!("console at http://{}/", service.address));
        let is_asked = tokio::select! {
            () = stop.wait() => true,
            () = service.failed() => false,
        };
        terminal.say("stopping");
        service.stop().await?;
        Ok(if is_asked { Exit::Fine } else { Exit::Findings })
    });
    // What still catches up with the spool goes on from its checkpoint next time.
    runtime.shutdown_background();
    done
}

/// The machine's clock; for a rehearsal, shifted by what a file says (docs/durability.md).
fn clock() -> Clock {
    let file = environment().remove("NORMWATCH_CLOCK_SHIFT_FILE");
    file.map_or(Clock::System, |file| Clock::shifted_by(file.into()))
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

/// A file that reaches the limit of its size (`RLIMIT_FSIZE`) makes a write fail, as a full disk does. Left
/// alone, the signal that comes with it would end the process.
fn outgrow_limits() -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        const SIGXFSZ: i32 = 25;
        // What catches it stays for the life of the process.
        drop(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(SIGXFSZ))?);
    }
    Ok(())
}

/// SIGINT and SIGTERM, caught from the moment it is made.
pub(super) struct StopSignal {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
}

impl StopSignal {
    /// Catches the signals from now on.
    pub(super) fn listen() -> std::io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let signals = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
            Ok(Self { signals })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for one of them.
    pub(super) async fn wait(&mut self) {
        #[cfg(unix)]
        {
            let [interrupt, terminate] = &mut self.signals;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        #[cfg(not(unix))]
        drop(tokio::signal::ctrl_c().await);
    }
}
