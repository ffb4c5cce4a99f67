-- The runs with a tag of a certain value, without reading the tags' rows. Long values are texts that nobody
-- searches for; a query says that it looks for a short one by the same condition.
CREATE INDEX flowkeep_tags_value ON tags (key, value, run_uuid) WHERE length(value) <= 100;
