-- Which of flowkeep's own migrations this database has.
CREATE TABLE flowkeep_schema (
    version VARCHAR(50) NOT NULL PRIMARY KEY,
    applied_at BIGINT NOT NULL
);
