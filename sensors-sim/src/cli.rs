//! The commands of `sensors-sim`.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Parser, Subcommand, ValueEnum};
use model::{Instant, Span};
use sensors_sim::{Format, PublishError, Publisher, Scenario, ScenarioError};

use crate::load::Load;

/// A simulated office with seeded breaches and faults.
#[derive(Debug, Parser)]
#[command(name = "sensors-sim", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Publish alike messages and print the rate that was reached.
    #[command(
        after_help = "Example: sensors-sim load --url mqtt://127.0.0.1:1883 --rate 5000 --count 100000 --series 1000"
    )]
    Load {
        /// Broker.
        #[arg(long, default_value = "mqtt://127.0.0.1:1883")]
        url: String,
        /// Messages a second; 0 for as fast as the broker takes them.
        #[arg(long, default_value_t = 0.0)]
        rate: f64,
        /// Messages in all.
        #[arg(long, default_value_t = 10_000)]
        count: u64,
        /// Quality of service.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=1))]
        qos: u8,
        /// Different sensors.
        #[arg(long, default_value_t = 100)]
        series: u64,
        /// Wire format.
        #[arg(long, value_enum, default_value = "senml")]
        format: Wire,
        /// Time of the first message (RFC 3339); needed by formats other than senml.
        #[arg(long, value_parser = Instant::parse)]
        at: Option<Instant>,
        /// Client id.
        #[arg(long, default_value = "sensors-sim-load")]
        client_id: String,
        /// Most messages sent and not yet acknowledged.
        #[arg(long, default_value_t = 500)]
        in_flight: u16,
    },
    /// Publish a scenario to a broker.
    #[command(
        after_help = "Example: sensors-sim play --url mqtt://127.0.0.1:1883 --from 2026-03-02T00:00:00+08:00 --to 2026-03-03T00:00:00+08:00 --speed 600"
    )]
    Play {
        #[command(flatten)]
        run: Run,
        /// Broker.
        #[arg(long, default_value = "mqtt://127.0.0.1:1883")]
        url: String,
        /// Simulated seconds a second; without it as fast as the broker takes them.
        #[arg(long)]
        speed: Option<f64>,
    },
    /// Write a scenario to standard output.
    #[command(
        after_help = "Example: sensors-sim write --from 2026-03-02T00:00:00+08:00 --to 2026-03-03T00:00:00+08:00 --format csv"
    )]
    Write {
        #[command(flatten)]
        run: Run,
        /// csv: time,sensor,quantity,value; messages: one JSON object a line, as `normwatch decode` reads them.
        #[arg(long, value_enum, default_value = "messages")]
        format: Output,
        /// Meters only, at each midnight: the past that a year's verdict needs.
        #[arg(long)]
        backfill: bool,
    },
    /// Write the register directory of a scenario.
    #[command(after_help = "Example: sensors-sim register --start 2026-03-02T00:00:00+08:00 ./register")]
    Register {
        /// Scenario file; the demo's when absent.
        #[arg(long)]
        scenario: Option<PathBuf>,
        /// Day from which faults count; the scenario's own when absent.
        #[arg(long, value_parser = Instant::parse)]
        start: Option<Instant>,
        /// Directory to make.
        dir: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
struct Run {
    /// Scenario file; the demo's when absent.
    #[arg(long)]
    scenario: Option<PathBuf>,
    /// Day from which faults count; `--from` when absent.
    #[arg(long, value_parser = Instant::parse)]
    start: Option<Instant>,
    /// First instant (RFC 3339 with an offset).
    #[arg(long, value_parser = Instant::parse)]
    from: Instant,
    /// First instant after the last.
    #[arg(long, value_parser = Instant::parse)]
    to: Instant,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Wire {
    Senml,
    ChirpstackV4,
    TtsV3,
    Zigbee2mqtt,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Output {
    Csv,
    Messages,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("standard output: {0}")]
    Output(io::Error),
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error("--format other than senml needs --at")]
    NeedsTime,
}

pub(crate) async fn run(cli: Cli) -> Result<(), CliError> {
    match cli.command {
        Command::Load { url, rate, count, qos, series, format, at, client_id, in_flight } => {
            let load = Load { count, series, rate, format: format.into(), at };
            if at.is_none() && load.format != Format::Senml {
                return Err(CliError::NeedsTime);
            }
            let publisher = Publisher { qos: Some(qos), in_flight, ..Publisher::new(url, client_id) };
            send_load(&publisher, &load).await
        }
        Command::Play { run, url, speed } => {
            let scenario = open(run.scenario.as_deref(), run.start.or(Some(run.from)))?;
            play(&scenario, Span::new(run.from, run.to), &Publisher::new(url, "sensors-sim"), speed).await
        }
        Command::Write { run, format, backfill } => {
            let scenario = open(run.scenario.as_deref(), run.start.or(Some(run.from)))?;
            write(&scenario, Span::new(run.from, run.to), format, backfill).map_err(CliError::Output)
        }
        Command::Register { scenario, start, dir } => register(&open(scenario.as_deref(), start)?, &dir),
    }
}

fn open(path: Option<&Path>, start: Option<Instant>) -> Result<Scenario, CliError> {
    match (path, start) {
        (None, Some(start)) => Ok(Scenario::demo(start)?),
        (None, None) => Ok(Scenario::demo(Instant::from_millis(DEMO_START_MS))?),
        (Some(path), start) => {
            let text = std::fs::read_to_string(path);
            let text = text.map_err(|source| CliError::File { path: path.to_owned(), source })?;
            Ok(Scenario::parse(&text, start)?)
        }
    }
}

/// Monday 2026-03-02 in Shanghai: a register without a start needs some day to date its events.
const DEMO_START_MS: i64 = 1_772_380_800_000;

async fn send_load(publisher: &Publisher, load: &Load) -> Result<(), CliError> {
    let begun = tokio::time::Instant::now();
    let origin = load.at.unwrap_or(Instant::from_millis(0));
    let done = if load.rate > 0.0 {
        publisher.play(load.events(), || origin.plus_ms(elapsed_ms(begun, 1.0)), 1.0).await?
    } else {
        publisher.publish(load.events()).await?
    };
    let seconds = begun.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "counts of a load run")]
    let rate = done.acked as f64 / seconds.max(1e-9);
    line(&serde_json::json!({
        "published": done.published,
        "acked": done.acked,
        "seconds": (seconds * 1000.0).round() / 1000.0,
        "per_second": rate.round(),
    }))
}

async fn play(
    scenario: &Scenario,
    span: Span,
    publisher: &Publisher,
    speed: Option<f64>,
) -> Result<(), CliError> {
    let begun = tokio::time::Instant::now();
    let done = match speed {
        Some(speed) => {
            let now = || span.from.plus_ms(elapsed_ms(begun, speed));
            publisher.play(scenario.events(span), now, speed).await?
        }
        None => publisher.publish(scenario.events(span)).await?,
    };
    line(&serde_json::json!({ "published": done.published, "acked": done.acked }))
}

fn elapsed_ms(begun: tokio::time::Instant, speed: f64) -> i64 {
    let elapsed: Duration = begun.elapsed();
    #[expect(clippy::cast_possible_truncation, reason = "a run is shorter than centuries")]
    let ms = (elapsed.as_secs_f64() * speed * 1000.0) as i64;
    ms
}

fn line(value: &serde_json::Value) -> Result<(), CliError> {
    writeln!(io::stdout(), "{value}").map_err(CliError::Output)
}

fn write(scenario: &Scenario, span: Span, format: Output, backfill: bool) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    if matches!(format, Output::Csv) {
        writeln!(out, "time,sensor,quantity,value")?;
        let rows: Box<dyn Iterator<Item = sensors_sim::Row>> =
            if backfill { Box::new(scenario.backfill_rows(span)) } else { Box::new(scenario.rows(span)) };
        for row in rows {
            writeln!(out, "{},{},{},{}", row.time, row.sensor, row.quantity, row.value)?;
        }
    } else {
        let events: Box<dyn Iterator<Item = sensors_sim::Event>> =
            if backfill { Box::new(scenario.backfill(span)) } else { Box::new(scenario.events(span)) };
        for event in events {
            let payload = String::from_utf8_lossy(&event.payload);
            let line =
                serde_json::json!({ "topic": event.topic, "payload": payload, "received_at": event.time });
            writeln!(out, "{line}")?;
        }
    }
    out.flush()
}

fn register(scenario: &Scenario, dir: &Path) -> Result<(), CliError> {
    let failed = |path: &Path, source| CliError::File { path: path.to_owned(), source };
    std::fs::create_dir_all(dir).map_err(|source| failed(dir, source))?;
    for (name, bytes) in scenario.register_files() {
        let path = dir.join(name);
        std::fs::write(&path, bytes).map_err(|source| failed(&path, source))?;
    }
    Ok(())
}

impl From<Wire> for Format {
    fn from(wire: Wire) -> Self {
        match wire {
            Wire::Senml => Self::Senml,
            Wire::ChirpstackV4 => Self::ChirpstackV4,
            Wire::TtsV3 => Self::TtsV3,
            Wire::Zigbee2mqtt => Self::Zigbee2mqtt,
        }
    }
}
