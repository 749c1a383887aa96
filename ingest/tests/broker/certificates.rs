//! Certificates made for a test by openssl.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// Runs openssl; `false`, with the reason printed, where it is not installed.
fn openssl(dir: &Path, arguments: &str) -> bool {
    let done = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(dir)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match done {
        Ok(status) => {
            assert!(status.success(), "openssl {arguments}");
            true
        }
        Err(_) => {
            println!("skipped: openssl is not installed");
            false
        }
    }
}

const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

/// `{name}.pem` and `{name}.key` of an authority.
fn authority(dir: &Path, name: &str) -> bool {
    openssl(dir, &format!("req -x509 {KEY} -days 2 -subj /CN={name} -keyout {name}.key -out {name}.pem"))
}

/// `{name}.pem` and `{name}.key`, signed by an authority for the loopback host; for so many days, and where that is
/// below 0 the time is over.
fn signed_for(dir: &Path, name: &str, by: &str, days: i32) -> bool {
    fs::write(dir.join("san"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n").unwrap();
    openssl(dir, &format!("req {KEY} -subj /CN={name} -keyout {name}.key -out {name}.csr"))
        && openssl(
            dir,
            &format!(
                "x509 -req -in {name}.csr -CA {by}.pem -CAkey {by}.key -CAcreateserial -days {days} -extfile san \
                 -out {name}.pem"
            ),
        )
}

fn signed(dir: &Path, name: &str, by: &str) -> bool {
    signed_for(dir, name, by, 2)
}

/// Two authorities (`ca`, `other`), the broker's certificate (`server`), ours (`ours`), one of ours that the wrong
/// authority signed (`forged`), and one of the broker's and of ours that are over (`stale`, `late`).
pub(crate) fn certificates(dir: &Path) -> bool {
    let made = authority(dir, "ca")
        && authority(dir, "other")
        && signed(dir, "server", "ca")
        && signed(dir, "ours", "ca")
        && signed(dir, "forged", "other")
        && signed_for(dir, "stale", "ca", -1)
        && signed_for(dir, "late", "ca", -1);
    // Started by root, mosquitto gives its rights up and could not read the key.
    #[cfg(unix)]
    if made {
        use std::os::unix::fs::PermissionsExt;
        for key in ["server.key", "stale.key"] {
            fs::set_permissions(dir.join(key), fs::Permissions::from_mode(0o644)).unwrap();
        }
    }
    made
}
