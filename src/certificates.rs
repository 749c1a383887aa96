//! The certificates of the connection to the broker, looked at before they are needed.

use std::path::Path;

use ingest::Tls;
use model::{Instant, Problem};

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
    let mut found = Findings::default();
    let files = [("ca_file", &mqtt.ca_file), ("cert_file", &mqtt.cert_file), ("key_file", &mqtt.key_file)];
    if !mqtt.tls {
        let unused = files.iter().filter_map(|(key, path)| Some((key, path.as_ref()?)));
        found.warnings.extend(unused.map(|(key, path)| {
            let what = "is not used: the address in mqtt.url has no TLS";
            let remedy = "write mqtts:// in mqtt.url, or \"\" here";
            Problem::new(path.display().to_string(), 0, format!("mqtt.{key}"), what, remedy)
        }));
        return found;
    }
    let tls = match read(mqtt) {
        Ok(tls) => tls,
        Err(problem) => {
            found.problems.push(problem);
            return found;
        }
    };
    for finding in tls.findings(now) {
        let path = files.iter().find(|(key, _)| *key == finding.file).and_then(|(_, path)| path.as_ref());
        let file = path.map(|path| path.display().to_string()).unwrap_or_default();
        let problem = Problem::new(file, 0, format!("mqtt.{}", finding.file), finding.what, finding.remedy);
        if finding.is_warning { &mut found.warnings } else { &mut found.problems }.push(problem);
    }
    found
}
