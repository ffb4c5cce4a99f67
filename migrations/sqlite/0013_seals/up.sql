-- What versions consisted of when they passed their first gate. Append-only.
CREATE TABLE flowkeep_seals (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    model_id VARCHAR(36) NOT NULL,
    version INTEGER NOT NULL,
    version_created_at BIGINT,
    -- 'sealed', or 'unsealed' with the reason: what the server could not read then.
    state VARCHAR(20) NOT NULL CHECK (state IN ('sealed', 'unsealed')),
    reason TEXT,
    -- Where the artifacts are by the version's own words, and by the keeper of artifacts.
    location TEXT NOT NULL,
    address TEXT,
    -- The SHA-256 of the manifest, and the manifest: [[path, size, sha256], …] as JSON, sorted by path.
    digest VARCHAR(64),
    manifest TEXT,
    sealed_at BIGINT NOT NULL,
    CHECK (state <> 'sealed' OR (address IS NOT NULL AND digest IS NOT NULL AND manifest IS NOT NULL)),
    CHECK (state <> 'unsealed' OR reason IS NOT NULL)
);
CREATE INDEX flowkeep_seals_version ON flowkeep_seals (model_id, version, id);
-- A version is sealed once.
CREATE UNIQUE INDEX flowkeep_seals_once ON flowkeep_seals (model_id, version, COALESCE(version_created_at, 0))
WHERE state = 'sealed';

CREATE TRIGGER flowkeep_seals_no_update BEFORE UPDATE ON flowkeep_seals
BEGIN SELECT RAISE(ABORT, 'flowkeep_seals is append-only'); END;
-- A seal may go once its version is gone.
CREATE TRIGGER flowkeep_seals_no_delete BEFORE DELETE ON flowkeep_seals
WHEN EXISTS (
    SELECT 1 FROM flowkeep_models JOIN model_versions ON model_versions.name = flowkeep_models.name
    WHERE flowkeep_models.model_id = OLD.model_id AND model_versions.version = OLD.version
    AND model_versions.current_stage <> 'Deleted_Internal'
)
BEGIN SELECT RAISE(ABORT, 'flowkeep_seals is append-only'); END;
-- INSERT OR REPLACE deletes a row without asking the triggers of deletion.
CREATE TRIGGER flowkeep_seals_no_replace BEFORE INSERT ON flowkeep_seals
WHEN EXISTS (
    SELECT 1 FROM flowkeep_seals WHERE id = NEW.id OR (
        state = 'sealed' AND NEW.state = 'sealed' AND model_id = NEW.model_id AND version = NEW.version
        AND COALESCE(version_created_at, 0) = COALESCE(NEW.version_created_at, 0)
    )
)
BEGIN SELECT RAISE(ABORT, 'flowkeep_seals is append-only'); END;
