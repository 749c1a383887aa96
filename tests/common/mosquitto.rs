//! Mosquitto: the broker that most sites have.

use std::{
    net::{Ipv4Addr, TcpStream},
    process::Command,
    time::Duration,
};

use super::process::{Process, free_port, until};

const START: Duration = Duration::from_secs(10);

/// A running broker without persistence and without accounts.
#[derive(Debug)]
pub struct Mosquitto {
    process: Option<Process>,
    dir: tempfile::TempDir,
    port: u16,
}

impl Mosquitto {
    /// Starts one and waits until it accepts connections; `None` when it is not installed.
    ///
    /// `more` is appended to its configuration, a setting a line.
    pub async fn start(more: &str) -> Option<Self> {
        let mut broker = Self { process: None, dir: tempfile::tempdir().unwrap(), port: free_port() };
        let config = format!(
            "listener {} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 0\n\
             queue_qos0_messages true\nmax_inflight_messages 100\nset_tcp_nodelay true\nlog_type error\n{more}\n",
            broker.port
        );
        std::fs::write(broker.dir.path().join("mosquitto.conf"), config).unwrap();
        broker.again().await.then_some(broker)
    }

    /// Starts it on its port again, after [`Self::kill`].
    pub async fn again(&mut self) -> bool {
        // Debian keeps the broker out of the path of ordinary users.
        let program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"]
            .into_iter()
            .find(|path| std::path::Path::new(path).exists())
            .unwrap_or("mosquitto");
        let mut command = Command::new(program);
        command.arg("-c").arg(self.dir.path().join("mosquitto.conf"));
        let Some(mut process) = Process::start(&mut command, &self.dir.path().join("log")) else {
            return false;
        };
        until("mosquitto accepts", START, async || {
            assert!(
                process.is_running(),
                "{}",
                std::fs::read_to_string(self.dir.path().join("log")).unwrap()
            );
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()
        })
        .await;
        self.process = Some(process);
        true
    }

    /// Ends it as a crash would: what it held is lost.
    pub fn kill(&mut self) {
        self.process.take().unwrap().kill();
    }

    /// Asks it to stop, and waits until it has: with persistence, what it held is on its disk.
    pub async fn stop(&mut self) {
        let mut process = self.process.take().unwrap();
        process.signal("TERM");
        until("mosquitto stops", START, async || (!process.is_running()).then_some(())).await;
    }

    /// Has it read its files of names and rights again.
    pub fn hang_up(&self) {
        self.process.as_ref().unwrap().signal("HUP");
    }

    /// Settings for a broker that keeps sessions and messages in its folder over a stop.
    pub fn with_persistence(dir: &std::path::Path) -> String {
        // Started by root it would else become a user who may not write there.
        format!("persistence true\npersistence_location {}/\nuser root\n", dir.display())
    }

    /// Its port on the loopback address.
    pub fn port(&self) -> u16 {
        self.port
    }
}
