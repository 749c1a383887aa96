//! A child process that is killed by its handle when the test ends, however it ends.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A running server.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts a command with its output in `log`; `None` (and a printed reason) when it is not installed.
    pub fn start(command: &mut Command, log: &Path) -> Option<Self> {
        let file = std::fs::File::create(log).unwrap();
        let child = command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file).spawn();
        match child {
            Ok(child) => Some(Self(child)),
            Err(error) => {
                let name = command.get_program().display();
                eprintln!("skipped: `{name}` cannot be started here: {error}");
                None
            }
        }
    }

    /// Ends the process as a crash would.
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Sends a signal by its name, such as TERM.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.0.id().to_string()).status();
        assert!(sent.unwrap().success(), "kill -{name}");
    }

    /// Its number at the system.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Its exit code, once it has ended by itself; `None` when it has not yet, or was killed.
    pub fn exit_code(&mut self) -> Option<i32> {
        self.0.try_wait().unwrap().and_then(|status| status.code())
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.0.kill().is_ok() {
            self.0.wait().ok();
        }
    }
}

/// A port that nobody listens on. (Another process may take it before the server does; then the start fails.)
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Asks until the answer is there; the test fails after `deadline`.
pub async fn until<T>(what: &str, deadline: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let end = tokio::time::Instant::now() + deadline;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(tokio::time::Instant::now() < end, "{what}: not within {deadline:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
