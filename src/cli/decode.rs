//! `decode`: messages in, readings out, one JSON object a line.

use std::{
    collections::BTreeMap,
    fmt,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
};

use anyhow::Context;
use ingest::Format;

use super::{Exit, Terminal, register};
use crate::devices;

/// Shows what the service would read from messages: one JSON line in, one out, in the same order.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Input: {\"topic\": T, \"payload\": TEXT} or {\"topic\": T, \"payload_base64\": B64}, optionally \
                  \"received_at\", \"retained\" and \"qos\".\n\nExamples:\n  normwatch decode --format senml \
                  messages.jsonl\n  normwatch decode --strict messages.jsonl"
)]
pub(super) struct Decode {
    /// Wire format of every line, whatever the topic says.
    #[arg(long, value_name = "F")]
    format: Option<String>,
    /// Register whose sensors name their device profiles.
    #[arg(long, value_name = "DIR")]
    register: Option<PathBuf>,
    /// Adds to each line what the message lacks of the contract for vendors; exit 1 when anything is missing.
    #[arg(long)]
    strict: bool,
    /// File of messages, or `-` for stdin.
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
}

impl Decode {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let register = match &self.register {
            None => None,
            Some(dir) => match register::load(dir, terminal) {
                None => return Ok(Exit::Findings),
                register => register,
            },
        };
        let format = match self.format.as_deref().map(|name| (name, Format::parse(name))) {
            Some((name, None)) => {
                let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
                terminal.say(format_args!("--format: unknown `{name}`, one of: {}", names.join(", ")));
                return Ok(Exit::Usage);
            }
            given => given.and_then(|(_, format)| format),
        };
        let mut decoder = match devices::decoder(&[], register.as_ref()) {
            Ok(decoder) => decoder,
            Err(problems) => {
                terminal.complain(&problems);
                return Ok(Exit::Findings);
            }
        };
        if !self.strict {
            self.lines(&mut |line| ingest::decode_line(&mut decoder, format, line), terminal)?;
            return Ok(Exit::Fine);
        }
        let mut tally = Tally::default();
        self.lines(
            &mut |line| tally.add(ingest::decode_line_strictly(&mut decoder, format, line)),
            terminal,
        )?;
        terminal.say(&tally);
        Ok(if tally.conform == tally.messages { Exit::Fine } else { Exit::Findings })
    }

    fn lines(&self, decode: &mut dyn FnMut(&str) -> String, terminal: &mut Terminal) -> anyhow::Result<()> {
        if self.file.as_os_str() == "-" {
            return lines(std::io::stdin().lock(), decode, terminal);
        }
        let file = std::fs::File::open(&self.file).with_context(|| self.file.display().to_string())?;
        lines(file, decode, terminal)
    }
}

/// How many messages follow the contract, and what the others lack.
#[derive(Default)]
struct Tally {
    messages: usize,
    conform: usize,
    /// Messages by the kind of what they lack.
    lacking: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn add(&mut self, answer: ingest::Strict) -> String {
        self.messages += 1;
        self.conform += usize::from(answer.kinds.is_empty());
        let mut kinds = answer.kinds;
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds {
            *self.lacking.entry(kind).or_default() += 1;
        }
        answer.line
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} messages follow the contract", self.conform, self.messages)?;
        let mut lacking: Vec<_> = self.lacking.iter().collect();
        lacking.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (i, (kind, count)) in lacking.into_iter().enumerate() {
            write!(f, "{}{kind} {count}", if i == 0 { "; " } else { ", " })?;
        }
        write!(f, ". QoS, clean start and session cannot be seen here: ask the broker.")
    }
}

/// Decodes line by line. Bytes that are no UTF-8 still make a line: the output keeps the input's order and count.
/// What is done is sent before we wait for more, so that another program can talk with us over pipes.
fn lines(
    input: impl Read,
    decode: &mut dyn FnMut(&str) -> String,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let mut input = BufReader::with_capacity(1 << 16, input);
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        terminal.line(decode(text.trim_end_matches(['\r', '\n'])))?;
        line.clear();
        if input.buffer().is_empty() {
            terminal.flush()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{super::terminal::tests::terminal, *};

    #[test]
    fn the_summary_names_the_commonest_lack_first() {
        let mut tally = Tally::default();
        for kinds in [vec!["no_unit", "no_time", "no_time"], vec!["no_time"], vec![]] {
            tally.add(ingest::Strict { line: String::new(), kinds });
        }
        let said = tally.to_string();
        assert!(said.starts_with("1 of 3 messages follow the contract; no_time 2, no_unit 1."), "{said}");
    }

    #[test]
    fn every_line_gives_one_line_in_the_same_order() {
        let (mut terminal, out, _) = terminal();
        let input: &[u8] = b"one\r\n\n\xff\xfe\nlast";
        let mut count = 0;
        lines(
            input,
            &mut |line| {
                count += 1;
                format!("{count}:{line}")
            },
            &mut terminal,
        )
        .unwrap();
        assert_eq!(out.text(), "1:one\n2:\n3:\u{fffd}\u{fffd}\n4:last\n");
    }
}
