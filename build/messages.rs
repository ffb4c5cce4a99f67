//! Puts serde attributes on the generated structs, so that they read and write MLflow's JSON.

use prost_build::Config;
use prost_reflect::{Cardinality, DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};

use super::names::rust_path;

/// Adds the serde attributes of all messages and fields to prost's configuration.
pub fn add_json_attributes(config: &mut Config, pool: &DescriptorPool) {
    config.message_attribute(
        ".",
        "#[derive(serde::Serialize, serde::Deserialize)] #[serde(default)]",
    );
    for message in pool.all_messages().filter(is_ours) {
        let path = format!(".{}", message.full_name());
        for field in message.fields() {
            assert!(
                field.containing_oneof().is_none(),
                "{}: oneof has no JSON mapping yet",
                field.full_name()
            );
            let attribute = format!("#[serde({})]", json_attributes(&field).join(", "));
            config.field_attribute(format!("{path}.{}", field.name()), attribute);
        }
    }
}

/// Returns whether a message belongs to MLflow's API. Google's own messages describe the schema and
/// are never sent as JSON.
pub fn is_ours(message: &MessageDescriptor) -> bool {
    message.package_name().starts_with("mlflow") && !message.is_map_entry()
}

/// Returns the serde attributes for a field, by its type.
fn json_attributes(field: &FieldDescriptor) -> Vec<String> {
    let mut attributes = Vec::new();
    if field.json_name() != field.name() {
        attributes.push(format!("alias = {:?}", field.json_name()));
    }
    let helpers = "crate::wire::json";
    if field.is_map() {
        attributes.push("skip_serializing_if = \"std::collections::HashMap::is_empty\"".into());
        attributes.push(format!("deserialize_with = \"{helpers}::null_as_default\""));
        return attributes;
    }
    let repeated = field.cardinality() == Cardinality::Repeated;
    attributes.push(if repeated {
        "skip_serializing_if = \"Vec::is_empty\"".into()
    } else {
        "skip_serializing_if = \"Option::is_none\"".into()
    });
    let shape = if repeated { "vec" } else { "option" };
    match field.kind() {
        Kind::Int32 | Kind::Int64 => {
            attributes.push(format!(
                "deserialize_with = \"{helpers}::integer::{shape}\""
            ));
        }
        Kind::Double => {
            attributes.push(format!("with = \"{helpers}::double::{shape}\""));
        }
        Kind::Enum(enumeration) => {
            let name = rust_path(enumeration.full_name());
            attributes.push(format!(
                "serialize_with = \"{helpers}::enumeration::serialize_{shape}::<{name}, _>\""
            ));
            attributes.push(format!(
                "deserialize_with = \"{helpers}::enumeration::deserialize_{shape}::<{name}, _>\""
            ));
        }
        Kind::String | Kind::Bool | Kind::Message(_) if repeated => {
            attributes.push(format!("deserialize_with = \"{helpers}::null_as_default\""));
        }
        Kind::String | Kind::Bool | Kind::Message(_) => {}
        other => panic!("{}: {other:?} has no JSON mapping yet", field.full_name()),
    }
    attributes
}
