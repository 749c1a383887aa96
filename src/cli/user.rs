//! `user`: who may log in, and tokens for programs.

use std::{
    collections::BTreeMap,
    io::{BufRead, IsTerminal},
};

use anyhow::Context as _;
use clap::Subcommand;
use model::{Id, Register};

use super::{Exit, Terminal, config_file::ConfigFile};
use crate::{
    access::{Access, Reach, Role, Speaks, TokenScope, USERS_FILE},
    audit::{AUDIT_FILE, Audit, Deed},
    clock::Clock,
    files,
};

const DAY_MS: i64 = 86_400_000;

/// Makes users and tokens, lists and removes them. Works while the service runs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  normwatch user add facilities-desk --role facilities --place block-a
  normwatch user token facilities-desk --scope read --note grafana --days 365
  normwatch user token gateways --scope readings --sensor 'vendor-a-*' --place block-a")]
pub(super) struct User {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Adds a user; the password is asked for, or read as one line from stdin
    #[command(after_help = "Example:\n  normwatch user add duty-post --role facilities --place block-a")]
    Add {
        /// Name to log in with
        name: String,
        /// What the user is for
        #[arg(long)]
        role: Role,
        /// Sees this place with everything inside it; may be given more than once
        #[arg(long = "place", value_name = "ID")]
        places: Vec<String>,
        /// Sees this body with those below it and what they hold; may be given more than once
        #[arg(long = "body", value_name = "ID")]
        bodies: Vec<String>,
    },
    /// Sets a new password and ends the user's sessions
    #[command(after_help = "Example:\n  normwatch user password duty-post")]
    Password {
        /// Name of the user
        name: String,
    },
    /// Removes a user with all sessions and tokens
    #[command(after_help = "Example:\n  normwatch user remove duty-post")]
    Remove {
        /// Name of the user
        name: String,
    },
    /// Lists the users as JSON lines
    #[command(after_help = "Example:\n  normwatch user list")]
    List,
    /// Makes a token for a program and prints it, this once
    #[command(after_help = "Example:\n  normwatch user token duty-post --scope read --note grafana")]
    Token {
        /// Name of the user that it belongs to; it never may do more than that user
        name: String,
        /// What it may be used for; may be given more than once
        #[arg(long = "scope", required = true)]
        scopes: Vec<TokenScope>,
        /// What it is for
        #[arg(long, default_value = "")]
        note: String,
        /// Sends readings of this device only: an id, or its beginning and `*`; may be given more than once
        #[arg(long = "sensor", value_name = "ID")]
        sensors: Vec<String>,
        /// Sends readings of devices in this place only, with everything inside it; may be given more than once
        #[arg(long = "place", value_name = "ID")]
        places: Vec<String>,
        /// Ends after so many days; never by default
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
        days: Option<u16>,
    },
    /// Lists the tokens as JSON lines, without their secrets
    #[command(after_help = "Example:\n  normwatch user tokens")]
    Tokens,
    /// Ends a token
    #[command(after_help = "Example:\n  normwatch user revoke 4f1c09ab")]
    Revoke {
        /// Its id, as `tokens` shows it
        id: String,
    },
}

impl User {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let Some(config) = self.config.load(terminal)? else { return Ok(Exit::Findings) };
        let dir = &config.data_dir;
        std::fs::create_dir_all(dir).with_context(|| format!("{} cannot be made", dir.display()))?;
        // Where the register cannot be read nothing is known of places, and users are made all the same.
        if let Ok(register) = files::register(&config.register) {
            self.action.check(&register)?;
        }
        let access = Access::open(&dir.join(USERS_FILE))?;
        let deed = self.action.deed();
        let exit = self.action.run(&access, terminal)?;
        if let Some((kind, name)) = deed {
            let body = serde_json::json!({ "user": name }).to_string();
            let at = Clock::System.now();
            let deed = Deed { at, by: "shell".to_owned(), kind: kind.to_owned(), body, source: None };
            Audit::open(&dir.join(AUDIT_FILE))?.append(&deed)?;
        }
        Ok(exit)
    }
}

impl Action {
    /// Places and bodies are those of the register: who is held to one that there is not sees nothing.
    fn check(&self, register: &Register) -> anyhow::Result<()> {
        let (places, bodies) = match self {
            Self::Add { places, bodies, .. } => (places.as_slice(), bodies.as_slice()),
            Self::Token { places, .. } => (places.as_slice(), &[][..]),
            _ => return Ok(()),
        };
        known("place", places, &register.places)?;
        known("body", bodies, &register.bodies)
    }

    /// What the trail says of it, and of whom.
    fn deed(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Add { name, .. } => Some(("user_added", name.clone())),
            Self::Password { name } => Some(("user_password", name.clone())),
            Self::Remove { name } => Some(("user_removed", name.clone())),
            Self::Token { name, .. } => Some(("token_made", name.clone())),
            Self::Revoke { id } => Some(("token_revoked", id.clone())),
            Self::List | Self::Tokens => None,
        }
    }

    fn run(self, access: &Access, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let now = Clock::System.now();
        match self {
            Self::Add { name, role, places, bodies } => {
                let id = Id::parse(&name).with_context(|| format!("`{name}` is no name"))?;
                let reach = Reach { places: ids(&places)?, bodies: ids(&bodies)? };
                let is_first = !access.has_users()?;
                access.add_user(&id, role, &reach, &password(terminal)?, now)?;
                terminal.say(format_args!("added {name} as {}", role.name()));
                if is_first {
                    terminal.say("the console now asks for a login; start the service again so that it may listen beyond loopback");
                }
            }
            Self::Password { name } => {
                access.set_password(&name, &password(terminal)?)?;
                terminal.say(format_args!("{name} has a new password"));
            }
            Self::Remove { name } => {
                access.remove_user(&name)?;
                terminal.say(format_args!("removed {name}"));
            }
            Self::List => {
                for user in access.users()? {
                    terminal.line(serde_json::to_string(&user)?)?;
                }
            }
            Self::Token { name, scopes, note, sensors, places, days } => {
                let speaks = Speaks { sensors, places: ids(&places)? };
                let expires = days.map(|days| now.plus_ms(i64::from(days) * DAY_MS));
                let (id, secret) = access.add_token(&name, &note, &scopes, expires, now)?;
                if speaks != Speaks::default()
                    && let Err(error) = access.bind_token(&id, &speaks)
                {
                    access.revoke(&id)?;
                    return Err(error.into());
                }
                terminal.line(secret.expose())?;
                terminal.say(format_args!("token {id}: keep it now, it is not shown again"));
            }
            Self::Tokens => {
                for token in access.tokens()? {
                    terminal.line(serde_json::to_string(&token)?)?;
                }
            }
            Self::Revoke { id } => {
                access.revoke(&id)?;
                terminal.say(format_args!("revoked {id}"));
            }
        }
        Ok(Exit::Fine)
    }
}

fn known<T>(what: &str, words: &[String], rows: &BTreeMap<Id, T>) -> anyhow::Result<()> {
    for id in ids(words)? {
        if !rows.contains_key(&id) {
            let near = model::nearest(id.as_str(), rows.keys().map(Id::as_str));
            let remedy = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            anyhow::bail!("the register has no {what} `{id}`{remedy}");
        }
    }
    Ok(())
}

fn ids(words: &[String]) -> anyhow::Result<Vec<Id>> {
    words.iter().map(|word| Id::parse(word).with_context(|| format!("`{word}` is no id"))).collect()
}

/// Asked for twice at a terminal, else one line of stdin.
fn password(terminal: &mut Terminal) -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        let mut line = String::new();
        stdin.lock().read_line(&mut line).context("no password on stdin")?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    terminal.say("password (it does not show):");
    let first = rpassword::read_password()?;
    terminal.say("once more:");
    anyhow::ensure!(rpassword::read_password()? == first, "the two are not the same");
    Ok(first)
}
