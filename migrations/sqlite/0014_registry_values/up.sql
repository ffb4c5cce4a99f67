-- Models and versions with a tag of a certain value, and the versions of a source, without reading the others.
-- Long values are texts that nobody searches for; a query says that it looks for a short one by the same condition.
CREATE INDEX flowkeep_registered_model_tags_value ON registered_model_tags (key, value, workspace, name) WHERE length(value) <= 100;
CREATE INDEX flowkeep_model_version_tags_value ON model_version_tags (key, value, workspace, name, version) WHERE length(value) <= 100;
CREATE INDEX flowkeep_model_versions_source ON model_versions (source);

-- Deliveries that are due, but for those of some webhooks.
DROP INDEX flowkeep_webhook_outbox_due_at;
CREATE INDEX flowkeep_webhook_outbox_due_at ON flowkeep_webhook_outbox (due_at, webhook_id);
