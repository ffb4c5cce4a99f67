//! Generates the `Request` implementation of each request: its routes, its fields and a quick check
//! for missing values.

use std::fmt::Write;

use super::access;
use super::names::{rust_field, rust_path};
use prost_reflect::{
    Cardinality, DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor,
    MethodDescriptor, ReflectMessage, Value,
};

/// Generates the code for all enums and all requests of all services.
pub fn generate(pool: &DescriptorPool) -> String {
    let mut code = String::new();
    for enumeration in pool
        .all_enums()
        .filter(|enumeration| enumeration.package_name().starts_with("mlflow"))
    {
        let path = rust_path(enumeration.full_name());
        writeln!(
            code,
            "impl super::json::Enumeration for {path} {{\n\
             fn name_of(number: i32) -> Option<&'static str> {{ Self::try_from(number).ok().map(|value| value.as_str_name()) }}\n\
             fn number_of(name: &str) -> Option<i32> {{ Self::from_str_name(name).map(|value| value as i32) }}\n\
             }}"
        )
        .unwrap();
    }
    for service in pool.services() {
        for method in service.methods() {
            write_request(&mut code, &method);
        }
    }
    code
}

/// Writes the `Request` implementation of a method's input message.
fn write_request(code: &mut String, method: &MethodDescriptor) {
    let request = method.input();
    let path = rust_path(request.full_name());
    writeln!(code, "impl super::request::Request for {path} {{").unwrap();
    writeln!(
        code,
        "type Response = {};",
        rust_path(method.output().full_name())
    )
    .unwrap();
    writeln!(code, "const ROUTES: &'static [super::request::Route] = &[").unwrap();
    let mut path_parameters = Vec::new();
    for route in repeated_option(&method.options(), "flowkeep.http") {
        let route = route.as_message().expect("a route").clone();
        let text = |name: &str| {
            route
                .get_field_by_name(name)
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned()
        };
        let version = route
            .get_field_by_name("version")
            .unwrap()
            .as_i32()
            .unwrap();
        let template = text("path");
        path_parameters = parameters_of(&template);
        writeln!(
            code,
            "super::request::Route {{ method: {:?}, path: {template:?}, version: {version} }},",
            text("method")
        )
        .unwrap();
    }
    writeln!(
        code,
        "];\nconst FIELDS: &'static [super::request::Field] = &["
    )
    .unwrap();
    for field in declared_fields(&request) {
        write_field(code, &field);
    }
    writeln!(code, "];").unwrap();
    access::write_needs(code, method);
    writeln!(code, "fn may_be_incomplete(&self) -> bool {{ false").unwrap();
    for field in request.fields() {
        write_completeness_check(code, &field);
    }
    writeln!(code, "}}").unwrap();
    writeln!(
        code,
        "fn set_path_parameter(&mut self, name: &str, value: String) {{ match name {{"
    )
    .unwrap();
    for name in path_parameters {
        if request.get_field_by_name(&name).is_some() {
            writeln!(code, "{name:?} => self.{name} = Some(value),").unwrap();
        }
    }
    writeln!(code, "_ => {{ let _ = value; }} }} }}\n}}").unwrap();
}

/// Writes the description of a field: its names, type and checks.
fn write_field(code: &mut String, field: &FieldDescriptor) {
    let checks: Vec<String> = repeated_option(&field.options(), "flowkeep.check")
        .iter()
        .map(|value| {
            format!(
                "super::request::Check::from_number({})",
                value.as_enum_number().unwrap()
            )
        })
        .collect();
    let options = field.options();
    let at_most = option(&options, "flowkeep.at_most");
    let required: Vec<String> = repeated_option(&options, "flowkeep.required_in_each")
        .iter()
        .map(|value| value.as_str().unwrap().to_owned())
        .collect();
    writeln!(
        code,
        "super::request::Field {{ name: {:?}, json_name: {:?}, repeated: {}, boolean: {}, checks: &[{}], at_most: {:?}, required_in_each: &{:?} }},",
        field.name(),
        field.json_name(),
        field.cardinality() == Cardinality::Repeated,
        matches!(field.kind(), Kind::Bool),
        checks.join(", "),
        at_most.map(|value| value.as_i64().unwrap()),
        required,
    )
    .unwrap();
}

/// Writes the part of `may_be_incomplete` for a field.
///
/// It can report a message that is complete (an empty list can have been sent), but it reports
/// every message that a check of the JSON would refuse.
fn write_completeness_check(code: &mut String, field: &FieldDescriptor) {
    const REQUIRED: i32 = 1;
    let name = rust_field(field.name());
    let options = field.options();
    let repeated = field.cardinality() == Cardinality::Repeated;
    let required = repeated_option(&options, "flowkeep.check")
        .iter()
        .any(|value| value.as_enum_number() == Some(REQUIRED));
    if required {
        let condition = match (repeated, field.kind()) {
            (true, _) => format!("self.{name}.is_empty()"),
            (false, Kind::String) => format!("self.{name}.as_deref().is_none_or(str::is_empty)"),
            (false, _) => format!("self.{name}.is_none()"),
        };
        writeln!(code, "|| {condition}").unwrap();
    }
    if let Some(limit) = option(&options, "flowkeep.at_most") {
        writeln!(
            code,
            "|| self.{name}.is_some_and(|value| i64::from(value) > {})",
            limit.as_i64().unwrap()
        )
        .unwrap();
    }
    let Kind::Message(element) = field.kind() else {
        return;
    };
    let conditions: Vec<String> = repeated_option(&options, "flowkeep.required_in_each")
        .iter()
        .map(|required| {
            let part = element
                .get_field_by_name(required.as_str().unwrap())
                .expect("a field of the element");
            match part.kind() {
                Kind::String => format!("one.{}.as_deref().is_none_or(str::is_empty)", part.name()),
                _ => format!("one.{}.is_none()", part.name()),
            }
        })
        .collect();
    if !conditions.is_empty() {
        writeln!(
            code,
            "|| self.{name}.iter().any(|one| {})",
            conditions.join(" || ")
        )
        .unwrap();
    }
}

/// Returns the fields in the order of the .proto file, which is the order of the checks.
fn declared_fields(message: &MessageDescriptor) -> Vec<FieldDescriptor> {
    message
        .descriptor_proto()
        .field
        .iter()
        .map(|field| message.get_field_by_name(field.name()).unwrap())
        .collect()
}

/// Returns the value of an option, if it is set.
fn option(options: &DynamicMessage, name: &str) -> Option<Value> {
    let extension = options
        .descriptor()
        .parent_pool()
        .get_extension_by_name(name)?;
    options
        .has_extension(&extension)
        .then(|| options.get_extension(&extension).into_owned())
}

/// Returns the values of a repeated option.
pub fn repeated_option(options: &DynamicMessage, name: &str) -> Vec<Value> {
    match option(options, name) {
        Some(Value::List(values)) => values,
        Some(value) => vec![value],
        None => Vec::new(),
    }
}

/// Returns the names of the parameters in a path template.
fn parameters_of(template: &str) -> Vec<String> {
    template
        .split(['{', '}'])
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}
