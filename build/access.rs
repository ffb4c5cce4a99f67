//! Generates what the sender of each request needs, and what the request names for it.

use std::fmt::Write;

use prost_reflect::{
    Cardinality, DynamicMessage, Kind, MessageDescriptor, MethodDescriptor, ReflectMessage,
};

use super::names::rust_field;
use super::requests::repeated_option;

/// One `flowkeep.access` of a method.
struct Access {
    resource: String,
    action: String,
    field: String,
    if_given: bool,
}

/// Writes the needs of a method, and how they are read from its request. A method without any is an error: every
/// route says who may call it.
pub fn write_needs(code: &mut String, method: &MethodDescriptor) {
    let all: Vec<Access> = repeated_option(&method.options(), "flowkeep.access")
        .iter()
        .map(|value| read(value.as_message().expect("a message")))
        .collect();
    assert!(
        !all.is_empty(),
        "{} does not say what its caller needs: flowkeep.access",
        method.full_name()
    );
    writeln!(code, "const NEEDS: &'static [super::needs::Need] = &[").unwrap();
    for access in &all {
        writeln!(
            code,
            "super::needs::Need {{ action: super::needs::Action::{}, resource: super::needs::Resource::{}, field: {:?}, if_given: {} }},",
            access.action, access.resource, access.field, access.if_given
        )
        .unwrap();
    }
    writeln!(code, "];").unwrap();
    writeln!(
        code,
        "fn names_for(&self, need: usize) -> Vec<&str> {{ match need {{"
    )
    .unwrap();
    for (place, access) in all.iter().enumerate() {
        if let Some(names) = names(&method.input(), access) {
            writeln!(code, "{place} => {names},").unwrap();
        }
    }
    writeln!(code, "_ => Vec::new() }} }}").unwrap();
    write_tags(code, &method.input());
}

fn read(access: &DynamicMessage) -> Access {
    let name = |field: &str| {
        let value = access.get_field_by_name(field).expect("a field");
        let number = value.as_enum_number().expect("an enum");
        let descriptor = access
            .descriptor()
            .get_field_by_name(field)
            .expect("a field");
        let Kind::Enum(enumeration) = descriptor.kind() else {
            panic!("{field} is an enum");
        };
        camel_case(enumeration.get_value(number).expect("a value").name())
    };
    let field = access.get_field_by_name("field").expect("a field");
    let if_given = access.get_field_by_name("if_given").expect("a field");
    Access {
        resource: name("resource"),
        action: name("needs"),
        field: field.as_str().expect("a text").to_owned(),
        if_given: if_given.as_bool().expect("a boolean"),
    }
}

/// Returns an expression with what a request names for a need; none where a parameter of the path that the message
/// does not have names it, or nothing.
fn names(request: &MessageDescriptor, access: &Access) -> Option<String> {
    let text = |name: &str| {
        let field = request
            .get_field_by_name(name)
            .unwrap_or_else(|| panic!("{} has no field {name}", request.full_name()));
        assert!(matches!(field.kind(), Kind::String), "{name} is a text");
        format!("self.{}.as_deref().unwrap_or_default()", rust_field(name))
    };
    let field = access.field.as_str();
    if let Some((list, part)) = field.split_once('.') {
        return Some(format!(
            "self.{}.iter().filter_map(|one| one.{}.as_deref()).filter(|name| !name.is_empty()).collect()",
            rust_field(list),
            rust_field(part)
        ));
    }
    if field.contains('+') {
        let parts: Vec<String> = field.split('+').map(text).collect();
        return Some(format!("vec![{}]", parts.join(", ")));
    }
    if field.contains('|') {
        let parts: Vec<String> = field.split('|').map(text).collect();
        return Some(format!("super::request::any_of(&[{}])", parts.join(", ")));
    }
    let descriptor = request.get_field_by_name(field)?;
    if descriptor.cardinality() == Cardinality::Repeated {
        return Some(format!(
            "self.{}.iter().map(String::as_str).collect()",
            rust_field(field)
        ));
    }
    let given = text(field);
    Some(if access.if_given {
        format!("Some({given}).filter(|name| !name.is_empty()).into_iter().collect()")
    } else {
        format!("vec![{given}]")
    })
}

/// Writes how the tags of a request are read, if it has any.
fn write_tags(code: &mut String, request: &MessageDescriptor) {
    let Some(tags) = request.get_field_by_name("tags") else {
        return;
    };
    let is_pair = |element: &MessageDescriptor| {
        ["key", "value"]
            .iter()
            .all(|part| element.get_field_by_name(part).is_some())
    };
    if let Kind::Message(element) = tags.kind()
        && tags.is_list()
        && is_pair(&element)
    {
        writeln!(
            code,
            "fn given_tags(&self) -> Vec<(&str, &str)> {{ self.tags.iter().map(|tag| (tag.key(), tag.value())).collect() }}"
        )
        .unwrap();
    }
}

/// `MODEL_VERSION` as `ModelVersion`.
fn camel_case(name: &str) -> String {
    name.split('_')
        .flat_map(|part| {
            let (first, rest) = part.split_at(1);
            [first.to_owned(), rest.to_lowercase()]
        })
        .collect()
}
