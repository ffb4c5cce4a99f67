//! Limits the number of deliveries that run at once, in total and for each webhook.

use std::collections::{HashMap, HashSet};

/// A webhook may have this part of the slots: one whose receiver does not answer leaves the rest to others.
const PARTS: usize = 3;

/// The running deliveries, by webhook.
#[derive(Clone, Debug)]
pub struct DeliverySlots {
    size: usize,
    used: usize,
    used_by: HashMap<String, usize>,
    /// Those whose receivers did not answer the last time. They are tried one at a time.
    silent: HashSet<String>,
}

impl DeliverySlots {
    /// Makes slots for at most `size` deliveries at once.
    pub fn new(size: usize) -> Self {
        Self {
            size: size.max(1),
            used: 0,
            used_by: HashMap::new(),
            silent: HashSet::new(),
        }
    }

    /// Returns whether all slots are taken.
    pub fn is_full(&self) -> bool {
        self.left() == 0
    }

    /// Returns the number of free slots.
    pub fn left(&self) -> usize {
        self.size.saturating_sub(self.used)
    }

    /// Returns whether another delivery of a webhook can begin.
    pub fn has_for(&self, webhook_id: &str) -> bool {
        let used = self.used_by.get(webhook_id).copied().unwrap_or_default();
        !self.is_full() && used < self.share(webhook_id)
    }

    /// Returns the webhooks that have used up their share of the slots.
    pub fn full_for(&self) -> Vec<String> {
        let full = |(id, used): &(&String, &usize)| **used >= self.share(id);
        self.used_by
            .iter()
            .filter(full)
            .map(|(id, _)| id.clone())
            .collect()
    }

    fn share(&self, webhook_id: &str) -> usize {
        if self.silent.contains(webhook_id) {
            1
        } else {
            (self.size / PARTS).max(1)
        }
    }

    /// Takes a slot for a delivery of a webhook.
    pub fn begin(&mut self, webhook_id: &str) {
        self.used += 1;
        *self.used_by.entry(webhook_id.to_owned()).or_default() += 1;
    }

    /// Frees the slot of a delivery, and remembers whether the receiver answered.
    pub fn finish(&mut self, webhook_id: &str, answered: bool) {
        self.used = self.used.saturating_sub(1);
        if let Some(used) = self.used_by.get_mut(webhook_id) {
            *used = used.saturating_sub(1);
            if *used == 0 {
                self.used_by.remove(webhook_id);
            }
        }
        if answered {
            self.silent.remove(webhook_id);
        } else {
            self.silent.insert(webhook_id.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_room_beside_each_webhook() {
        let mut slots = DeliverySlots::new(10);
        for _ in 0..3 {
            assert!(slots.has_for("a"));
            slots.begin("a");
        }
        assert!(!slots.has_for("a"));
        assert_eq!(slots.full_for(), ["a"]);
        assert!(slots.has_for("b"));
        assert_eq!(slots.left(), 7);
        slots.finish("a", false);
        // It did not answer: two are under way, and there is room for one.
        assert!(!slots.has_for("a"));
        slots.finish("a", false);
        slots.finish("a", false);
        assert!(slots.has_for("a"));
        slots.begin("a");
        assert!(!slots.has_for("a"));
        slots.finish("a", true);
        slots.begin("a");
        assert!(slots.has_for("a"));
    }

    #[test]
    fn the_smallest_room_holds_one() {
        let mut slots = DeliverySlots::new(0);
        assert!(slots.has_for("a"));
        slots.begin("a");
        assert!(slots.is_full());
        assert!(!slots.has_for("b"));
    }
}
