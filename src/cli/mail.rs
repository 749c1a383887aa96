//! `mail`: whether the mail server takes what we send, and what a mail looks like.

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use model::{Id, Register, register::Language};

use super::{Exit, Terminal, config_file::ConfigFile};
use crate::{
    clock::Clock,
    config::Config,
    disk::in_words,
    files,
    notify::{Letter, Mailer, MailerConfig, Renderer, Sender, preview},
};

/// Tests the way out for mails, and shows what they look like.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  normwatch mail test --to facilities@example.org\n  normwatch mail preview"
)]
pub(super) struct Mail {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    config: ConfigFile,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Sends one example mail over the configured server and prints what it answered
    #[command(after_help = "Example:\n  normwatch mail test --to facilities@example.org --language en")]
    Test {
        /// Address to send it to
        #[arg(long, value_name = "ADDRESS")]
        to: String,
        /// Language of the mail: zh-CN or en
        #[arg(long, default_value = "zh-CN", value_parser = language)]
        language: Language,
    },
    /// Renders an example mail in both languages, to stdout or into files
    #[command(after_help = "Example:\n  normwatch mail preview --out /tmp/mails")]
    Preview {
        /// Directory for subject, text and HTML of each language; plain text to stdout without it
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

fn language(name: &str) -> Result<Language, String> {
    match name {
        "zh-CN" | "zh" => Ok(Language::Zh),
        "en" => Ok(Language::En),
        _ => Err("zh-CN or en".to_owned()),
    }
}

impl Mail {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let Some(config) = self.config.load(terminal)? else { return Ok(Exit::Findings) };
        match self.action {
            Action::Test { to, language } => test(&config, &to, language, terminal),
            Action::Preview { out } => show(&config, out.as_deref(), terminal),
        }
    }
}

/// An example mail. A register that is wrong or absent is no reason not to test a mail server.
fn letter(config: &Config, language: Language, to: &str) -> anyhow::Result<Letter> {
    let from = config.smtp.as_ref().map_or("normwatch@localhost", |smtp| smtp.from.as_str());
    let sender = Sender { from: from.to_owned(), public_url: Some(config.public_url.clone()) };
    let renderer = Renderer::new(sender, None)?;
    let register = files::register(&config.register).unwrap_or_else(|_| Register::empty(Id::fold("example")));
    Ok(preview(&renderer, &register, language, to, Clock::System.now())?)
}

fn test(config: &Config, to: &str, language: Language, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let Some(smtp) = &config.smtp else {
        terminal.say("no mail server is configured: set `url` and `from` under [smtp]");
        return Ok(Exit::Findings);
    };
    let mut mailer = Mailer::new(&MailerConfig::of(smtp))?;
    let letter = letter(config, language, to)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let sent = runtime.block_on(async {
        let sent = mailer.send(&letter).await;
        mailer.rest().await;
        sent
    });
    match sent {
        Ok(answer) => {
            terminal.line(format_args!("taken: {answer}"))?;
            Ok(Exit::Fine)
        }
        Err(error) => {
            terminal.line(format_args!("not taken: {}", in_words(&error)))?;
            Ok(Exit::Findings)
        }
    }
}

fn show(config: &Config, out: Option<&std::path::Path>, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    for (name, language) in [("zh-CN", Language::Zh), ("en", Language::En)] {
        let letter = letter(config, language, "somebody@example.org")?;
        let Some(dir) = out else {
            terminal.line(format_args!("{}\n\n{}", letter.subject, letter.text))?;
            continue;
        };
        fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        for (end, text) in [("subject.txt", &letter.subject), ("txt", &letter.text), ("html", &letter.html)] {
            let path = dir.join(format!("{name}.{end}"));
            fs::write(&path, text).with_context(|| path.display().to_string())?;
            terminal.line(path.display())?;
        }
    }
    Ok(Exit::Fine)
}
