//! Requests that create runs or log to them.

use super::{Check, batch, experiment_id, keys, run_id};
use crate::config::Limits;
use crate::error::{Error, Result};
use crate::wire::{CreateRun, LogBatch, LogMetric, LogParam, Metric, Param, RunTag, SetTag};

impl Check for CreateRun {
    fn check(&mut self, _: &Limits) -> Result<()> {
        if self.experiment_id().is_empty() {
            return Err(Error::bad_request("The run names no experiment."));
        }
        experiment_id(self.experiment_id())?;
        Ok(())
    }
}

impl Check for LogMetric {
    fn check(&mut self, _: &Limits) -> Result<()> {
        keys::dataset_of_metric(self.dataset_name(), self.dataset_digest())?;
        let point = Metric {
            key: self.key.clone(),
            value: self.value,
            timestamp: self.timestamp,
            ..Metric::default()
        };
        keys::metric(&point, "")
    }
}

impl Check for LogParam {
    fn check(&mut self, limits: &Limits) -> Result<()> {
        let mut param = Param {
            key: self.key.clone(),
            value: self.value.take(),
        };
        keys::param(&mut param, "", limits.truncate_long_values)?;
        self.value = param.value;
        Ok(())
    }
}

impl Check for SetTag {
    fn check(&mut self, limits: &Limits) -> Result<()> {
        let mut tag = RunTag {
            key: self.key.clone(),
            value: self.value.take(),
        };
        keys::run_tag(&mut tag, "", limits.truncate_long_values)?;
        self.value = tag.value;
        Ok(())
    }
}

impl Check for LogBatch {
    fn check(&mut self, limits: &Limits) -> Result<()> {
        let truncate = limits.truncate_long_values;
        for metric in &self.metrics {
            keys::dataset_of_metric(metric.dataset_name(), metric.dataset_digest())?;
        }
        run_id(self.run_id())?;
        for (index, metric) in self.metrics.iter().enumerate() {
            // A batch has up to 1,000 metrics, so the path is only written for one that is refused.
            if keys::metric(metric, "").is_err() {
                keys::metric(metric, &format!("metrics[{index}]"))?;
            }
        }
        for (index, param) in self.params.iter_mut().enumerate() {
            keys::param(param, &format!("params[{index}]"), truncate)?;
        }
        for (index, tag) in self.tags.iter_mut().enumerate() {
            keys::run_tag(tag, &format!("tags[{index}]"), truncate)?;
        }
        batch::batch(self)
    }
}
