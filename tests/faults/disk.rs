//! The disk is full: files of the service reach the limit of their size.

use std::{process::Command, time::Duration};

use crate::{
    common::{process::until, victoria_metrics::VictoriaMetrics},
    ledger::{balanced, holds_exactly},
    load::Load,
    mails::all_told_once,
    rig::{PATIENCE, broker, counted, mail_settings, ready, series_settings, service},
    service::Service,
    sink::points,
    smtp::{Options, SmtpServer},
};

/// Limits the size of files that the service writes; the hard limit stays, so that it can be lifted.
fn limit(service: &Service, bytes: &str) {
    let pid = service.process_id().to_string();
    let set = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")]).status();
    assert!(set.unwrap().success(), "prlimit");
}

async fn until_refused(service: &mut Service) {
    until("the disk refuses, and it is told", PATIENCE, async || {
        assert!(service.is_running(), "a full disk ended the service: {}", service.log());
        let refusing = service.metric("normwatch_disk_refusing").await?;
        (refusing > 0 && service.get("/readyz").await.is_none()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_holds_back_acknowledgements_says_so_and_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let load = Load::of(8, 750);
    let broker = broker("").await;
    let mails = SmtpServer::start(&Options::default());
    let series = VictoriaMetrics::start().await.expect("apt-get install victoria-metrics");
    let more = mail_settings(mails.port) + &series_settings(dir.path(), &series.url());
    let mut service = service(dir.path(), &load, broker.port(), &more).await;
    let publish = load.publish(broker.port(), 0..load.events.len(), Duration::from_secs(12));
    let fill = async {
        for bytes in ["300000", "4096"] {
            let before = service.ledger("stored", 500, PATIENCE).await["stored"];
            limit(&service, bytes);
            until_refused(&mut service).await;
            let page = service.get("/").await.unwrap();
            assert!(page.contains("id=\"disk\""), "the console does not say so");
            tokio::time::sleep(Duration::from_secs(1)).await; // how long it lasts, not a wait for a result
            limit(&service, "unlimited");
            ready(&service).await;
            counted(&service, "stored", before + 100).await;
        }
    };
    let (published, ()) = tokio::join!(publish, fill);
    assert_eq!(published.acked, load.count());
    let ledger = balanced(&service, load.count()..=load.count()).await;
    println!("twice full: {ledger:?}");
    all_told_once(&service, &mails).await;
    let all = load.all();
    until("every reading arrives", PATIENCE, async || (points(&series).await == all).then_some(())).await;
    let log = service.log();
    assert!(log.contains("the disk refuses") && log.contains("the disk takes it again"), "{log}");
    holds_exactly(&mut service, &load.all()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_stopped_or_killed_on_a_full_disk_goes_on_without_a_loss() {
    let dir = tempfile::tempdir().unwrap();
    let load = Load::of(8, 500);
    let broker = broker("").await;
    let mut service = service(dir.path(), &load, broker.port(), "").await;
    load.publish_at_once(broker.port(), 0..1000).await;
    counted(&service, "stored", 1000).await;
    limit(&service, "4096");
    load.publish_at_once(broker.port(), 1000..2000).await;
    until_refused(&mut service).await;
    service.kill();
    service.start().await;
    balanced(&service, 2000..=2000).await;
    limit(&service, "4096");
    load.publish_at_once(broker.port(), 2000..4000).await;
    until_refused(&mut service).await;
    service.stop_on_full_disk().await;
    service.start().await;
    balanced(&service, 4000..=4000).await;
    holds_exactly(&mut service, &load.all()).await;
}
