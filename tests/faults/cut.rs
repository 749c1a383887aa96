//! The network is cut in the middle of a packet: to the broker, to the mail server, to the time-series server.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    common::{process::until, victoria_metrics::VictoriaMetrics},
    ledger::{balanced, holds_exactly},
    load::{Load, Point},
    mails::all_told_once,
    proxy::{Plan, Proxy},
    rig::{PATIENCE, broker, counted, mail_settings, ready, series_settings, service},
    sink::points,
    smtp::{Options, SmtpServer},
};

#[tokio::test(flavor = "multi_thread")]
async fn cuts_inside_packets_stalls_and_trickles_to_the_broker_lose_and_double_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let load = Load::of(8, 750);
    let broker = broker("").await;
    let proxy = Proxy::before(broker.port()).await;
    let mut service = service(dir.path(), &load, proxy.port, "").await;
    let publish = load.publish(broker.port(), 0..load.events.len(), Duration::from_secs(20));
    let meddle = async {
        for (after, from_server) in [
            (1, true),
            (0, false),
            (77, true),
            (3, false),
            (1000, true),
            (5, false),
            (4097, true),
            (333, true),
        ] {
            let cuts = proxy.cuts();
            proxy.plan(Plan::Cut { after, from_server });
            until("the connection is cut", PATIENCE, async || (proxy.cuts() > cuts).then_some(())).await;
            until("connected again", PATIENCE, async || service.get("/readyz").await).await;
        }
        for plan in [Plan::Trickle, Plan::Stall] {
            proxy.plan(plan);
            tokio::time::sleep(Duration::from_secs(2)).await; // how long it lasts, not a wait for a result
            proxy.plan(Plan::Pass);
        }
    };
    let (published, ()) = tokio::join!(publish, meddle);
    assert_eq!(published.acked, load.count());
    let ledger = balanced(&service, load.count()..=load.count()).await;
    println!("{} cuts: {ledger:?}", proxy.cuts());
    holds_exactly(&mut service, &load.all()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_to_the_broker_that_is_half_open_is_noticed_and_made_again() {
    let dir = tempfile::tempdir().unwrap();
    let load = Load::of(4, 100);
    let broker = broker("").await;
    let proxy = Proxy::before(broker.port()).await;
    let mut service = service(dir.path(), &load, proxy.port, "").await;
    load.publish_at_once(broker.port(), 0..200).await;
    counted(&service, "stored", 200).await;
    // Nobody says goodbye, as when a firewall forgets: only the ping that stays unanswered tells.
    proxy.freeze();
    load.publish_at_once(broker.port(), 200..400).await;
    balanced(&service, 400..=400).await;
    holds_exactly(&mut service, &load.all()).await;
}

async fn mails_over_a_bad_line(plan: Plan, may_double: bool) {
    let dir = tempfile::tempdir().unwrap();
    let load = Load::of(2, 720);
    let broker = broker("").await;
    let mails = SmtpServer::start(&Options::default());
    let proxy = Proxy::before(mails.port).await;
    proxy.plan(plan);
    let mut service = service(dir.path(), &load, broker.port(), &mail_settings(proxy.port)).await;
    load.publish_at_once(broker.port(), 0..load.events.len()).await;
    balanced(&service, load.count()..=load.count()).await;
    until("the line is cut", PATIENCE, async || proxy.is_passing().then_some(())).await;
    let doubled = all_told_once(&service, &mails).await;
    assert_eq!((proxy.cuts(), doubled > 0), (1, may_double));
    holds_exactly(&mut service, &load.all()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_to_the_mail_server_cut_inside_a_mail_loses_and_doubles_none() {
    mails_over_a_bad_line(Plan::Cut { after: 3000, from_server: false }, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_whose_acceptance_is_lost_comes_twice_with_one_id_and_is_counted() {
    // Behind the envelope: the answer that is swallowed is that to the mail itself.
    mails_over_a_bad_line(Plan::Swallow { after: 3000 }, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_to_the_time_series_server_cut_inside_a_request_leaves_every_reading_there_once() {
    let dir = tempfile::tempdir().unwrap();
    let load = Load::of(8, 500);
    let broker = broker("").await;
    let series = VictoriaMetrics::start().await.expect("apt-get install victoria-metrics");
    let target = series.url().rsplit_once(':').unwrap().1.parse().unwrap();
    let proxy = Proxy::before(target).await;
    let more = series_settings(dir.path(), &format!("http://127.0.0.1:{}", proxy.port));
    let mut service = service(dir.path(), &load, broker.port(), &more).await;
    let publish = load.publish(broker.port(), 0..load.events.len(), Duration::from_secs(10));
    let meddle = async {
        for (after, from_server) in [(500, false), (0, true), (150, false), (20, true)] {
            let cuts = proxy.cuts();
            proxy.plan(Plan::Cut { after, from_server });
            until("the request is cut", PATIENCE, async || (proxy.cuts() > cuts).then_some(())).await;
        }
        proxy.plan(Plan::Trickle);
    };
    tokio::join!(publish, meddle);
    ready(&service).await;
    balanced(&service, load.count()..=load.count()).await;
    let all: BTreeSet<Point> = load.all();
    until("every reading arrives", PATIENCE, async || (points(&series).await == all).then_some(())).await;
    holds_exactly(&mut service, &all).await;
}
