//! `asyncapi`: the contract for vendors, for their tools.

use super::{Exit, Terminal};

/// Prints the contract for sensor vendors as an AsyncAPI 3.0 document in JSON.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  normwatch asyncapi > normwatch.asyncapi.json\n\nA running service has the same \
                        at /api/v1/asyncapi.json."
)]
pub(super) struct Asyncapi {}

impl Asyncapi {
    #[expect(clippy::unused_self, reason = "a command without options is run as every other")]
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        terminal.line(format_args!("{:#}", ingest::asyncapi()))?;
        Ok(Exit::Fine)
    }
}
