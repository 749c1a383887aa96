//! Commands about mail: whether the server takes it, and what it looks like.

use crate::{
    claims::run,
    common::process::free_port,
    office::{Room, write_register},
    smtp::{Options, SmtpServer},
};

fn configured(url: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write_register(dir.path(), "UTC", &[Room { id: "r-1".to_owned(), sensor: "air-1".to_owned() }]);
    let config = format!("register = \"register\"\n\n[smtp]\nurl = \"{url}\"\nfrom = \"desk@example.org\"\n");
    std::fs::write(dir.path().join("normwatch.toml"), config).unwrap();
    dir
}

#[test]
fn a_test_mail_says_what_the_server_answered() {
    let mails = SmtpServer::start(&Options::default());
    let dir = configured(&format!("smtp://127.0.0.1:{}", mails.port));
    let (code, said) = run(dir.path(), &["mail", "test", "--to", "somebody@example.org", "--language", "en"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("taken: 250"), "{said}");
    let taken = mails.mails(1);
    assert!(taken[0].to_string().contains("somebody@example.org"), "{}", taken[0]);

    let nobody = configured(&format!("smtp://127.0.0.1:{}", free_port()));
    let (code, said) = run(nobody.path(), &["mail", "test", "--to", "somebody@example.org"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.starts_with("not taken: ") && said.contains("cannot be reached"), "{said}");
    assert_eq!(run(nobody.path(), &["mail", "test"]).0, 2);
}

#[test]
fn a_preview_needs_no_server_and_speaks_both_languages() {
    let dir = configured("file:mail");
    let (code, said) = run(dir.path(), &["mail", "preview"]);
    assert_eq!(code, 0);
    assert!(said.contains("示例条款") && said.contains("Example clause"), "{said}");
    let (code, files) = run(dir.path(), &["mail", "preview", "--out", "shown"]);
    assert_eq!((code, files.lines().count()), (0, 6), "{files}");
    let html = std::fs::read_to_string(dir.path().join("shown/zh-CN.html")).unwrap();
    assert!(html.contains("示例条款"), "{html}");
    assert!(!dir.path().join("mail").exists(), "nothing was sent");
}
