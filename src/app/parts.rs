//! From the configuration to the parts.

use std::{
    fs::File,
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use ingest::mqtt::{MqttConfig, Publisher};
use model::{Instant, Register};
use tokio::sync::{Notify, watch};

use super::{
    ServiceError, Site,
    charts::{Charts, Records},
    mails::Mails,
};
use crate::{
    access::{Access, USERS_FILE},
    audit::{AUDIT_FILE, Audit},
    backup,
    broker::{self, BrokerError},
    certificates::{self, Certificates},
    clock::Clock,
    config::{self, Config, Secret},
    disk::{self, TRY_AGAIN, in_words, is_of_disk},
    links::Links,
    metrics::{MailOutcome, Metrics},
    notify::{
        Delivery, Mailer, MailerConfig, Outbox, OutboxStore as _, Renderer, RetryPolicy, Round, Sender,
        Settings, SqliteOutbox,
    },
    pipeline::{Diagnoses, Outlet},
    series::{Influx, InfluxConfig, SeriesParts, SeriesStatus, SeriesWriter, WriterOptions},
    spool::Spool,
    state::State,
    view::Snapshot,
    web::{Desk, Registry},
};

/// A duration of the configuration in milliseconds.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Makes the data directory and keeps other services out of it.
pub(super) fn lock(dir: &Path) -> Result<File, ServiceError> {
    std::fs::create_dir_all(dir)
        .map_err(ServiceError::of(format!("data_dir {} cannot be made", dir.display())))?;
    disk::lock(dir).map_err(|error| {
        let what = if error.kind() == ErrorKind::WouldBlock {
            format!("another normwatch runs on {}: stop it, or set another data_dir", dir.display())
        } else {
            format!("{} cannot be written", dir.join(disk::LOCK).display())
        };
        ServiceError::of(what)(error)
    })
}

/// Whether the data directory is whole: nothing begins on half a restore.
pub(super) fn must_be_whole(config: &Config) -> Result<(), ServiceError> {
    backup::must_be_whole(&config.data_dir).map_err(ServiceError::of("data_dir is not whole"))
}

/// The users.
pub(super) fn access(config: &Config) -> Result<Access, ServiceError> {
    let path = config.data_dir.join(USERS_FILE);
    Access::open(&path).map_err(ServiceError::of("the users cannot be opened"))
}

/// The trail of who did what.
pub(super) fn audit(config: &Config) -> Result<Audit, ServiceError> {
    let path = config.data_dir.join(AUDIT_FILE);
    Audit::open(&path).map_err(ServiceError::of("the audit trail cannot be opened"))
}

/// Where to listen: as long as nobody can log in, on loopback only.
pub(super) fn listen(wanted: SocketAddr, access: &Access) -> Result<SocketAddr, ServiceError> {
    let has_users = access.has_users().map_err(ServiceError::of("the users cannot be read"))?;
    if has_users || wanted.ip().is_loopback() {
        return Ok(wanted);
    }
    let loopback: IpAddr =
        if wanted.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    let listen = SocketAddr::new(loopback, wanted.port());
    tracing::warn!(
        %wanted, %listen,
        "there are no users yet: listening on loopback only. Make one with `normwatch user add`, then start again"
    );
    Ok(listen)
}

/// The way to the broker, the certificates of it, and the way to one of our own, which is started where it is wanted.
pub(super) fn broker(
    mqtt: &config::Mqtt,
    now: Instant,
) -> Result<(MqttConfig, Certificates, Option<broker::Link>), ServiceError> {
    let (mut to_broker, certificates) = self::mqtt(mqtt, now)?;
    if !mqtt.embedded {
        return Ok((to_broker, certificates, None));
    }
    let failed = || ServiceError::of("embedded broker");
    let address = mqtt.listens().ok_or_else(|| failed()(BrokerError::Host(mqtt.host.clone())))?;
    let settings = broker::Settings {
        address,
        login: mqtt.username.clone().zip(mqtt.password.clone()),
        tls: to_broker.renewed_tls.take(),
    };
    let link = broker::start(settings).map_err(failed())?;
    // Our own clients need not come through its door.
    (to_broker.url, to_broker.tls) = (link.url(), None);
    Ok((to_broker, certificates, Some(link)))
}

/// How to reach the broker, and the certificates that it follows.
fn mqtt(mqtt: &config::Mqtt, now: Instant) -> Result<(MqttConfig, Certificates), ServiceError> {
    let scheme = if mqtt.tls { "mqtts" } else { "mqtt" };
    let host = if mqtt.host.contains(':') { format!("[{}]", mqtt.host) } else { mqtt.host.clone() };
    let mut config = MqttConfig::new(format!("{scheme}://{host}:{}", mqtt.port), mqtt.client_id.clone());
    // The window of the embedded broker is small: no packet may wait for another.
    config.is_undelayed = mqtt.embedded;
    let password = mqtt.password.as_ref().map(|p| p.expose().to_owned());
    config.credentials = mqtt.username.clone().map(|user| (user, password.unwrap_or_default()));
    let opened = certificates::open(mqtt, now);
    let (tls, found) = opened.map_err(|problem| ServiceError::Problems(vec![problem]))?;
    config.tls = mqtt.tls.then(|| tls.clone());
    let certificates = Certificates::new(mqtt, tls);
    config.renewed_tls = mqtt.tls.then(|| certificates.follow());
    // What is over is no reason to stay away: the broker may be mended while we try on.
    for problem in found.problems.iter().chain(&found.warnings) {
        tracing::warn!(%problem, "the certificates for the broker want somebody");
    }
    Ok((config, certificates))
}

/// What tells vendors about their messages, on a second connection: acknowledgements must not wait behind it.
pub(super) fn diagnoses(
    site: &mut Site<'_>,
    mut mqtt: MqttConfig,
    registers: watch::Receiver<Arc<Register>>,
) -> Result<Diagnoses, ServiceError> {
    mqtt.client_id.push_str("-diagnostics");
    let publisher = Publisher::start(&mqtt).map_err(ServiceError::of("mqtt"))?;
    let diagnoses = Diagnoses::default();
    let stop = site.stopping_late.clone();
    site.late.push(tokio::spawn(diagnoses.clone().run(
        publisher,
        site.clock.clone(),
        registers,
        Arc::clone(&site.metrics),
        stop,
    )));
    Ok(diagnoses)
}

pub(super) fn settings(config: &Config) -> Settings {
    let alerts = &config.alerts;
    Settings {
        group_wait_ms: millis(alerts.group_wait),
        group_interval_ms: millis(alerts.group_interval),
        repeat_interval_ms: millis(alerts.repeat_interval),
        // A digest waits for a pause; with the default group wait that is the customary minute.
        digest_wait_ms: millis(alerts.group_wait) * 2,
        ..Settings::default()
    }
}

pub(super) fn desk(
    site: &Site<'_>,
    snapshots: &watch::Receiver<Arc<Snapshot>>,
) -> Result<Desk, ServiceError> {
    let desk = Desk::new(
        snapshots.clone(),
        Arc::clone(&site.in_force.borrow().register),
        Vec::new(),
        Arc::new(Charts(site.stores.history.clone())),
        Arc::clone(&site.metrics),
    );
    let desk = desk.following(site.in_force.subscribe());
    let desk = desk.with_storage(site.stores.spool.clone(), site.disk.clone());
    let desk = desk.with_records(Arc::new(Records(site.stores.state.clone())));
    let spool = site.stores.spool.reader().map_err(ServiceError::of("the spool cannot be read"))?;
    let desk = desk.with_registry(Registry {
        tallies: site.tallies.clone(),
        claims: site.claims.clone(),
        spool,
        audit: site.audit.clone(),
        clock: site.clock.clone(),
    });
    let outbox = outbox_store(site.config)?;
    Ok(desk.with_mails(Arc::new(Mails::new(outbox, site.stores.state.clone()))))
}

fn outbox_store(config: &Config) -> Result<SqliteOutbox, ServiceError> {
    let path = config.data_dir.join("mail.sqlite");
    let what = "the outbox cannot be opened";
    let connection = crate::database::open(&path, &[]).map_err(ServiceError::of(what))?;
    SqliteOutbox::open(connection).map_err(ServiceError::of(what))
}

/// Outbox and delivery; none when no mail server is configured.
pub(super) fn mail(site: &mut Site<'_>) -> Result<Option<Outlet>, ServiceError> {
    let (config, links) = (site.config, site.links.clone());
    let Some(smtp) = &config.smtp else {
        links.set("smtp", None, None, 0);
        return Ok(None);
    };
    let mailer = Mailer::new(&MailerConfig::of(smtp)).map_err(ServiceError::of("smtp"))?;
    let sender = Sender { from: smtp.from.clone(), public_url: Some(config.public_url.clone()) };
    let renderer = Renderer::new(sender, None).map_err(ServiceError::of("mail templates"))?;
    let delivery = Delivery::start(outbox_store(config)?, mailer, RetryPolicy::default(), site.clock.now())
        .map_err(ServiceError::of("the outbox cannot be read"))?;
    let wake = Arc::new(Notify::new());
    let outlet = Outlet { outbox: Outbox::new(outbox_store(config)?, renderer), wake: Arc::clone(&wake) };
    let counts = outlet.outbox.store().counts().map_err(ServiceError::of("the outbox cannot be read"))?;
    (0..counts.maybe_doubled).for_each(|_| site.metrics.mail_maybe_doubled());
    let (clock, metrics, stop) = (site.clock.clone(), Arc::clone(&site.metrics), site.stopping_late.clone());
    site.late.push(tokio::spawn(async move {
        let report = |round: &Round| report(round, &links, &metrics);
        delivery.run(|| clock.now(), wake, stop, report).await;
    }));
    Ok(Some(outlet))
}

fn report(round: &Round, links: &Links, metrics: &Metrics) {
    for (outcome, count) in [
        (MailOutcome::Sent, round.sent),
        (MailOutcome::Retried, round.retried),
        (MailOutcome::Failed, round.failed),
    ] {
        (0..count).for_each(|_| metrics.mail(outcome));
    }
    (0..round.maybe_doubled).for_each(|_| metrics.mail_maybe_doubled());
    if round.server_error.is_some() {
        links.set("smtp", Some(false), round.server_error.clone(), round.retried);
    } else if round.sent > 0 {
        links.set("smtp", Some(true), None, 0);
    }
}

/// The register in force, to follow.
pub(super) fn registers(site: &mut Site<'_>) -> watch::Receiver<Arc<Register>> {
    let mut in_force = site.in_force.subscribe();
    let (register, registers) = watch::channel(Arc::clone(&in_force.borrow_and_update().register));
    let mut stopping = site.stopping_late.clone();
    site.late.push(tokio::spawn(async move {
        loop {
            tokio::select! {
                changed = in_force.changed() => if changed.is_err() { return },
                _ = stopping.wait_for(|stop| *stop) => return,
            }
            register.send_replace(Arc::clone(&in_force.borrow_and_update().register));
        }
    }));
    registers
}

/// The series writer, and how far it has settled; none when no InfluxDB is configured.
pub(super) fn series(site: &mut Site<'_>) -> Result<Option<watch::Receiver<u64>>, ServiceError> {
    let links = site.links.clone();
    let Some(influx) = &site.config.influx else {
        links.set("influx", None, None, 0);
        return Ok(None);
    };
    let influx = InfluxConfig {
        url: influx.url.clone(),
        org: influx.org.clone(),
        bucket: influx.bucket.clone(),
        token: influx.token.as_ref().map_or("", Secret::expose).to_owned(),
        timeout: Duration::from_secs(30),
    };
    let (settled, watched) = watch::channel(0);
    let sink = Sink {
        spool: site.stores.spool.clone(),
        state: site.stores.state.clone(),
        registers: registers(site),
        clock: site.clock.clone(),
        influx,
        links,
        metrics: Arc::clone(&site.metrics),
        settled,
    };
    let (first, mut stopping) = (sink.writer()?, site.stopping_late.clone());
    site.late.push(tokio::spawn(async move {
        tokio::select! {
            () = sink.run(first) => {}
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }));
    Ok(Some(watched))
}

type Writer = (SeriesWriter, watch::Receiver<SeriesStatus>);

/// What a series writer is built from, and who hears how it fares.
struct Sink {
    spool: Spool,
    state: State,
    registers: watch::Receiver<Arc<Register>>,
    clock: Clock,
    influx: InfluxConfig,
    links: Links,
    metrics: Arc<Metrics>,
    settled: watch::Sender<u64>,
}

impl Sink {
    fn writer(&self) -> Result<Writer, ServiceError> {
        let influx = Influx::new(&self.influx).map_err(ServiceError::of("influx"))?;
        Ok(SeriesWriter::new(SeriesParts {
            spool: self.spool.clone(),
            state: self.state.clone(),
            influx,
            register: self.registers.clone(),
            clock: self.clock.clone(),
            options: WriterOptions::default(),
        }))
    }

    /// Writes; begins anew behind its cursor when the disk had refused to keep that.
    async fn run(self, mut next: Writer) {
        loop {
            let (writer, status) = next;
            let ended = tokio::select! {
                ended = writer.run() => ended,
                () = self.report(status) => Ok(()),
            };
            match ended {
                Err(error) if is_of_disk(&error) => {
                    tracing::warn!(error = in_words(&error), "the series writer waits for the disk");
                    tokio::time::sleep(TRY_AGAIN).await;
                }
                Err(error) => {
                    tracing::error!(
                        error = in_words(&error),
                        "the series writer has ended; the spool keeps what it had not written"
                    );
                    return;
                }
                Ok(()) => return,
            }
            match self.writer() {
                Ok(again) => next = again,
                Err(error) => return tracing::error!(%error, "the series writer cannot begin anew"),
            }
        }
    }

    async fn report(&self, mut status: watch::Receiver<SeriesStatus>) {
        loop {
            let now = status.borrow_and_update().clone();
            self.links.set("influx", now.is_up, now.error, now.backlog_readings);
            self.metrics.series_backlog(now.backlog_readings);
            self.metrics.series_refused(now.refused);
            // A writer that has just begun has not looked yet.
            self.settled.send_modify(|settled| *settled = now.settled.max(*settled));
            if status.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
