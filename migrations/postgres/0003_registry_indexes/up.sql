-- First and last version of each stage of a model, without reading the others.
CREATE INDEX flowkeep_model_versions_stage ON model_versions (workspace, name, current_stage, version);
