-- Folders of artifacts that may not change any more, each with the version that it is kept for.
CREATE TABLE flowkeep_guards (
    -- An address as in flowkeep_artifact_digests, without a slash at its end.
    address TEXT NOT NULL,
    model_id VARCHAR(36) NOT NULL,
    version INTEGER NOT NULL,
    -- 'seal' or 'retention'.
    kind VARCHAR(20) NOT NULL,
    PRIMARY KEY (address, model_id, version, kind)
) WITHOUT ROWID;
CREATE INDEX flowkeep_guards_version ON flowkeep_guards (model_id, version);
