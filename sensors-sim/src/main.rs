//! `sensors-sim`: plays, writes and describes a simulated office, or loads a broker.

mod cli;
mod load;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::run(cli::Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write;
            // Nothing is left to do about a closed stderr.
            drop(writeln!(std::io::stderr(), "sensors-sim: {error}"));
            ExitCode::FAILURE
        }
    }
}
