//! A real mail server (Debian's python3-aiosmtpd) on a free loopback port, and the mails it took.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use serde_json::Value;

/// Debian's module belongs to the system's interpreter, not to one of a version manager.
const PYTHON: &str = "/usr/bin/python3";
const DEADLINE: Duration = Duration::from_secs(20);

type Taken = Arc<(Mutex<Vec<Value>>, Condvar)>;

/// How the server is to behave.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options<'a> {
    pub(crate) port: u16,
    /// Certificate and key: STARTTLS is then required.
    pub(crate) tls: Option<&'a Path>,
    /// TLS from the first byte instead of STARTTLS.
    pub(crate) is_implicit: bool,
    /// Login `normwatch` with this password is then required.
    pub(crate) password: Option<&'a str>,
}

pub(crate) struct SmtpServer {
    child: Child,
    // Closing it ends the server, also when the test process is killed.
    _stdin: ChildStdin,
    pub(crate) port: u16,
    taken: Taken,
}

impl SmtpServer {
    pub(crate) fn start(options: &Options<'_>) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/notify/smtp_server.py");
        let mut command = Command::new(PYTHON);
        command.arg(script).arg("--port").arg(options.port.to_string());
        if let Some(dir) = options.tls {
            command.arg("--cert").arg(dir.join("cert.pem")).arg("--key").arg(dir.join("key.pem"));
        }
        if options.is_implicit {
            command.arg("--implicit");
        }
        if let Some(password) = options.password {
            command.arg("--password").arg(password);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 with aiosmtpd: apt-get install python3-aiosmtpd");
        let stdin = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().expect("the server starts: apt-get install python3-aiosmtpd").unwrap();
        let port = serde_json::from_str::<Value>(&first).unwrap()["port"].as_u64().unwrap();
        let taken = Taken::default();
        let sink = Arc::clone(&taken);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                sink.0.lock().unwrap().push(serde_json::from_str(&line).unwrap());
                sink.1.notify_all();
            }
        });
        Self { child, _stdin: stdin, port: u16::try_from(port).unwrap(), taken }
    }

    /// The mails taken so far.
    #[allow(dead_code, reason = "not every test binary asks")]
    pub(crate) fn taken(&self) -> Vec<Value> {
        self.taken.0.lock().unwrap().clone()
    }

    /// The mails taken, once there are `count` of them.
    pub(crate) fn mails(&self, count: usize) -> Vec<Value> {
        let (mails, more) = &*self.taken;
        let (mails, _) =
            more.wait_timeout_while(mails.lock().unwrap(), DEADLINE, |m| m.len() < count).unwrap();
        assert_eq!(mails.len(), count, "mails taken by the server");
        mails.clone()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Makes `cert.pem` and `key.pem` for the loopback address.
pub(crate) fn make_certificate(dir: &Path) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(dir.join("key.pem"))
        .arg("-out")
        .arg(dir.join("cert.pem"))
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// A loopback port that nobody listens on just now.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
