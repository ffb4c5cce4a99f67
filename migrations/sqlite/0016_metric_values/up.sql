-- The latest values of metrics in the order of the values, for each experiment. An index on latest_metrics would have to
-- change with each point that is logged. This table is changed later, for many points at once.
CREATE TABLE flowkeep_metric_values (
    experiment_id INTEGER NOT NULL,
    key VARCHAR(250) NOT NULL,
    value FLOAT NOT NULL,
    run_uuid VARCHAR(32) NOT NULL,
    PRIMARY KEY (experiment_id, key, value, run_uuid)
) WITHOUT ROWID;

-- The metrics that have changed since flowkeep_metric_values was brought up to date, each with the value that it has there,
-- if any. The experiment is noted only where the run no longer tells it.
CREATE TABLE flowkeep_metric_marks (
    key VARCHAR(250) NOT NULL,
    run_uuid VARCHAR(32) NOT NULL,
    experiment_id INTEGER,
    value FLOAT,
    PRIMARY KEY (key, run_uuid)
) WITHOUT ROWID;

-- How far flowkeep_metric_values has been filled from latest_metrics, by the key of that table.
CREATE TABLE flowkeep_metric_fill (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    key VARCHAR(250) NOT NULL,
    run_uuid VARCHAR(32) NOT NULL,
    complete BOOLEAN NOT NULL
);
INSERT INTO flowkeep_metric_fill (id, key, run_uuid, complete)
SELECT 1, '', '', NOT EXISTS (SELECT 1 FROM latest_metrics);

-- OR IGNORE in a trigger gives way to what the statement around it says, so the triggers look first.
CREATE TRIGGER flowkeep_metric_marks_insert AFTER INSERT ON latest_metrics
WHEN NOT EXISTS (SELECT 1 FROM flowkeep_metric_marks WHERE key = NEW.key AND run_uuid = NEW.run_uuid)
BEGIN
    INSERT INTO flowkeep_metric_marks (key, run_uuid) VALUES (NEW.key, NEW.run_uuid);
END;

CREATE TRIGGER flowkeep_metric_marks_update AFTER UPDATE OF value, is_nan ON latest_metrics
WHEN (OLD.value IS NOT NEW.value OR OLD.is_nan IS NOT NEW.is_nan)
    AND NOT EXISTS (SELECT 1 FROM flowkeep_metric_marks WHERE key = OLD.key AND run_uuid = OLD.run_uuid)
BEGIN
    INSERT INTO flowkeep_metric_marks (key, run_uuid, value) VALUES (OLD.key, OLD.run_uuid, OLD.value);
END;

CREATE TRIGGER flowkeep_metric_marks_move AFTER UPDATE OF key, run_uuid ON latest_metrics
BEGIN
    INSERT INTO flowkeep_metric_marks (key, run_uuid, experiment_id, value)
    SELECT OLD.key, OLD.run_uuid, (SELECT experiment_id FROM runs WHERE run_uuid = OLD.run_uuid), OLD.value
    WHERE NOT EXISTS (SELECT 1 FROM flowkeep_metric_marks WHERE key = OLD.key AND run_uuid = OLD.run_uuid);
    INSERT INTO flowkeep_metric_marks (key, run_uuid) SELECT NEW.key, NEW.run_uuid
    WHERE NOT EXISTS (SELECT 1 FROM flowkeep_metric_marks WHERE key = NEW.key AND run_uuid = NEW.run_uuid);
END;

CREATE TRIGGER flowkeep_metric_marks_delete AFTER DELETE ON latest_metrics
BEGIN
    INSERT INTO flowkeep_metric_marks (key, run_uuid, value) SELECT OLD.key, OLD.run_uuid, OLD.value
    WHERE NOT EXISTS (SELECT 1 FROM flowkeep_metric_marks WHERE key = OLD.key AND run_uuid = OLD.run_uuid);
    UPDATE flowkeep_metric_marks SET experiment_id = (SELECT experiment_id FROM runs WHERE run_uuid = OLD.run_uuid)
    WHERE key = OLD.key AND run_uuid = OLD.run_uuid AND experiment_id IS NULL;
END;

CREATE TRIGGER flowkeep_metric_marks_run AFTER UPDATE OF experiment_id ON runs
WHEN OLD.experiment_id IS NOT NEW.experiment_id
BEGIN
    UPDATE flowkeep_metric_marks SET experiment_id = OLD.experiment_id
    WHERE experiment_id IS NULL
        AND (key, run_uuid) IN (SELECT key, run_uuid FROM latest_metrics WHERE run_uuid = OLD.run_uuid);
    INSERT INTO flowkeep_metric_marks (key, run_uuid, experiment_id, value)
    SELECT latest.key, latest.run_uuid, OLD.experiment_id, latest.value FROM latest_metrics latest
    WHERE latest.run_uuid = OLD.run_uuid AND NOT EXISTS (
        SELECT 1 FROM flowkeep_metric_marks mark WHERE mark.key = latest.key AND mark.run_uuid = latest.run_uuid);
END;
