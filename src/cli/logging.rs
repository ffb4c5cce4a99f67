//! Writes the log to stderr, because stdout is for the results of commands.
//!
//! The request log is buffered in memory and written by a thread, so that no request waits for the
//! disk or for a slow reader of the log, and many lines need only one write.

use std::io::{self, IsTerminal, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::MakeWriterExt;

use crate::config::{REQUESTS, log_filter};

/// The time that a line of the request log can wait for further lines.
const PATIENCE: Duration = Duration::from_millis(100);
/// The maximum number of buffered bytes. Further lines are dropped if they come faster than they
/// can be written.
const MOST: usize = 4 << 20;

/// Starts logging. The request log is written as long as the returned value exists.
pub fn start() -> Buffered {
    let buffered = Buffered::start(io::stderr());
    let requests = buffered.lines();
    let writer = (move || requests.clone())
        .with_filter(|metadata| metadata.target() == REQUESTS)
        .or_else(io::stderr);
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(log_filter()))
        .with_writer(writer)
        .with_ansi(io::stderr().is_terminal())
        .init();
    buffered
}

/// A thread that writes the buffered lines. Dropping it writes the remaining ones.
pub struct Buffered {
    lines: Lines,
    thread: Option<JoinHandle<()>>,
}

/// The sender of lines to the thread.
#[derive(Clone)]
struct Lines(Arc<Shared>);

struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    text: Vec<u8>,
    left_out: u64,
    closed: bool,
}

impl Buffered {
    fn start(target: impl Write + Send + 'static) -> Self {
        let lines = Lines(Arc::new(Shared {
            waiting: Mutex::default(),
            changed: Condvar::new(),
        }));
        let writes = lines.clone();
        let thread = thread::Builder::new()
            .name("request-log".to_owned())
            .spawn(move || writes.write_to(target))
            .ok();
        Self { lines, thread }
    }

    fn lines(&self) -> Lines {
        self.lines.clone()
    }
}

impl Drop for Buffered {
    fn drop(&mut self) {
        self.lines.waiting().closed = true;
        self.lines.0.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // Joining fails only if the thread panicked, and then there is nothing left to do.
            let _ = thread.join();
        }
    }
}

impl Lines {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        let waiting = &self.0.waiting;
        waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the first line, waits a short time for further ones, and writes them all at once.
    /// Repeats this until the log is closed.
    fn write_to(&self, mut target: impl Write) {
        let changed = &self.0.changed;
        let mut text = Vec::new();
        loop {
            let idle = |waiting: &mut Waiting| waiting.text.is_empty() && !waiting.closed;
            let waiting = changed
                .wait_while(self.waiting(), idle)
                .unwrap_or_else(PoisonError::into_inner);
            let (mut waiting, _) = changed
                .wait_timeout_while(waiting, PATIENCE, |waiting| !waiting.closed)
                .unwrap_or_else(PoisonError::into_inner);
            mem::swap(&mut text, &mut waiting.text);
            let left_out = mem::take(&mut waiting.left_out);
            let closed = waiting.closed;
            drop(waiting);
            // The server must continue even if the log cannot be written.
            let _ = target.write_all(&text);
            text.clear();
            if left_out > 0 {
                tracing::warn!(
                    "{left_out} lines of the request log were left out: they came faster than they could be written."
                );
            }
            if closed {
                return;
            }
        }
    }
}

/// Takes one whole line in each call, as the subscriber writes them.
impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.waiting();
        if waiting.text.len() + line.len() > MOST {
            waiting.left_out += 1;
            return Ok(line.len());
        }
        let is_first = waiting.text.is_empty();
        waiting.text.extend_from_slice(line);
        drop(waiting);
        if is_first {
            self.0.changed.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// A log reader that is blocked until the test lets it continue.
    struct Slow {
        written: Sender<Vec<u8>>,
        may_go_on: Receiver<()>,
    }

    impl Write for Slow {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.written.send(text.to_vec()).unwrap();
            let _ = self.may_go_on.recv();
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_wait_for_nobody_and_the_last_ones_are_written() {
        let (written, log) = channel();
        let (go_on, may_go_on) = channel();
        let buffered = Buffered::start(Slow { written, may_go_on });
        let mut lines = buffered.lines();
        lines.write_all(b"first\n").unwrap();
        assert_eq!(log.recv().unwrap(), b"first\n");
        // The reader is blocked. Lines beyond the maximum size are dropped, and no call waits.
        let quarter = vec![b'x'; MOST / 4];
        for _ in 0..6 {
            lines.write_all(&quarter).unwrap();
        }
        assert_eq!(lines.waiting().left_out, 2);
        drop(go_on);
        drop(buffered);
        let rest: usize = log.iter().map(|text| text.len()).sum();
        assert_eq!(rest, MOST);
    }
}
