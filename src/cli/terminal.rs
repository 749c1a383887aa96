//! Where a command writes: stdout for machines, stderr for people. Tests put a buffer behind each.

use std::{
    fmt,
    io::{self, BufWriter, Write},
};

use model::Problem;

/// The two outputs of a command.
pub struct Terminal {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal").finish_non_exhaustive()
    }
}

impl Terminal {
    /// The outputs of this process, stdout buffered.
    #[must_use]
    pub fn process() -> Self {
        Self::new(BufWriter::new(io::stdout()), io::stderr())
    }

    /// Outputs of one's own.
    pub fn new(out: impl Write + Send + 'static, err: impl Write + Send + 'static) -> Self {
        Self { out: Box::new(out), err: Box::new(err) }
    }

    /// Writes one line for machines.
    ///
    /// # Errors
    /// Returns what stdout returns, a closed pipe for one.
    pub fn line(&mut self, line: impl fmt::Display) -> io::Result<()> {
        writeln!(self.out, "{line}")
    }

    /// Stdout itself, for writers of their own.
    pub fn out(&mut self) -> &mut (dyn Write + Send) {
        &mut *self.out
    }

    /// Writes one line for people. A stderr that is gone is nobody's failure.
    pub fn say(&mut self, line: impl fmt::Display) {
        drop(writeln!(self.err, "{line}"));
    }

    /// Writes problems as `check` does.
    ///
    /// # Errors
    /// Returns what stdout returns.
    pub fn problems(&mut self, problems: &[Problem]) -> io::Result<()> {
        problems.iter().try_for_each(|problem| self.line(problem))
    }

    /// Writes problems for people, where stdout holds something else.
    pub fn complain(&mut self, problems: &[Problem]) {
        problems.iter().for_each(|problem| self.say(problem));
    }

    /// Sends what is buffered.
    ///
    /// # Errors
    /// Returns what stdout returns.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A buffer that a test can read while the terminal writes.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Buffer {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    /// A terminal with what it wrote to stdout and stderr.
    pub(crate) fn terminal() -> (Terminal, Buffer, Buffer) {
        let (out, err) = (Buffer::default(), Buffer::default());
        (Terminal::new(out.clone(), err.clone()), out, err)
    }
}
