//! The certificates of the connection to the broker: looked at before they are needed, and again when they change.

use std::path::{Path, PathBuf};

use ingest::Tls;
use model::{Instant, Problem};
use tokio::sync::watch;

use crate::config::Mqtt;

/// A pair of certificate and key of which one was replaced and the other not yet is waited for so long, ms.
const GRACE_MS: i64 = 60_000;

/// Of the embedded broker, authorities are those of its clients.
const AUTHORITY_OF_CLIENTS: &str = "name the certificate of the authority that signs those of the devices";

/// What is wrong with the files, and what is not yet.
#[derive(Debug, Default)]
pub struct Findings {
    /// With these no connection can be made.
    pub problems: Vec<Problem>,
    /// What somebody should know.
    pub warnings: Vec<Problem>,
    /// Whether nothing is wrong but that key and certificate do not belong together.
    is_mismatch: bool,
}

/// Reads the files that `[mqtt]` names.
///
/// # Errors
/// The first that cannot be read or is empty.
fn read(mqtt: &Mqtt) -> Result<Tls, Problem> {
    let bytes = |key: &str, path: &Path| {
        let problem = |what: String, remedy: &str| {
            Problem::new(path.display().to_string(), 0, format!("mqtt.{key}"), what, remedy)
        };
        let bytes = std::fs::read(path)
            .map_err(|error| problem(error.to_string(), "make the file readable for the service"))?;
        // An empty list of authorities would mean those that browsers trust.
        if bytes.is_empty() {
            return Err(problem("is empty".to_owned(), "write the PEM into it, or \"\" in its place"));
        }
        Ok(bytes)
    };
    let client = match (&mqtt.cert_file, &mqtt.key_file) {
        (Some(cert), Some(key)) => Some((bytes("cert_file", cert)?, bytes("key_file", key)?)),
        _ => None,
    };
    let ca = mqtt.ca_file.as_deref().map(|path| bytes("ca_file", path)).transpose()?.unwrap_or_default();
    Ok(Tls { ca, client })
}

/// Opens every file that `[mqtt]` names: readable, PEM, belonging together, valid at `now`.
#[must_use]
pub fn findings(mqtt: &Mqtt, now: Instant) -> Findings {
    let none = |problem| Findings { problems: vec![problem], ..Findings::default() };
    open(mqtt, now).map_or_else(none, |(_, found)| found)
}

/// The same with what the files hold: nothing where the connection has no TLS.
///
/// # Errors
/// The first file that cannot be read or is empty.
pub(crate) fn open(mqtt: &Mqtt, now: Instant) -> Result<(Tls, Findings), Problem> {
    if !mqtt.tls {
        let unused = named(mqtt).map(|(key, path)| {
            let what = "is not used: the address in mqtt.url has no TLS";
            let remedy = "write mqtts:// in mqtt.url, or \"\" here";
            Problem::new(path.display().to_string(), 0, format!("mqtt.{key}"), what, remedy)
        });
        return Ok((Tls::default(), Findings { warnings: unused.collect(), ..Findings::default() }));
    }
    let tls = read(mqtt)?;
    let found = findings_of(mqtt, &tls, now);
    Ok((tls, found))
}

/// The files that are named, each with its key.
fn named(mqtt: &Mqtt) -> impl Iterator<Item = (&'static str, &Path)> {
    let files = [("ca_file", &mqtt.ca_file), ("cert_file", &mqtt.cert_file), ("key_file", &mqtt.key_file)];
    files.into_iter().filter_map(|(key, path)| Some((key, path.as_deref()?)))
}

fn findings_of(mqtt: &Mqtt, tls: &Tls, now: Instant) -> Findings {
    let mut found = Findings::default();
    let all = tls.findings(now);
    let mut wrong = all.iter().filter(|finding| !finding.is_warning).peekable();
    found.is_mismatch = wrong.peek().is_some() && wrong.all(|finding| finding.is_mismatch);
    for finding in all {
        let path = named(mqtt).find(|(key, _)| *key == finding.file);
        let file = path.map(|(_, path)| path.display().to_string()).unwrap_or_default();
        let remedy =
            if mqtt.embedded && finding.file == "ca_file" { AUTHORITY_OF_CLIENTS } else { finding.remedy };
        let problem = Problem::new(file, 0, format!("mqtt.{}", finding.file), finding.what, remedy);
        if finding.is_warning { &mut found.warnings } else { &mut found.problems }.push(problem);
    }
    found
}

/// The certificates in use, and whoever follows them.
#[derive(Debug)]
pub(crate) struct Certificates {
    mqtt: Mqtt,
    in_use: watch::Sender<Tls>,
    /// Certificate and key that do not belong together.
    half: Option<Half>,
}

/// A pair of which one is still to be replaced.
#[derive(Debug)]
struct Half {
    tls: Tls,
    /// When it was seen first.
    since: Instant,
    is_told: bool,
}

impl Certificates {
    /// Those that the service begins with, as [`open`] found them.
    pub(crate) fn new(mqtt: &Mqtt, tls: Tls) -> Self {
        Self { mqtt: mqtt.clone(), in_use: watch::Sender::new(tls), half: None }
    }

    /// Those that take their place from now on.
    pub(crate) fn follow(&self) -> watch::Receiver<Tls> {
        self.in_use.subscribe()
    }

    /// The files that are looked at; none where the connection has no TLS.
    pub(crate) fn files(mqtt: &Mqtt) -> Vec<PathBuf> {
        let files = named(mqtt).filter(|_| mqtt.tls);
        files.map(|(_, path)| path.to_owned()).collect()
    }

    /// Whether a pair is waited for, so that the files want to be read though nothing has changed.
    pub(crate) fn is_waiting(&self) -> bool {
        self.half.as_ref().is_some_and(|half| !half.is_told)
    }

    /// Reads the files again and takes up what is other and right; what is wrong changes nothing. A key that belongs
    /// to another certificate is wrong only when it stays so: the two files are seldom replaced at once.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(crate) fn renew(&mut self, now: Instant) -> Result<(), Vec<Problem>> {
        if !self.mqtt.tls {
            return Ok(());
        }
        let read = open(&self.mqtt, now);
        let half = self.half.take();
        let (tls, found) = read.map_err(|problem| vec![problem])?;
        if *self.in_use.borrow() == tls {
            return Ok(());
        }
        if found.is_mismatch {
            return self.wait_for_pair(half, tls, now).then_some(()).ok_or(found.problems);
        }
        if !found.problems.is_empty() {
            return Err(found.problems);
        }
        for problem in found.warnings {
            tracing::warn!(%problem, "the certificates for the broker want somebody");
        }
        tracing::info!("other certificates for the broker are taken up");
        self.in_use.send_replace(tls);
        Ok(())
    }

    /// Notes a pair that does not belong together. Returns whether there is still time for the other file to come.
    fn wait_for_pair(&mut self, known: Option<Half>, tls: Tls, now: Instant) -> bool {
        let known = known.filter(|half| half.tls == tls);
        if known.is_none() {
            tracing::info!("certificate and key for the broker are not yet of one pair; those in use stay");
        }
        let since = known.map_or(now, |half| half.since);
        let is_told = now.since(since) >= GRACE_MS;
        self.half = Some(Half { tls, since, is_told });
        !is_told
    }
}

#[cfg(test)]
#[path = "../ingest/tests/broker/certificates.rs"]
mod made;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Clock, config::Config};

    #[test]
    fn a_pair_of_which_one_is_replaced_first_is_waited_for_and_refused_once_it_stays_so() {
        let dir = tempfile::tempdir().unwrap();
        if !made::certificates(dir.path()) {
            return;
        }
        let path = |name: &str| dir.path().join(name);
        let copy = |from: &str, to: &str| std::fs::copy(path(from), path(to)).unwrap();
        copy("ours.pem", "mine.pem");
        copy("ours.key", "mine.key");
        let mut mqtt = Config::load(None, &std::collections::BTreeMap::new()).unwrap().mqtt;
        mqtt.tls = true;
        (mqtt.cert_file, mqtt.key_file) = (Some(path("mine.pem")), Some(path("mine.key")));
        let now = Clock::System.now();
        let (tls, found) = open(&mqtt, now).unwrap();
        assert!(found.problems.is_empty() && !found.is_mismatch, "{found:?}");
        let mut held = Certificates::new(&mqtt, tls);
        let (follower, after) = (held.follow(), |ms| now.plus_ms(ms));

        // The key comes half a minute behind the certificate: nobody hears of it.
        copy("server.pem", "mine.pem");
        assert_eq!((held.renew(now), held.is_waiting()), (Ok(()), true));
        assert_eq!(held.renew(after(30_000)), Ok(()));
        assert!(!follower.has_changed().unwrap());
        copy("server.key", "mine.key");
        assert_eq!((held.renew(after(31_000)), held.is_waiting()), (Ok(()), false));
        assert!(follower.has_changed().unwrap());

        // It stays half: told after a minute, and looked at no more before it changes.
        copy("ours.pem", "mine.pem");
        assert_eq!(held.renew(after(40_000)), Ok(()));
        assert_eq!((held.renew(after(99_999)), held.is_waiting()), (Ok(()), true));
        let told = held.renew(after(100_000)).unwrap_err();
        assert!(told[0].to_string().contains("does not belong to the certificate"), "{told:?}");
        assert!(!held.is_waiting());
        // Another wrong one has its own minute; what is no key at all is told at once.
        copy("forged.pem", "mine.pem");
        assert_eq!((held.renew(after(101_000)), held.is_waiting()), (Ok(()), true));
        std::fs::write(path("mine.key"), "no key\n").unwrap();
        assert!(held.renew(after(102_000)).is_err() && !held.is_waiting());
        // What is over is told at once too, though nothing belongs together.
        copy("server.key", "mine.key");
        copy("late.pem", "mine.pem");
        assert_eq!(held.renew(after(103_000)).unwrap_err().len(), 2);
    }
}
