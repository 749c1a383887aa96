//! A copy of a running service, and another service that goes on from it.

use std::{path::Path, time::Duration};

use model::{Id, Instant, Quantity};
use normwatch::clock::Clock;
use sensors_sim::{Format, Publisher, Row, messages_for};

use crate::{
    backfill::ended,
    claims::run,
    common::{
        mosquitto::Mosquitto,
        process::{free_port, until},
    },
    office::{Room, write_register},
    service::{Service, assert_balanced},
    smtp::{Options, SmtpServer},
};

const PATIENCE: Duration = Duration::from_secs(60);
const HOUR_MS: i64 = 3_600_000;

async fn publish(broker: &Mosquitto, hours_ago: std::ops::Range<i64>) -> u64 {
    let now = Clock::System.now().millis();
    let hour = Instant::from_millis(now - now.rem_euclid(HOUR_MS));
    let from = hour.plus_ms(-hours_ago.end * HOUR_MS);
    let row = |step: i64| Row {
        time: from.plus_ms(step * 300_000),
        sensor: Id::parse("air-1").unwrap(),
        quantity: Quantity::Co2,
        value: 1300.0 + (step % 7) as f64,
    };
    let rows: Vec<Row> = (0..(hours_ago.end - hours_ago.start) * 12).map(row).collect();
    let events: Vec<_> = messages_for(rows, Format::Zigbee2mqtt).collect();
    let publisher = Publisher::new(format!("mqtt://127.0.0.1:{}", broker.port()), "backup");
    publisher.publish(events.clone()).await.unwrap();
    events.len() as u64
}

fn service(dir: &Path, broker: &Mosquitto, mails: &SmtpServer) -> Service {
    let more = format!(
        "[smtp]\nurl = \"smtp://127.0.0.1:{}\"\nfrom = \"normwatch@example.org\"\n\n\
         [alerts]\ngroup_wait = \"200ms\"\ngroup_interval = \"1s\"\n",
        mails.port
    );
    Service::new(dir, broker.port(), &more)
}

async fn firing(service: &Service) -> String {
    until("the room fires", PATIENCE, async || {
        let alerts = service.list("/alerts?state=firing").await;
        let found = alerts.iter().find(|alert| alert["place"] == "r-1")?;
        found["id"].as_str().map(str::to_owned)
    })
    .await
}

/// Mails that the server took.
fn told(mails: &SmtpServer) -> usize {
    mails.taken().len()
}

/// The manifest, which names every database with its hash and the version of its tables.
fn listed(manifest: &str) -> serde_json::Value {
    let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap();
    for file in ["state", "history", "spool", "mail", "users", "audit"] {
        let entry = &manifest["files"][format!("data/{file}.sqlite")];
        assert!(entry["schema"].is_u64() && entry["blake3"].as_str().unwrap().len() == 64, "{file}: {entry}");
    }
    manifest
}

/// A backup with one bit turned is refused and leaves nothing behind; the right one is put in place.
fn restore(copy: &Path, other: &Path) {
    let spool = copy.join("data/spool.sqlite");
    let bytes = std::fs::read(&spool).unwrap();
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(&spool, &damaged).unwrap();
    let restore = ["restore", copy.to_str().unwrap()];
    assert_eq!(run(other, &restore).0, 1);
    assert!(!other.join("data").exists() && !other.join("register").exists());
    std::fs::write(&spool, &bytes).unwrap();
    assert_eq!(run(other, &restore).0, 0);
    assert!(other.join("register/places.csv").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_service_goes_on_without_a_doubled_mail_and_a_damaged_backup_is_refused() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_register(dir.path(), "UTC", &[Room { id: "r-1".to_owned(), sensor: "air-1".to_owned() }]);
    let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    let mails = SmtpServer::start(&Options::default());
    let mut first = service(dir.path(), &broker, &mails);
    first.start_connected().await;
    let sent = publish(&broker, 3..9).await;
    first.ledger("stored", sent, PATIENCE).await;
    let alert = firing(&first).await;
    // Both readers know, and nothing waits to be told any more.
    until("all is told", PATIENCE, async || {
        let all = first.list("/mails").await;
        let of_room = all.iter().filter(|mail| mail["alerts"].to_string().contains(&alert)).count();
        (of_room == 2 && all.iter().all(|mail| mail["state"] == "sent")).then_some(())
    })
    .await;
    let before = told(&mails);

    // While it runs and takes readings.
    let (code, manifest) = {
        let more = publish(&broker, 2..3);
        let backup = tokio::task::spawn_blocking({
            let path = dir.path().to_owned();
            move || run(&path, &["backup", "copy"])
        });
        let (_, backup) = tokio::join!(more, backup);
        backup.unwrap()
    };
    assert_eq!(code, 0);
    let manifest = listed(&manifest);
    assert_eq!(run(dir.path(), &["backup", "copy"]).0, 1, "a backup is never written over");
    assert_eq!(run(dir.path(), &["restore", "copy"]).0, 1, "nor is a service's data");
    let mails_of_first = told(&mails);
    first.kill();

    let copy = dir.path().join("copy");
    let mut second = service(other.path(), &broker, &mails);
    restore(&copy, other.path());

    second.start_connected().await;
    assert_eq!(firing(&second).await, alert, "the same alert goes on");
    let held = second.api("/ledger").await["stored"].as_u64().unwrap();
    assert!(held >= sent, "{held} of {sent}");
    let more = publish(&broker, 1..2).await;
    assert_balanced(&second.ledger("stored", held + more, PATIENCE).await);
    until("what came is judged", PATIENCE, async || {
        let judged = second.list("/alerts").await;
        judged.iter().any(|a| a["id"] == alert.as_str()).then_some(())
    })
    .await;
    until("nothing waits to be told", PATIENCE, async || {
        let all = second.list("/mails").await;
        all.iter().all(|mail| mail["state"] == "sent").then_some(())
    })
    .await;
    second.stop().await;
    assert_eq!((told(&mails), mails_of_first), (before, before), "nobody was told twice");
    assert_eq!(run(other.path(), &["audit", "verify"]).0, 0);
    let head = manifest["audit_head"].as_str().unwrap();
    assert_eq!(run(other.path(), &["audit", "verify", "--head", head]).0, 0);
    assert_eq!(run(other.path(), &["audit", "verify", "--head", "0000"]).0, 1);
    assert_report(other.path());
}

/// The month of the finding, by body and clause.
fn assert_report(dir: &Path) {
    let month = Clock::System.now().plus_ms(-4 * HOUR_MS).to_string().split_at(7).0.to_owned();
    let (code, table) = run(dir, &["report", "--month", &month]);
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let row = rows.records().map(Result::unwrap).find(|row| &row[3] == "gb-t-18883-2022/co2").unwrap();
    assert_eq!(
        (code, &row[0], &row[1], &row[11]),
        (0, month.as_str(), "bureau", "1"),
        "one finding: {table}"
    );
    assert!(row[7].parse::<u32>().unwrap() > 0 && row[10].parse::<f64>().unwrap() < 1.0, "{table}");
    let (code, page) = run(dir, &["report", "--month", &month, "--format", "html"]);
    assert!(code == 0 && page.contains("<td>gb-t-18883-2022/co2</td>"), "{page}");
}

/// What stays of a directory that other things lead to.
#[cfg(unix)]
fn inode(dir: &Path) -> u64 {
    std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(dir).unwrap())
}

#[cfg(unix)]
fn allow(dir: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// The directory of a service that has run once, with a backup of it in `copy`.
#[cfg(unix)]
async fn backed_up() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &[Room { id: "r-1".to_owned(), sensor: "air-1".to_owned() }]);
    let mut service = Service::new(dir.path(), free_port(), "");
    service.start().await;
    service.stop().await;
    assert_eq!(run(dir.path(), &["backup", "copy"]).0, 0);
    dir
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_goes_into_a_fresh_volume_and_one_broken_off_starts_no_service_until_it_is_repeated() {
    let (dir, other) = (backed_up().await, tempfile::tempdir().unwrap());
    let copy = dir.path().join("copy");
    let restore = ["restore", copy.to_str().unwrap()];

    // As a container finds it: the directory is a mount, nothing beside it can be written, the image left its files.
    let mut second = Service::new(other.path(), free_port(), "");
    let (data, register) = (other.path().join("data"), other.path().join("register"));
    for (dir, file) in [(&data, ".bashrc"), (&register, ".gitkeep")] {
        std::fs::create_dir(dir).unwrap();
        std::fs::write(dir.join(file), "").unwrap();
    }
    let mounted = inode(&data);
    allow(other.path(), 0o555);
    let restored = run(other.path(), &restore).0;
    allow(other.path(), 0o755);
    assert_eq!((restored, inode(&data)), (0, mounted));
    assert!(data.join("state.sqlite").exists() && data.join(".bashrc").exists());
    assert!(register.join("places.csv").exists() && !data.join(".restoring").exists());
    assert_eq!(run(other.path(), &restore).0, 1, "never over what is there");

    // As a kill between two files leaves it.
    std::fs::create_dir(data.join(".restoring")).unwrap();
    std::fs::rename(data.join("state.sqlite"), data.join(".restoring/state.sqlite")).unwrap();
    std::fs::write(data.join(".restoring/register-begun"), "").unwrap();
    std::fs::write(register.join("places.csv"), "id,par").unwrap();
    let (code, said) = ended(other.path(), &["run", "-c", "normwatch.toml"]).await;
    assert!(code == 1 && said.contains("Run `normwatch restore` again"), "{said}");
    assert_eq!(run(other.path(), &restore).0, 0);
    let places = |dir: &Path| std::fs::read(dir.join("register/places.csv")).unwrap();
    assert_eq!(places(other.path()), places(dir.path()));
    second.start().await;
    second.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_register_that_cannot_be_written_leaves_the_data_in_place_and_says_what_is_left_to_do() {
    let (dir, other) = (backed_up().await, tempfile::tempdir().unwrap());
    drop(Service::new(other.path(), free_port(), ""));
    let file = other.path().join("normwatch.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    // Nobody makes a directory there, not even root.
    let text = text.replace("register = \"register\"", "register = \"/proc/normwatch/register\"");
    std::fs::write(&file, text).unwrap();
    let copy = dir.path().join("copy");
    let (code, said) = ended(other.path(), &["restore", copy.to_str().unwrap()]).await;
    assert!(code == 1 && said.contains("copy it yourself from"), "{said}");
    let data = other.path().join("data");
    assert!(data.join("state.sqlite").exists() && !data.join(".restoring").exists());
}
