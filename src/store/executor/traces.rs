//! Notes what statements leave behind on a connection to PostgreSQL: a group of requests is committed only if
//! none of its statements failed, and a refused request need not be undone if it has only read.

use std::fmt::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::Connection;
use diesel::connection::{DebugQuery, InstrumentationEvent};

use crate::store::Db;

/// The statements of a connection that may have changed something, and those that failed.
#[derive(Clone, Default)]
pub struct Traces {
    changes: Arc<AtomicU64>,
    failures: Arc<AtomicU64>,
}

impl Traces {
    /// Begins to watch a connection.
    pub fn of(db: &mut Db) -> Self {
        let traces = Self::default();
        let seen = traces.clone();
        db.set_instrumentation(move |event: InstrumentationEvent<'_>| seen.note(&event));
        traces
    }

    fn note(&self, event: &InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { query, .. } if !only_reads(*query) => {
                self.changes.fetch_add(1, Ordering::Relaxed);
            }
            InstrumentationEvent::FinishQuery { error: Some(_), .. } => {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
    }

    /// A number that stays the same as long as statements only read.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// A number that stays the same as long as no statement fails. PostgreSQL answers the COMMIT of a transaction
    /// with a failed statement like any other, and rolls it back.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}

/// Whether a statement is a SELECT. The functions that ours call change nothing.
fn only_reads(query: &dyn DebugQuery) -> bool {
    let mut beginning = Beginning::default();
    // The writer ends the formatting as soon as it has seen enough.
    let _ = write!(beginning, "{query}");
    beginning.letters == *b"SELECT"
}

/// The first letters of a text, and no more.
#[derive(Default)]
struct Beginning {
    letters: [u8; 6],
    length: usize,
}

impl Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let rest = &mut self.letters[self.length..];
        let taken = text.len().min(rest.len());
        rest[..taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.length += taken;
        if self.length == self.letters.len() {
            Err(fmt::Error)
        } else {
            Ok(())
        }
    }
}
