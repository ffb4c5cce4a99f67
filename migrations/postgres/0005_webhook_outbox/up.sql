-- What is still to be delivered to webhooks. A row is written with the change that it tells of.
CREATE TABLE flowkeep_webhook_outbox (
    delivery_id VARCHAR(36) NOT NULL PRIMARY KEY,
    webhook_id VARCHAR(256) NOT NULL,
    entity VARCHAR(50) NOT NULL,
    action VARCHAR(50) NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- How often the delivery was begun.
    attempts INTEGER NOT NULL,
    -- When it is to be tried next. Whoever takes it up moves this into the future first.
    due_at BIGINT NOT NULL
);
CREATE INDEX flowkeep_webhook_outbox_due_at ON flowkeep_webhook_outbox (due_at);

-- What became of each attempt.
CREATE TABLE flowkeep_webhook_deliveries (
    delivery_id VARCHAR(36) NOT NULL,
    attempt INTEGER NOT NULL,
    webhook_id VARCHAR(256) NOT NULL,
    entity VARCHAR(50) NOT NULL,
    action VARCHAR(50) NOT NULL,
    attempted_at BIGINT NOT NULL,
    -- 'delivered', 'failed' (will be tried again) or 'given up'.
    outcome VARCHAR(20) NOT NULL,
    response_status INTEGER,
    error TEXT,
    PRIMARY KEY (delivery_id, attempt)
);
CREATE INDEX flowkeep_webhook_deliveries_attempted_at ON flowkeep_webhook_deliveries (attempted_at);
