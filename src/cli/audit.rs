//! `audit`: the trail of acts, logins, claims and rulebooks, and whether its chain is whole.

use clap::Subcommand;

use super::{Exit, Terminal, config_file::ConfigFile};
use crate::audit::{self, AUDIT_FILE, Chain};

/// Entries read at once.
const AT_ONCE: usize = 500;

/// Shows who did what, and verifies the chain of hashes. Works while the service runs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  normwatch audit verify\n  normwatch audit list --after 120")]
pub(super) struct Audit {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Computes every hash anew; prints the newest one, or the first link that does not hold (exit 1)
    #[command(after_help = "A chain cannot tell by itself that its end was cut off: note the newest hash \
                            elsewhere, and give it here.\n\nExample:\n  normwatch audit verify --head 5f0c...")]
    Verify {
        /// A newest hash that was noted earlier: it must still be in the chain
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
    /// Prints the entries as JSON lines
    #[command(after_help = "Example:\n  normwatch audit list --after 120 --limit 50")]
    List {
        /// Only entries behind this number
        #[arg(long, default_value_t = 0)]
        after: u64,
        /// At most so many
        #[arg(long, default_value_t = 1000)]
        limit: usize,
    },
}

impl Audit {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let Some(config) = self.config.load(terminal)? else { return Ok(Exit::Findings) };
        let path = config.data_dir.join(AUDIT_FILE);
        anyhow::ensure!(path.exists(), "{} is not there: no service has run here yet", path.display());
        let trail = audit::Audit::open_reader(&path)?;
        match self.action {
            Action::Verify { head } => verify(&trail, head.as_deref(), terminal),
            Action::List { after, limit } => list(&trail, after, limit, terminal),
        }
    }
}

fn verify(trail: &audit::Audit, noted: Option<&str>, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    match trail.verify()? {
        Chain::Broken { id, what } => {
            terminal.line(format_args!("broken at entry {id}: {what}"))?;
            return Ok(Exit::Findings);
        }
        Chain::Whole { entries, head } => {
            terminal.line(format_args!("whole: {entries} entries, newest hash {head}"))?;
        }
    }
    if let Some(noted) = noted
        && !trail.has_hash(noted)?
    {
        terminal.line(format_args!("cut off or built anew: no entry has the hash {noted}"))?;
        return Ok(Exit::Findings);
    }
    Ok(Exit::Fine)
}

fn list(trail: &audit::Audit, mut after: u64, limit: usize, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let mut left = limit;
    while left > 0 {
        let entries = trail.entries(after, left.min(AT_ONCE))?;
        let Some(last) = entries.last() else { break };
        after = last.id;
        left = left.saturating_sub(entries.len());
        for entry in &entries {
            terminal.line(serde_json::to_string(entry)?)?;
        }
    }
    Ok(Exit::Fine)
}
