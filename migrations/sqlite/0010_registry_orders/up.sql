-- Models by name, the models and versions that changed last, and the versions that a run made, without
-- reading the others. All are in one workspace, which the keys of the tables begin with: an order needs more.
CREATE INDEX flowkeep_registered_models_name ON registered_models (name);
CREATE INDEX flowkeep_registered_models_newest ON registered_models (last_updated_time DESC, name);
CREATE INDEX flowkeep_model_versions_newest ON model_versions (last_updated_time DESC, name, version DESC);
CREATE INDEX flowkeep_model_versions_run ON model_versions (run_id);
