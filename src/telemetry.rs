//! The log: lines on stderr, filtered by `RUST_LOG` (default: our own news, others' warnings).

use tracing_subscriber::EnvFilter;

/// Starts the log of this process; later calls change nothing.
pub fn start(default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    // A line that stderr does not take (a file on a full disk) is dropped: to complain about it there would panic.
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false);
    // An error means that a log is running already.
    drop(log.try_init());
}
