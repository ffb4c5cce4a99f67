-- Versions that are kept, each with what it is made of. A row that was released stays as a record.
CREATE TABLE flowkeep_retained (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
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
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    retained_id INTEGER NOT NULL REFERENCES flowkeep_retained (id),
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

-- What may not go at this moment, by the clock of this machine.
CREATE VIEW flowkeep_protected AS
SELECT id, name, version, run_id, logged_model_id, run_experiment_id, model_experiment_id
FROM flowkeep_retained
WHERE released_at IS NULL
    AND (
        keep_until > CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
        OR EXISTS (
            SELECT 1 FROM flowkeep_legal_holds
            WHERE retained_id = flowkeep_retained.id AND lifted_at IS NULL
        )
    );

-- Has a row only while a model is being renamed: the names of kept versions may then follow.
CREATE TABLE flowkeep_renaming (
    name VARCHAR(256) NOT NULL,
    new_name VARCHAR(256) NOT NULL
);

-- INSERT OR REPLACE and UPDATE OR REPLACE delete rows without asking the triggers of deletion, so
-- both are looked at for the row that they would push out.

CREATE TRIGGER flowkeep_keep_registered_models_delete BEFORE DELETE ON registered_models
WHEN OLD.workspace = 'default' AND EXISTS (SELECT 1 FROM flowkeep_protected WHERE name = OLD.name)
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: a version of the registered model is within its retention or under a legal hold'); END;
-- Before the rename, because the foreign key carries it on to versions before any trigger that comes after.
CREATE TRIGGER flowkeep_keep_registered_models_rename BEFORE UPDATE OF name, workspace ON registered_models
WHEN OLD.workspace = 'default' AND (NEW.name IS NOT OLD.name OR NEW.workspace IS NOT OLD.workspace)
BEGIN
    SELECT RAISE(ABORT, 'flowkeep keeps this: a version of the registered model is within its retention or under a legal hold')
    WHERE EXISTS (SELECT 1 FROM flowkeep_protected WHERE name = NEW.name AND NEW.name IS NOT OLD.name)
        OR (NEW.workspace IS NOT OLD.workspace AND EXISTS (SELECT 1 FROM flowkeep_protected WHERE name = OLD.name));
    INSERT INTO flowkeep_renaming (name, new_name) VALUES (OLD.name, NEW.name);
    UPDATE flowkeep_retained SET name = NEW.name
    WHERE name = OLD.name
        AND NOT EXISTS (SELECT 1 FROM registered_models WHERE workspace = NEW.workspace AND name = NEW.name);
    DELETE FROM flowkeep_renaming;
END;

CREATE TRIGGER flowkeep_keep_model_versions_delete BEFORE DELETE ON model_versions
WHEN OLD.workspace = 'default'
    AND EXISTS (SELECT 1 FROM flowkeep_protected WHERE name = OLD.name AND version = OLD.version)
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: the model version is within its retention or under a legal hold'); END;
CREATE TRIGGER flowkeep_keep_model_versions_insert BEFORE INSERT ON model_versions
WHEN NEW.workspace = 'default'
    AND EXISTS (SELECT 1 FROM flowkeep_protected WHERE name = NEW.name AND version = NEW.version)
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: the model version is within its retention or under a legal hold'); END;
-- A rename has given the kept version its new name already, so that it is not found under the old one.
CREATE TRIGGER flowkeep_keep_model_versions_update
BEFORE UPDATE OF workspace, name, version, source, storage_location, run_id, current_stage ON model_versions
WHEN OLD.workspace = 'default'
    AND (
        NEW.workspace IS NOT OLD.workspace
        OR NEW.name IS NOT OLD.name
        OR NEW.version IS NOT OLD.version
        OR NEW.source IS NOT OLD.source
        OR NEW.storage_location IS NOT OLD.storage_location
        OR NEW.run_id IS NOT OLD.run_id
        OR COALESCE(NEW.current_stage, '') NOT IN ('None', 'Staging', 'Production', 'Archived')
    )
    AND EXISTS (SELECT 1 FROM flowkeep_protected WHERE name = OLD.name AND version = OLD.version)
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: the model version is within its retention or under a legal hold'); END;
CREATE TRIGGER flowkeep_keep_model_versions_replace BEFORE UPDATE OF workspace, name, version ON model_versions
WHEN NEW.workspace = 'default'
    AND (NEW.workspace IS NOT OLD.workspace OR NEW.name IS NOT OLD.name OR NEW.version IS NOT OLD.version)
    AND EXISTS (SELECT 1 FROM flowkeep_protected WHERE name = NEW.name AND version = NEW.version)
    AND EXISTS (
        SELECT 1 FROM model_versions
        WHERE workspace = NEW.workspace AND name = NEW.name AND version = NEW.version
    )
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: the model version is within its retention or under a legal hold'); END;

CREATE TRIGGER flowkeep_keep_runs_delete BEFORE DELETE ON runs
WHEN EXISTS (SELECT 1 FROM flowkeep_protected WHERE run_id = OLD.run_uuid)
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: a model version of the run is within its retention or under a legal hold'); END;
CREATE TRIGGER flowkeep_keep_runs_insert BEFORE INSERT ON runs
WHEN EXISTS (SELECT 1 FROM flowkeep_protected WHERE run_id = NEW.run_uuid)
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: a model version of the run is within its retention or under a legal hold'); END;
CREATE TRIGGER flowkeep_keep_runs_update
BEFORE UPDATE OF run_uuid, artifact_uri, experiment_id, lifecycle_stage ON runs
WHEN (
        NEW.run_uuid IS NOT OLD.run_uuid
        OR NEW.artifact_uri IS NOT OLD.artifact_uri
        OR NEW.experiment_id IS NOT OLD.experiment_id
        OR (NEW.lifecycle_stage IS NOT OLD.lifecycle_stage AND NEW.lifecycle_stage IS NOT 'active')
    )
    AND EXISTS (SELECT 1 FROM flowkeep_protected WHERE run_id IN (OLD.run_uuid, NEW.run_uuid))
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: a model version of the run is within its retention or under a legal hold'); END;

CREATE TRIGGER flowkeep_keep_logged_models_delete BEFORE DELETE ON logged_models
WHEN EXISTS (SELECT 1 FROM flowkeep_protected WHERE logged_model_id = OLD.model_id)
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: a version of the logged model is within its retention or under a legal hold'); END;
CREATE TRIGGER flowkeep_keep_logged_models_insert BEFORE INSERT ON logged_models
WHEN EXISTS (SELECT 1 FROM flowkeep_protected WHERE logged_model_id = NEW.model_id)
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: a version of the logged model is within its retention or under a legal hold'); END;
CREATE TRIGGER flowkeep_keep_logged_models_update
BEFORE UPDATE OF model_id, experiment_id, artifact_location, source_run_id, lifecycle_stage ON logged_models
WHEN (
        NEW.model_id IS NOT OLD.model_id
        OR NEW.experiment_id IS NOT OLD.experiment_id
        OR NEW.artifact_location IS NOT OLD.artifact_location
        OR NEW.source_run_id IS NOT OLD.source_run_id
        OR (NEW.lifecycle_stage IS NOT OLD.lifecycle_stage AND NEW.lifecycle_stage IS NOT 'active')
    )
    AND EXISTS (SELECT 1 FROM flowkeep_protected WHERE logged_model_id IN (OLD.model_id, NEW.model_id))
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: a version of the logged model is within its retention or under a legal hold'); END;

CREATE TRIGGER flowkeep_keep_experiments_delete BEFORE DELETE ON experiments
WHEN EXISTS (
    SELECT 1 FROM flowkeep_protected
    WHERE run_experiment_id = OLD.experiment_id OR model_experiment_id = OLD.experiment_id
)
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: a model version of the experiment is within its retention or under a legal hold'); END;
-- An experiment is pushed out by its number or by its name.
CREATE TRIGGER flowkeep_keep_experiments_insert BEFORE INSERT ON experiments
WHEN EXISTS (
    SELECT 1 FROM experiments AS kept CROSS JOIN flowkeep_protected
    WHERE (kept.experiment_id = NEW.experiment_id OR (kept.workspace = NEW.workspace AND kept.name = NEW.name))
        AND (run_experiment_id = kept.experiment_id OR model_experiment_id = kept.experiment_id)
)
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: a model version of the experiment is within its retention or under a legal hold'); END;
CREATE TRIGGER flowkeep_keep_experiments_update
BEFORE UPDATE OF experiment_id, lifecycle_stage ON experiments
WHEN (
        NEW.experiment_id IS NOT OLD.experiment_id
        OR (NEW.lifecycle_stage IS NOT OLD.lifecycle_stage AND NEW.lifecycle_stage IS NOT 'active')
    )
    AND EXISTS (
        SELECT 1 FROM flowkeep_protected
        WHERE run_experiment_id IN (OLD.experiment_id, NEW.experiment_id)
            OR model_experiment_id IN (OLD.experiment_id, NEW.experiment_id)
    )
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: a model version of the experiment is within its retention or under a legal hold'); END;
CREATE TRIGGER flowkeep_keep_experiments_replace BEFORE UPDATE OF workspace, name ON experiments
WHEN EXISTS (
    SELECT 1 FROM experiments AS kept CROSS JOIN flowkeep_protected
    WHERE kept.workspace = NEW.workspace AND kept.name = NEW.name AND kept.experiment_id <> OLD.experiment_id
        AND (run_experiment_id = kept.experiment_id OR model_experiment_id = kept.experiment_id)
)
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: a model version of the experiment is within its retention or under a legal hold'); END;

-- flowkeep's own tables. A retention only ever grows, and ends by the clock.
CREATE TRIGGER flowkeep_retained_no_delete BEFORE DELETE ON flowkeep_retained
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: a retention cannot be deleted'); END;
CREATE TRIGGER flowkeep_retained_no_replace BEFORE INSERT ON flowkeep_retained
WHEN NEW.released_at IS NOT NULL
    OR EXISTS (SELECT 1 FROM flowkeep_retained WHERE id = NEW.id)
    OR EXISTS (
        SELECT 1 FROM flowkeep_retained
        WHERE model_id = NEW.model_id AND version = NEW.version AND released_at IS NULL
    )
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: a retention cannot be replaced'); END;
CREATE TRIGGER flowkeep_retained_only_grows BEFORE UPDATE ON flowkeep_retained
WHEN NEW.id IS NOT OLD.id
    OR NEW.model_id IS NOT OLD.model_id
    OR NEW.version IS NOT OLD.version
    OR NEW.run_id IS NOT OLD.run_id
    OR NEW.logged_model_id IS NOT OLD.logged_model_id
    OR NEW.run_experiment_id IS NOT OLD.run_experiment_id
    OR NEW.model_experiment_id IS NOT OLD.model_experiment_id
    OR NEW.address IS NOT OLD.address
    OR (
        NEW.name IS NOT OLD.name
        AND NOT EXISTS (SELECT 1 FROM flowkeep_renaming WHERE name = OLD.name AND new_name = NEW.name)
    )
    OR (OLD.archived_at IS NOT NULL AND (NEW.archived_at IS NULL OR NEW.archived_at < OLD.archived_at))
    OR (OLD.keep_until IS NOT NULL AND (NEW.keep_until IS NULL OR NEW.keep_until < OLD.keep_until))
    OR (OLD.released_at IS NOT NULL AND NEW.released_at IS NOT OLD.released_at)
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: a retention can only be made longer'); END;
CREATE TRIGGER flowkeep_retained_release BEFORE UPDATE OF released_at ON flowkeep_retained
WHEN OLD.released_at IS NULL AND NEW.released_at IS NOT NULL
    AND (
        EXISTS (SELECT 1 FROM flowkeep_protected WHERE id = OLD.id)
        OR NEW.keep_until > CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
    )
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: the model version is within its retention or under a legal hold'); END;

CREATE TRIGGER flowkeep_legal_holds_no_delete BEFORE DELETE ON flowkeep_legal_holds
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: a legal hold cannot be deleted'); END;
CREATE TRIGGER flowkeep_legal_holds_no_replace BEFORE INSERT ON flowkeep_legal_holds
WHEN EXISTS (SELECT 1 FROM flowkeep_legal_holds WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: a legal hold cannot be replaced'); END;
CREATE TRIGGER flowkeep_legal_holds_lift BEFORE UPDATE ON flowkeep_legal_holds
WHEN OLD.lifted_at IS NOT NULL
    OR NEW.lifted_at IS NULL
    OR NEW.lifted_by IS NULL
    OR TRIM(COALESCE(NEW.lift_reason, '')) = ''
    OR NEW.id IS NOT OLD.id
    OR NEW.retained_id IS NOT OLD.retained_id
    OR NEW.model_id IS NOT OLD.model_id
    OR NEW.version IS NOT OLD.version
    OR NEW.reason IS NOT OLD.reason
    OR NEW.placed_at IS NOT OLD.placed_at
    OR NEW.placed_by IS NOT OLD.placed_by
    OR NEW.placed_claimed IS NOT OLD.placed_claimed
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: a legal hold can only be lifted, once, with a reason'); END;

-- The guards of artifacts go with their version, and not before it.
CREATE TRIGGER flowkeep_guards_no_update BEFORE UPDATE ON flowkeep_guards
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: the guard of a model version cannot be changed'); END;
CREATE TRIGGER flowkeep_guards_delete BEFORE DELETE ON flowkeep_guards
WHEN EXISTS (
        SELECT 1 FROM flowkeep_retained
        WHERE model_id = OLD.model_id AND version = OLD.version AND released_at IS NULL
    )
    OR (
        OLD.kind <> 'retention'
        AND NOT EXISTS (
            SELECT 1 FROM flowkeep_history
            WHERE model_id = OLD.model_id
                AND action IN ('version.deleted', 'model.deleted')
                AND (version = OLD.version OR version IS NULL)
                AND outcome <> 'refused'
        )
    )
BEGIN SELECT RAISE(ABORT, 'flowkeep keeps this: the artifacts of a model version are guarded as long as it is there'); END;
