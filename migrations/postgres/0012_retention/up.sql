-- Versions that are kept, each with what it is made of. A row that was released stays as a record.
CREATE TABLE flowkeep_retained (
    id BIGSERIAL NOT NULL PRIMARY KEY,
    model_id VARCHAR(36) NOT NULL,
    version INTEGER NOT NULL,
    -- What the model is called now: a trigger below follows it.
    name VARCHAR(256) NOT NULL,
    run_id VARCHAR(32),
    logged_model_id VARCHAR(36),
    run_experiment_id INTEGER,
    model_experiment_id INTEGER,
    -- Of its artifacts, as in flowkeep_guards; null where this server cannot reach them.
    address TEXT,
    -- When its retention began and until when it is kept; null while there were holds only.
    archived_at BIGINT,
    keep_until BIGINT,
    released_at BIGINT
);
CREATE UNIQUE INDEX flowkeep_retained_live ON flowkeep_retained (model_id, version) WHERE released_at IS NULL;
CREATE INDEX flowkeep_retained_name ON flowkeep_retained (name, version);
CREATE INDEX flowkeep_retained_run ON flowkeep_retained (run_id);
CREATE INDEX flowkeep_retained_logged_model ON flowkeep_retained (logged_model_id);
CREATE INDEX flowkeep_retained_run_experiment ON flowkeep_retained (run_experiment_id);
CREATE INDEX flowkeep_retained_model_experiment ON flowkeep_retained (model_experiment_id);

-- Legal holds. Several may lie on one version.
CREATE TABLE flowkeep_legal_holds (
    id BIGSERIAL NOT NULL PRIMARY KEY,
    retained_id BIGINT NOT NULL REFERENCES flowkeep_retained (id),
    model_id VARCHAR(36) NOT NULL,
    version INTEGER NOT NULL,
    reason TEXT NOT NULL,
    placed_at BIGINT NOT NULL,
    -- Who is known to have placed it, and who the client says it was.
    placed_by VARCHAR(256) NOT NULL,
    placed_claimed VARCHAR(256),
    lifted_at BIGINT,
    lifted_by VARCHAR(256),
    lifted_claimed VARCHAR(256),
    lift_reason TEXT
);
CREATE INDEX flowkeep_legal_holds_retained ON flowkeep_legal_holds (retained_id);
CREATE INDEX flowkeep_legal_holds_version ON flowkeep_legal_holds (model_id, version, id);

-- The time by the clock of this database. Its own beginning is the time of a transaction.
CREATE FUNCTION flowkeep_now_ms() RETURNS BIGINT LANGUAGE sql STABLE AS $$
    SELECT CAST(extract(epoch FROM now()) * 1000 AS BIGINT)
$$;

-- What may not go at this moment.
CREATE VIEW flowkeep_protected AS
SELECT id, name, version, run_id, logged_model_id, run_experiment_id, model_experiment_id
FROM flowkeep_retained
WHERE released_at IS NULL
    AND (
        keep_until > flowkeep_now_ms()
        OR EXISTS (
            SELECT 1 FROM flowkeep_legal_holds
            WHERE retained_id = flowkeep_retained.id AND lifted_at IS NULL
        )
    );

CREATE FUNCTION flowkeep_keep_registered_models() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.workspace = 'default' AND EXISTS (SELECT 1 FROM flowkeep_protected WHERE name = OLD.name) THEN
            RAISE EXCEPTION 'flowkeep keeps this: a version of the registered model is within its retention or under a legal hold';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.workspace = 'default' AND (NEW.name <> OLD.name OR NEW.workspace <> OLD.workspace) THEN
        IF NEW.workspace <> OLD.workspace AND EXISTS (SELECT 1 FROM flowkeep_protected WHERE name = OLD.name) THEN
            RAISE EXCEPTION 'flowkeep keeps this: a version of the registered model is within its retention or under a legal hold';
        END IF;
        UPDATE flowkeep_retained SET name = NEW.name WHERE name = OLD.name;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER flowkeep_keep_registered_models_delete BEFORE DELETE ON registered_models
FOR EACH ROW EXECUTE FUNCTION flowkeep_keep_registered_models();
-- Before the rename, so that the version is not found under its old name when the foreign key carries it on.
CREATE TRIGGER flowkeep_keep_registered_models_rename BEFORE UPDATE OF name, workspace ON registered_models
FOR EACH ROW EXECUTE FUNCTION flowkeep_keep_registered_models();

CREATE FUNCTION flowkeep_keep_model_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (
        NEW.workspace IS NOT DISTINCT FROM OLD.workspace
        AND NEW.name IS NOT DISTINCT FROM OLD.name
        AND NEW.version IS NOT DISTINCT FROM OLD.version
        AND NEW.source IS NOT DISTINCT FROM OLD.source
        AND NEW.storage_location IS NOT DISTINCT FROM OLD.storage_location
        AND NEW.run_id IS NOT DISTINCT FROM OLD.run_id
        AND COALESCE(NEW.current_stage, '') IN ('None', 'Staging', 'Production', 'Archived')
    ) THEN
        RETURN NEW;
    END IF;
    IF OLD.workspace = 'default'
        AND EXISTS (SELECT 1 FROM flowkeep_protected WHERE name = OLD.name AND version = OLD.version)
    THEN
        RAISE EXCEPTION 'flowkeep keeps this: the model version is within its retention or under a legal hold';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER flowkeep_keep_model_versions_delete BEFORE DELETE ON model_versions
FOR EACH ROW EXECUTE FUNCTION flowkeep_keep_model_versions();
CREATE TRIGGER flowkeep_keep_model_versions_update
BEFORE UPDATE OF workspace, name, version, source, storage_location, run_id, current_stage ON model_versions
FOR EACH ROW EXECUTE FUNCTION flowkeep_keep_model_versions();

CREATE FUNCTION flowkeep_keep_runs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (
        NEW.run_uuid IS NOT DISTINCT FROM OLD.run_uuid
        AND NEW.artifact_uri IS NOT DISTINCT FROM OLD.artifact_uri
        AND NEW.experiment_id IS NOT DISTINCT FROM OLD.experiment_id
        AND (
            NEW.lifecycle_stage IS NOT DISTINCT FROM OLD.lifecycle_stage
            OR NEW.lifecycle_stage IS NOT DISTINCT FROM 'active'
        )
    ) THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT 1 FROM flowkeep_protected WHERE run_id = OLD.run_uuid) THEN
        RAISE EXCEPTION 'flowkeep keeps this: a model version of the run is within its retention or under a legal hold';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER flowkeep_keep_runs_delete BEFORE DELETE ON runs
FOR EACH ROW EXECUTE FUNCTION flowkeep_keep_runs();
CREATE TRIGGER flowkeep_keep_runs_update
BEFORE UPDATE OF run_uuid, artifact_uri, experiment_id, lifecycle_stage ON runs
FOR EACH ROW EXECUTE FUNCTION flowkeep_keep_runs();

CREATE FUNCTION flowkeep_keep_logged_models() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (
        NEW.model_id IS NOT DISTINCT FROM OLD.model_id
        AND NEW.experiment_id IS NOT DISTINCT FROM OLD.experiment_id
        AND NEW.artifact_location IS NOT DISTINCT FROM OLD.artifact_location
        AND NEW.source_run_id IS NOT DISTINCT FROM OLD.source_run_id
        AND (
            NEW.lifecycle_stage IS NOT DISTINCT FROM OLD.lifecycle_stage
            OR NEW.lifecycle_stage IS NOT DISTINCT FROM 'active'
        )
    ) THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT 1 FROM flowkeep_protected WHERE logged_model_id = OLD.model_id) THEN
        RAISE EXCEPTION 'flowkeep keeps this: a version of the logged model is within its retention or under a legal hold';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER flowkeep_keep_logged_models_delete BEFORE DELETE ON logged_models
FOR EACH ROW EXECUTE FUNCTION flowkeep_keep_logged_models();
CREATE TRIGGER flowkeep_keep_logged_models_update
BEFORE UPDATE OF model_id, experiment_id, artifact_location, source_run_id, lifecycle_stage ON logged_models
FOR EACH ROW EXECUTE FUNCTION flowkeep_keep_logged_models();

CREATE FUNCTION flowkeep_keep_experiments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (
        NEW.experiment_id IS NOT DISTINCT FROM OLD.experiment_id
        AND (
            NEW.lifecycle_stage IS NOT DISTINCT FROM OLD.lifecycle_stage
            OR NEW.lifecycle_stage IS NOT DISTINCT FROM 'active'
        )
    ) THEN
        RETURN NEW;
    END IF;
    IF EXISTS (
        SELECT 1 FROM flowkeep_protected
        WHERE run_experiment_id = OLD.experiment_id OR model_experiment_id = OLD.experiment_id
    ) THEN
        RAISE EXCEPTION 'flowkeep keeps this: a model version of the experiment is within its retention or under a legal hold';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER flowkeep_keep_experiments_delete BEFORE DELETE ON experiments
FOR EACH ROW EXECUTE FUNCTION flowkeep_keep_experiments();
CREATE TRIGGER flowkeep_keep_experiments_update BEFORE UPDATE OF experiment_id, lifecycle_stage ON experiments
FOR EACH ROW EXECUTE FUNCTION flowkeep_keep_experiments();

CREATE FUNCTION flowkeep_keep_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM flowkeep_protected) THEN
        RAISE EXCEPTION 'flowkeep keeps this: a model version is within its retention or under a legal hold';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER flowkeep_keep_registered_models_truncate BEFORE TRUNCATE ON registered_models
FOR EACH STATEMENT EXECUTE FUNCTION flowkeep_keep_all();
CREATE TRIGGER flowkeep_keep_model_versions_truncate BEFORE TRUNCATE ON model_versions
FOR EACH STATEMENT EXECUTE FUNCTION flowkeep_keep_all();
CREATE TRIGGER flowkeep_keep_runs_truncate BEFORE TRUNCATE ON runs
FOR EACH STATEMENT EXECUTE FUNCTION flowkeep_keep_all();
CREATE TRIGGER flowkeep_keep_logged_models_truncate BEFORE TRUNCATE ON logged_models
FOR EACH STATEMENT EXECUTE FUNCTION flowkeep_keep_all();
CREATE TRIGGER flowkeep_keep_experiments_truncate BEFORE TRUNCATE ON experiments
FOR EACH STATEMENT EXECUTE FUNCTION flowkeep_keep_all();

-- flowkeep's own tables. A retention only ever grows, and ends by the clock.
CREATE FUNCTION flowkeep_refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'flowkeep keeps this: nothing can be deleted from %', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER flowkeep_retained_no_delete BEFORE DELETE OR TRUNCATE ON flowkeep_retained
FOR EACH STATEMENT EXECUTE FUNCTION flowkeep_refuse_removal();
CREATE TRIGGER flowkeep_legal_holds_no_delete BEFORE DELETE OR TRUNCATE ON flowkeep_legal_holds
FOR EACH STATEMENT EXECUTE FUNCTION flowkeep_refuse_removal();
CREATE TRIGGER flowkeep_guards_no_truncate BEFORE TRUNCATE ON flowkeep_guards
FOR EACH STATEMENT EXECUTE FUNCTION flowkeep_refuse_removal();

CREATE FUNCTION flowkeep_retained_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.released_at IS NOT NULL THEN
            RAISE EXCEPTION 'flowkeep keeps this: a retention does not begin at its end';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.id IS DISTINCT FROM OLD.id
        OR NEW.model_id IS DISTINCT FROM OLD.model_id
        OR NEW.version IS DISTINCT FROM OLD.version
        OR NEW.run_id IS DISTINCT FROM OLD.run_id
        OR NEW.logged_model_id IS DISTINCT FROM OLD.logged_model_id
        OR NEW.run_experiment_id IS DISTINCT FROM OLD.run_experiment_id
        OR NEW.model_experiment_id IS DISTINCT FROM OLD.model_experiment_id
        OR NEW.address IS DISTINCT FROM OLD.address
        -- Only the trigger of a rename may give it another name.
        OR (NEW.name IS DISTINCT FROM OLD.name AND pg_trigger_depth() < 2)
        OR (OLD.archived_at IS NOT NULL AND (NEW.archived_at IS NULL OR NEW.archived_at < OLD.archived_at))
        OR (OLD.keep_until IS NOT NULL AND (NEW.keep_until IS NULL OR NEW.keep_until < OLD.keep_until))
        OR (OLD.released_at IS NOT NULL AND NEW.released_at IS DISTINCT FROM OLD.released_at)
    THEN
        RAISE EXCEPTION 'flowkeep keeps this: a retention can only be made longer';
    END IF;
    IF OLD.released_at IS NULL AND NEW.released_at IS NOT NULL AND (
        NEW.keep_until > flowkeep_now_ms() OR EXISTS (SELECT 1 FROM flowkeep_protected WHERE id = OLD.id)
    ) THEN
        RAISE EXCEPTION 'flowkeep keeps this: the model version is within its retention or under a legal hold';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER flowkeep_retained_only_grows BEFORE INSERT OR UPDATE ON flowkeep_retained
FOR EACH ROW EXECUTE FUNCTION flowkeep_retained_only_grows();

CREATE FUNCTION flowkeep_legal_holds_lift() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.lifted_at IS NOT NULL
        OR NEW.lifted_at IS NULL
        OR NEW.lifted_by IS NULL
        OR TRIM(COALESCE(NEW.lift_reason, '')) = ''
        OR NEW.id IS DISTINCT FROM OLD.id
        OR NEW.retained_id IS DISTINCT FROM OLD.retained_id
        OR NEW.model_id IS DISTINCT FROM OLD.model_id
        OR NEW.version IS DISTINCT FROM OLD.version
        OR NEW.reason IS DISTINCT FROM OLD.reason
        OR NEW.placed_at IS DISTINCT FROM OLD.placed_at
        OR NEW.placed_by IS DISTINCT FROM OLD.placed_by
        OR NEW.placed_claimed IS DISTINCT FROM OLD.placed_claimed
    THEN
        RAISE EXCEPTION 'flowkeep keeps this: a legal hold can only be lifted, once, with a reason';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER flowkeep_legal_holds_lift BEFORE UPDATE ON flowkeep_legal_holds
FOR EACH ROW EXECUTE FUNCTION flowkeep_legal_holds_lift();

-- The guards of artifacts go with their version, and not before it.
CREATE FUNCTION flowkeep_keep_guards() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'flowkeep keeps this: the guard of a model version cannot be changed';
    END IF;
    IF EXISTS (
        SELECT 1 FROM flowkeep_retained
        WHERE model_id = OLD.model_id AND version = OLD.version AND released_at IS NULL
    ) OR (
        OLD.kind <> 'retention'
        AND NOT EXISTS (
            SELECT 1 FROM flowkeep_history
            WHERE model_id = OLD.model_id
                AND action IN ('version.deleted', 'model.deleted')
                AND (version = OLD.version OR version IS NULL)
                AND outcome <> 'refused'
        )
    ) THEN
        RAISE EXCEPTION 'flowkeep keeps this: the artifacts of a model version are guarded as long as it is there';
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER flowkeep_keep_guards BEFORE UPDATE OR DELETE ON flowkeep_guards
FOR EACH ROW EXECUTE FUNCTION flowkeep_keep_guards();
