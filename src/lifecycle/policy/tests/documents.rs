use insta::assert_snapshot;
use proptest::prelude::*;

use super::policy;
use crate::lifecycle::policy::{ModelFacts, Policy, find_tie, select};

fn problem(text: &str) -> String {
    Policy::parse(text).map_or_else(|problem| problem.to_string(), |_| "no problem".to_owned())
}

fn named(name: &str, models: &str) -> Policy {
    let text = format!(
        "apiVersion: flowkeep/v1\nkind: LifecyclePolicy\nmetadata: {{name: {name}}}\nspec: {{models: {models}}}"
    );
    Policy::parse(&text).unwrap()
}

#[test]
fn a_mistake_is_refused_with_its_place() {
    assert_snapshot!(problem(&policy("enforcment: warn")), @"line 6, column 3: unknown field `enforcment`, expected one of models, enforcement, registration, stages, aliases, versions, retention");
    assert_snapshot!(problem(&policy("enforcement: maybe")), @"line 6, column 16: unknown variant `maybe`, expected one of enforce, warn");
    assert_snapshot!(problem(&policy("stages:\n  Prod: {}")), @"line 7, column 5: unknown variant `Prod`, expected one of None, Staging, Production, Archived");
    assert_snapshot!(problem(&policy("stages:\n  Staging:\n    from: Archived")), @"line 8, column 13: expected sequence start");
    assert_snapshot!(problem(&policy("registration:\n  require:\n    tags: [a, {kee: b}]")), @"line 8, column 18: unknown field `kee`, expected one of key, values");
    assert_snapshot!(problem(&policy("registration:\n  require:\n    tags: [a, [b]]")), @"line 8, column 17: invalid type: sequence, expected a name, or a mapping with more about it");
    assert_snapshot!(problem(&policy("registration:\n  require:\n    signature: yes")), @"line 8, column 18: invalid boolean (strict mode expects true/false)");
    assert_snapshot!(problem(&policy("registration:\n  require:\n    metrics:\n    - key: auc\n      min: high")), @"line 10, column 14: invalid floating point");
    assert_snapshot!(problem(&policy("stages:\n  Staging:\n    require:\n      evaluations:\n      - kind: bias\n        max_age: 30 days")), @"line 11, column 20: '30 days': a length of time is a number and h, d, w or y, such as 30d");
    assert_snapshot!(problem(&policy("stages:\n  Staging:\n    require:\n      ab_test: {metric: a, confidence: 95}")), @"line 9, column 42: a confidence is at least 0.5 and below 1, such as 0.95");
    assert_snapshot!(problem(&policy("stages:\n  Staging:\n    approvals: {count: 0}")), @"line 8, column 19: invalid value: integer `0`, expected a nonzero u32");
    assert_snapshot!(problem(&policy("models: {names: []}")), @"line 6, column 19: names is empty, so that the policy is for no model; leave it out for all models");
    assert_snapshot!(problem(&policy("models: {names: ['']}")), @"line 6, column 20: a pattern must not be empty; '*' matches every name");
    assert_snapshot!(problem(&policy("aliases:\n  champion:\n    same_as: Production")), @"line 8, column 16: the policy says nothing of the stage Production, which same_as names");
    assert_snapshot!(problem(&policy("stages:\n  Production: {}\naliases:\n  champion:\n    same_as: Production\n    approvals: {count: 1}")), @"line 10, column 16: the alias 'champion' has the requirements of Production; beside same_as it can have none of its own");
    assert_snapshot!(problem(&policy("versions: {max_active: 0}")), @"line 6, column 14: invalid value: integer `0`, expected a nonzero u32");
    assert_snapshot!(problem(&policy("retention: {archived: 7}")), @"line 6, column 25: '7': a length of time is a number and h, d, w or y, such as 30d");
    assert_snapshot!(problem(&policy("stages: {}\nstages: {}")), @"line 7, column 3: duplicate mapping key: stages");
    assert_snapshot!(problem("apiVersion: flowkeep/v2"), @"line 1, column 13: unknown variant `flowkeep/v2`, expected one of flowkeep/v1");
    assert_snapshot!(problem("apiVersion: flowkeep/v1\nkind: LifecyclePolicy\nmetadata: {name: a b}\nspec: {}"), @"line 3, column 18: the name of a policy begins with a letter or digit and has only letters, digits, '-', '_' and '.', at most 100");
    assert_snapshot!(problem("apiVersion: flowkeep/v1\nkind: LifecyclePolicy\nspec: {}"), @"line 3, column 1: missing field `metadata`");
    assert_snapshot!(problem("apiVersion: [flowkeep/v1"), @"line 1, column 13: externally tagged enum expected scalar or mapping");
    assert_snapshot!(problem(""), @"line 1, column 1: there is no policy in it");
    assert_snapshot!(problem("# nothing\n---\n"), @"line 1, column 1: there is no policy in it");
}

#[test]
fn an_expression_is_compiled_as_it_is_read() {
    let rule = |expression: &str| {
        problem(&policy(&format!(
            "stages:\n  Staging:\n    rules:\n    - message: no\n      expression: {expression}"
        )))
    };
    assert_snapshot!(rule("metrics.auc >= 0.9 && tags.all(t, t != '')"), @"no problem");
    assert_snapshot!(rule("metrics.auc >="), @"line 10, column 21: the expression, at its line 1, column 15: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}");
    assert_snapshot!(rule("metric.auc >= 0.9"), @"line 10, column 21: the expression speaks of 'metric', which does not exist; there are approvals, evaluations, logged_model, metrics, model, now_ms, params, production, run, signature, tags, target, version");
    assert_snapshot!(rule("tags.all(t, u != '')"), @"line 10, column 21: the expression speaks of 'u', which does not exist; there are approvals, evaluations, logged_model, metrics, model, now_ms, params, production, run, signature, tags, target, version");
    assert_snapshot!(rule("average(metrics) > 1"), @"line 10, column 21: the expression calls average(), which does not exist");
    assert_snapshot!(rule("tags.all(a, tags.all(b, tags.all(c, a == b && b == c)))"), @"line 10, column 21: the expression nests more than 2 of all(), exists(), map() and filter()");
    assert_snapshot!(rule(&format!("{}1{}", "(".repeat(500), ")".repeat(500))), @"line 10, column 21: the expression is nested too deeply");
    assert_snapshot!(rule(&vec!["1"; 900].join("+")), @"line 10, column 21: the expression is nested more than 60 deep");
    assert_snapshot!(rule(&"a".repeat(3000)), @"line 10, column 21: an expression has at most 2000 bytes");
}

#[test]
fn comments_and_layout_do_not_change_the_hash() {
    let policy = Policy::parse(&policy("enforcement: warn\nmodels: {names: [a, b]}")).unwrap();
    let other = Policy::parse(
        "# A comment.\nkind: LifecyclePolicy\napiVersion: 'flowkeep/v1'\nmetadata: {name: credit}\n\
         spec:\n  models:\n    names: [a, 'b'] # the same\n  enforcement: warn\n",
    )
    .unwrap();
    assert_eq!(policy.hash(), other.hash());
    assert_ne!(policy.text(), other.text());
    assert_snapshot!(policy.hash(), @"5842a0281de59f268cd1512ce8218c82aca673f316d67a6bab3513aeb73dbc5e");
}

#[test]
fn a_file_has_several_policies() {
    let first = policy("enforcement: warn");
    let second = first.replace("name: credit", "name: fraud");
    let policies = Policy::parse_all(&format!("---\n{first}---\n{second}")).unwrap();
    let names: Vec<&str> = policies.iter().map(Policy::name).collect();
    assert_eq!(names, ["credit", "fraud"]);
    assert_eq!(policies[0].text(), first);
    assert_eq!(policies[1].text(), second);

    let wrong = second.replace("warn", "maybe");
    let problem = Policy::parse_all(&format!("{first}---\n{wrong}")).unwrap_err();
    assert_eq!(problem.line, 13);
    assert_snapshot!(Policy::parse_all(&format!("{first}---\n{first}")).unwrap_err(), @"line 8, column 1: there are two policies named 'credit'");
    assert_snapshot!(Policy::parse(&format!("{first}---\n{second}")).unwrap_err(), @"line 1, column 1: one policy is wanted here, and there are 2");
}

#[test]
fn the_most_specific_policy_wins() {
    let policies = [
        named("all", "{}"),
        named("credit", "{names: ['credit-*', loans]}"),
        named("card", "{names: [credit-card]}"),
        named("tagged", "{names: ['credit-*'], tags: {tier: '1'}}"),
    ];
    assert_eq!(find_tie(&policies), None);
    let chosen = |name: &str, tier: Option<&str>| {
        let model = ModelFacts {
            name: name.to_owned(),
            tags: tier
                .map(|tier| ("tier".to_owned(), tier.to_owned()))
                .into_iter()
                .collect(),
        };
        select(&policies, &model).map(Policy::name)
    };
    assert_eq!(chosen("fraud", None), Some("all"));
    assert_eq!(chosen("loans", None), Some("credit"));
    assert_eq!(chosen("credit-risk", None), Some("credit"));
    assert_eq!(chosen("credit-risk", Some("1")), Some("tagged"));
    assert_eq!(chosen("credit-risk", Some("2")), Some("credit"));
    assert_eq!(chosen("credit-card", Some("1")), Some("card"));
    assert!(select(&policies[1..], &ModelFacts::default()).is_none());
}

#[test]
fn ties_are_found() {
    let tie = |left: &str, right: &str| {
        find_tie(&[named("a", left), named("b", right)]).map(|tie| tie.to_string())
    };
    assert_snapshot!(tie("{names: ['credit-*']}", "{names: [x, '*-scorer']}").unwrap(), @"Policies 'a' and 'b' can match the same model, and neither is the more specific: 'credit-*' and '*-scorer'. Make one pattern longer, or tell the models apart by tags.");
    assert!(tie("{}", "{}").is_some());
    assert!(tie("{names: [a]}", "{names: [a]}").is_some());
    assert!(tie("{tags: {a: '1'}}", "{tags: {b: '1'}}").is_some());
    for (left, right) in [
        ("{names: ['credit-*']}", "{names: ['frauds-*']}"),
        ("{names: ['credit-*']}", "{names: ['*-risk']}"),
        ("{tags: {a: '1'}}", "{tags: {a: '2'}}"),
        ("{tags: {a: '1'}}", "{}"),
    ] {
        assert_eq!(tie(left, right), None, "{left} {right}");
    }
}

#[test]
fn the_schema_knows_every_key() {
    insta::assert_json_snapshot!("schema", crate::lifecycle::policy::schema());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = Policy::parse_all(&text);
    }

    #[test]
    fn no_document_makes_it_panic(text in r"(apiVersion: flowkeep/v1\n|kind: LifecyclePolicy\n|spec:\n|  |- |stages:|Staging: |rules:|[{}\[\]:,#&*!'|>\n]|[a-z0-9 ]{0,5}){0,20}") {
        let _ = Policy::parse_all(&text);
    }

    #[test]
    fn no_expression_makes_it_panic(expression in r#"([a-z]{1,3}|metrics|tags|\.|\(|\)|\[|\]|\{|\}|"|'|[0-9]{1,20}|[-+*/%<>=!&|?:, ]|all|exists|size|matches){0,30}"#) {
        let _ = crate::lifecycle::policy::expression::Expression::try_from(expression);
    }
}
