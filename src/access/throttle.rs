//! Slows failed logins down, for each user and address and for each address. Logins that were right before are not
//! checked again, and so not slowed.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio::time::sleep;

/// Failures that cost nothing: people mistype.
const FREE_FAILURES_OF_USER: u32 = 5;
const FREE_FAILURES_OF_ADDRESS: u32 = 30;
const LONGEST_DELAY: Duration = Duration::from_secs(8);
/// Shorter, because many people may share an address.
const LONGEST_DELAY_OF_ADDRESS: Duration = Duration::from_secs(1);
/// How long failures count.
const MEMORY: Duration = Duration::from_secs(15 * 60);
/// How many attempts for one user from one address may wait for another.
const LONGEST_QUEUE: usize = 64;
const LONGEST_QUEUE_OF_ADDRESS: usize = 256;
const MOST_ENTRIES: usize = 10_000;
const LONGEST_NAME: usize = 255;

/// Too many attempts: the client is to come back later.
#[derive(Debug, PartialEq, Eq)]
pub struct TooManyAttempts {
    pub retry_after: Duration,
}

/// Failed logins of the last minutes.
#[derive(Default)]
pub struct Throttle {
    users: Entries<(String, Option<IpAddr>)>,
    addresses: Entries<Option<IpAddr>>,
}

/// Failures of one user or address.
#[derive(Clone, Copy, Default)]
struct Failures {
    count: u32,
    last: Option<Instant>,
}

/// The right to make one attempt. Others for the same user from the same address wait until it is given back.
pub struct Attempt {
    user: OwnedMutexGuard<Failures>,
    address: Arc<AsyncMutex<Failures>>,
}

impl Throttle {
    /// Waits as long as the failures before this attempt demand. Fails where others wait already.
    pub async fn attempt(
        &self,
        user: &str,
        address: Option<IpAddr>,
    ) -> Result<Attempt, TooManyAttempts> {
        let name = user.chars().take(LONGEST_NAME).collect();
        let by_user = self.users.get((name, address));
        let by_address = self.addresses.get(address);
        // One reference is in the table, one is here, and each attempt that works or waits has another.
        if Arc::strong_count(&by_user) > LONGEST_QUEUE + 2
            || Arc::strong_count(&by_address) > LONGEST_QUEUE_OF_ADDRESS + 2
        {
            return Err(TooManyAttempts {
                retry_after: LONGEST_DELAY,
            });
        }
        let user = by_user.lock_owned().await;
        sleep(user.delay(FREE_FAILURES_OF_USER, Instant::now())).await;
        // Held while it waits, so that attempts at many users come one after the other too.
        let of_address = by_address.lock().await;
        let delay = of_address.delay(FREE_FAILURES_OF_ADDRESS, Instant::now());
        if !delay.is_zero() {
            sleep(delay.min(LONGEST_DELAY_OF_ADDRESS)).await;
        }
        drop(of_address);
        Ok(Attempt {
            user,
            address: by_address,
        })
    }
}

impl Attempt {
    /// Notes that the login failed.
    pub async fn failed(mut self) {
        let now = Instant::now();
        self.user.add(now);
        self.address.lock().await.add(now);
    }

    /// Notes that the login was right: the user's failures are forgotten. Those of the address are not, or a login of
    /// one's own would let one guess at others.
    pub fn succeeded(mut self) {
        *self.user = Failures::default();
    }
}

impl Failures {
    /// The time to wait before the next attempt: none at first, then twice as long after each failure.
    fn delay(&self, free: u32, now: Instant) -> Duration {
        let is_recent = self
            .last
            .is_some_and(|last| now.saturating_duration_since(last) < MEMORY);
        let Some(over) = self.count.checked_sub(free).filter(|_| is_recent) else {
            return Duration::ZERO;
        };
        let factor = 2_u32.saturating_pow(over.min(10));
        (Duration::from_millis(250) * factor).min(LONGEST_DELAY)
    }

    fn add(&mut self, now: Instant) {
        let is_old = self
            .last
            .is_some_and(|last| now.saturating_duration_since(last) >= MEMORY);
        self.count = if is_old {
            1
        } else {
            self.count.saturating_add(1)
        };
        self.last = Some(now);
    }
}

/// Failures by what they are counted for.
struct Entries<Key>(Mutex<HashMap<Key, Arc<AsyncMutex<Failures>>>>);

impl<Key> Default for Entries<Key> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Key: Eq + Hash> Entries<Key> {
    fn get(&self, key: Key) -> Arc<AsyncMutex<Failures>> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST_ENTRIES && !entries.contains_key(&key) {
            forget(&mut entries);
        }
        Arc::clone(entries.entry(key).or_default())
    }
}

/// Makes room: what is old goes, else those with the fewest failures.
fn forget<Key: Eq + Hash>(entries: &mut HashMap<Key, Arc<AsyncMutex<Failures>>>) {
    let now = Instant::now();
    let failures = |entry: &Arc<AsyncMutex<Failures>>| entry.try_lock().map(|held| *held).ok();
    entries.retain(|_, entry| {
        failures(entry).is_none_or(|failures| {
            failures
                .last
                .is_some_and(|last| now.saturating_duration_since(last) < MEMORY)
        })
    });
    for fewest in 0..=FREE_FAILURES_OF_USER {
        if entries.len() < MOST_ENTRIES {
            return;
        }
        entries.retain(|_, entry| failures(entry).is_none_or(|failures| failures.count > fewest));
    }
    if entries.len() >= MOST_ENTRIES {
        entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_and_end() {
        let start = Instant::now();
        let mut failures = Failures::default();
        let mut delays = Vec::new();
        for _ in 0..12 {
            failures.add(start);
            delays.push(failures.delay(FREE_FAILURES_OF_USER, start).as_millis());
        }
        assert_eq!(
            delays,
            [0, 0, 0, 0, 250, 500, 1000, 2000, 4000, 8000, 8000, 8000]
        );
        assert_eq!(
            failures.delay(FREE_FAILURES_OF_USER, start + MEMORY),
            Duration::ZERO
        );
        failures.add(start + MEMORY);
        assert_eq!(failures.count, 1);
    }

    #[actix_web::test]
    async fn attempts_at_one_user_wait_for_each_other() {
        let throttle = Throttle::default();
        let first = throttle.attempt("a", None).await.unwrap();
        let second = throttle.attempt("a", None);
        let waiting = tokio::time::timeout(Duration::from_millis(20), second).await;
        assert!(waiting.is_err(), "the second does not wait");
        // Another user does not.
        throttle.attempt("b", None).await.unwrap().failed().await;
        first.succeeded();
        throttle.attempt("a", None).await.unwrap().succeeded();
    }

    #[actix_web::test]
    async fn a_long_queue_is_refused() {
        let throttle = Arc::new(Throttle::default());
        let first = throttle.attempt("a", None).await.unwrap();
        let waiting: Vec<_> = (0..LONGEST_QUEUE)
            .map(|_| {
                let throttle = Arc::clone(&throttle);
                actix_web::rt::spawn(async move { throttle.attempt("a", None).await.is_ok() })
            })
            .collect();
        tokio::task::yield_now().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(throttle.attempt("a", None).await.is_err());
        first.succeeded();
        for attempt in waiting {
            assert!(attempt.await.unwrap());
        }
    }

    #[test]
    fn memory_has_an_end() {
        let entries = Entries::<u32>::default();
        for key in 0..30_000 {
            entries.get(key);
        }
        assert!(entries.0.lock().unwrap().len() <= MOST_ENTRIES);
    }
}
