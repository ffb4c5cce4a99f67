-- What the zeros in logged_model_metrics stand for. MLflow puts 0 in place of NaN, and keeps no note of it there. For
-- each zero that flowkeep wrote, this says whether NaN was logged.
CREATE TABLE flowkeep_logged_model_values (
    model_id VARCHAR(36) NOT NULL,
    metric_name VARCHAR(500) NOT NULL,
    metric_timestamp_ms BIGINT NOT NULL,
    metric_step BIGINT NOT NULL,
    run_id VARCHAR(32) NOT NULL,
    is_nan BOOLEAN NOT NULL,
    PRIMARY KEY (model_id, metric_name, metric_timestamp_ms, metric_step, run_id)
);

-- No foreign key: MLflow's own migrations may rebuild its table.
CREATE FUNCTION flowkeep_logged_model_values_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM flowkeep_logged_model_values
    WHERE model_id = OLD.model_id AND metric_name = OLD.metric_name
        AND metric_timestamp_ms = OLD.metric_timestamp_ms AND metric_step = OLD.metric_step AND run_id = OLD.run_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER flowkeep_logged_model_values_delete AFTER DELETE ON logged_model_metrics
FOR EACH ROW EXECUTE FUNCTION flowkeep_logged_model_values_delete();
