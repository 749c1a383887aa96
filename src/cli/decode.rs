//! `decode`: messages in, readings out, one JSON object a line.

use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
};

use anyhow::Context;

use super::{Exit, Terminal, register};

/// Shows what the service would read from messages: one JSON line in, one out, in the same order.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Input: {\"topic\": T, \"payload\": TEXT} or {\"topic\": T, \"payload_base64\": B64}, optionally \
                  \"received_at\".\n\nExample:\n  normwatch decode --format senml messages.jsonl"
)]
pub(super) struct Decode {
    /// Wire format of every line, whatever the topic says.
    #[arg(long, value_name = "F")]
    format: Option<String>,
    /// Register whose sensors name their device profiles.
    #[arg(long, value_name = "DIR")]
    register: Option<PathBuf>,
    /// File of messages, or `-` for stdin.
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
}

impl Decode {
    pub(super) fn run(self, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        let register = match &self.register {
            None => None,
            Some(dir) => match register::load(dir, terminal)? {
                None => return Ok(Exit::Findings),
                register => register,
            },
        };
        let Some(mut decode) = line_decoder(self.format.as_deref(), register.as_ref(), terminal) else {
            return Ok(Exit::Usage);
        };
        if self.file.as_os_str() == "-" {
            lines(std::io::stdin().lock(), &mut *decode, terminal)?;
        } else {
            let file = std::fs::File::open(&self.file).with_context(|| self.file.display().to_string())?;
            lines(file, &mut *decode, terminal)?;
        }
        Ok(Exit::Fine)
    }
}

/// One input line to one output line; keeps what messages tell about later ones.
type LineDecoder = Box<dyn FnMut(&str) -> String>;

/// The decoder that `--format` and `--register` ask for; `None` when they ask for what there is not.
fn line_decoder(
    _format: Option<&str>,
    _register: Option<&model::Register>,
    terminal: &mut Terminal,
) -> Option<LineDecoder> {
    terminal.say("not wired yet");
    None
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
