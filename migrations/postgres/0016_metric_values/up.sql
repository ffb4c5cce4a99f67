-- The latest values of metrics in the order of the values, for each experiment. An index on latest_metrics would have to
-- change with each point that is logged. This table is changed later, for many points at once.
CREATE TABLE flowkeep_metric_values (
    experiment_id INTEGER NOT NULL,
    key VARCHAR(250) NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    run_uuid VARCHAR(32) NOT NULL,
    PRIMARY KEY (experiment_id, key, value, run_uuid)
);

-- The metrics that have changed since flowkeep_metric_values was brought up to date, each with the value that it has there,
-- if any. The experiment is noted only where the run no longer tells it. Rows come and go all the time.
CREATE TABLE flowkeep_metric_marks (
    key VARCHAR(250) NOT NULL,
    run_uuid VARCHAR(32) NOT NULL,
    experiment_id INTEGER,
    value DOUBLE PRECISION,
    PRIMARY KEY (key, run_uuid)
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

-- How far flowkeep_metric_values has been filled from latest_metrics, by the key of that table.
CREATE TABLE flowkeep_metric_fill (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    key VARCHAR(250) NOT NULL,
    run_uuid VARCHAR(32) NOT NULL,
    complete BOOLEAN NOT NULL
);

-- A mark that is there is locked where the row is new: else it could be worked off before this transaction ends.
CREATE FUNCTION flowkeep_metric_marks_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO flowkeep_metric_marks AS mark (key, run_uuid) VALUES (NEW.key, NEW.run_uuid)
    ON CONFLICT (key, run_uuid) DO UPDATE SET value = mark.value;
    RETURN NULL;
END
$$;
CREATE TRIGGER flowkeep_metric_marks_insert AFTER INSERT ON latest_metrics
FOR EACH ROW EXECUTE FUNCTION flowkeep_metric_marks_insert();

-- No lock is needed here: marks are worked off with their rows of latest_metrics locked, and this transaction has locked its
-- row.
CREATE FUNCTION flowkeep_metric_marks_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO flowkeep_metric_marks (key, run_uuid, value) VALUES (OLD.key, OLD.run_uuid, OLD.value) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER flowkeep_metric_marks_update AFTER UPDATE OF value, is_nan ON latest_metrics
FOR EACH ROW WHEN (OLD.value IS DISTINCT FROM NEW.value OR OLD.is_nan IS DISTINCT FROM NEW.is_nan)
EXECUTE FUNCTION flowkeep_metric_marks_update();

CREATE FUNCTION flowkeep_metric_marks_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO flowkeep_metric_marks AS mark (key, run_uuid, experiment_id, value)
    VALUES (OLD.key, OLD.run_uuid, (SELECT experiment_id FROM runs WHERE run_uuid = OLD.run_uuid), OLD.value)
    ON CONFLICT (key, run_uuid) DO UPDATE SET value = mark.value;
    INSERT INTO flowkeep_metric_marks AS mark (key, run_uuid) VALUES (NEW.key, NEW.run_uuid)
    ON CONFLICT (key, run_uuid) DO UPDATE SET value = mark.value;
    RETURN NULL;
END
$$;
CREATE TRIGGER flowkeep_metric_marks_move AFTER UPDATE OF key, run_uuid ON latest_metrics
FOR EACH ROW EXECUTE FUNCTION flowkeep_metric_marks_move();

CREATE FUNCTION flowkeep_metric_marks_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO flowkeep_metric_marks AS mark (key, run_uuid, experiment_id, value)
    VALUES (OLD.key, OLD.run_uuid, (SELECT experiment_id FROM runs WHERE run_uuid = OLD.run_uuid), OLD.value)
    ON CONFLICT (key, run_uuid) DO UPDATE SET experiment_id = coalesce(mark.experiment_id, excluded.experiment_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER flowkeep_metric_marks_delete AFTER DELETE ON latest_metrics
FOR EACH ROW EXECUTE FUNCTION flowkeep_metric_marks_delete();

CREATE FUNCTION flowkeep_metric_marks_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO flowkeep_metric_marks AS mark (key, run_uuid, experiment_id, value)
    SELECT key, run_uuid, OLD.experiment_id, value FROM latest_metrics WHERE run_uuid = OLD.run_uuid
    ON CONFLICT (key, run_uuid) DO UPDATE SET experiment_id = coalesce(mark.experiment_id, excluded.experiment_id);
    RETURN NULL;
END
$$;
CREATE TRIGGER flowkeep_metric_marks_run AFTER UPDATE OF experiment_id ON runs
FOR EACH ROW WHEN (OLD.experiment_id IS DISTINCT FROM NEW.experiment_id) EXECUTE FUNCTION flowkeep_metric_marks_run();

INSERT INTO flowkeep_metric_fill (id, key, run_uuid, complete)
SELECT 1, '', '', NOT EXISTS (SELECT 1 FROM latest_metrics);
