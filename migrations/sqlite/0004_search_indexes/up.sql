-- The newest runs of an experiment, without reading the others.
CREATE INDEX flowkeep_runs_newest ON runs (experiment_id, lifecycle_stage, start_time DESC, run_uuid);
