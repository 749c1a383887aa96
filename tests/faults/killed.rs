//! The service is killed at random instants under load.

use std::{io::Write as _, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::{
    ledger::{balanced, holds_exactly},
    load::Load,
    mails::all_told_once,
    rig::{broker, mail_settings, service},
    service::Service,
    smtp::{Options, SmtpServer},
};

/// About what a start, a life and a kill take: a thousand of them 25 minutes.
const A_LIFE: Duration = Duration::from_millis(1500);
/// Kills after which it is said how far it is.
const A_WORD: u32 = 50;

#[tokio::test(flavor = "multi_thread")]
async fn thirty_kills_at_random_instants_under_load_lose_and_double_nothing() {
    many_kills(30).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "half an hour: NORMWATCH_TEST_KILLS says how many, 1000 if unset"]
async fn a_thousand_kills_at_random_instants_under_load_lose_and_double_nothing() {
    let kills = std::env::var("NORMWATCH_TEST_KILLS").map_or(1000, |text| text.parse().unwrap());
    many_kills(kills).await;
}

async fn many_kills(kills: u32) {
    let dir = tempfile::tempdir().unwrap();
    let load = Load::of(8, (i64::from(kills) * 60).clamp(1500, 45_000));
    let broker = broker("").await;
    let mails = SmtpServer::start(&Options::default());
    let mut service = service(dir.path(), &load, broker.port(), &mail_settings(mails.port)).await;
    let all = 0..load.events.len();
    let publish = load.publish(broker.port(), all, A_LIFE * kills);
    let (published, ()) = tokio::join!(publish, kill_at_random(&mut service, kills));
    assert_eq!(published.acked, load.count());
    let ledger = balanced(&service, load.count()..=load.count()).await;
    println!("{kills} kills, {ledger:?}");
    all_told_once(&service, &mails).await;
    holds_exactly(&mut service, &load.all()).await;
}

async fn kill_at_random(service: &mut Service, kills: u32) {
    let mut random = StdRng::seed_from_u64(4);
    let began = tokio::time::Instant::now();
    for kill in 1..=kills {
        // Where starts are slow, lives are short, so that all of it stays within its time.
        let left = (A_LIFE * kill).saturating_sub(began.elapsed());
        let longest = (left.as_millis() as u64).clamp(100, 1200);
        // The instant of death, not a wait for a result.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..longest))).await;
        service.kill();
        service.start().await;
        if kill % A_WORD == 0 {
            let stored = service.metric("normwatch_messages_total{outcome=\"stored\"}").await;
            // Past the capture of test output: somebody may be waiting.
            let said =
                format!("{kill} of {kills} kills in {:?}, stored so far: {stored:?}\n", began.elapsed());
            std::io::stderr().write_all(said.as_bytes()).unwrap();
        }
    }
}
