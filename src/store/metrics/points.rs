//! Points of runs' metrics as their tables hold them.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::store::stand_ins::storable;
use crate::wire::Metric;

/// A point that is to be logged.
#[derive(Clone, Copy)]
pub(super) struct NewPoint<'a> {
    pub(super) key: &'a str,
    pub(super) value: f64,
    pub(super) timestamp: i64,
    pub(super) run_uuid: &'a str,
    pub(super) step: i64,
    pub(super) is_nan: bool,
}

impl<'a> NewPoint<'a> {
    pub(super) fn new(run_uuid: &'a str, point: &'a Metric) -> Self {
        Self {
            key: point.key(),
            value: storable(point.value()),
            timestamp: point.timestamp(),
            run_uuid,
            step: point.step(),
            is_nan: point.value().is_nan(),
        }
    }

    fn is_newer_than(&self, other: &Self) -> bool {
        let by_value = self.value.partial_cmp(&other.value);
        (self.step, self.timestamp)
            .cmp(&(other.step, other.timestamp))
            .then(by_value.unwrap_or(Ordering::Equal))
            .is_gt()
    }
}

/// Of each metric of each run the latest point, in the order of runs and keys: then no two requests wait for
/// each other.
pub(super) fn latest_of_each<'a>(points: &[NewPoint<'a>]) -> Vec<NewPoint<'a>> {
    if let [point] = points {
        return vec![*point];
    }
    let mut latest: BTreeMap<(&str, &str), NewPoint> = BTreeMap::new();
    for point in points {
        latest
            .entry((point.run_uuid, point.key))
            .and_modify(|known| {
                if point.is_newer_than(known) {
                    *known = *point;
                }
            })
            .or_insert(*point);
    }
    latest.into_values().collect()
}
