//! Entry point: the command line is in `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    normwatch::cli::main()
}
