//! The buttons of the quarantine, pressed in a real browser: no script of ours is needed for them.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use reqwest::{Client, redirect::Policy};
use tokio::net::TcpListener;

use crate::{
    acts::user,
    claims::run,
    common::{browser::dom, mosquitto::Mosquitto, process::until},
    quarantine::{held, ledger, office, reroute},
    service::Service,
};

const PATIENCE: Duration = Duration::from_secs(60);

/// Fills in the form and presses its button, once.
const HAND: &str = "addEventListener('load', () => {
    if (document.getElementById('done')) return;
    const form = document.querySelector('form[action=\"' + ACTION + '\"]');
    if (!form) return;
    if (form.elements.reason) form.elements.reason.value = 'a typing slip of the vendor';
    form.querySelector('button').click();
});";

/// Stands between the browser and the service: logged in, and with a hand in place of our own script.
#[derive(Debug)]
struct Seat {
    service: String,
    cookie: String,
    action: &'static str,
}

impl Seat {
    async fn pass(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        if parts.uri.path() == "/static/console.js" {
            let script = format!("const ACTION = '{}';\n{HAND}", self.action);
            return ([(header::CONTENT_TYPE, "text/javascript")], script).into_response();
        }
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        let mut asked = client
            .request(parts.method.as_str().parse().unwrap(), format!("http://{}{}", self.service, parts.uri))
            .header("cookie", &self.cookie)
            .body(body.to_vec());
        // What the browser says of whence it comes is the browser's own.
        for name in ["content-type", "sec-fetch-site", "origin", "accept-language"] {
            if let Some(value) = parts.headers.get(name) {
                asked = asked.header(name, value.as_bytes());
            }
        }
        let answer = asked.send().await.unwrap();
        let mut passed = StatusCode::from_u16(answer.status().as_u16()).unwrap().into_response();
        for name in ["content-type", "location"] {
            if let Some(value) = answer.headers().get(name) {
                let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
                passed.headers_mut().insert(header::HeaderName::from_static(name), value);
            }
        }
        let body: Bytes = answer.bytes().await.unwrap();
        *passed.body_mut() = body.into();
        passed
    }
}

/// The session of a user.
pub(crate) async fn session(service: &Service, name: &str) -> String {
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let form = format!("name={name}&password=a+long+password&next=%2F");
    let request = client.post(format!("http://{}/login", service.address()));
    let answer =
        request.header("content-type", "application/x-www-form-urlencoded").body(form).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// What a browser shows in the end that opens `path` and presses the button of the form to `action`.
async fn press(service: &Service, cookie: &str, path: &str, action: &'static str) -> Option<String> {
    let seat = Seat { service: service.address().to_owned(), cookie: cookie.to_owned(), action };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let pass = async |State(seat): State<Arc<Seat>>, request: Request| seat.pass(request).await;
    let router = Router::new().fallback(pass).with_state(Arc::new(seat));
    let served = tokio::spawn(async move { axum::serve(listener, router).await });
    let shown = dom(&format!("http://{address}{path}"), "en", &["--virtual-time-budget=20000"]).await;
    served.abort();
    shown.map(|(dom, _)| dom)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_discards_one_with_a_reason_and_tries_the_others_again() {
    let dir = tempfile::tempdir().unwrap();
    let broker = Mosquitto::start("").await.expect("mosquitto: apt-get install mosquitto");
    let mut service = office(dir.path(), &broker).await;
    for (name, role) in [("keeper", "admin"), ("visitor", "viewer")] {
        user(dir.path(), &["add", name, "--role", role], "a long password\n");
    }
    let keeper = session(&service, "keeper").await;
    let bad = held(dir.path()).pop().unwrap();
    assert_eq!(bad["payload"], "{\"co2\":");
    let page = format!("/quarantine/{}", bad["id"]);
    visitors_may_look_only(&service, &page).await;
    let Some(shown) = press(&service, &keeper, &page, "/quarantine/discard").await else { return };
    assert!(shown.contains("1 discarded."), "{shown}");
    let left = held(dir.path());
    assert_eq!(left.len(), 5);
    assert!(left.iter().all(|held| held["id"] != bad["id"]));
    service.stop().await;

    reroute(dir.path(), "senml", "vendor-json");
    service.start_connected().await;
    let shown = press(&service, &keeper, "/quarantine", "/quarantine/replay").await.unwrap();
    assert!(shown.contains("5 stored with 5 readings"), "{shown}");
    assert!(shown.contains("The quarantine is empty."), "{shown}");
    let counts = until("all is counted", PATIENCE, async || {
        let counts = ledger(dir.path());
        (counts["stored"] == 5).then_some(counts)
    })
    .await;
    assert_eq!(counts["quarantined"], 1, "what was discarded stays counted: {counts:?}");
    service.stop().await;
    let (_, trail) = run(dir.path(), &["audit", "list"]);
    let deed = trail.lines().find(|line| line.contains("\"kind\":\"discard\"")).expect(&trail);
    assert!(deed.contains("keeper") && deed.contains("typing slip"), "{deed}");
}

/// A viewer sees the message without a button, and a form sent all the same changes nothing.
async fn visitors_may_look_only(service: &Service, page: &str) {
    let cookie = session(service, "visitor").await;
    let ask = |method: reqwest::Method, path: &str, site: &'static str| {
        let request = Client::new().request(method, format!("http://{}{path}", service.address()));
        let request = request.header("cookie", &cookie).header("sec-fetch-site", site);
        request.header("content-type", "application/x-www-form-urlencoded").header("accept-language", "en")
    };
    let seen = ask(reqwest::Method::GET, page, "none").send().await.unwrap().text().await.unwrap();
    assert!(seen.contains("{&quot;co2&quot;:") && !seen.contains("action=\"/quarantine"), "{seen}");
    for (path, site) in [
        ("/quarantine/discard", "same-origin"),
        ("/quarantine/replay", "same-origin"),
        ("/quarantine/discard", "cross-site"),
    ] {
        let form = format!("id={}&reason=why+not", page.rsplit('/').next().unwrap());
        let answer = ask(reqwest::Method::POST, path, site).body(form).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{path} {site}");
    }
}
