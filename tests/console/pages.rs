//! Every page in both languages, with nothing to show and with a whole office.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use normwatch::{
    access::Access,
    clock::Clock,
    view::Snapshot,
    web::{Guard, Hosts, guarded},
};
use tower::ServiceExt as _;

use crate::{ask, ask_with, office};

const LANGUAGES: [&str; 2] = ["zh-CN", "en"];

/// Address, a Chinese text and an English text that a full page shows.
const PAGES: [(&str, &str, &str); 20] = [
    ("/", "闲置与紧缺", "Idle and scarce rooms"),
    ("/places/site", "下级场所", "Below"),
    ("/places/a", "房间现况", "Rooms now"),
    ("/places/a-3", "302 办公室", "302 办公室"),
    ("/places/a-301", "使用中 · 14 人", "Occupied · 14 people"),
    ("/places/a-304", "未知", "Unknown"),
    ("/alerts", "室内二氧化碳浓度", "Indoor carbon dioxide"),
    ("/alerts?state=all", "已解除", "resolved"),
    ("/alerts/alert-co2", "处理建议", "What to do"),
    ("/alerts/alert-over", "传感器证实已解除", "Sensors proved it over"),
    ("/standards", "室内空气质量标准", "Indoor air quality"),
    ("/standards/demo-area", "限值表", "Table of limits"),
    ("/mails", "累计已发送邮件 12 封", "12 mails sent so far"),
    ("/mails/mail-1", "所述告警", "Alerts told"),
    ("/devices", "应报间隔", "Expected every"),
    ("/devices?sort=signal", "信噪比 7.5 dB", "SNR 7.5 dB"),
    ("/device/air-a-301", "网关时间", "time of the gateway"),
    ("/quarantine", "隔离区", "Quarantine"),
    ("/devices/unknown", "首次收到", "First heard"),
    ("/devices/unknown/am307-77", "安装位置", "Where it hangs"),
];

#[tokio::test]
async fn every_page_of_a_whole_office_speaks_both_languages() {
    for (path, zh, en) in PAGES {
        for (language, text) in LANGUAGES.into_iter().zip([zh, en]) {
            let answer = ask_with(office::snapshot(), path, &[("accept-language", language)]).await;
            assert_eq!(answer.status, StatusCode::OK, "{path} {language}");
            assert!(answer.body.contains(text), "{path} in {language} lacks `{text}`:\n{}", answer.body);
            assert!(answer.body.contains(&format!("<html lang=\"{language}\">")));
            assert!(answer.body.contains("2026-11-18 15:19 +08:00"), "{path} does not say as of when");
        }
    }
}

#[tokio::test]
async fn every_page_stands_with_nothing_to_show() {
    for path in ["/", "/alerts", "/alerts?state=all", "/standards", "/mails", "/devices", "/devices/unknown"]
    {
        for (language, none) in LANGUAGES.into_iter().zip(["尚无数据", "No data yet"]) {
            let answer = ask_with(Snapshot::default(), path, &[("accept-language", language)]).await;
            assert_eq!(answer.status, StatusCode::OK, "{path} {language}");
            assert!(answer.body.contains(none), "{path} {language}");
        }
    }
}

#[tokio::test]
async fn no_page_shows_a_key_instead_of_a_text() {
    for (path, _, _) in PAGES {
        let answer = ask_with(office::snapshot(), path, &[("accept-language", "en")]).await;
        for prefix in [
            ">quantity-",
            ">measure-",
            ">use-",
            ">kind-",
            ">word-",
            ">provenance-",
            ">alert-state",
            ">link-",
            ">device-",
            ">flag-",
            ">time-from-",
            ">sort-",
            ">quarantine-",
        ] {
            assert!(!answer.body.contains(prefix), "{path} shows a bare {prefix}");
        }
    }
}

#[tokio::test]
async fn a_label_can_never_become_a_script() {
    for path in ["/", "/places/a", "/places/a-3", "/places/a-305"] {
        let answer = ask(path).await;
        assert!(!answer.body.contains(office::HOSTILE), "{path}");
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
    }
    assert!(ask("/places/a-305").await.body.contains("&lt;script&gt;"));
    let mail = ask("/mails/mail-1").await;
    assert!(mail.body.contains("&lt;b&gt;not bold"));
}

#[tokio::test]
async fn an_unknown_room_is_neither_free_nor_zero() {
    let answer = ask_with(office::snapshot(), "/places/a-304", &[("accept-language", "en")]).await;
    assert!(answer.body.contains("now unknown"));
    assert!(!answer.body.contains("now free") && !answer.body.contains("0 people"));
    assert!(answer.body.contains("Not enough evidence"));
    let floor = ask_with(office::snapshot(), "/places/a-3", &[("accept-language", "en")]).await;
    assert!(floor.body.contains("tile unknown"));
    // A store room whose only sensor measures air has no fault to look for.
    assert!(floor.body.contains("tile unwatched") && floor.body.contains("No presence sensor"));
}

#[tokio::test]
async fn a_value_just_over_the_limit_is_shown_as_over_it() {
    let answer = ask("/alerts?state=pending").await;
    assert!(answer.body.contains("1000.4 ppm") && answer.body.contains("≤ 1000 ppm"));
}

#[tokio::test]
async fn units_that_are_words_speak_the_language_of_the_page() {
    let zh = ask("/alerts/alert-idle").await.body;
    assert!(zh.contains("14 天") && zh.contains("≤ 10 天"));
    let en = ask_with(office::snapshot(), "/alerts/alert-idle", &[("accept-language", "en")]).await.body;
    assert!(en.contains("14 d") && en.contains("≤ 10 d"));
}

#[tokio::test]
async fn idle_and_scarce_rooms_stand_side_by_side() {
    let body = ask_with(office::snapshot(), "/", &[("accept-language", "en")]).await.body;
    let (idle, scarce) = (body.find("To give:").unwrap(), body.find("To relieve:").unwrap());
    let service = body.find("id=\"service\"").unwrap();
    let (idle, scarce) = (&body[idle..scarce], &body[scarce..service]);
    assert!(idle.contains(">a-402<") && idle.contains(">a-303<") && !idle.contains(">b-101<"));
    assert!(scarce.contains(">b-101<") && !scarce.contains(">a-402<"));
}

#[tokio::test]
async fn a_ranking_is_never_shown_as_a_finding() {
    let mut quiet = office::snapshot();
    quiet.verdicts.clear();
    let body = ask_with(quiet, "/", &[("accept-language", "en")]).await.body;
    let (idle, scarce) = (body.find("To give:").unwrap(), body.find("To relieve:").unwrap());
    let (idle, scarce) = (&body[idle..scarce], &body[scarce..body.find("id=\"service\"").unwrap()]);
    for (side, room) in [(idle, ">a-402<"), (scarce, ">a-301<")] {
        let rows = side.matches("<tr>").count() - 1;
        assert!(rows >= 1 && side.matches("a ranking, not a finding").count() == rows, "{side}");
        assert!(side.contains(room), "{side}");
    }
}

#[tokio::test]
async fn an_unverified_clause_is_marked_and_says_that_it_raises_no_alert() {
    let body =
        ask_with(office::snapshot(), "/standards/gb-t-18883-2022", &[("accept-language", "en")]).await.body;
    assert_eq!(body.matches("Unverified: raises no alert").count(), 1);
    assert!(body.contains("supersedes gb-t-18883-2002"));
}

#[tokio::test]
async fn what_nobody_has_confirmed_and_what_the_operator_has_moved_is_said() {
    let english = [("accept-language", "en")];
    let list = ask_with(office::snapshot(), "/standards", &english).await.body;
    assert_eq!(list.matches("date not confirmed").count(), 1);
    let area = ask_with(office::snapshot(), "/standards/demo-area", &english).await.body;
    assert!(area.contains("date not confirmed") && area.contains("Read in a reprint only."));
    let air = ask_with(office::snapshot(), "/standards/gb-t-18883-2022", &english).await.body;
    assert!(air.contains("agency order 7, item 2") && air.contains("Hour mean of the occupied hour."));
    assert!(!air.contains("date not confirmed"));
}

#[tokio::test]
async fn citations_speak_chinese_on_chinese_pages() {
    let mut office = office::snapshot();
    let mut alert = (*office.alerts[0]).clone();
    alert.citation = "table 1".to_owned();
    office.alerts = vec![std::sync::Arc::new(alert)];
    let body = ask_with(office, "/alerts", &[("accept-language", "zh-CN")]).await.body;
    assert!(body.contains("GB&#x2f;T 18883-2022 · 表 1"), "{body}");
}

#[tokio::test]
async fn a_mail_in_its_frame_can_run_nothing_and_load_nothing() {
    let page = ask("/mails/mail-1").await;
    assert!(page.body.contains("sandbox=\"allow-popups\" src=\"/mails/mail-1/html\""), "{}", page.body);
    let mail = ask("/mails/mail-1/html").await;
    assert_eq!(mail.status, StatusCode::OK);
    let policy = mail.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox allow-popups"));
    assert!(!policy.contains("script-src") && !policy.contains("allow-scripts"));
    assert_eq!(ask("/mails/none/html").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_alert_lists_the_mails_that_told_it() {
    let told = ask("/alerts/alert-co2").await.body;
    assert!(told.contains("/mails/mail-1") && told.contains("duty-office"));
    assert!(!ask("/alerts/alert-idle").await.body.contains("/mails/mail-1"));
}

#[tokio::test]
async fn a_foreign_name_that_points_here_gets_421_and_no_data() {
    for (host, path, status) in [
        ("127.0.0.1:8080", "/", StatusCode::OK),
        ("localhost:8080", "/api/v1/alerts", StatusCode::OK),
        ("console.example.org", "/", StatusCode::OK),
        ("evil.example:8080", "/", StatusCode::MISDIRECTED_REQUEST),
        ("evil.example:8080", "/api/v1/alerts", StatusCode::MISDIRECTED_REQUEST),
        ("evil.example:8080", "/healthz", StatusCode::OK),
    ] {
        let (_state, desk) = office::desk(office::snapshot());
        let hosts = Hosts::new("127.0.0.1:8080".parse().unwrap(), "https://console.example.org");
        let request = Request::get(path).header("host", host).body(Body::empty()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let access = Access::open(&dir.path().join("users.sqlite")).unwrap();
        let guard = Guard::new(access, Clock::simulated(office::now(), 1.0), "");
        let answer = guarded(desk, hosts, guard).oneshot(request).await.unwrap();
        assert_eq!(answer.status(), status, "{host}{path}");
    }
}

#[tokio::test]
async fn the_chosen_language_is_remembered_and_wins_over_the_browser() {
    let chosen = ask_with(office::snapshot(), "/?lang=en", &[("accept-language", "zh-CN")]).await;
    let cookie = chosen.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert!(chosen.body.contains("lang=\"en\""));
    let later = ask_with(office::snapshot(), "/", &[("accept-language", "zh-CN"), ("cookie", &cookie)]).await;
    assert!(later.body.contains("<html lang=\"en\">"));
    assert!(ask("/").await.body.contains("<html lang=\"zh-CN\">"), "Chinese without any wish");
}

#[tokio::test]
async fn old_data_and_waiting_data_are_told_on_every_page() {
    let mut old = office::snapshot();
    old.event_time = Some(office::now().plus_ms(-3 * 3_600_000));
    let page = ask_with(old, "/alerts", &[("accept-language", "en")]).await;
    assert!(page.body.contains("The data is old"));
    let mut behind = office::snapshot();
    behind.is_caught_up = false;
    let page = ask_with(behind, "/alerts", &[("accept-language", "en")]).await;
    assert!(page.body.contains("Still working through waiting data"));
}

#[tokio::test]
async fn what_does_not_exist_is_a_page_with_status_404() {
    for path in ["/places/nowhere", "/alerts/none", "/standards/none", "/mails/none", "/else", "/static/else"]
    {
        assert_eq!(ask(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(ask("/places/nowhere").await.body.contains("没有这个页面"));
}

#[tokio::test]
async fn a_chart_has_its_limit_its_gap_and_no_word_of_chinese() {
    let answer = ask("/charts/a-301/co2.svg?from=2026-11-17T07:20:00Z&to=2026-11-18T07:20:00Z").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "image/svg+xml");
    assert!(answer.body.contains("≤ 1000 ppm"));
    assert!(answer.body.contains("#F0F0EE"), "the silent hours are not shaded");
    assert!(answer.body.chars().all(|c| !('\u{4e00}'..='\u{9fff}').contains(&c)));
    for wrong in ["?from=x", "?from=2026-11-18T07:20:00Z&to=2026-11-17T07:20:00Z", "?form=1"] {
        let answer = ask(&format!("/charts/a-301/co2.svg{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    assert_eq!(ask("/charts/a-301/water.svg").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn styles_and_script_are_served_and_may_be_kept() {
    for (name, kind) in
        [("style.css", "text/css"), ("console.js", "text/javascript"), ("icon.svg", "image/svg+xml")]
    {
        let answer = ask(&format!("/static/{name}")).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with(kind));
        assert!(answer.headers["cache-control"].to_str().unwrap().contains("max-age"));
    }
    assert_eq!(ask("/").await.headers["cache-control"], "no-store");
}
