//! The console in a real browser: what people see, not what the router sends.

use std::{sync::Arc, time::Duration};

use normwatch::web::router;
use tokio::{net::TcpListener, time::timeout};

use crate::{common::browser::dom, office};

const PATIENCE: Duration = Duration::from_secs(60);

/// Serves the office on a free port and returns its address; the server ends with the test's runtime.
async fn serve() -> String {
    let (state, desk) = office::desk(office::snapshot());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        axum::serve(listener, router(desk)).await.unwrap();
        drop(state);
    });
    format!("http://{address}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_shows_the_overview_and_breaks_no_rule_of_its_policy() {
    let address = serve().await;
    let Some((dom, log)) = dom(&format!("{address}/?lang=zh-CN"), "zh-CN", &[]).await else { return };
    assert!(dom.contains("室内二氧化碳浓度") && dom.contains("1244 ppm"), "{dom}");
    assert!(!log.contains("Content Security Policy") && !log.contains("Uncaught"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_in_the_browser_hears_the_service_and_wires_the_print_button() {
    let address = serve().await;
    let Some((dom, log)) = dom(&format!("{address}/alerts/alert-co2?lang=en"), "en", &[]).await else {
        return;
    };
    // The button is hidden until the script runs.
    let button = dom.split("id=\"print\"").nth(1).and_then(|rest| rest.split('>').next()).unwrap();
    assert!(!button.contains("hidden"), "the script did not run: {log}");
    assert!(dom.contains("Open windows or raise the fresh air"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_label_stays_text_in_the_browser() {
    let address = serve().await;
    let Some((dom, _)) = dom(&format!("{address}/places/a-305"), "zh-CN", &[]).await else { return };
    assert!(dom.contains("&lt;script&gt;alert(1)"));
    assert_eq!(dom.matches("<script").count(), 1, "only our own script");
}

#[tokio::test]
async fn a_page_is_told_when_there_is_something_newer() {
    let (state, desk) = office::desk(office::snapshot());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/live", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router(desk)).await });
    let mut answer = reqwest::get(url).await.unwrap();
    let mut heard = String::new();
    let mut newer = office::snapshot();
    newer.event_time = Some(office::now());
    let listen = async {
        while !heard.contains("2026-11-18T07:20:00Z") {
            let chunk = answer.chunk().await.unwrap().expect("the stream goes on");
            heard.push_str(&String::from_utf8_lossy(&chunk));
            state.send_replace(Arc::new(newer.clone()));
        }
    };
    timeout(PATIENCE, listen).await.expect("an event for the newer state");
    assert!(heard.contains("event: snapshot") && heard.contains("2026-11-18T07:19:00Z"), "{heard}");
}
