//! The subscriber against a real mosquitto: nothing acknowledged comes again, nothing else is lost.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "test helpers"
)]

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use ingest::{
    Tls,
    mqtt::{Incoming, MqttConfig, Publisher, Subscriber},
};
use tokio::time::{Instant, timeout};

const DEADLINE: Duration = Duration::from_secs(20);

/// A mosquitto of our own on a free loopback port; stopped when dropped.
struct Broker {
    child: Child,
    port: u16,
    dir: PathBuf,
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
    async fn start(name: &str) -> Option<Self> {
        Self::start_with(name, "allow_anonymous true", |_| true).await
    }

    /// `prepare` may put files into the broker's directory, which `{dir}` names in the options.
    async fn start_with(name: &str, options: &str, prepare: impl Fn(&Path) -> bool) -> Option<Self> {
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
        let child = Command::new(program).arg("-c").arg(&config).stderr(Stdio::null()).spawn().unwrap();
        let broker = Self { child, port, dir };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < DEADLINE, "mosquitto does not listen");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Some(broker)
    }

    fn config(&self, client_id: &str) -> MqttConfig {
        MqttConfig::new(format!("mqtt://127.0.0.1:{}", self.port), client_id)
    }
}

async fn next(subscriber: &mut Subscriber) -> Incoming {
    timeout(DEADLINE, subscriber.next())
        .await
        .unwrap_or_else(|_| panic!("no message; {:?}", subscriber.link()))
}

async fn connected(subscriber: &Subscriber) {
    let start = Instant::now();
    while !subscriber.link().is_connected {
        assert!(start.elapsed() < DEADLINE, "not connected: {:?}", subscriber.link());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Publishes until the subscription stands: the first message that comes back proves it.
async fn subscribed(subscriber: &mut Subscriber, publisher: &Publisher) {
    let start = Instant::now();
    loop {
        publisher.publish("t/probe", b"probe".to_vec(), false).unwrap();
        if let Ok(message) = timeout(Duration::from_millis(50), subscriber.next()).await {
            subscriber.acker().ack(message.ack_token().unwrap());
            break;
        }
        assert!(start.elapsed() < DEADLINE, "not subscribed: {:?}", subscriber.link());
    }
    publisher.publish("t/end", b"end".to_vec(), false).unwrap();
    loop {
        let message = next(subscriber).await;
        subscriber.acker().ack(message.ack_token().unwrap());
        if message.topic() == "t/end" {
            return;
        }
    }
}

fn text(message: &Incoming) -> String {
    String::from_utf8(message.payload().to_vec()).unwrap()
}

#[tokio::test]
async fn unacknowledged_messages_return_and_acknowledged_ones_do_not() {
    let Some(broker) = Broker::start("acks").await else { return };
    let publisher = Publisher::start(&broker.config("publisher")).unwrap();
    let filters = vec!["t/#".to_owned()];
    let mut subscriber = Subscriber::start(&broker.config("normwatch"), filters.clone()).unwrap();
    subscribed(&mut subscriber, &publisher).await;
    for i in 0..6 {
        publisher.publish("t/x", format!("{i}").into_bytes(), false).unwrap();
    }
    let mut first = Vec::new();
    for _ in 0..6 {
        first.push(next(&mut subscriber).await);
    }
    assert_eq!(first.iter().map(text).collect::<Vec<_>>(), ["0", "1", "2", "3", "4", "5"]);
    let keys: Vec<_> = first.iter().map(|m| m.redelivery_key().unwrap()).collect();
    // Acknowledge 0, 2 and 4; a marker that comes back shows that the acknowledgements are on their way.
    for message in first.iter().step_by(2) {
        subscriber.acker().ack(message.ack_token().unwrap());
    }
    publisher.publish("t/x", b"marker".to_vec(), false).unwrap();
    assert_eq!(text(&next(&mut subscriber).await), "marker");
    drop(subscriber);

    publisher.publish("t/x", b"away".to_vec(), false).unwrap();
    let mut subscriber = Subscriber::start(&broker.config("normwatch"), filters).unwrap();
    connected(&subscriber).await;
    let mut again = Vec::new();
    while again.last().map(text).as_deref() != Some("away") {
        again.push(next(&mut subscriber).await);
    }
    assert_eq!(again.iter().map(text).collect::<Vec<_>>(), ["1", "3", "5", "marker", "away"]);
    assert!(again.iter().take(3).all(Incoming::is_dup), "mosquitto marks what it sends again");
    let again_keys: Vec<_> = again.iter().take(3).map(|m| m.redelivery_key().unwrap()).collect();
    assert_eq!(again_keys, [keys[1], keys[3], keys[5]], "known again by a new process");
}

#[tokio::test]
async fn a_broken_connection_is_made_again_and_old_acknowledgements_are_dropped() {
    let Some(broker) = Broker::start("broken").await else { return };
    let publisher = Publisher::start(&broker.config("publisher")).unwrap();
    let mut subscriber = Subscriber::start(&broker.config("normwatch"), vec!["t/#".to_owned()]).unwrap();
    subscribed(&mut subscriber, &publisher).await;
    publisher.publish("t/x", b"one".to_vec(), false).unwrap();
    let first = next(&mut subscriber).await;

    // A second client of the same id makes the broker throw the first one out, which then comes back.
    let mut rival = Subscriber::start(&broker.config("normwatch"), vec!["t/#".to_owned()]).unwrap();
    let at_rival = next(&mut rival).await;
    assert_eq!(text(&at_rival), "one", "the session follows the client id");
    drop(rival);
    let again = next(&mut subscriber).await;
    assert_eq!(text(&again), "one");
    assert_eq!(again.redelivery_key(), first.redelivery_key());
    assert!(again.is_resumed() && !first.is_resumed());
    assert!(subscriber.link().failures >= 1);
    // The old token belongs to a connection that is gone: without effect. The new one counts.
    subscriber.acker().ack(first.ack_token().unwrap());
    subscriber.acker().ack(again.ack_token().unwrap());
    publisher.publish("t/x", b"two".to_vec(), false).unwrap();
    loop {
        let message = next(&mut subscriber).await;
        match text(&message).as_str() {
            "two" => break,
            "one" => subscriber.acker().ack(message.ack_token().unwrap()),
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn the_window_stops_the_flow_while_the_consumer_holds_back() {
    let Some(broker) = Broker::start("window").await else { return };
    let publisher = Publisher::start(&broker.config("publisher")).unwrap();
    let mut config = broker.config("normwatch");
    config.receive_maximum = 10;
    config.keep_alive = Duration::from_secs(5);
    let mut subscriber = Subscriber::start(&config, vec!["t/#".to_owned()]).unwrap();
    subscribed(&mut subscriber, &publisher).await;
    for i in 0..40 {
        publisher.publish("t/x", format!("{i}").into_bytes(), false).unwrap();
    }
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(next(&mut subscriber).await);
    }
    assert!(
        timeout(Duration::from_millis(300), subscriber.next()).await.is_err(),
        "only ten may be unacknowledged"
    );
    let mut seen = held.len();
    let acker = subscriber.acker();
    held.iter().for_each(|m| acker.ack(m.ack_token().unwrap()));
    while seen < 40 {
        let message = next(&mut subscriber).await;
        assert_eq!(text(&message), seen.to_string());
        acker.ack(message.ack_token().unwrap());
        seen += 1;
    }
    assert_eq!(subscriber.link().failures, 0);
}

#[tokio::test]
async fn a_message_above_ten_kibibytes_arrives_and_a_retained_one_is_marked() {
    let Some(broker) = Broker::start("large").await else { return };
    let publisher = Publisher::start(&broker.config("publisher")).unwrap();
    publisher.publish("t/kept", vec![b'x'; 500_000], true).unwrap();
    let start = Instant::now();
    loop {
        let mut subscriber = Subscriber::start(&broker.config("normwatch"), vec!["t/#".to_owned()]).unwrap();
        if let Ok(message) = timeout(Duration::from_secs(1), subscriber.next()).await {
            assert_eq!(message.payload().len(), 500_000);
            assert!(message.topic() == "t/kept" && (message.is_retained() || start.elapsed() < DEADLINE));
            return;
        }
        assert!(start.elapsed() < DEADLINE, "{:?}", subscriber.link());
    }
}

/// A certificate for the loopback address, signed by itself; `false` where openssl is not installed.
fn certificate(dir: &Path) -> bool {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args([
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-addext",
            "basicConstraints=CA:FALSE",
        ])
        .arg("-keyout")
        .arg(dir.join("key.pem"))
        .arg("-out")
        .arg(dir.join("cert.pem"))
        .stderr(Stdio::null())
        .status();
    let is_made = made.is_ok_and(|status| status.success());
    // Started by root, mosquitto gives its rights up and could not read the key.
    #[cfg(unix)]
    if is_made {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(dir.join("key.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    }
    if !is_made {
        println!("skipped: openssl is not installed");
    }
    is_made
}

#[tokio::test]
async fn messages_pass_over_tls_with_a_password_and_not_without() {
    let passwords = |dir: &Path| {
        let made = Command::new("mosquitto_passwd")
            .arg("-c")
            .arg("-b")
            .arg(dir.join("users"))
            .args(["nw", "secret"])
            .status();
        if made.is_err() {
            println!("skipped: mosquitto_passwd is not installed");
        }
        made.is_ok() && certificate(dir)
    };
    let options =
        "certfile {dir}/cert.pem\nkeyfile {dir}/key.pem\npassword_file {dir}/users\nallow_anonymous false";
    let Some(broker) = Broker::start_with("tls", options, passwords).await else { return };
    let mut config = MqttConfig::new(format!("mqtts://localhost:{}", broker.port), "normwatch");
    config.tls = Some(Tls { ca: fs::read(broker.dir.join("cert.pem")).unwrap(), client: None });
    let stranger = Subscriber::start(&config, vec!["t/#".to_owned()]).unwrap();
    let start = Instant::now();
    while !stranger.link().error.is_some_and(|error| error.contains("NotAuthorized")) {
        assert!(start.elapsed() < DEADLINE, "a stranger is not refused: {:?}", stranger.link());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(stranger);
    config.credentials = Some(("nw".to_owned(), "secret".to_owned()));
    let mut subscriber = Subscriber::start(&config, vec!["t/#".to_owned()]).unwrap();
    config.client_id = "publisher".to_owned();
    let publisher = Publisher::start(&config).unwrap();
    subscribed(&mut subscriber, &publisher).await;
}
