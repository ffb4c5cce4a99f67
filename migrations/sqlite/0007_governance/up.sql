-- The policies in force, one text for each name. All replicas look here.
CREATE TABLE flowkeep_policies (
    name VARCHAR(256) NOT NULL PRIMARY KEY,
    hash VARCHAR(64) NOT NULL,
    applied_at BIGINT NOT NULL
);

-- Every text that was ever in force, by the hash of what it says: what history refers to.
CREATE TABLE flowkeep_policy_texts (
    hash VARCHAR(64) NOT NULL PRIMARY KEY,
    name VARCHAR(256) NOT NULL,
    text TEXT NOT NULL,
    first_applied_at BIGINT NOT NULL
);

-- A name for a registered model that stays when the model is renamed, and does not return when it is
-- deleted and another one takes its name.
CREATE TABLE flowkeep_models (
    model_id VARCHAR(36) NOT NULL PRIMARY KEY,
    name VARCHAR(256) NOT NULL UNIQUE,
    creation_time BIGINT
);

-- What was found out about versions. Append-only.
CREATE TABLE flowkeep_evidence (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    model_id VARCHAR(36) NOT NULL,
    version INTEGER NOT NULL,
    version_created_at BIGINT,
    -- 'evaluation', 'ab_test' or 'approval'.
    kind VARCHAR(20) NOT NULL,
    -- As JSON.
    body TEXT NOT NULL,
    -- What it was found out about: the source of the version, the digest of its content where known, and
    -- for approvals the digest of its tags.
    source TEXT,
    content_digest VARCHAR(64),
    tags_digest VARCHAR(64),
    actor VARCHAR(256) NOT NULL,
    claimed VARCHAR(256),
    recorded_at BIGINT NOT NULL
);
CREATE INDEX flowkeep_evidence_version ON flowkeep_evidence (model_id, version, id);

-- Every decision, allowed or refused. Append-only.
CREATE TABLE flowkeep_history (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    time_ms BIGINT NOT NULL,
    -- Who is known to have asked, and who the client says it is.
    actor VARCHAR(256) NOT NULL,
    claimed VARCHAR(256),
    action VARCHAR(50) NOT NULL,
    -- 'done', 'refused', or 'warned': done against the advice of a policy.
    outcome VARCHAR(20) NOT NULL,
    model VARCHAR(256),
    model_id VARCHAR(36),
    version INTEGER,
    -- Where the action gives or takes one.
    stage VARCHAR(20),
    alias VARCHAR(256),
    -- As JSON.
    before TEXT,
    after TEXT,
    policy VARCHAR(256),
    policy_hash VARCHAR(64),
    report TEXT
);
CREATE INDEX flowkeep_history_model ON flowkeep_history (model, id);
CREATE INDEX flowkeep_history_model_id ON flowkeep_history (model_id, id);
CREATE INDEX flowkeep_history_time ON flowkeep_history (time_ms);

CREATE TRIGGER flowkeep_history_no_update BEFORE UPDATE ON flowkeep_history
BEGIN SELECT RAISE(ABORT, 'flowkeep_history is append-only'); END;
CREATE TRIGGER flowkeep_history_no_delete BEFORE DELETE ON flowkeep_history
BEGIN SELECT RAISE(ABORT, 'flowkeep_history is append-only'); END;
-- INSERT OR REPLACE deletes a row without asking the triggers of deletion.
CREATE TRIGGER flowkeep_history_no_replace BEFORE INSERT ON flowkeep_history
WHEN EXISTS (SELECT 1 FROM flowkeep_history WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'flowkeep_history is append-only'); END;

CREATE TRIGGER flowkeep_evidence_no_update BEFORE UPDATE ON flowkeep_evidence
BEGIN SELECT RAISE(ABORT, 'flowkeep_evidence is append-only'); END;
CREATE TRIGGER flowkeep_evidence_no_delete BEFORE DELETE ON flowkeep_evidence
BEGIN SELECT RAISE(ABORT, 'flowkeep_evidence is append-only'); END;
CREATE TRIGGER flowkeep_evidence_no_replace BEFORE INSERT ON flowkeep_evidence
WHEN EXISTS (SELECT 1 FROM flowkeep_evidence WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'flowkeep_evidence is append-only'); END;

CREATE TRIGGER flowkeep_policy_texts_no_update BEFORE UPDATE ON flowkeep_policy_texts
BEGIN SELECT RAISE(ABORT, 'flowkeep_policy_texts is append-only'); END;
CREATE TRIGGER flowkeep_policy_texts_no_delete BEFORE DELETE ON flowkeep_policy_texts
BEGIN SELECT RAISE(ABORT, 'flowkeep_policy_texts is append-only'); END;
CREATE TRIGGER flowkeep_policy_texts_no_replace BEFORE INSERT ON flowkeep_policy_texts
WHEN EXISTS (SELECT 1 FROM flowkeep_policy_texts WHERE hash = NEW.hash)
BEGIN SELECT RAISE(ABORT, 'flowkeep_policy_texts is append-only'); END;
