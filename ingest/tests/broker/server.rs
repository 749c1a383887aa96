//! A mosquitto of our own.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use ingest::mqtt::MqttConfig;
use tokio::time::Instant;

pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A mosquitto of our own on a free loopback port; stopped when dropped.
pub(crate) struct Broker {
    program: &'static str,
    child: Child,
    pub(crate) port: u16,
    pub(crate) dir: PathBuf,
}

impl Drop for Broker {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(fs::remove_dir_all(&self.dir));
    }
}

impl Broker {
    /// `None`, with the reason printed, where mosquitto is not installed.
    pub(crate) async fn start(name: &str) -> Option<Self> {
        Self::start_with(name, "allow_anonymous true", |_| true).await
    }

    /// `prepare` may put files into the broker's directory, which `{dir}` names in the options.
    pub(crate) async fn start_with(
        name: &str,
        options: &str,
        prepare: impl Fn(&Path) -> bool,
    ) -> Option<Self> {
        let program =
            ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"].into_iter().find(|p| Path::new(p).exists());
        let Some(program) = program else {
            println!("skipped: mosquitto is not installed");
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let dir = std::env::temp_dir().join(format!("ingest-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let config = dir.join("mosquitto.conf");
        if !prepare(&dir) {
            return None;
        }
        let options = options.replace("{dir}", &dir.display().to_string());
        let text = format!(
            "listener {port} 127.0.0.1\nmax_queued_messages 0\nqueue_qos0_messages true\n{options}\n"
        );
        fs::write(&config, text).unwrap();
        let broker = Self { program, child: run(program, &dir), port, dir };
        broker.listens().await;
        Some(broker)
    }

    async fn listens(&self) {
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(start.elapsed() < DEADLINE, "mosquitto does not listen");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends it as a crash would: what it held is lost.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it on its port again, after [`Self::kill`].
    pub(crate) async fn again(&mut self) {
        self.child = run(self.program, &self.dir);
        self.listens().await;
    }

    pub(crate) fn config(&self, client_id: &str) -> MqttConfig {
        MqttConfig::new(format!("mqtt://127.0.0.1:{}", self.port), client_id)
    }
}

fn run(program: &str, dir: &Path) -> Child {
    Command::new(program).arg("-c").arg(dir.join("mosquitto.conf")).stderr(Stdio::null()).spawn().unwrap()
}
