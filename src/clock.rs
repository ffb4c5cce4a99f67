//! What time it is, as everything asks that has to count it: the machine's clock, or one that a test
//! has set.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::Utc;

/// The clock that everything asks: the machine's, or one that stands until it is set.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// In milliseconds since 1970. It stands still between two settings.
    set: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// A clock that goes only when it is set.
    pub fn standing_at(now_ms: i64) -> Self {
        Self {
            set: Some(Arc::new(AtomicI64::new(now_ms))),
        }
    }

    /// The time now, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        match &self.set {
            Some(set) => set.load(Ordering::Relaxed),
            None => Utc::now().timestamp_millis(),
        }
    }

    /// Sets a clock that stands. The machine's is not moved.
    pub fn set_to(&self, now_ms: i64) {
        if let Some(set) = &self.set {
            set.store(now_ms, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_stands_goes_when_it_is_set() {
        let clock = Clock::standing_at(5);
        let same = clock.clone();
        clock.set_to(7);
        assert_eq!(same.now_ms(), 7);
    }

    #[test]
    fn the_clock_of_the_machine_cannot_be_set() {
        let clock = Clock::default();
        clock.set_to(7);
        assert!(clock.now_ms() > 1_700_000_000_000);
    }
}
