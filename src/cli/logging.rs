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
const FLUSH_INTERVAL: Duration = Duration::from_millis(100);
/// The maximum number of buffered bytes. Further lines are dropped if they come faster than they
/// can be written.
const MAX_PENDING_BYTES: usize = 4 << 20;

/// Starts logging. The request log is written as long as the returned value exists.
pub fn start() -> LogBuffer {
    let buffer = LogBuffer::start(io::stderr());
    let requests = buffer.lines();
    let writer = (move || requests.clone())
        .with_filter(|metadata| metadata.target() == REQUESTS)
        .or_else(io::stderr);
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(log_filter()))
        .with_writer(writer)
        .with_ansi(io::stderr().is_terminal())
        .init();
    buffer
}

/// A thread that writes the buffered lines. Dropping it writes the remaining ones.
pub struct LogBuffer {
    lines: LineSender,
    thread: Option<JoinHandle<()>>,
}

/// The sender of lines to the thread.
#[derive(Clone)]
struct LineSender(Arc<Shared>);

struct Shared {
    pending: Mutex<PendingLines>,
    changed: Condvar,
}

#[derive(Default)]
struct PendingLines {
    text: Vec<u8>,
    dropped: u64,
    closed: bool,
}

impl LogBuffer {
    fn start(target: impl Write + Send + 'static) -> Self {
        let lines = LineSender(Arc::new(Shared {
            pending: Mutex::default(),
            changed: Condvar::new(),
        }));
        let sender = lines.clone();
        let thread = thread::Builder::new()
            .name("request-log".to_owned())
            .spawn(move || sender.write_to(target))
            .ok();
        Self { lines, thread }
    }

    fn lines(&self) -> LineSender {
        self.lines.clone()
    }
}

impl Drop for LogBuffer {
    fn drop(&mut self) {
        self.lines.pending().closed = true;
        self.lines.0.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // Joining fails only if the thread panicked, and then there is nothing left to do.
            let _ = thread.join();
        }
    }
}

impl LineSender {
    fn pending(&self) -> MutexGuard<'_, PendingLines> {
        let pending = &self.0.pending;
        pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the first line, waits a short time for further ones, and writes them all at once.
    /// Repeats this until the log is closed.
    fn write_to(&self, mut target: impl Write) {
        let changed = &self.0.changed;
        let mut text = Vec::new();
        loop {
            let idle = |pending: &mut PendingLines| pending.text.is_empty() && !pending.closed;
            let pending = changed
                .wait_while(self.pending(), idle)
                .unwrap_or_else(PoisonError::into_inner);
            let (mut pending, _) = changed
                .wait_timeout_while(pending, FLUSH_INTERVAL, |pending| !pending.closed)
                .unwrap_or_else(PoisonError::into_inner);
            mem::swap(&mut text, &mut pending.text);
            let dropped = mem::take(&mut pending.dropped);
            let closed = pending.closed;
            drop(pending);
            // The server must continue even if the log cannot be written.
            let _ = target.write_all(&text);
            text.clear();
            if dropped > 0 {
                tracing::warn!(
                    "{dropped} lines of the request log were left out: they came faster than they could be written."
                );
            }
            if closed {
                return;
            }
        }
    }
}

/// Takes one whole line in each call, as the subscriber writes them.
impl Write for LineSender {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut pending = self.pending();
        if pending.text.len() + line.len() > MAX_PENDING_BYTES {
            pending.dropped += 1;
            return Ok(line.len());
        }
        let is_first = pending.text.is_empty();
        pending.text.extend_from_slice(line);
        drop(pending);
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
    struct BlockedReader {
        written: Sender<Vec<u8>>,
        may_go_on: Receiver<()>,
    }

    impl Write for BlockedReader {
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
    fn writing_a_line_never_blocks_and_dropping_writes_the_rest() {
        let (written, log) = channel();
        let (go_on, may_go_on) = channel();
        let buffer = LogBuffer::start(BlockedReader { written, may_go_on });
        let mut lines = buffer.lines();
        lines.write_all(b"first\n").unwrap();
        assert_eq!(log.recv().unwrap(), b"first\n");
        // The reader is blocked. Lines beyond the maximum size are dropped, and no call waits.
        let quarter = vec![b'x'; MAX_PENDING_BYTES / 4];
        for _ in 0..6 {
            lines.write_all(&quarter).unwrap();
        }
        assert_eq!(lines.pending().dropped, 2);
        drop(go_on);
        drop(buffer);
        let rest: usize = log.iter().map(|text| text.len()).sum();
        assert_eq!(rest, MAX_PENDING_BYTES);
    }
}
