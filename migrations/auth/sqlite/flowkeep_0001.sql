-- What flowkeep adds to MLflow's tables of users. SQLite gives the id of a deleted user to the next one, and stock
-- MLflow deletes users too: triggers see to it that nobody inherits a token.
CREATE TABLE flowkeep_user_tokens (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL,
    name VARCHAR(255) NOT NULL,
    -- SHA-256 of the token, in hexadecimal.
    token_hash VARCHAR(64) NOT NULL UNIQUE,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT,
    last_used_ms BIGINT,
    UNIQUE (user_id, name)
);

CREATE TABLE flowkeep_disabled_users (
    user_id INTEGER NOT NULL PRIMARY KEY,
    disabled_ms BIGINT NOT NULL
);

CREATE TABLE flowkeep_auth_schema (
    version VARCHAR(32) NOT NULL PRIMARY KEY,
    applied_at BIGINT NOT NULL
);
