//! `bench`: what the service costs on this machine, as ratios of one run.

use super::{Exit, Terminal};
use crate::{
    bench::{self, Options, Part},
    telemetry,
};

/// Measures the service on this machine; every figure stands beside what it is compared with in the same run.
///
/// Ratios can be compared between machines and releases, times cannot. Nothing needs to be installed;
/// with mosquitto on the machine that broker is measured too.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  normwatch bench\n  normwatch bench --quick --json\n  normwatch bench --only pipeline"
)]
pub(super) struct Bench {
    /// Fewer rounds: about half a minute instead of two.
    #[arg(long, conflicts_with = "large")]
    quick: bool,
    /// A million series, and 9.25 million readings judged: minutes, and several GB of memory.
    #[arg(long)]
    large: bool,
    /// One JSON object on stdout instead of tables.
    #[arg(long)]
    json: bool,
    /// Only this part; may be given more than once.
    #[arg(long, value_name = "PART")]
    only: Vec<Part>,
}

impl Bench {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        telemetry::start("error,rumqttd=off");
        let parts = if self.only.is_empty() { Part::ALL.to_vec() } else { self.only };
        let options = Options { is_quick: self.quick, is_large: self.large, parts };
        let report = bench::run(&options, &mut |line| terminal.say(line))?;
        if self.json {
            terminal.line(serde_json::to_string(&report)?)?;
        } else {
            terminal.line(report)?;
        }
        Ok(Exit::Fine)
    }
}
