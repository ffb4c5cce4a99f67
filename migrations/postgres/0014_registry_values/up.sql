-- Models and versions with a tag of a certain value, and the versions of a source, without reading the others.
-- Long values are texts that nobody searches for; a query says that it looks for a short one by the same condition.
-- The workspace is left out: with it, the longest names would not fit into an index.
CREATE INDEX flowkeep_registered_model_tags_value ON registered_model_tags (key, value, name) WHERE length(value) <= 100;
CREATE INDEX flowkeep_model_version_tags_value ON model_version_tags (key, value, name, version) WHERE length(value) <= 100;
CREATE INDEX flowkeep_model_versions_source ON model_versions (source);

-- Versions are sorted without saying where NULL comes, since there is none.
DROP INDEX flowkeep_model_versions_newest;
CREATE INDEX flowkeep_model_versions_newest ON model_versions (last_updated_time DESC NULLS LAST, name, version DESC);

-- Deliveries that are due, but for those of some webhooks.
DROP INDEX flowkeep_webhook_outbox_due_at;
CREATE INDEX flowkeep_webhook_outbox_due_at ON flowkeep_webhook_outbox (due_at, webhook_id);
