use std::fmt::Write;

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const SPEC: &str = "\
# What the churn model takes.
feature_store_uri: feast://features.example.com/churn
features:
  - name: tenure
    source: customer_profile:v2
  - {name: calls, source: lake.gold.calls_daily:2026.1}
";

fn problems(text: &str) -> String {
    FeatureSpec::parse(text.as_bytes()).unwrap_err().join("\n")
}

fn spec(names: &[&str]) -> FeatureSpec {
    let features = names.iter().map(|name| Feature {
        name: (*name).to_owned(),
        source: "t:v1".to_owned(),
        table: "t".to_owned(),
        version: "v1".to_owned(),
    });
    FeatureSpec {
        feature_store_uri: "feast://x".to_owned(),
        features: features.collect(),
    }
}

#[test]
fn a_spec_is_read() {
    let spec = FeatureSpec::parse(SPEC.as_bytes()).unwrap();
    assert_eq!(
        serde_json::to_value(spec).unwrap(),
        json!({
            "feature_store_uri": "feast://features.example.com/churn",
            "features": [
                {"name": "tenure", "source": "customer_profile:v2", "table": "customer_profile", "version": "v2"},
                {"name": "calls", "source": "lake.gold.calls_daily:2026.1", "table": "lake.gold.calls_daily", "version": "2026.1"},
            ],
        })
    );
}

#[test]
fn mistakes_have_their_place() {
    let twice = SPEC.replace("name: calls", "name: tenure");
    assert_snapshot!(problems(&twice), @"line 6, column 12: feature 'tenure' is there already, in line 4");
    let malformed = SPEC.replace("customer_profile:v2", "customer_profile");
    assert_snapshot!(problems(&malformed), @"line 5, column 13: source 'customer_profile' of feature 'tenure' is not of the form table:version, such as customer_profile:v2");
    let both = twice.replace(":v2", ":!").replace("feast://", "feast:// ");
    assert_snapshot!(problems(&both), @r#"
line 2, column 20: feature_store_uri has a space or a control character in it
line 5, column 13: source 'customer_profile:!' of feature 'tenure' is not of the form table:version, such as customer_profile:v2
line 6, column 12: feature 'tenure' is there already, in line 4
"#);
    assert_snapshot!(problems("feature_store_uri: x\nfeatures: []\n"), @"line 2, column 11: there must be at least one feature");
    assert_snapshot!(problems("feature_store_uri: ''\nfeatures: [{name: ' ', source: 'a:b'}]\n"), @r#"
line 1, column 20: feature_store_uri must not be empty
line 2, column 19: the name of a feature must not be empty
"#);
}

#[test]
fn what_is_no_spec_at_all() {
    assert_snapshot!(problems(""), @"the file is empty");
    assert_snapshot!(problems("just text"), @"line 1, column 1: there must be a mapping here, with lines of the form 'key: value'");
    assert_snapshot!(problems("features: [{name: a, source: 'a:b'}]\n"), @"line 1, column 1: missing field `feature_store_uri`");
    assert_snapshot!(problems("feature_store_uri: x\n"), @"line 1, column 1: missing field `features`");
    assert_snapshot!(problems("feature_store_uri: x\nfeatures: {a: b}\n"), @"line 2, column 11: there must be a list here, with lines that begin with '-'");
    assert_snapshot!(problems("feature_store_uri: x\nfeatures:\n  - name: a\n"), @"line 3, column 5: missing field `source`");
    assert_snapshot!(problems("feature_store_uri: x\nfeatures:\n  - name: a\n    sourc: t:v\n"), @"line 4, column 5: unknown field `sourc`, expected one of name, source");
    assert_snapshot!(problems("feature_store_uri: x\nfeatures:\n  - name: [a]\n    source: t:v\n"), @"line 3, column 11: there must be a text here");
    assert_snapshot!(problems("feature_store_uri: x\nfeatures:\n  - name: a\n   source: t:v\n"), @"line 3, column 5: missing field `source`");
    assert_snapshot!(problems("feature_store_uri: x\nfeature_store_uri: y\nfeatures: []\n"), @"line 2, column 1: duplicate mapping key `feature_store_uri` is not allowed here");
    assert_snapshot!(problems(&format!("{SPEC}---\n{SPEC}")), @"line 9, column 1: only single YAML document expected but multiple found");
    assert_snapshot!(FeatureSpec::parse(b"a: b\nc: \xff\n").unwrap_err().join("\n"), @"line 2: the file is not UTF-8");
}

#[test]
fn size_is_bounded() {
    let mut long = "feature_store_uri: x\nfeatures:\n".to_owned();
    for number in 0..11_000 {
        writeln!(long, "- {{name: f{number}, source: t:v}}").unwrap();
    }
    assert_snapshot!(problems(&long), @"the file has more than 262144 bytes");
    let shorter = long.replace("source: t:v", "source: x");
    assert_snapshot!(problems(shorter.split_inclusive('\n').take(1_000).collect::<String>().as_str()).lines().last().unwrap(), @"and 978 more");
    // What a few aliases would grow to is refused, not made.
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let inner = format!("*a{}, ", level - 1).repeat(10);
        writeln!(bomb, "a{level}: &a{level} [{inner}]").unwrap();
    }
    assert!(FeatureSpec::parse(bomb.as_bytes()).is_err());
}

/// As MLflow 3.17.2 writes it.
const COLUMNS: &str = r#"
flavors:
  python_function:
    loader_module: mlflow.sklearn
    python_version: 3.11.7
model_id: null
signature:
  inputs: '[{"type": "long", "name": "tenure", "required": true}, {"type": "double",
    "name": "na: \"me", "required": true}, {"type": "string", "name": "\u00fc ''x''",
    "required": false}, {"type": "array", "items": {"type": "long"}, "name": "list",
    "required": true}]'
  outputs: '[{"type": "long", "required": true}]'
  params: null
utc_time_created: '2026-11-23 18:58:14.887213'
"#;

fn inputs(json: &str) -> Inputs {
    Inputs::of_mlmodel(format!("signature:\n  inputs: '{json}'\n").as_bytes()).unwrap()
}

#[test]
fn signatures_are_read() {
    let Inputs::Named(columns) = Inputs::of_mlmodel(COLUMNS.as_bytes()).unwrap() else {
        panic!("the columns have names");
    };
    let seen: Vec<_> = columns
        .iter()
        .map(|input| {
            (
                input.name.as_str(),
                input.column_type.name(),
                input.required,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("tenure", "long", true),
            ("na: \"me", "double", true),
            ("\u{fc} 'x'", "string", false),
            ("list", "array", true),
        ]
    );
    let tensors = inputs(
        r#"[{"name": "x1", "type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 4]}}]"#,
    );
    let Inputs::Named(tensors) = tensors else {
        panic!("the tensor has a name");
    };
    assert!(tensors[0].is_tensor && tensors[0].required);
    assert_eq!(tensors[0].column_type.name(), "float64");
    // MLflow 1 wrote what may be left out in another way.
    let old = inputs(
        r#"[{"name": "a", "type": "long", "optional": true}, {"name": "b", "type": "long"}]"#,
    );
    let Inputs::Named(old) = old else {
        panic!("the columns have names");
    };
    assert_eq!([old[0].required, old[1].required], [false, true]);
}

#[test]
fn some_signatures_name_nothing() {
    for unnamed in [
        r#"[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 4]}}]"#,
        r#"[{"type": "double", "required": true}, {"type": "double", "required": true}]"#,
    ] {
        assert_eq!(inputs(unnamed), Inputs::Unnamed);
    }
    for absent in [
        "flavors: {}\n",
        "signature: null\n",
        "signature:\n  inputs: null\n",
        "signature: {inputs: '[]'}\n",
    ] {
        assert_eq!(
            Inputs::of_mlmodel(absent.as_bytes()).unwrap(),
            Inputs::Absent
        );
    }
    let broken = |text: &str| Inputs::of_mlmodel(text.as_bytes()).unwrap_err();
    assert_snapshot!(broken("signature: [\n"), @"line 1, column 12: there must be a mapping here, with lines of the form 'key: value'");
    assert_snapshot!(broken("signature: {inputs: 'a'}\n"), @"the inputs of its signature are no list in JSON: expected value at line 1 column 1");
}

#[test]
fn spec_and_signature_are_compared() {
    let inputs = inputs(
        r#"[{"name": "a", "type": "long", "required": true}, {"name": "b", "type": "long", "required": true},
            {"name": "c", "type": "long", "required": false}]"#,
    );
    let comparison = compare(&spec(&["b", "x", "y"]), &inputs);
    assert_eq!(comparison.missing, ["a"]);
    assert_eq!(comparison.unexpected, ["x", "y"]);
    assert_snapshot!(comparison.sentences().join("\n"), @r#"
the model's signature has inputs that the spec does not list: 'a'
the spec lists features that are no inputs of the model's signature: 'x', 'y'
"#);
    assert!(compare(&spec(&["b", "a"]), &inputs).is_clean());
    assert!(compare(&spec(&["c", "b", "a"]), &inputs).is_clean());
    assert!(compare(&spec(&["x"]), &Inputs::Unnamed).is_clean());
    assert!(compare(&spec(&["x"]), &Inputs::Absent).is_clean());
}

fn columns(json: serde_json::Value) -> Vec<Column> {
    serde_json::from_value(json).unwrap()
}

#[test]
fn columns_are_checked_against_the_signature() {
    let inputs = inputs(
        r#"[{"name": "a", "type": "long", "required": true}, {"name": "b", "type": "double", "required": true},
            {"name": "c", "type": "string", "required": false}, {"name": "d", "type": "datetime", "required": true}]"#,
    );
    let spec = spec(&["a", "b", "d"]);
    let given = columns(json!([
        "a",
        {"name": "b", "type": "int64"},
        {"name": "c", "type": "category"},
        "driver_id",
    ]));
    assert_eq!(
        serde_json::to_value(check(&spec, &inputs, &given)).unwrap(),
        json!({
            "ok": false,
            "missing": ["d"],
            "unexpected": ["driver_id"],
            "mistyped": [
                {"name": "b", "expected": "double", "given": "int64"},
                {"name": "c", "expected": "string", "given": "category"},
            ],
        })
    );
    let given = columns(json!([
        {"name": "d", "type": "datetime64[us]"},
        {"name": "b", "type": "float32"},
        {"name": "a", "type": null},
    ]));
    assert!(check(&spec, &inputs, &given).ok);
}

#[test]
fn without_names_in_the_signature_the_spec_decides() {
    let spec = spec(&["a", "b"]);
    let checked = check(
        &spec,
        &Inputs::Absent,
        &columns(json!(["b", {"name": "x", "type": "long"}])),
    );
    assert_eq!(checked.missing, ["a"]);
    assert_eq!(checked.unexpected, ["x"]);
    assert!(checked.mistyped.is_empty());
    assert!(
        check(
            &spec,
            &Inputs::Unnamed,
            &columns(json!(["b", {"name": "a", "type": "?"}]))
        )
        .ok
    );
}

#[test]
fn tensors_take_their_own_type_only() {
    let inputs = inputs(
        r#"[{"name": "x", "type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 4]}},
            {"name": "y", "type": "tensor", "tensor-spec": {"dtype": "object", "shape": [-1]}}]"#,
    );
    let checked = |x: &str, y: &str| {
        let given = columns(json!([{"name": "x", "type": x}, {"name": "y", "type": y}]));
        let mistyped = check(&spec(&["x", "y"]), &inputs, &given).mistyped;
        mistyped.into_iter().map(|one| one.name).collect::<String>()
    };
    assert_eq!(checked("float64", "object"), "");
    assert_eq!(checked("double", "object"), "");
    assert_eq!(checked("float32", "str"), "xy");
}

#[test]
fn what_is_no_column() {
    let refused = |text: &str| {
        serde_json::from_str::<Vec<Column>>(text)
            .unwrap_err()
            .to_string()
    };
    assert_snapshot!(refused("[5]"), @"invalid type: integer `5`, expected the name of a column, or an object with its name and type at line 1 column 2");
    assert_snapshot!(refused(r#"[{"type": "long"}]"#), @"missing field `name` at line 1 column 17");
    assert_snapshot!(refused(r#"[{"name": "a", "dtype": "long"}]"#), @"unknown field `dtype`, expected `name` or `type` at line 1 column 22");
    assert_snapshot!(refused(r#"[{"name": "a", "type": 5}]"#), @"invalid type: integer `5`, expected a string at line 1 column 24");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = FeatureSpec::parse(&bytes);
        let _ = Inputs::of_mlmodel(&bytes);
    }

    #[test]
    fn what_is_written_is_read(names in proptest::collection::btree_set("[a-z ü\"':#-]{1,12}", 1..8)) {
        let names: Vec<_> = names.into_iter().filter(|name| !name.trim().is_empty()).collect();
        prop_assume!(!names.is_empty());
        // JSON is YAML.
        let features: Vec<_> = names.iter().map(|name| json!({"name": name, "source": "t:1"})).collect();
        let text = json!({"feature_store_uri": "u", "features": features}).to_string();
        let spec = FeatureSpec::parse(text.as_bytes()).unwrap();
        let read: Vec<_> = spec.features.into_iter().map(|feature| feature.name).collect();
        prop_assert_eq!(read, names);
    }
}
