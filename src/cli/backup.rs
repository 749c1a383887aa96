//! `backup` and `restore`: everything that a service keeps, copied while it runs, and put back.

use std::path::PathBuf;

use super::{Exit, Terminal, config_file::ConfigFile};
use crate::{
    backup::{self, RegisterFate},
    clock::Clock,
    disk::in_words,
};

/// Copies spool, state, history, mails, users, audit trail and register of a service, running or not.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "DIR must be empty or absent; manifest.json in it lists every file with its hash and is \
                        printed.\n\nExample:\n  normwatch backup /var/backups/normwatch/2026-11-22"
)]
pub(super) struct Backup {
    /// Where to write it.
    #[arg(value_name = "DIR")]
    to: PathBuf,
    #[command(flatten)]
    config: ConfigFile,
}

impl Backup {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let Some(config) = self.config.load(terminal)? else { return Ok(Exit::Findings) };
        let manifest = backup::take(&config, &self.to, Clock::System.now())?;
        terminal.line(serde_json::to_string(&manifest)?)?;
        let bytes: u64 = manifest.files.values().map(|file| file.bytes).sum();
        terminal.say(format_args!(
            "{} files, {} KiB; spool at {}, judged to {}",
            manifest.files.len(),
            bytes.div_ceil(1024),
            manifest.spool,
            manifest.checkpoint
        ));
        Ok(Exit::Fine)
    }
}

/// Puts a backup back where no data is; verifies every hash before anything is written.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The data_dir of the configuration must be empty or absent, but for names that begin with a dot; it \
                        may be a mount point. The register is written where there is none and left alone where there is \
                        one; packs and overlay are yours to copy. What was broken off is repeated: until it is done, no \
                        service starts there.\n\
                        \nExample:\n  normwatch restore /var/backups/normwatch/2026-11-22 -c normwatch.toml"
)]
pub(super) struct Restore {
    /// The backup.
    #[arg(value_name = "DIR")]
    from: PathBuf,
    #[command(flatten)]
    config: ConfigFile,
}

impl Restore {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let Some(config) = self.config.load(terminal)? else { return Ok(Exit::Findings) };
        let restored = backup::restore(&config, &self.from)?;
        let (data, register) = (config.data_dir.display(), config.register.display());
        terminal.say(format_args!("{data} is as it was at {}", restored.manifest.taken_at));
        match restored.register {
            RegisterFate::Written => terminal.say(format_args!("{register} is written too")),
            RegisterFate::Kept => {
                terminal
                    .say(format_args!("{register} is left as it is; that of the backup is in the backup"));
            }
            RegisterFate::Failed(error) => {
                let error = in_words(&error);
                terminal.say(format_args!(
                    "{register} cannot be written ({error}): copy it yourself from {}",
                    self.from.join("register").display()
                ));
                return Ok(Exit::Findings);
            }
        }
        Ok(Exit::Fine)
    }
}
