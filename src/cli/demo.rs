//! `demo`: everything embedded, nothing to install.

use std::{net::SocketAddr, path::PathBuf};

use super::{Exit, Terminal};

/// Shows the whole product with a simulated office: broker, sensors, findings, mails, console.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  normwatch demo --listen 127.0.0.1:8080 --days 7")]
pub(super) struct Demo {
    /// Address of the console.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(super) listen: SocketAddr,
    /// Where data and mails go; a temporary folder when absent, printed with the address.
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Past days that are lived through first.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(0..=366))]
    pub(super) days: u32,
    /// How many times faster than real time the past days go; as fast as possible when absent.
    #[arg(long, value_name = "X")]
    pub(super) speed: Option<f64>,
}

impl Demo {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        if self.speed.is_some_and(|speed| !(speed.is_finite() && speed > 0.0)) {
            terminal.say("--speed must be a number above 0");
            return Ok(Exit::Usage);
        }
        demo(&self, terminal)
    }
}

/// Starts the demo and serves until it is stopped.
fn demo(_demo: &Demo, _terminal: &mut Terminal) -> anyhow::Result<Exit> {
    anyhow::bail!("not wired yet")
}
