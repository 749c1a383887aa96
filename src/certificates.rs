//! The certificates of the connection to the broker: looked at before they are needed, and again when they change.

use std::path::{Path, PathBuf};

use ingest::Tls;
use model::{Instant, Problem};
use tokio::sync::watch;

use crate::config::Mqtt;

/// What is wrong with the files, and what is not yet.
#[derive(Debug, Default)]
pub struct Findings {
    /// With these no connection can be made.
    pub problems: Vec<Problem>,
    /// What somebody should know.
    pub warnings: Vec<Problem>,
}

/// Reads the files that `[mqtt]` names.
///
/// # Errors
/// The first that cannot be read or is empty.
pub fn read(mqtt: &Mqtt) -> Result<Tls, Problem> {
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
    if !mqtt.tls {
        let unused = named(mqtt).map(|(key, path)| {
            let what = "is not used: the address in mqtt.url has no TLS";
            let remedy = "write mqtts:// in mqtt.url, or \"\" here";
            Problem::new(path.display().to_string(), 0, format!("mqtt.{key}"), what, remedy)
        });
        return Findings { problems: Vec::new(), warnings: unused.collect() };
    }
    match read(mqtt) {
        Ok(tls) => findings_of(mqtt, &tls, now),
        Err(problem) => Findings { problems: vec![problem], warnings: Vec::new() },
    }
}

/// The files that are named, each with its key.
fn named(mqtt: &Mqtt) -> impl Iterator<Item = (&'static str, &Path)> {
    let files = [("ca_file", &mqtt.ca_file), ("cert_file", &mqtt.cert_file), ("key_file", &mqtt.key_file)];
    files.into_iter().filter_map(|(key, path)| Some((key, path.as_deref()?)))
}

fn findings_of(mqtt: &Mqtt, tls: &Tls, now: Instant) -> Findings {
    let mut found = Findings::default();
    for finding in tls.findings(now) {
        let path = named(mqtt).find(|(key, _)| *key == finding.file);
        let file = path.map(|(_, path)| path.display().to_string()).unwrap_or_default();
        let problem = Problem::new(file, 0, format!("mqtt.{}", finding.file), finding.what, finding.remedy);
        if finding.is_warning { &mut found.warnings } else { &mut found.problems }.push(problem);
    }
    found
}

/// The certificates in use, and whoever follows them.
#[derive(Debug)]
pub(crate) struct Certificates {
    mqtt: Mqtt,
    in_use: watch::Sender<Tls>,
}

impl Certificates {
    /// Those that the service begins with, as [`read`] found them.
    pub(crate) fn new(mqtt: &Mqtt, tls: Tls) -> Self {
        Self { mqtt: mqtt.clone(), in_use: watch::Sender::new(tls) }
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

    /// Reads the files again and takes up what is other and right; what is wrong changes nothing.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(crate) fn renew(&self, now: Instant) -> Result<(), Vec<Problem>> {
        if !self.mqtt.tls {
            return Ok(());
        }
        let tls = read(&self.mqtt).map_err(|problem| vec![problem])?;
        if *self.in_use.borrow() == tls {
            return Ok(());
        }
        let found = findings_of(&self.mqtt, &tls, now);
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
}
