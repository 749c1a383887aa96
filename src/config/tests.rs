//! The configuration as operations meet it: a file and an environment in, a [`Config`] or its problems out.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use model::Problem;

use super::{Config, Transport};
use crate::spool::Fsync;

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Loads a file of this text from its own directory.
fn load(text: &str, pairs: &[(&str, &str)]) -> (tempfile::TempDir, Result<Config, Vec<Problem>>) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("normwatch.toml");
    std::fs::write(&file, text).unwrap();
    std::fs::write(dir.path().join("secret"), "from file\n").unwrap();
    let loaded = Config::load(Some(&file), &env(pairs));
    (dir, loaded)
}

fn problems(text: &str, pairs: &[(&str, &str)]) -> Vec<(usize, String)> {
    let found = load(text, pairs).1.err().unwrap_or_default();
    found.into_iter().map(|p| (p.line, p.key)).collect()
}

#[test]
fn the_defaults_alone_are_a_valid_configuration() {
    let config = Config::load(None, &env(&[("PATH", "/bin"), ("NORMWATCH_OTHER", "x")])).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!((config.mqtt.host.as_str(), config.mqtt.port, config.mqtt.tls), ("127.0.0.1", 1883, false));
    assert_eq!(config.public_url, "http://127.0.0.1:8080");
    assert_eq!(config.alerts.repeat_interval, Duration::from_secs(86_400));
    assert_eq!(config.alerts.stale_after, Duration::from_secs(7 * 86_400));
    assert_eq!((config.influx, config.smtp), (None, None));
    assert_eq!(config.register, PathBuf::from("register"));
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_defaults() {
    let text = "listen = \"127.0.0.1:1\"\n[mqtt]\nurl = \"mqtts://broker.example.org\"\nusername = \"007\"\n\
                embedded = true\n";
    let (_dir, config) =
        load(text, &[("NORMWATCH__LISTEN", "127.0.0.1:2"), ("NORMWATCH__MQTT__EMBEDDED", "false")]);
    let config = config.unwrap();
    assert_eq!(config.listen.port(), 2);
    assert_eq!((config.mqtt.port, config.mqtt.tls, config.mqtt.embedded), (8883, true, false));
    assert_eq!(config.mqtt.username.as_deref(), Some("007"));
    assert_eq!(config.mqtt.client_id, "normwatch");
}

#[test]
fn paths_count_from_the_file_that_names_them_and_those_of_the_environment_do_not() {
    let (dir, config) = load("register = \"reg\"\n", &[("NORMWATCH__DATA_DIR", "here")]);
    let config = config.unwrap();
    assert_eq!(config.register, dir.path().join("reg"));
    assert_eq!(config.data_dir, Path::new("here"));
}

#[test]
fn every_problem_is_found_at_once_with_its_line() {
    let text =
        "data_dir = 7\nlissten = \"x\"\n[mqtt]\nembedded = \"yes\"\npassword = \"p\"\n[extra]\na = 1\n";
    let found = problems(text, &[("NORMWATCH__SMPT__URL", "x"), ("NORMWATCH__HISTORY__RAW_DAYS", "many")]);
    let lines: Vec<(usize, &str)> = found.iter().map(|(line, key)| (*line, key.as_str())).collect();
    assert_eq!(
        lines,
        [
            (1, "data_dir"),
            (2, "lissten"),
            (4, "mqtt.embedded"),
            (5, "mqtt.password"),
            (7, "extra.a"),
            (0, "NORMWATCH__HISTORY__RAW_DAYS"),
            (0, "NORMWATCH__SMPT__URL"),
        ]
    );
}

#[test]
fn values_that_mean_nothing_are_all_found_too() {
    let text = "listen = \"8080\"\npacks_dir = \"nowhere\"\n[alerts]\ngroup_wait = \"soon\"\n[history]\nraw_days = 0\n\
                [influx]\nurl = \"localhost:8086\"\n[smtp]\nurl = \"smtp://me:pw@mail.example.org\"\n\
                [[route]]\nfilter = \"a/#/b\"\nformat = \"senlm\"\n";
    let found: Vec<usize> =
        problems(text, &[]).into_iter().map(|(line, _)| line).filter(|l| *l > 0).collect();
    for line in [1, 2, 4, 6, 8, 10, 11] {
        assert!(found.contains(&line), "line {line} of {found:?}");
    }
}

#[test]
fn the_spool_says_what_a_power_loss_may_take_and_must_hold_more_than_its_quarantine() {
    let (_dir, config) = load("[spool]\nfsync = \"checkpoint\"\nmax_bytes = 100000000\n", &[]);
    let spool = config.unwrap().spool;
    assert_eq!((spool.fsync, spool.max_bytes), (Fsync::Checkpoint, 100_000_000));
    let defaults = load("", &[]).1.unwrap().spool;
    let options = crate::spool::Options::default();
    assert_eq!(
        (defaults.fsync, defaults.max_bytes, defaults.quarantine_bytes),
        (options.fsync, options.max_bytes, options.quarantine_bytes)
    );
    let text = "[spool]\nfsync = \"sometimes\"\nmax_bytes = 67108865\nquarantine_bytes = -1\n";
    let found = problems(text, &[]);
    let keys: Vec<&str> = found.iter().map(|(_, key)| key.as_str()).collect();
    assert_eq!(keys, ["spool.fsync", "spool.quarantine_bytes"]);
    assert_eq!(problems("[spool]\nmax_bytes = 67108865\n", &[]), [(2, "spool.max_bytes".to_owned())]);
}

#[test]
#[cfg(feature = "embedded-broker")]
fn the_embedded_broker_listens_beyond_loopback_only_with_a_login_and_over_tls_only_with_a_certificate() {
    let found = |url: &str, more: &str| {
        let text = format!("[mqtt]\nembedded = true\nurl = \"{url}\"\n{more}");
        problems(&text, &[]).into_iter().map(|(_, key)| key).collect::<Vec<_>>()
    };
    const LOGIN: &str = "username = \"vendor\"\npassword_file = \"secret\"\n";
    for url in ["mqtt://127.0.0.1:65535", "mqtt://localhost", "mqtt://[::1]"] {
        assert!(found(url, "").is_empty(), "{url}");
    }
    for url in ["mqtt://0.0.0.0", "mqtt://[::]", "mqtt://192.0.2.7"] {
        assert_eq!(found(url, ""), ["mqtt.url"], "{url}");
        assert!(found(url, LOGIN).is_empty(), "{url}");
    }
    assert_eq!(found("mqtt://broker.example.org", LOGIN), ["mqtt.url"]);
    assert_eq!(found("mqtt://127.0.0.1", "username = \"vendor\"\n"), ["mqtt.password_file"]);
    assert_eq!(found("mqtts://0.0.0.0", LOGIN), ["mqtt.cert_file"]);
    let pair = "cert_file = \"secret\"\nkey_file = \"secret\"\n";
    assert!(found("mqtts://127.0.0.1", pair).is_empty());
    assert_eq!(found("mqtt://127.0.0.1", pair), ["mqtt.cert_file", "mqtt.key_file"]);
    assert_eq!(found("mqtt://127.0.0.1", "acl_file = \"acl\"\n"), ["mqtt.acl_file"]);
}

#[test]
fn a_route_may_own_devices_and_a_user_without_devices_is_a_problem() {
    let route = "[[route]]\nfilter = \"vendor-a/#\"\nformat = \"senml\"\n";
    let (_dir, config) = load(&format!("{route}sensors = [\"a-*\"]\nuser = \"vendor-a\"\n"), &[]);
    let config = config.unwrap();
    assert_eq!(
        (config.routes[0].sensors[0].as_str(), config.routes[0].user.as_deref()),
        ("a-*", Some("vendor-a"))
    );
    for (more, line, key) in [
        ("user = \"vendor-a\"\n", 1, "route.sensors"),
        ("sensors = [\"a*b\"]\n", 1, "route"),
        ("sensors = \"a-*\"\n", 4, "route.sensors"),
        ("sensors = [\"a\"]\nuser = \"a:b\"\n", 1, "route.user"),
        ("owner = \"a\"\n", 4, "route.owner"),
    ] {
        assert!(problems(&format!("{route}{more}"), &[]).contains(&(line, key.to_owned())), "{more}");
    }
}

#[test]
fn a_route_that_lacks_something_hides_nothing_that_is_wrong_with_another() {
    let text = "[[route]]\nfilter = \"a/#\"\n[[route]]\nfilter = \"b/#\"\nformat = \"senlm\"\n\
                [[route]]\nfilter = \"c/#\"\nformat = \"senml\"\nuser = \"c\"\n";
    let lines: Vec<usize> = problems(text, &[]).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [1, 3, 6]);
}

#[test]
fn a_file_that_is_not_toml_is_reported_with_its_line() {
    assert_eq!(problems("listen = \"x\"\nregister = oops\n", &[]), [(2, "toml".to_owned())]);
}

#[test]
fn secrets_come_from_files_or_the_environment_and_are_never_shown() {
    let text = "[smtp]\nurl = \"smtp://mail.example.org\"\nfrom = \"n@example.org\"\npassword_file = \"secret\"\n\
                [influx]\nurl = \"http://db:8086\"\norg = \"o\"\nbucket = \"b\"\n";
    let (_dir, config) = load(text, &[("NORMWATCH__INFLUX__TOKEN", "0123")]);
    let config = config.unwrap();
    let shown = format!("{config:?}");
    assert_eq!(config.influx.unwrap().token.unwrap().expose(), "0123");
    let smtp = config.smtp.unwrap();
    assert_eq!(smtp.password.unwrap().expose(), "from file");
    assert_eq!(smtp.transport, Transport::Smtp { host: "mail.example.org".to_owned(), port: 587 });
    assert!(!shown.contains("0123") && !shown.contains("from file"), "{shown}");
    assert_eq!(problems("[mqtt]\npassword_file = \"absent\"\n", &[]), [(2, "mqtt.password_file".to_owned())]);
}

#[test]
fn every_option_of_the_default_file_stands_below_a_comment() {
    let mut is_explained = false;
    for line in super::DEFAULT.lines() {
        let is_first = line.contains('=') && !line.starts_with('#');
        assert!(!is_first || is_explained, "no comment above: {line}");
        is_explained = line.starts_with('#') || (is_first && is_explained);
    }
}
