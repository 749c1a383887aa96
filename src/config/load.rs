//! Three layers into one checked [`Config`]; every problem is collected.

use std::{collections::BTreeMap, path::Path};

use config::{File, FileFormat};
use model::Problem;
use serde::Deserialize;

use super::{
    Alerts, Config, History, Influx, Mqtt, Route, Smtp, Transport,
    check::{Check, set},
    schema,
    spool::RawSpool,
};

/// The environment of this process: the only place that reads it.
#[must_use]
pub fn environment() -> BTreeMap<String, String> {
    let texts = std::env::vars_os().map(|(name, value)| (name.into_string(), value.into_string()));
    texts.filter_map(|(name, value)| Some((name.ok()?, value.ok()?))).collect()
}

impl Config {
    /// Reads the defaults, then `file` if there is one, then our variables among `variables`.
    ///
    /// # Errors
    /// Returns every problem, with the file, the line and the key.
    pub fn load(file: Option<&Path>, variables: &BTreeMap<String, String>) -> Result<Self, Vec<Problem>> {
        let name = file.map_or_else(|| "defaults".to_owned(), |file| file.display().to_string());
        let text = match file.map(std::fs::read_to_string) {
            None => String::new(),
            Some(Ok(text)) => text,
            Some(Err(error)) => {
                let problem =
                    Problem::new(name, 0, "-c", error.to_string(), "name a readable configuration file");
                return Err(vec![problem]);
            }
        };
        let mut problems = Vec::new();
        let lines = schema::check_file(&name, &text, &mut problems);
        let overrides = schema::check_environment(variables, &mut problems);
        let raw = layers(&text, &overrides);
        let base = file.and_then(Path::parent).unwrap_or(Path::new("")).to_path_buf();
        let mut check = Check { file: name, lines, overrides, base, problems };
        let routes = check.routes(&text);
        let raw = match raw {
            Ok(raw) => raw,
            Err(error) => {
                // Whatever is wrong with a key has been said already, with its line.
                if check.problems.is_empty() {
                    let remedy = "compare with config.default.toml";
                    check.problems.push(Problem::new(&check.file, 0, "toml", error.to_string(), remedy));
                }
                check.problems.sort();
                return Err(check.problems);
            }
        };
        let config = check.config(raw, routes);
        check.problems.sort();
        if check.problems.is_empty() { Ok(config) } else { Err(check.problems) }
    }
}

fn layers(text: &str, overrides: &BTreeMap<String, String>) -> Result<Raw, config::ConfigError> {
    let mut builder = config::Config::builder()
        .add_source(File::from_str(schema::DEFAULT, FileFormat::Toml))
        .add_source(File::from_str(text, FileFormat::Toml));
    for (path, value) in overrides.iter().filter(|(path, _)| !schema::SECRETS.contains(&path.as_str())) {
        builder = builder.set_override(path, value.as_str())?;
    }
    builder.build()?.try_deserialize()
}

/// The routes of a file, each for itself: one that is none hides no other.
#[derive(Default, Deserialize)]
struct RawRoutes {
    #[serde(default)]
    route: Vec<toml::Value>,
}

/// The layers merged, before their meaning is checked.
#[derive(Deserialize)]
struct Raw {
    data_dir: String,
    listen: String,
    register: String,
    packs_dir: String,
    overlay: String,
    mqtt: RawMqtt,
    influx: RawInflux,
    smtp: RawSmtp,
    spool: RawSpool,
    history: RawHistory,
    alerts: RawAlerts,
    web: RawWeb,
}

#[derive(Deserialize)]
struct RawMqtt {
    url: String,
    client_id: String,
    username: String,
    password_file: String,
    ca_file: String,
    cert_file: String,
    key_file: String,
    acl_file: String,
    embedded: bool,
}

#[derive(Deserialize)]
struct RawInflux {
    url: String,
    org: String,
    bucket: String,
    token_file: String,
}

#[derive(Deserialize)]
struct RawSmtp {
    url: String,
    from: String,
    username: String,
    password_file: String,
}

#[derive(Deserialize)]
struct RawHistory {
    raw_days: i64,
    partial_days: i64,
}

#[derive(Deserialize)]
struct RawAlerts {
    group_wait: String,
    group_interval: String,
    repeat_interval: String,
    stale_after: String,
}

#[derive(Deserialize)]
struct RawWeb {
    public_url: String,
}

impl Check {
    fn config(&mut self, raw: Raw, routes: Vec<Route>) -> Config {
        let listen = raw.listen.parse().unwrap_or_else(|_| {
            self.problem("listen", format!("`{}` is no address", raw.listen), "write 127.0.0.1:8080");
            std::net::SocketAddr::from(([127, 0, 0, 1], 0))
        });
        let public_url = match raw.web.public_url.trim_end_matches('/') {
            "" => format!("http://{listen}"),
            url => url.to_owned(),
        };
        if !public_url.starts_with("http://") && !public_url.starts_with("https://") {
            self.problem("web.public_url", "is no web address", "write https://normwatch.example.org");
        }
        Config {
            data_dir: self.needed_path("data_dir", &raw.data_dir),
            listen,
            register: self.needed_path("register", &raw.register),
            packs_dir: self.existing_path("packs_dir", &raw.packs_dir),
            overlay: self.existing_path("overlay", &raw.overlay),
            mqtt: self.mqtt(raw.mqtt),
            routes,
            influx: self.influx(raw.influx),
            smtp: self.smtp(raw.smtp),
            spool: self.spool(&raw.spool),
            history: History {
                raw_days: self.days("history.raw_days", raw.history.raw_days),
                partial_days: self.days("history.partial_days", raw.history.partial_days),
            },
            alerts: Alerts {
                group_wait: self.duration("alerts.group_wait", &raw.alerts.group_wait),
                group_interval: self.duration("alerts.group_interval", &raw.alerts.group_interval),
                repeat_interval: self.duration("alerts.repeat_interval", &raw.alerts.repeat_interval),
                stale_after: self.duration("alerts.stale_after", &raw.alerts.stale_after),
            },
            public_url,
        }
    }

    fn mqtt(&mut self, raw: RawMqtt) -> Mqtt {
        let (scheme, host, port) =
            self.address("mqtt.url", &raw.url, &[("mqtt", 1883), ("mqtts", 8883)]).unwrap_or_default();
        if raw.client_id.is_empty() {
            self.problem(
                "mqtt.client_id",
                "is empty",
                "the broker keeps our session under a fixed name: write one",
            );
        }
        let cert_file = self.existing_path("mqtt.cert_file", &raw.cert_file);
        let key_file = self.existing_path("mqtt.key_file", &raw.key_file);
        if cert_file.is_some() != key_file.is_some() {
            self.problem(
                "mqtt.key_file",
                "certificate and key need each other",
                "set both cert_file and key_file",
            );
        }
        let mqtt = Mqtt {
            host,
            port,
            tls: scheme == "mqtts",
            client_id: raw.client_id,
            username: set(raw.username),
            password: self.secret("mqtt.password", &raw.password_file),
            ca_file: self.existing_path("mqtt.ca_file", &raw.ca_file),
            cert_file,
            key_file,
            acl_file: self.path("mqtt.acl_file", &raw.acl_file),
            embedded: raw.embedded,
        };
        if mqtt.embedded {
            self.embedded(&mqtt);
        }
        mqtt
    }

    fn routes(&mut self, text: &str) -> Vec<Route> {
        let raw: RawRoutes = toml::from_str(text).unwrap_or_default();
        let mut routes = Vec::with_capacity(raw.route.len());
        for (index, route) in raw.route.into_iter().enumerate() {
            // A key that is not there or of another type has been told of.
            let Ok(route) = route.try_into::<Route>() else { continue };
            let line = self.lines.get(&format!("route.{index}")).copied().unwrap_or(0);
            let errors = ingest::Routes::with([route.entry()]).err();
            for error in errors.into_iter().flatten() {
                let remedy = "a route is a topic filter and the name of a format, and may list its sensors";
                self.problems.push(Problem::new(&self.file, line, "route", error.to_string(), remedy));
            }
            routes.push(route.clone());
            let Some(user) = &route.user else { continue };
            if user.is_empty() || user.contains(|c: char| c.is_control() || c == ':') {
                let remedy = "write the name under which the vendor logs in at the broker";
                self.problems.push(Problem::new(&self.file, line, "route.user", "is no name", remedy));
            }
            if route.sensors.is_empty() {
                let what = "a user without sensors could speak for every device";
                let remedy = "list the vendor's devices in `sensors`: ids, or their beginning and `*`";
                self.problems.push(Problem::new(&self.file, line, "route.sensors", what, remedy));
            }
        }
        routes
    }

    fn influx(&mut self, raw: RawInflux) -> Option<Influx> {
        let token = self.secret("influx.token", &raw.token_file);
        let url = set(raw.url)?;
        self.address("influx.url", &url, &[("http", 8086), ("https", 443)]);
        for (key, value) in [("influx.org", &raw.org), ("influx.bucket", &raw.bucket)] {
            if value.is_empty() {
                self.problem(key, "is empty, but influx.url is set", "write it, or clear influx.url");
            }
        }
        Some(Influx { url: url.trim_end_matches('/').to_owned(), org: raw.org, bucket: raw.bucket, token })
    }

    fn smtp(&mut self, raw: RawSmtp) -> Option<Smtp> {
        let password = self.secret("smtp.password", &raw.password_file);
        let url = set(raw.url)?;
        let transport = if let Some(dir) = url.strip_prefix("file:") {
            Transport::File(self.needed_path("smtp.url", dir))
        } else {
            match self.address("smtp.url", &url, &[("smtp", 587), ("smtps", 465)])? {
                (scheme, host, port) if scheme == "smtps" => Transport::Smtps { host, port },
                (_, host, port) => Transport::Smtp { host, port },
            }
        };
        if !raw.from.contains('@') {
            self.problem(
                "smtp.from",
                "is no mail address",
                "write the sender of our mails, normwatch@example.org",
            );
        }
        Some(Smtp { transport, from: raw.from, username: set(raw.username), password })
    }
}
