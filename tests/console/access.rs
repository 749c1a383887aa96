//! Who may look at what, once there are users.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode},
};
use normwatch::{
    access::{Access, Reach, Right, Role, TokenScope},
    clock::Clock,
    web::{Guard, Hosts, guarded},
};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::office::{self, id};

const PASSWORD: &str = "a long password";
const DAY_MS: i64 = 86_400_000;

/// The guarded console with its file of users; time stands where the test puts it.
struct House {
    _dir: tempfile::TempDir,
    access: Access,
    clock: Clock,
    router: Router,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn cookie(&self) -> String {
        let cookie = self.headers["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        cookie.split(';').next().unwrap().to_owned()
    }

    fn items(&self, key: &str) -> Vec<String> {
        let list: Value = serde_json::from_str(&self.body).unwrap();
        let items = list["items"].as_array().unwrap().iter();
        items.map(|item| item[key].as_str().unwrap().to_owned()).collect()
    }
}

impl House {
    fn new() -> Self {
        Self::at("http://127.0.0.1")
    }

    fn at(public_url: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let access = Access::open(&dir.path().join("users.sqlite")).unwrap();
        let clock = Clock::simulated(office::now(), 0.000_001);
        let (state, desk) = office::desk(office::snapshot());
        std::mem::forget(state);
        let hosts = Hosts::new("127.0.0.1:8080".parse().unwrap(), public_url);
        let guard = Guard::new(access.clone(), clock.clone(), public_url);
        Self { _dir: dir, access, clock, router: guarded(desk, hosts, guard) }
    }

    /// The same with a user that sees everything.
    fn with(role: Role) -> Self {
        let house = Self::new();
        house.add("desk", role, Reach::default());
        house
    }

    fn add(&self, name: &str, role: Role, reach: Reach) {
        self.access.add_user(&id(name), role, &reach, PASSWORD, office::now()).unwrap();
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, "").await
    }

    async fn log_in(&self, name: &str, password: &str) -> Answer {
        let body = format!("name={name}&password={}&next=%2Falerts", password.replace(' ', "+"));
        self.send("POST", "/login", &[("content-type", "application/x-www-form-urlencoded")], &body).await
    }
}

#[tokio::test]
async fn without_users_everything_is_open_to_read() {
    let house = House::new();
    assert_eq!(house.get("/", &[]).await.status, StatusCode::OK);
    assert_eq!(house.get("/api/v1/alerts", &[]).await.items("id").len(), 6);
}

#[tokio::test]
async fn with_users_every_page_and_address_but_health_wants_a_login() {
    let house = House::with(Role::Viewer);
    for path in ["/", "/alerts/alert-co2", "/places/a-301", "/standards", "/mails/mail-1/html", "/else"] {
        let answer = house.get(path, &[]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.headers["location"].to_str().unwrap().starts_with("/login?next=%2F"), "{path}");
    }
    for path in ["/api/v1/alerts", "/api/v1/ledger", "/charts/a-301/co2.svg", "/live", "/api/v1/else"] {
        let answer = house.get(path, &[]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(!answer.body.contains("alert-co2"));
    }
    for path in ["/healthz", "/readyz", "/metrics", "/login", "/static/style.css"] {
        let answer = house.get(path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(!answer.body.contains("a-301"), "{path} tells of rooms");
    }
}

#[tokio::test]
async fn a_login_leads_to_the_page_that_was_asked_for_and_a_logout_ends_it() {
    let house = House::with(Role::Facilities);
    let login = house.log_in("desk", PASSWORD).await;
    assert_eq!(
        (login.status, &login.headers["location"]),
        (StatusCode::SEE_OTHER, &"/alerts".parse().unwrap())
    );
    let cookie = login.cookie();
    let page = house.get("/alerts", &[("cookie", &cookie)]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("desk") && page.body.contains("退出"));
    let out = house.send("POST", "/logout", &[("cookie", &cookie)], "").await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    assert_eq!(house.get("/alerts", &[("cookie", &cookie)]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_look_the_same_and_must_wait_in_the_end() {
    let house = House::with(Role::Viewer);
    let wrong = house.log_in("desk", "not this one").await;
    let unknown = house.log_in("nobody", "not this one").await;
    assert_eq!((wrong.status, unknown.status), (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED));
    assert_eq!(wrong.body, unknown.body);
    assert!(wrong.headers.get("set-cookie").is_none());
    for _ in 0..4 {
        house.log_in("desk", "not this one").await;
    }
    assert_eq!(house.log_in("desk", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    house.clock.jump(office::now().plus_ms(60_000), 0.000_001);
    assert_eq!(house.log_in("desk", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_ends_after_half_a_day_without_a_request_and_after_a_week_at_the_latest() {
    let house = House::with(Role::Viewer);
    let cookie = house.log_in("desk", PASSWORD).await.cookie();
    let hours = |hours: i64| house.clock.jump(office::now().plus_ms(hours * 3_600_000), 0.000_001);
    for at in (10..=160).step_by(10) {
        hours(at);
        assert_eq!(house.get("/", &[("cookie", &cookie)]).await.status, StatusCode::OK, "{at} h");
    }
    hours(169);
    assert_eq!(house.get("/", &[("cookie", &cookie)]).await.status, StatusCode::SEE_OTHER);
    let cookie = house.log_in("desk", PASSWORD).await.cookie();
    hours(169 + 13);
    assert_eq!(house.get("/", &[("cookie", &cookie)]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_and_a_removed_user_is_out_at_once() {
    let house = House::with(Role::Viewer);
    house.add("other", Role::Viewer, Reach::default());
    let (desk, other) =
        (house.log_in("desk", PASSWORD).await.cookie(), house.log_in("other", PASSWORD).await.cookie());
    house.access.set_password("desk", "another password").unwrap();
    assert_eq!(house.get("/", &[("cookie", &desk)]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.get("/", &[("cookie", &other)]).await.status, StatusCode::OK);
    house.access.remove_user("other").unwrap();
    assert_eq!(house.get("/", &[("cookie", &other)]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn behind_https_the_cookie_never_travels_open() {
    let house = House::at("https://office.example.org");
    house.add("desk", Role::Viewer, Reach::default());
    let login = house.log_in("desk", PASSWORD).await;
    assert!(login.headers["set-cookie"].to_str().unwrap().contains("; Secure"));
}

#[tokio::test]
async fn a_page_of_another_site_cannot_write_with_somebodys_session() {
    let house = House::with(Role::Admin);
    let cookie = house.log_in("desk", PASSWORD).await.cookie();
    let foreign =
        [("cookie", cookie.as_str()), ("host", "127.0.0.1:8080"), ("origin", "https://evil.example")];
    assert_eq!(house.send("POST", "/logout", &foreign, "").await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.get("/", &[("cookie", &cookie)]).await.status, StatusCode::OK, "still logged in");
}

#[tokio::test]
async fn a_user_of_one_building_sees_that_building_and_nothing_else_anywhere() {
    let house = House::new();
    house.add("desk-b", Role::Facilities, Reach { places: vec![id("b-1")], bodies: Vec::new() });
    let cookie = house.log_in("desk-b", PASSWORD).await.cookie();
    let get = async |path: &str| house.get(path, &[("cookie", cookie.as_str())]).await;
    assert_eq!(get("/api/v1/places").await.items("place"), ["b-1", "b-101", "b-102", "b-103"]);
    assert_eq!(get("/api/v1/alerts").await.items("place"), ["b-101", "b-101"]);
    assert!(get("/api/v1/verdicts").await.items("place").iter().all(|place| place.starts_with("b-1")));
    assert!(get("/api/v1/sensors/unknown").await.items("sensor").is_empty());
    assert!(get("/api/v1/mails").await.items("id").is_empty(), "that mail is about block a");
    for hidden in [
        "/places/a-301",
        "/alerts/alert-co2",
        "/mails/mail-1",
        "/mails/mail-1/html",
        "/charts/a-301/co2.svg",
        "/api/v1/places/a-301",
        "/api/v1/alerts/alert-co2",
    ] {
        assert_eq!(get(hidden).await.status, StatusCode::NOT_FOUND, "{hidden}");
    }
    assert_eq!(get("/places/b-101").await.status, StatusCode::OK);
    assert!(!get("/").await.body.contains("a-301"));
}

#[tokio::test]
async fn a_token_reads_the_api_until_it_ends_or_is_revoked() {
    let house = House::with(Role::Facilities);
    let end = office::now().plus_ms(DAY_MS);
    let token = |scopes: &[TokenScope]| {
        house.access.add_token("desk", "grafana", scopes, Some(end), office::now()).unwrap()
    };
    let (revoked, lasting) = (token(&[TokenScope::Read]), token(&[TokenScope::Read]));
    let ask = async |secret: &str| {
        let bearer = format!("Bearer {secret}");
        house.get("/api/v1/alerts", &[("authorization", &bearer)]).await.status
    };
    assert_eq!(ask(lasting.1.expose()).await, StatusCode::OK);
    assert_eq!(ask("nw_guess").await, StatusCode::UNAUTHORIZED);
    house.access.revoke(&revoked.0).unwrap();
    assert_eq!(ask(revoked.1.expose()).await, StatusCode::UNAUTHORIZED);
    house.clock.jump(end, 0.000_001);
    assert_eq!(ask(lasting.1.expose()).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_without_the_scope_to_read_reads_nothing() {
    let house = House::with(Role::Admin);
    let (_, secret) =
        house.access.add_token("desk", "gateway", &[TokenScope::Readings], None, office::now()).unwrap();
    let bearer = format!("Bearer {}", secret.expose());
    for path in ["/api/v1/alerts", "/", "/charts/a-301/co2.svg"] {
        assert_eq!(
            house.get(path, &[("authorization", &bearer)]).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
}

#[test]
fn a_token_never_may_more_than_its_user() {
    let house = House::with(Role::Auditor);
    let refused = house.access.add_token("desk", "", &[TokenScope::Act], None, office::now()).unwrap_err();
    assert_eq!(refused.to_string(), "a token of the role `auditor` cannot have the scope `act`");
    let (_, secret) = house.access.add_token("desk", "", &[TokenScope::Read], None, office::now()).unwrap();
    let person = house.access.token(secret.expose(), office::now()).unwrap().unwrap();
    assert!(person.may(Right::Read) && !person.may(Right::Act) && !person.may(Right::Readings));
}

#[test]
fn the_file_of_users_holds_no_secret_in_plain_text() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("users.sqlite");
    let access = Access::open(&path).unwrap();
    access.add_user(&id("desk"), Role::Admin, &Reach::default(), PASSWORD, office::now()).unwrap();
    let (_, token) = access.add_token("desk", "x", &[TokenScope::Read], None, office::now()).unwrap();
    let session = access.log_in("desk", PASSWORD, office::now()).unwrap().unwrap();
    drop(access);
    let bytes: Vec<u8> = std::fs::read_dir(dir.path())
        .unwrap()
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    for secret in [PASSWORD, token.expose(), session.expose()] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
    assert!(bytes.windows(10).any(|window| window == b"$argon2id$"));
}

/// The guarded console with a spool behind it, as far as an act gets without a judge.
async fn act(house: &House, cookie: &str, path: &str, body: &str) -> Answer {
    let headers = [("cookie", cookie), ("content-type", "application/json")];
    house.send("POST", path, &headers, body).await
}

#[tokio::test]
async fn nobody_acts_who_may_not() {
    let take = ("/api/v1/alerts/alert-co2/acknowledge", "{}");
    let open = House::new();
    let answer = act(&open, "", take.0, take.1).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("normwatch user add"), "{}", answer.body);
    for role in [Role::Viewer, Role::Auditor] {
        let house = House::with(role);
        let cookie = house.log_in("desk", PASSWORD).await.cookie();
        assert_eq!(act(&house, &cookie, take.0, take.1).await.status, StatusCode::FORBIDDEN);
        assert!(
            !house
                .get("/alerts/alert-co2", &[("cookie", &cookie)])
                .await
                .body
                .contains("<form class=\"act\"")
        );
    }
    let house = House::new();
    house.add("desk-b", Role::Facilities, Reach { places: vec![id("b-1")], bodies: Vec::new() });
    let cookie = house.log_in("desk-b", PASSWORD).await.cookie();
    assert_eq!(act(&house, &cookie, take.0, take.1).await.status, StatusCode::NOT_FOUND, "another building");
    let silence = r#"{"subject": "a", "minutes": 60}"#;
    assert_eq!(act(&house, &cookie, "/api/v1/silences", silence).await.status, StatusCode::NOT_FOUND);
    let all = r#"{"clause": "gb-t-18883-2022/co2", "minutes": 60}"#;
    assert_eq!(act(&house, &cookie, "/api/v1/silences", all).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_act_that_makes_no_sense_says_why() {
    let house = House::with(Role::Facilities);
    let cookie = house.log_in("desk", PASSWORD).await.cookie();
    for (path, body, status, word) in [
        ("/api/v1/alerts/none/acknowledge", "{}", StatusCode::NOT_FOUND, "there is no alert"),
        ("/api/v1/alerts/alert-over/acknowledge", "{}", StatusCode::CONFLICT, "is over"),
        ("/api/v1/alerts/alert-co2/acknowledge", "{\"ack\":1}", StatusCode::BAD_REQUEST, "ack"),
        ("/api/v1/alerts/alert-co2/acknowledge", "{", StatusCode::BAD_REQUEST, "JSON"),
        ("/api/v1/silences", "{\"minutes\":60}", StatusCode::BAD_REQUEST, "name a clause"),
        ("/api/v1/silences", "{\"subject\":\"a\"}", StatusCode::BAD_REQUEST, "`until` or `minutes`"),
        ("/api/v1/silences", "{\"subject\":\"a\",\"minutes\":0}", StatusCode::BAD_REQUEST, "future"),
        ("/api/v1/silences", "{\"subject\":\"a\",\"minutes\":999999}", StatusCode::BAD_REQUEST, "waiver"),
        ("/api/v1/silences", "{\"clause\":\"x/y\",\"minutes\":9}", StatusCode::NOT_FOUND, "x/y"),
    ] {
        let answer = act(&house, &cookie, path, body).await;
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.body);
        assert!(answer.body.contains(word), "{path} {body}: {}", answer.body);
    }
    let gone = house.send("DELETE", "/api/v1/silences/none", &[("cookie", &cookie)], "").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}
