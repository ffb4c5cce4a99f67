//! A message of MLflow as an object of GraphQL: its JSON, read by the types of the schema.

use std::borrow::Cow;
use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::resolvers::{AsyncObjectValue, AsyncResolvedValue, FieldError, ResolveInfo};
use apollo_compiler::response::JsonValue;
use apollo_compiler::schema::{ExtendedType, Type};
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::run_details::RunDetails;
use crate::error::Error;

const RUN: &str = "MlflowRunExtension";

/// A message with the type that it has in the schema.
pub struct Message<'a> {
    pub type_name: &'a str,
    pub json: Cow<'a, Value>,
    pub run_details: Arc<RunDetails>,
}

impl AsyncObjectValue for Message<'_> {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> BoxFuture<'a, Result<AsyncResolvedValue<'a>, FieldError>> {
        Box::pin(async move {
            let found = match (self.type_name, info.field_name()) {
                (RUN, "experiment") => {
                    self.run_details
                        .experiment(self.info("experiment_id"))
                        .await
                }
                (RUN, "modelVersions") => self.run_details.versions(self.info("run_id")).await,
                (_, name) => Ok(self.json.get(snake_case(name))),
            };
            let json = found.map_err(field_error)?;
            let of_type = &info.field_definition().ty;
            Ok(resolve(info.schema(), of_type, json, &self.run_details))
        })
    }
}

impl Message<'_> {
    fn info(&self, name: &str) -> &str {
        self.json["info"][name].as_str().unwrap_or_default()
    }
}

/// Says what went wrong with one field.
pub fn field_error(error: Error) -> FieldError {
    FieldError {
        message: error.message.into_owned(),
    }
}

/// A field that a message leaves out has the value that protobuf gives it, as in MLflow's answers.
fn resolve<'a>(
    schema: &'a Schema,
    of_type: &'a Type,
    json: Option<&'a Value>,
    run_details: &Arc<RunDetails>,
) -> AsyncResolvedValue<'a> {
    if of_type.is_list() {
        let items = json.and_then(Value::as_array).map(Vec::as_slice);
        let items = items.unwrap_or_default().iter();
        let items: Vec<_> = items
            .map(|item| resolve(schema, of_type.item_type(), Some(item), run_details))
            .collect();
        return AsyncResolvedValue::list(items);
    }
    let type_name = of_type.inner_named_type().as_str();
    match schema.types.get(type_name) {
        // An error stands among the errors of the answer.
        Some(ExtendedType::Object(_)) if type_name == "ApiError" => AsyncResolvedValue::null(),
        Some(ExtendedType::Object(_)) => AsyncResolvedValue::object(Message {
            type_name,
            json: Cow::Borrowed(json.unwrap_or(&Value::Null)),
            run_details: Arc::clone(run_details),
        }),
        _ => AsyncResolvedValue::Leaf(leaf(type_name, json.unwrap_or(&Value::Null))),
    }
}

fn leaf(type_name: &str, json: &Value) -> JsonValue {
    match type_name {
        "String" => json.as_str().unwrap_or_default().into(),
        // JavaScript has no whole numbers of 64 bits.
        "LongString" => match json {
            Value::Null => "0".into(),
            Value::String(text) => text.as_str().into(),
            number => number.to_string().into(),
        },
        "Float" => match json {
            Value::Null => 0.0.into(),
            // JSON has no NaN: in a message it is a text, and here it is left out.
            number => number.as_f64().map_or(JsonValue::Null, JsonValue::from),
        },
        "Boolean" => json.as_bool().unwrap_or_default().into(),
        _enum => json.as_str().map_or(JsonValue::Null, JsonValue::from),
    }
}

/// What a field is called in a message.
pub fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
