//! The entity types that can be searched, and the keys that each of them has.

use std::ops::Range;

use super::error::SearchError;
use super::python::{list, set};
use super::tree::{Entity, Field};

/// The entity type that a search looks for. It decides which keys and comparators are valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Runs,
    Experiments,
    RegisteredModels,
    ModelVersions,
    LoggedModels,
}

/// The keys of datasets that filters can name.
const DATASET_KEYS: [&str; 3] = ["name", "digest", "context"];

impl Subject {
    /// Returns the attributes that filters can name.
    pub const fn attributes(self) -> &'static [&'static str] {
        match self {
            Self::Runs => &[
                "artifact_uri",
                "end_time",
                "run_id",
                "run_name",
                "start_time",
                "status",
                "user_id",
                "created",
                "Created",
                "run name",
                "Run name",
                "Run Name",
            ],
            Self::Experiments => &["name", "experiment_id", "creation_time", "last_update_time"],
            Self::RegisteredModels => &["name"],
            Self::ModelVersions => &["name", "version_number", "run_id", "source_path"],
            Self::LoggedModels => &[
                "name",
                "model_id",
                "model_type",
                "status",
                "source_run_id",
                "creation_timestamp",
                "creation_time",
                "last_updated_timestamp",
                "creation_timestamp_ms",
                "last_updated_timestamp_ms",
                "experiment_id",
                "artifact_location",
                "lifecycle_stage",
                "status_message",
            ],
        }
    }

    /// Returns the attributes that `order_by` clauses can name.
    pub const fn order_attributes(self) -> &'static [&'static str] {
        match self {
            Self::Runs => &[
                "artifact_uri",
                "end_time",
                "run_id",
                "run_name",
                "start_time",
                "status",
                "user_id",
                "created",
                "Created",
            ],
            Self::Experiments => self.attributes(),
            Self::RegisteredModels => &["timestamp", "last_updated_timestamp", "name"],
            Self::ModelVersions => &[
                "name",
                "version_number",
                "creation_timestamp",
                "last_updated_timestamp",
            ],
            Self::LoggedModels => &[
                "name",
                "model_id",
                "model_type",
                "status",
                "source_run_id",
                "creation_timestamp",
                "creation_time",
                "last_updated_timestamp",
            ],
        }
    }

    /// Returns the attributes whose values are numbers.
    pub const fn numeric_attributes(self) -> &'static [&'static str] {
        match self {
            Self::Runs => &["start_time", "end_time", "created", "Created"],
            Self::Experiments => &["creation_time", "last_update_time"],
            Self::RegisteredModels => &[],
            Self::ModelVersions => &[
                "version_number",
                "creation_timestamp",
                "last_updated_timestamp",
            ],
            Self::LoggedModels => &[
                "creation_timestamp",
                "creation_time",
                "last_updated_timestamp",
                "creation_timestamp_ms",
                "last_updated_timestamp_ms",
            ],
        }
    }

    /// Returns the attributes that can be compared with IN, sorted by name.
    pub const fn listable_attributes(self) -> &'static [&'static str] {
        match self {
            Self::Runs => &["run_id"],
            Self::Experiments => &["experiment_id"],
            Self::RegisteredModels => &["name"],
            Self::ModelVersions => &["name", "run_id"],
            Self::LoggedModels => &[],
        }
    }

    /// Returns whether the values of a field are numbers.
    pub fn is_numeric(self, field: &Field) -> bool {
        field.entity == Entity::Metric
            || field.entity == Entity::Attribute
                && self.numeric_attributes().contains(&field.key.as_str())
    }

    /// Returns the field under its main name, if its key is an alias such as `Created`.
    pub fn canonical(self, mut field: Field) -> Field {
        let name = match (self, field.entity, field.key.as_str()) {
            (Self::Runs, Entity::Attribute, "created" | "Created") => "start_time",
            (Self::Runs, Entity::Attribute, "run name" | "Run name" | "Run Name") => "run_name",
            (Self::LoggedModels, Entity::Attribute, "creation_time" | "creation_timestamp") => {
                "creation_timestamp_ms"
            }
            (Self::LoggedModels, Entity::Attribute, "last_updated_timestamp") => {
                "last_updated_timestamp_ms"
            }
            _ => return field,
        };
        name.clone_into(&mut field.key);
        field
    }

    /// Parses a field such as `metrics."a b"`. Fails if its entity is unknown, or if it is an
    /// attribute that is not in `attributes`.
    pub fn field(
        self,
        text: &str,
        span: Range<usize>,
        attributes: &[&str],
    ) -> Result<Field, SearchError> {
        let fail = |message: String| Err(SearchError::new(span, message));
        let (entity, written) = match text.split_once('.') {
            None => (Entity::Attribute, text),
            Some((entity, key)) => match self.entity(entity) {
                Ok(entity) => (entity, key),
                Err(message) => return fail(message),
            },
        };
        let unquoted = trim_quotes(written, &['\'', '"']).unwrap_or(written);
        let unquoted = trim_quotes(unquoted, &['`']).unwrap_or(unquoted);
        // For the registry, attribute names count only exactly as written.
        let attribute = match self {
            Self::RegisteredModels | Self::ModelVersions => written,
            _ => unquoted,
        };
        if entity == Entity::Attribute && !attributes.contains(&attribute) {
            return fail(format!(
                "Invalid attribute key '{attribute}' specified. Valid keys are '{}'",
                set(attributes)
            ));
        }
        if entity == Entity::Dataset && !DATASET_KEYS.contains(&unquoted) {
            return fail(format!(
                "Invalid dataset key '{unquoted}' specified. Valid keys are '{}'",
                set(&DATASET_KEYS)
            ));
        }
        Ok(Field {
            entity,
            key: unquoted.to_owned(),
        })
    }

    /// Resolves the name of an entity, such as `metrics` or `param`.
    fn entity(self, written: &str) -> Result<Entity, String> {
        if self != Self::Runs {
            return match written {
                "attribute" => Ok(Entity::Attribute),
                "tag" | "tags" => Ok(Entity::Tag),
                _ => Err(format!(
                    "Invalid entity type '{written}'. Valid entity types are ('attribute', 'tag', 'tags')"
                )),
            };
        }
        let name = trim_quotes(written, &['`']).unwrap_or(written);
        match name {
            "attribute" | "attributes" | "attr" | "run" => Ok(Entity::Attribute),
            "metric" | "metrics" => Ok(Entity::Metric),
            "parameter" | "parameters" | "param" | "params" => Ok(Entity::Param),
            "tag" | "tags" => Ok(Entity::Tag),
            "dataset" | "datasets" => Ok(Entity::Dataset),
            _ => Err(format!(
                "Invalid entity type '{name}'. Valid values are {}",
                list(&["metric", "parameter", "tag", "attribute", "dataset"])
            )),
        }
    }
}

/// Returns the text between two equal quotes, or `None` if it is not quoted with one of `quotes`.
pub fn trim_quotes<'a>(text: &'a str, quotes: &[char]) -> Option<&'a str> {
    quotes.iter().find_map(|quote| {
        text.strip_prefix(*quote)
            .and_then(|text| text.strip_suffix(*quote))
    })
}
