//! Remembers which passwords were checked, so that the slow check is made once. What is remembered is a keyed hash of
//! user, stored hash and password: a changed password is another one at once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What stands for a password that was checked. It tells nothing of the password to whoever lacks the key.
pub type Fingerprint = [u8; 32];

/// The passwords that were checked since the server started.
pub struct PasswordCache {
    /// Known to this process only.
    key: [u8; 32],
    largest: usize,
    /// When each was used last.
    checked: Mutex<HashMap<Fingerprint, Instant>>,
}

impl PasswordCache {
    pub fn new(largest: usize) -> Self {
        Self {
            key: rand::random(),
            largest,
            checked: Mutex::default(),
        }
    }

    /// Returns what stands for a password of a user whose stored hash is this one.
    pub fn fingerprint(&self, user_id: i32, stored_hash: &str, password: &str) -> Fingerprint {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            // A key of any length will do.
            return rand::random();
        };
        mac.update(&user_id.to_be_bytes());
        for text in [stored_hash, password] {
            // With its length before it, no text runs into the next one.
            mac.update(&text.len().to_be_bytes());
            mac.update(text.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    pub fn knows(&self, fingerprint: &Fingerprint) -> bool {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        match checked.get_mut(fingerprint) {
            Some(used) => {
                *used = Instant::now();
                true
            }
            None => false,
        }
    }

    /// Remembers a password that was right. If there is no room, the half that was not used for longest goes.
    pub fn remember(&self, fingerprint: Fingerprint) {
        if self.largest == 0 {
            return;
        }
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if checked.len() >= self.largest {
            let mut uses: Vec<Instant> = checked.values().copied().collect();
            uses.sort_unstable();
            let median = uses[uses.len() / 2];
            checked.retain(|_, used| *used > median);
        }
        checked.insert(fingerprint, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_user_hash_or_password_is_another_fingerprint() {
        let cache = PasswordCache::new(10);
        let known = cache.fingerprint(1, "hash", "password");
        cache.remember(known);
        assert!(cache.knows(&cache.fingerprint(1, "hash", "password")));
        for (user, hash, password) in [
            (2, "hash", "password"),
            (1, "hashp", "assword"),
            (1, "other", "password"),
            (1, "hash", "Password"),
        ] {
            assert!(!cache.knows(&cache.fingerprint(user, hash, password)));
        }
        assert!(!PasswordCache::new(10).knows(&known));
    }

    #[test]
    fn the_cache_does_not_grow_beyond_its_size() {
        let cache = PasswordCache::new(10);
        for user in 0..100 {
            cache.remember(cache.fingerprint(user, "hash", "password"));
            assert!(cache.checked.lock().unwrap().len() <= 10);
        }
        assert!(cache.knows(&cache.fingerprint(99, "hash", "password")));
        let none = PasswordCache::new(0);
        let fingerprint = none.fingerprint(1, "hash", "password");
        none.remember(fingerprint);
        assert!(!none.knows(&fingerprint));
    }
}
