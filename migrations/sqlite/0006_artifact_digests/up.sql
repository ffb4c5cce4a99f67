-- What was stored as an artifact, as its bytes passed.
CREATE TABLE flowkeep_artifact_digests (
    -- The artifact: `mlflow-artifacts:/` and its path behind the proxy, or its own address.
    address TEXT NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    -- In hexadecimal.
    sha256 VARCHAR(64) NOT NULL,
    -- What the store said of the very file that was digested. The row speaks of no other one.
    version VARCHAR(300) NOT NULL,
    recorded_at BIGINT NOT NULL,
    -- Who stored it: the network address of the client, as long as nobody logs in.
    recorded_by VARCHAR(256)
) WITHOUT ROWID;
