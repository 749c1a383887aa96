//! The command line: one file a command, one exit code rule.
//!
//! 0 fine, 1 findings or failure, 2 usage. What machines read goes to stdout, what people read to stderr.

mod assess;
mod asyncapi;
mod audit;
mod backfill;
mod backup;
mod bench;
mod check;
mod config_file;
mod decode;
mod demo;
mod input;
mod mail;
mod measure;
mod packs;
mod quarantine;
mod register;
mod replay;
mod report;
mod run;
mod terminal;
mod user;
mod workbook;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use input::{Input, InputError, Rejected};
pub use terminal::Terminal;

/// Watches offices against their area, energy and air standards.
#[derive(Debug, Parser)]
#[command(name = "normwatch", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Run(run::Run),
    Check(check::Check),
    Decode(decode::Decode),
    Asyncapi(asyncapi::Asyncapi),
    Measure(measure::Measure),
    Replay(replay::Replay),
    Assess(assess::Assess),
    Packs(packs::Packs),
    Register(register::Register),
    Backfill(backfill::Backfill),
    User(user::User),
    Mail(mail::Mail),
    Quarantine(quarantine::Quarantine),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Audit(audit::Audit),
    Report(report::Report),
    Bench(bench::Bench),
}

/// How a command ended; a failure is an error instead and also exits 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, nothing found.
    Fine,
    /// 1: done, and there is something to see to.
    Findings,
    /// 2: asked for something that cannot be.
    Usage,
}

/// Runs the command of this process's arguments.
///
/// Wrong arguments end the process with 2 before anything runs; that is clap's own rule.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut terminal = Terminal::process();
    let done = cli.command.run(&mut terminal);
    let exit = done.and_then(|exit| terminal.flush().map(|()| exit).map_err(Into::into));
    match exit {
        Ok(Exit::Fine) => ExitCode::SUCCESS,
        Ok(Exit::Findings) => ExitCode::from(1),
        Ok(Exit::Usage) => ExitCode::from(2),
        // Whoever reads us has seen enough, `| head` for one: no failure of ours.
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            terminal.say(format_args!("error: {error:#}"));
            ExitCode::from(1)
        }
    }
}

impl Command {
    fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        match self {
            Self::Demo(demo) => demo.run(terminal),
            Self::Run(run) => run.run(terminal),
            Self::Check(check) => check.run(terminal),
            Self::Decode(decode) => decode.run(terminal),
            Self::Asyncapi(asyncapi) => asyncapi.run(terminal),
            Self::Measure(measure) => measure.run(terminal),
            Self::Replay(replay) => replay.run(terminal),
            Self::Assess(assess) => assess.run(terminal),
            Self::Packs(packs) => packs.run(terminal),
            Self::Register(register) => register.run(terminal),
            Self::Backfill(backfill) => backfill.run(terminal),
            Self::User(user) => user.run(terminal),
            Self::Mail(mail) => mail.run(terminal),
            Self::Quarantine(quarantine) => quarantine.run(terminal),
            Self::Backup(backup) => backup.run(terminal),
            Self::Restore(restore) => restore.run(terminal),
            Self::Audit(audit) => audit.run(terminal),
            Self::Report(report) => report.run(terminal),
            Self::Bench(bench) => bench.run(terminal),
        }
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_of_all_commands_hold_together() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn the_help_of_every_command_shows_an_example() {
        let cli = <Cli as clap::CommandFactory>::command();
        for command in cli.get_subcommands() {
            let help = command.clone().render_long_help().to_string();
            let example = format!("  normwatch {}", command.get_name());
            assert!(help.contains(&example), "{help}");
        }
    }
}
