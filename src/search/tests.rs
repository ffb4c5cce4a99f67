//! Tests of the parser, with fixed texts and with generated ones.

use proptest::prelude::*;

use super::{Subject, parse_filter, parse_order_by};

const SUBJECTS: [Subject; 5] = [
    Subject::Runs,
    Subject::Experiments,
    Subject::RegisteredModels,
    Subject::ModelVersions,
    Subject::LoggedModels,
];

/// Returns the printed tree of a filter for runs, or the error with its span.
fn runs(text: &str) -> String {
    read(text, Subject::Runs)
}

fn read(text: &str, subject: Subject) -> String {
    match parse_filter(text, subject) {
        Ok(filter) => filter.to_string(),
        Err(error) => format!("{:?} {error}", error.span),
    }
}

#[test]
fn reads_the_spellings_of_a_field() {
    for text in [
        "metrics.loss < 1",
        "metric.loss < 1",
        "metrics.`loss` < 1",
        "metrics.\"loss\" < 1",
        "`metrics`.loss<1",
        "AND metrics.loss < 1 AND",
    ] {
        assert_eq!(runs(text), "metrics.loss < 1");
    }
    assert_eq!(
        runs("params.`a b` = 'x' and Created > 5"),
        "params.`a b` = 'x' AND start_time > 5"
    );
    assert_eq!(
        runs("tags.mlflow.source.type LIKE 'L%'"),
        "tags.`mlflow.source.type` LIKE 'L%'"
    );
    assert_eq!(runs("tags.1st ilike \"it's\""), "tags.`1st` ILIKE \"it's\"");
    assert_eq!(
        runs("run_id NOT IN ('a', \"b\",)"),
        "run_id NOT IN ('a', 'b')"
    );
    assert_eq!(
        runs("tags.x IS NOT NULL AND params.y is null"),
        "tags.x IS NOT NULL AND params.y IS NULL"
    );
}

#[test]
fn errors_name_the_mistake_and_its_span() {
    assert_eq!(
        runs("metrics.loss < 1 OR metrics.loss > 2"),
        "17..19 Invalid clause(s) in filter string: 'OR'"
    );
    assert_eq!(
        runs("metrics.a-b > 1"),
        "0..11 Invalid comparison clause. Expected 'Identifier' found 'metrics.a-b'"
    );
    assert_eq!(
        runs("metrics.loss < '1'"),
        "15..18 Expected numeric value type for metric. Found '1'"
    );
    assert_eq!(
        runs("tags.k = v"),
        "9..10 Parameter value is either not quoted or unidentified quote types used for string value v. \
         Use either single or double quotes."
    );
    assert_eq!(
        runs("tags.k = 'v'; drop"),
        "14..18 Search filter contained multiple expression \"tags.k = 'v'; drop\". \
         Provide AND-ed expression list."
    );
    assert_eq!(
        read("name = 'a' OR name = 'b'", Subject::Experiments),
        "11..13 Invalid clause(s) in filter string: OR"
    );
    assert_eq!(
        read("version_number = 1.5", Subject::ModelVersions),
        "0..20 Invalid value for numeric attribute 'version_number': 1.5"
    );
    assert_eq!(
        read("tags.t IS NULL", Subject::LoggedModels),
        "0..14 Invalid comparison: tags.tIS NULL. Expected a comparison with 3 tokens."
    );
}

#[test]
fn reads_orders() {
    let order = |text| match parse_order_by(text, Subject::Runs) {
        Ok(clause) => format!("{} {}", clause.field, clause.ascending),
        Err(error) => error.to_string(),
    };
    assert_eq!(order("metrics.`a b` desc"), "metrics.`a b` false");
    assert_eq!(order("Created"), "start_time true");
    assert_eq!(
        order("metrics.x DOWN"),
        "Invalid ordering key in order_by clause 'metrics.x DOWN'."
    );
    assert_eq!(
        order("metrics.x DESC NULLS LAST"),
        "Invalid order_by clause 'metrics.x DESC NULLS LAST'. Could not be parsed."
    );
    assert_eq!(
        order("metrics.\"x"),
        "Invalid order_by clause 'metrics.\"x'. Could not be parsed."
    );
}

#[test]
fn refuses_filters_that_are_too_long() {
    let filter = vec!["tags.k = 'v'"; 501].join(" AND ");
    assert!(runs(&filter).contains("Error on parsing filter"));
    assert!(runs(&" ".repeat(10_001)).contains("Error on parsing filter"));
}

/// Generates texts from pieces of the language in any order.
fn filter_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "metrics.",
            "params.",
            "tags.",
            "datasets.",
            "attributes.",
            "attribute.",
            "name",
            "status",
            "run_id",
            "start_time",
            "version_number",
            "experiment_id",
            "creation_time",
            "context",
            "`",
            "\"",
            "'",
            "\\",
            ".",
            "=",
            "!=",
            "<",
            ">=",
            "LIKE",
            "ilike",
            "NOT",
            "IN",
            "IS",
            "NULL",
            "AND",
            "and",
            "OR",
            "(",
            ")",
            ",",
            ";",
            "*",
            "-",
            "--",
            "/*",
            "*/",
            "#",
            "[",
            "]",
            "::",
            "$",
            "?",
            "%s",
            "DESC",
            "AS",
            "where",
            "1",
            "2.5",
            "1e999",
            ".5",
            "-3",
            "0x1f",
            "1a",
            "é",
            "'x'",
            "\"y\"",
            "('a', 'b')",
            "(1)",
            "k",
            "nan",
            "\n",
            "\t",
            "´",
        ])
        .prop_map(str::to_owned),
        "[a-z]{1,4}",
        "\\PC{0,3}",
    ];
    prop::collection::vec((piece, prop::bool::ANY), 0..14).prop_map(|pieces| {
        pieces
            .into_iter()
            .map(|(piece, space)| if space { piece + " " } else { piece })
            .collect()
    })
}

/// Generates texts that are mostly valid.
fn conjunction() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        "[a-z]{1,6}",
        "`[^`\\n]{1,6}`",
        "\"[^\"\\\\\\n]{1,6}\"",
        "[a-z]\\.[a-z]"
    ];
    let text = prop_oneof![
        "'[^'\\\\]{0,6}'",
        "\"[^\"\\\\]{0,6}\"",
        "'a''b'",
        "'a\\\\'b'"
    ];
    let condition = prop_oneof![
        (key.clone(), text.clone()).prop_map(|(key, text)| format!("tags.{key} = {text}")),
        (key.clone(), text).prop_map(|(key, text)| format!("params.{key} ILIKE {text}")),
        (key.clone(), any::<f64>())
            .prop_map(|(key, number)| format!("metrics.{key} >= {number:?}")),
        (key, any::<i64>()).prop_map(|(key, number)| format!("metrics.{key} != {number}")),
        prop::collection::vec("[^'\\\\\\n)]{0,4}", 1..4)
            .prop_map(|values| format!("run_id IN ('{}')", values.join("', '"))),
        any::<f64>().prop_map(|number| format!("start_time < {number:?}")),
    ];
    prop::collection::vec(condition, 1..5).prop_map(|conditions| conditions.join(" AND "))
}

proptest! {
    #[test]
    fn a_printed_filter_is_read_as_the_same_tree(text in prop_oneof![filter_like(), conjunction(), ".{0,40}"]) {
        for subject in SUBJECTS {
            if let Ok(tree) = parse_filter(&text, subject) {
                let printed = tree.to_string();
                let again = parse_filter(&printed, subject);
                prop_assert_eq!(
                    // NaN does not equal itself, so the debug output is compared.
                    format!("{:?}", again),
                    format!("{:?}", Ok::<_, super::SearchError>(tree)),
                    "{:?} printed as {}", subject, printed
                );
            }
            let _ = parse_order_by(&text, subject);
        }
    }
}
