//! `check`: everything that is wrong with what people wrote, before the service starts.

use std::path::PathBuf;

use model::Problem;

use super::{Exit, Terminal, run::config_file};
use crate::{
    certificates,
    clock::Clock,
    config::{Config, environment},
    rulebook::Rulebook,
};

/// Validates configuration, certificates, register, packs, overlay and templates; prints `file:line: key: what: remedy`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  normwatch check -c /etc/normwatch/normwatch.toml")]
pub(super) struct Check {
    /// Configuration file; without it ./normwatch.toml when there is one, else the defaults.
    #[arg(short = 'c', long = "config", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Check {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let config = match Config::load(config_file(self.config).as_deref(), &environment()) {
            Ok(config) => config,
            Err(problems) => {
                terminal.problems(&problems)?;
                terminal
                    .say(format_args!("{}; register and packs were not looked at", counted(problems.len())));
                return Ok(Exit::Findings);
            }
        };
        let certificates = certificates::findings(&config.mqtt, Clock::System.now());
        let problems: Vec<Problem> = certificates.problems.into_iter().chain(problems(&config)).collect();
        terminal.problems(&problems)?;
        for warning in &certificates.warnings {
            terminal.say(format_args!("warning: {warning}"));
        }
        terminal.say(counted(problems.len()));
        Ok(if problems.is_empty() { Exit::Fine } else { Exit::Findings })
    }
}

/// Problems of everything that a configuration names.
fn problems(config: &Config) -> Vec<Problem> {
    let read = Rulebook::read(&config.register, config.packs_dir.as_deref(), config.overlay.as_deref());
    read.err().unwrap_or_default()
}

fn counted(problems: usize) -> String {
    match problems {
        0 => "no problems".to_owned(),
        1 => "1 problem".to_owned(),
        count => format!("{count} problems"),
    }
}

#[cfg(test)]
mod tests {
    use model::Register;

    use super::{super::terminal::tests::terminal, *};

    #[test]
    fn problems_of_the_register_are_printed_with_their_path_and_counted() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("n.toml");
        std::fs::write(&file, "register = \"office\"\n").unwrap();
        let office = root.path().join("office");
        std::fs::create_dir(&office).unwrap();
        for (name, text) in Register::template() {
            std::fs::write(office.join(name), text).unwrap();
        }
        let check = || {
            let (mut terminal, out, err) = terminal();
            let exit = Check { config: Some(file.clone()) }.run(&mut terminal).unwrap();
            (exit, out.text(), err.text())
        };
        assert_eq!(check(), (Exit::Fine, String::new(), "no problems\n".to_owned()));
        std::fs::write(office.join("places.csv"), "place,kind\na,rom\n").unwrap();
        let (exit, out, _) = check();
        assert_eq!(exit, Exit::Findings);
        let wanted = format!(
            "{}:2: kind: unknown value `rom`: did you mean `room`?",
            office.join("places.csv").display()
        );
        assert!(out.contains(&wanted), "{out}");
        std::fs::write(office.join("places.csv"), "place,kind\nblock-a,building\n").unwrap();
        std::fs::write(&file, "registre = \"office\"\n").unwrap();
        assert_eq!(
            check().1,
            format!(
                "{}:1: registre: unknown key: did you mean `register`? rename or remove it\n",
                file.display()
            )
        );
    }
}
