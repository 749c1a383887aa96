//! `demo`: everything embedded, nothing to install.

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::tz::TimeZone;
use model::{Instant, Problem, Span};
use rules::AlertState;
use sensors_sim::{Event, Publisher, Scenario};

use super::{
    Exit, Terminal,
    run::{StopSignal, refused},
};
use crate::{
    app::{self, Progress},
    clock::Clock,
    config::Config,
    telemetry,
    view::Snapshot,
};

/// Shows the whole product with a simulated office: broker, sensors, findings, mails, console.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  normwatch demo --listen 127.0.0.1:8080 --days 7")]
pub(super) struct Demo {
    /// Address of the console.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(super) listen: SocketAddr,
    /// Where data and mails go; a temporary folder when absent, printed with the address.
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Past days that are lived through first.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(0..=366))]
    pub(super) days: u32,
    /// How many times faster than real time the past days go; as fast as possible when absent.
    #[arg(long, value_name = "X")]
    pub(super) speed: Option<f64>,
}

impl Demo {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        if self.speed.is_some_and(|speed| !(speed.is_finite() && speed > 0.0)) {
            terminal.say("--speed must be a number above 0");
            return Ok(Exit::Usage);
        }
        demo(&self, terminal)
    }
}

/// Starts the demo and serves until it is stopped.
fn demo(demo: &Demo, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    telemetry::start("error,rumqttd=off");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(show(demo, terminal))
}

async fn show(demo: &Demo, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let today = Clock::System.now();
    let start = today.plus_ms(-i64::from(demo.days) * DAY_MS);
    let scenario = Arc::new(Scenario::demo(start)?);
    let data = data_dir(demo.data.as_deref())?;
    let port = free_port()?;
    let config = match configure(demo, &scenario, &data, port)? {
        Ok(config) => config,
        Err(problems) => {
            terminal.problems(&problems)?;
            return Ok(Exit::Findings);
        }
    };
    let mut stop = StopSignal::listen()?;
    let clock = Clock::simulated(start, 1.0);
    let service = match app::start(&config, clock.clone()).await {
        Ok(service) => service,
        Err(error) => return refused(error, terminal),
    };
    service.may_tick.send_replace(false);
    service.subscribed().await;
    terminal.say(format_args!("console  http://{}/", service.address));
    terminal.say(format_args!("mails    {}", data.join("mail").display()));
    terminal.say(format_args!("data     {}", data.display()));
    terminal.say("Ctrl-C stops the demo.");
    let stage = Stage {
        scenario,
        clock,
        speed: demo.speed,
        start,
        url: format!("mqtt://127.0.0.1:{port}"),
        progress: service.progress(),
        published: 0,
    };
    let may_tick = service.may_tick.clone();
    let mut play = tokio::spawn(stage.play(may_tick));
    let mut progress = tokio::time::interval(Duration::from_secs(2));
    let mut shown = Shown::default();
    loop {
        tokio::select! {
            () = stop.wait() => break,
            ended = &mut play => {
                let error = ended.map_or_else(anyhow::Error::from, |done| {
                    done.err().unwrap_or_else(|| anyhow::anyhow!("the simulated office has closed"))
                });
                terminal.say(format_args!("simulator: {error:#}"));
                break;
            }
            _ = progress.tick() => {
                let snapshot = service.snapshot.borrow().clone();
                shown.show(&snapshot, &data.join("mail"), terminal);
            }
        }
    }
    play.abort();
    terminal.say("stopping");
    service.stop().await?;
    Ok(Exit::Fine)
}

const DAY_MS: i64 = 86_400_000;
/// How long the service may take for one stretch, real time.
const PATIENCE: Duration = Duration::from_secs(60);
/// Simulated time that is published before the service is waited for.
const STRETCH_MS: i64 = 1_800_000;

/// The simulated office on its way through the past and then along with the clock.
struct Stage {
    scenario: Arc<Scenario>,
    clock: Clock,
    speed: Option<f64>,
    start: Instant,
    url: String,
    progress: Progress,
    published: u64,
}

impl Stage {
    /// Meters of the past year, then the past days, then live.
    async fn play(mut self, may_tick: tokio::sync::watch::Sender<bool>) -> anyhow::Result<()> {
        let scenario = Arc::clone(&self.scenario);
        let january = self.year_before();
        // Wall time stays at the start of the run: what the past year shows is an old finding.
        self.hand_over(scenario.backfill(Span::new(january, self.start)), false).await?;
        match self.speed {
            Some(speed) => {
                self.clock.jump(self.start, speed);
                let past = scenario.events(Span::new(self.start, Instant::MAX));
                // The simulated clock meets the real one once; from there on they go together.
                let past = past.take_while(|_| self.clock.now() < Clock::System.now());
                self.publisher().play(past, || self.clock.now(), speed).await?;
            }
            None => self.live_through_the_past(&scenario).await?,
        }
        let now = Clock::System.now();
        self.clock.jump(now, 1.0);
        may_tick.send_replace(true);
        let live = scenario.events(Span::new(now, Instant::MAX));
        self.publisher().play(live, || self.clock.now(), 1.0).await?;
        Ok(())
    }

    /// As fast as the service judges: wall time is where the office is, and never runs ahead of it.
    async fn live_through_the_past(&mut self, scenario: &Scenario) -> anyhow::Result<()> {
        let mut from = self.start;
        loop {
            let now = Clock::System.now();
            if from >= now {
                return Ok(());
            }
            let to = from.plus_ms(STRETCH_MS).min(now);
            self.hand_over(scenario.events(Span::new(from, to)), true).await?;
            self.clock.jump(to, 1.0);
            from = to;
        }
    }

    /// Publishes events, and waits until all of them are judged. Wall time may go along with them.
    async fn hand_over(
        &mut self,
        events: impl Iterator<Item = Event>,
        moves_clock: bool,
    ) -> anyhow::Result<()> {
        let clock = self.clock.clone();
        let events = events.inspect(|event| {
            if moves_clock {
                clock.jump(event.time, 1.0);
            }
        });
        let done = self.publisher().publish(events).await?;
        self.published += done.published;
        let settled = self.progress.settled(self.published);
        if tokio::time::timeout(PATIENCE, settled).await.is_err() {
            anyhow::bail!("messages were lost between the simulator and the service");
        }
        Ok(())
    }

    fn publisher(&self) -> Publisher {
        Publisher { is_undelayed: true, ..Publisher::new(self.url.clone(), "office") }
    }

    /// First of January of the year before the run: a year's verdict on energy needs all of it.
    fn year_before(&self) -> Instant {
        let date = self.start.timestamp().to_zoned(TimeZone::UTC).date();
        let january = jiff::civil::Date::new(date.year() - 1, 1, 1).unwrap_or(date);
        let midnight =
            january.to_zoned(TimeZone::UTC).map_or(self.start, |z| Instant::from_timestamp(z.timestamp()));
        // A day earlier, so that the year is whole in every zone.
        midnight.plus_ms(-DAY_MS)
    }
}

/// What the terminal was last told.
#[derive(Default)]
struct Shown {
    line: String,
}

impl Shown {
    fn show(&mut self, snapshot: &Snapshot, mail: &Path, terminal: &mut Terminal) {
        let Some(time) = snapshot.event_time else { return };
        let firing = snapshot.alerts.iter().filter(|a| a.state == AlertState::Firing).count();
        let mails = std::fs::read_dir(mail).map_or(0, Iterator::count);
        let line = format!(
            "{}  messages {}  alerts firing {firing}  mails {mails}",
            time.timestamp().strftime("%Y-%m-%d %H:%M"),
            snapshot.ledger.stored,
        );
        if line != self.line {
            terminal.say(&line);
            self.line = line;
        }
    }
}

fn data_dir(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    let dir = given.map_or_else(
        || std::env::temp_dir().join(format!("normwatch-demo-{}", std::process::id())),
        Path::to_path_buf,
    );
    std::fs::create_dir_all(&dir)?;
    Ok(dir)
}

/// A free port for the embedded broker.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Writes the register and gives the configuration that a user would write by hand.
fn configure(
    demo: &Demo,
    scenario: &Scenario,
    data: &Path,
    port: u16,
) -> anyhow::Result<Result<Config, Vec<Problem>>> {
    let register = data.join("register");
    std::fs::create_dir_all(&register)?;
    for (name, body) in scenario.register_files() {
        std::fs::write(register.join(name), body)?;
    }
    let mail = data.join("mail");
    std::fs::create_dir_all(&mail)?;
    let public = if demo.listen.port() == 0 {
        "http://127.0.0.1".to_owned()
    } else {
        format!("http://{}", demo.listen)
    };
    let settings = [
        ("DATA_DIR", data.join("store").display().to_string()),
        ("LISTEN", demo.listen.to_string()),
        ("REGISTER", register.display().to_string()),
        ("MQTT__URL", format!("mqtt://127.0.0.1:{port}")),
        ("MQTT__EMBEDDED", "true".to_owned()),
        ("SMTP__URL", format!("file:{}", mail.display())),
        ("SMTP__FROM", "normwatch <normwatch@example.org>".to_owned()),
        ("WEB__PUBLIC_URL", public),
    ];
    let variables = settings.into_iter().map(|(key, value)| (format!("NORMWATCH__{key}"), value)).collect();
    Ok(Config::load(None, &variables))
}
