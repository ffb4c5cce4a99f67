-- What flowkeep adds to MLflow's tables of users.
CREATE TABLE flowkeep_user_tokens (
    id SERIAL NOT NULL PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name VARCHAR(255) NOT NULL,
    -- SHA-256 of the token, in hexadecimal.
    token_hash VARCHAR(64) NOT NULL UNIQUE,
    created_ms BIGINT NOT NULL,
    expires_ms BIGINT,
    last_used_ms BIGINT,
    UNIQUE (user_id, name)
);

CREATE TABLE flowkeep_disabled_users (
    user_id INTEGER NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    disabled_ms BIGINT NOT NULL
);

CREATE TABLE flowkeep_auth_schema (
    version VARCHAR(32) NOT NULL PRIMARY KEY,
    applied_at BIGINT NOT NULL
);
