//! `quarantine`: messages that could not be understood, and another try after what was wrong is mended.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use model::Register;
use tokio::sync::watch;

use super::{Exit, Terminal, config_file::ConfigFile};
use crate::{
    access::{Access, Role, TokenScope, USERS_FILE},
    app,
    audit::{AUDIT_FILE, Audit, Deed},
    clock::Clock,
    config::Config,
    devices, files,
    pipeline::{
        Again, Diagnoses, Hearing, HearingParts, Letterbox, Replayed, Tallies, Unknown, replay, take_posts,
    },
    spool::SpoolReader,
    view::Held,
};

/// Rows read at once.
const AT_ONCE: usize = 200;
/// How long a token lives that a replay makes for itself, ms.
const TOKEN_MS: i64 = 10 * 60_000;

/// Lists messages that could not be understood, and tries them again.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  normwatch quarantine list --reason not_json\n  normwatch quarantine replay --all"
)]
pub(super) struct Quarantine {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists them, oldest first; with --json in the form that `decode` takes
    #[command(
        after_help = "Example:\n  normwatch quarantine list --json | normwatch decode --register office"
    )]
    List {
        /// Only this class of error, such as `not_json`
        #[arg(long, value_name = "REASON")]
        reason: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: usize,
        /// One JSON object a line, with the payload
        #[arg(long)]
        json: bool,
    },
    /// Sends them through the intake again; each leaves when its readings are durable, what fails again stays
    #[command(
        after_help = "Through the running service, else into the spool. Exit 1 when some stay.\n\nExample:\n  \
                            normwatch quarantine replay --id 17 --id 18"
    )]
    Replay {
        /// This message; may be given more than once
        #[arg(long = "id", value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
        ids: Vec<u64>,
        /// Every message
        #[arg(long)]
        all: bool,
        /// Only this class of error
        #[arg(long, value_name = "REASON")]
        reason: Option<String>,
    },
}

impl Quarantine {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let Some(config) = self.config.load(terminal)? else { return Ok(Exit::Findings) };
        let spool = config.data_dir.join("spool.sqlite");
        anyhow::ensure!(spool.exists(), "{} is not there: no service has run here yet", spool.display());
        match self.action {
            Action::List { reason, limit, json } => {
                list(&SpoolReader::open(&spool)?, reason.as_deref(), limit, json, terminal)
            }
            Action::Replay { ids, reason, .. } => {
                let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
                let done = runtime.block_on(again(&config, Again { ids, reason }))?;
                terminal.line(serde_json::to_string(&done)?)?;
                let kept: u64 = done.kept.values().sum();
                Ok(if kept + done.missing == 0 { Exit::Fine } else { Exit::Findings })
            }
        }
    }
}

fn list(
    reader: &SpoolReader,
    reason: Option<&str>,
    limit: usize,
    json: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let (mut after, mut left) = (0, limit);
    loop {
        let held = reader.quarantined(after, AT_ONCE)?;
        let Some(last) = held.last() else { return Ok(Exit::Fine) };
        after = last.id;
        for held in held.into_iter().filter(|held| reason.is_none_or(|reason| held.refusal.kind == reason)) {
            if left == 0 {
                return Ok(Exit::Fine);
            }
            left -= 1;
            let held = Held::from(held);
            if json {
                terminal.line(serde_json::to_string(&held)?)?;
            } else {
                let Held { id, received_at, topic, reason, message, .. } = held;
                terminal.line(format_args!("{id}\t{received_at}\t{reason}\t{topic}\t{message}"))?;
            }
        }
    }
}

/// Through the service where one runs on the directory, else into its spool.
async fn again(config: &Config, again: Again) -> anyhow::Result<Replayed> {
    match app::Idle::of(config)? {
        Some(idle) => while_stopped(config, &idle, &again).await,
        None => through_service(config, &again).await,
    }
}

async fn while_stopped(config: &Config, idle: &app::Idle, again: &Again) -> anyhow::Result<Replayed> {
    let register = match files::register(&config.register) {
        Ok(register) => register,
        Err(problems) => bail!("the register is wrong, see `normwatch check`: {}", said(&problems)),
    };
    let decoder = devices::decoder(&config.routes, Some(&register));
    let decoder = decoder.map_err(|problems| anyhow::anyhow!("{}", said(&problems)))?;
    let (_following, registers) = watch::channel(Arc::<Register>::new(register));
    let hearing = Hearing::new(HearingParts {
        decoder,
        registers,
        clock: Clock::System,
        unknown: Unknown::default(),
        tallies: Tallies::default(),
        history: idle.history.clone(),
        diagnoses: Diagnoses::default(),
    });
    let body = serde_json::to_string(again)?;
    let deed =
        Deed { at: Clock::System.now(), by: "shell".into(), kind: "replay".into(), body, source: None };
    Audit::open(&config.data_dir.join(AUDIT_FILE))?.append(&deed)?;
    let (letterbox, posts) = Letterbox::new();
    let reader = idle.spool.reader()?;
    let work = async {
        tokio::join!(
            async {
                let done = replay(&letterbox, &reader, again).await;
                drop(letterbox);
                done
            },
            take_posts(hearing, &idle.spool, posts)
        )
    };
    let worked = app::unless_stuck(&idle.spool, work).await;
    idle.spool.close().await;
    let (done, taken) = worked?;
    taken?;
    Ok(done?)
}

fn said(problems: &[model::Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// With a token of an admin that lives for this one request: whoever may write the file of users may do so anyway.
async fn through_service(config: &Config, again: &Again) -> anyhow::Result<Replayed> {
    let access = Access::open(&config.data_dir.join(USERS_FILE))?;
    let users = access.users()?;
    let admin = users.iter().find(|user| user.role == Role::Admin && user.reach.is_everything());
    let admin = admin.context(
        "the service runs, and no admin is there in whose name it could be asked: \
         make one with `normwatch user add NAME --role admin`, or stop the service first",
    )?;
    let now = Clock::System.now();
    let scopes = [TokenScope::Read, TokenScope::Readings];
    let expires = Some(now.plus_ms(TOKEN_MS));
    let (id, secret) = access.add_token(&admin.name, "quarantine replay", &scopes, expires, now)?;
    let answer = ask(config, secret.expose(), again).await;
    access.revoke(&id)?;
    answer
}

async fn ask(config: &Config, token: &str, again: &Again) -> anyhow::Result<Replayed> {
    let url = format!("http://{}/api/v1/quarantine/replay", reached_at(config.listen));
    let body = serde_json::json!({ "ids": again.ids, "all": again.ids.is_empty(), "reason": again.reason });
    let request = reqwest::Client::new().post(&url).bearer_auth(token);
    let request = request.header("content-type", "application/json").body(body.to_string());
    let answer = request.send().await.with_context(|| format!("the service does not answer at {url}"))?;
    let (status, text) = (answer.status(), answer.text().await?);
    anyhow::ensure!(status.is_success(), "the service refuses: {status}: {text}");
    serde_json::from_str(&text).context("the service's answer cannot be read")
}

/// Where a listener is reached from its own machine.
fn reached_at(listen: SocketAddr) -> SocketAddr {
    let ip = listen.ip();
    let loopback = match ip {
        _ if !ip.is_unspecified() => ip,
        std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(loopback, listen.port())
}
