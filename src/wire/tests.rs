//! Compares the JSON of every message type with the JSON of prost-reflect, which knows the messages
//! only by their descriptors.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor,
    SerializeOptions, Value,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

include!(concat!(env!("OUT_DIR"), "/messages_list.rs"));

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let descriptors = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
    DescriptorPool::decode(descriptors.as_slice()).unwrap()
});

/// Returns the options with which prost-reflect writes JSON as MLflow's server does.
fn as_mlflow_writes() -> SerializeOptions {
    SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false)
}

/// What the tests need of a generated message.
trait Wire: Message + Default + Serialize + DeserializeOwned + PartialEq + Debug {}
impl<T: Message + Default + Serialize + DeserializeOwned + PartialEq + Debug> Wire for T {}

#[test]
fn every_message_writes_and_reads_its_json() {
    for_every_message!(check_samples);
}

fn check_samples<M: Wire>(name: &str) {
    let descriptor = POOL.get_message_by_name(name).unwrap();
    for sample in samples(&descriptor) {
        let message = M::decode(sample.encode_to_vec().as_slice()).unwrap();
        let json = serde_json::to_value(&message).unwrap();
        let expected = json_of(&sample, &as_mlflow_writes());
        assert_eq!(json, expected, "{name}");

        // The message is read from text, from camelCase names, and from integers in strings.
        let text = serde_json::to_string(&message).unwrap();
        assert_same(name, &message, &serde_json::from_str(&text).unwrap());
        for options in [
            as_mlflow_writes(),
            as_mlflow_writes().use_proto_field_name(false),
            as_mlflow_writes().stringify_64_bit_integers(true),
            as_mlflow_writes().use_enum_numbers(true),
        ] {
            let json = json_of(&sample, &options);
            assert_same(name, &message, &serde_json::from_value(json).unwrap());
        }
    }
}

/// Compares encoded bytes, because NaN does not equal itself.
#[track_caller]
fn assert_same<M: Wire>(name: &str, expected: &M, read: &M) {
    assert_eq!(
        expected.encode_to_vec(),
        read.encode_to_vec(),
        "{name}: {expected:?}, {read:?}"
    );
}

fn json_of(sample: &DynamicMessage, options: &SerializeOptions) -> Json {
    sample
        .serialize_with_options(serde_json::value::Serializer, options)
        .unwrap()
}

#[test]
fn every_message_reads_null_as_unset_and_ignores_unknown_fields() {
    for_every_message!(check_absence);
}

fn check_absence<M: Wire>(name: &str) {
    let descriptor = POOL.get_message_by_name(name).unwrap();
    let mut members: Map<String, Json> = descriptor
        .fields()
        .map(|field| (field.name().to_owned(), Json::Null))
        .collect();
    members.insert(
        "a_field_of_the_future".into(),
        serde_json::json!({"deep": [1]}),
    );
    let read: M = serde_json::from_value(members.into()).unwrap();
    assert_eq!(read, M::default(), "{name}");
}

/// The number of values of the type with the most values.
const SAMPLE_COUNT: usize = 11;

/// Returns sample messages: an empty one, one for each field alone, and one with all fields for
/// each turn of values.
fn samples(descriptor: &MessageDescriptor) -> Vec<DynamicMessage> {
    let mut samples = vec![DynamicMessage::new(descriptor.clone())];
    for turn in 0..SAMPLE_COUNT {
        samples.push(filled(descriptor, turn));
        for field in descriptor.fields() {
            let mut alone = DynamicMessage::new(descriptor.clone());
            alone.set_field(&field, field_value(&field, turn));
            samples.push(alone);
        }
    }
    samples
}

fn filled(descriptor: &MessageDescriptor, turn: usize) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        message.set_field(&field, field_value(&field, turn));
    }
    message
}

fn field_value(field: &FieldDescriptor, turn: usize) -> Value {
    let kind = field.kind();
    if field.is_map() {
        let Kind::Message(entry) = kind else {
            panic!("{}: a map of what?", field.full_name());
        };
        // A map has one entry, because the order of several entries is not defined.
        let value = value(&entry.map_entry_value_field().kind(), turn);
        Value::Map(HashMap::from([(MapKey::String("X-Key".into()), value)]))
    } else if field.is_list() {
        Value::List((0..3).map(|index| value(&kind, turn + index)).collect())
    } else {
        value(&kind, turn)
    }
}

fn value(kind: &Kind, turn: usize) -> Value {
    if let Kind::Message(descriptor) = kind {
        return Value::Message(filled(descriptor, turn));
    }
    let values = values(kind);
    values[turn % values.len()].clone()
}

fn values(kind: &Kind) -> Vec<Value> {
    match kind {
        Kind::Bool => [false, true].map(Value::Bool).into(),
        Kind::Int32 => [0, 1, -1, i32::MIN, i32::MAX].map(Value::I32).into(),
        Kind::Int64 => [0, 1, -1, i64::MIN, i64::MAX, (1 << 53) + 1]
            .map(Value::I64)
            .into(),
        Kind::Double => [
            0.0,
            -0.0,
            3.0,
            0.1,
            f64::MIN_POSITIVE,
            5e-324,
            f64::MAX,
            f64::MIN,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ]
        .map(Value::F64)
        .into(),
        Kind::String => ["", "text", "é\u{1f600}", "\"\\/\n\u{0}\u{7f}\u{2028}"]
            .map(|text| Value::String(text.into()))
            .into(),
        Kind::Enum(descriptor) => descriptor
            .values()
            .map(|value| Value::EnumNumber(value.number()))
            .collect(),
        other => panic!("no samples of {other:?}"),
    }
}
