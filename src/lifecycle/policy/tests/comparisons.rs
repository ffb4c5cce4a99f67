//! What NaN, infinite and unknown values come to in metrics and rules.

use super::evaluation::tried;

fn is_allowed(spec: &str, case: &str) -> bool {
    tried(spec, case).report.unwrap().allowed()
}

fn holds(expression: &str, more: &str, case: &str) -> bool {
    let spec = format!(
        "registration:\n  rules:\n  - expression: '{}'\n    message: no\n{more}",
        expression.replace('\'', "''")
    );
    is_allowed(&spec, &format!("to: registration\n{case}"))
}

const STRANGE: &str = "logged_model: {metrics: {loss: .nan, up: .inf, down: -.inf, largest: 1.7976931348623157e308, ok: 0.5}}";

#[test]
fn no_comparison_with_nan_or_a_missing_metric_is_met() {
    for metric in [
        "metrics.loss",
        "logged_model.metrics.loss",
        "metrics[\"loss\"]",
        "metrics.missing",
    ] {
        for template in [
            "M < 0.1",
            "M <= 0.1",
            "M > 0.1",
            "M >= 0.1",
            "M == 0.1",
            "M != 0.1",
            "0.1 < M",
            "0.1 != M",
            "M == M",
            "!(M >= 0.1)",
            "!(M < 0.1)",
            "!(M == 0.1)",
            "!(!(M != 0.1))",
            "M + 1.0 != 0.5",
            "-M != 0.5",
            "!(M in [0.1, 0.2])",
            "!(0.1 in [M])",
            "[M] != [0.1]",
            "{\"a\": M} != {\"a\": 0.1}",
            "int(M) < 1",
            "string(M) != \"0.1\"",
            "(M < 0.1 ? false : true)",
            "(M != 0.1) && true",
            "!((M >= 0.1) || false)",
            "[1].all(x, M != 0.1)",
            "[1].exists(x, !(M >= 0.1))",
            "[M].all(x, x != 0.1)",
            "[M].filter(x, x >= 0.1).size() == 0",
            "[M].map(x, x >= 0.1) == [false]",
        ] {
            let rule = template.replace('M', metric);
            for more in ["", "    allow_infinite: true\n"] {
                assert!(!holds(&rule, more, STRANGE), "{rule} {more}");
            }
        }
    }
    for rule in [
        "metrics != {\"loss\": 0.1}",
        "!(metrics == {\"loss\": 0.1})",
        "metrics.all(key, metrics[key] != 7.0)",
        "!(metrics.exists(key, metrics[key] == 7.0))",
        "0.0 / 0.0 != 1.0",
    ] {
        assert!(
            !holds(rule, "    allow_infinite: true\n", STRANGE),
            "{rule}"
        );
    }
}

#[test]
fn what_is_no_comparison_with_nan_is_met_as_ever() {
    for rule in [
        "has(metrics.loss)",
        "!has(metrics.missing)",
        "\"loss\" in metrics",
        "size(metrics) == 5",
        "metrics.ok < 0.6 && metrics.ok != 0.4",
        "metrics.ok < 0.6 || metrics.loss < 0.1",
        "metrics.loss < 0.1 || metrics.ok < 0.6",
        "production == null",
        "signature == null",
        "target.stage != \"Production\"",
        "version.aliases.all(alias, alias != \"champion\")",
        "tags == {}",
        "run.metrics == {}",
    ] {
        assert!(holds(rule, "", STRANGE), "{rule}");
    }
}

#[test]
fn infinite_numbers_are_compared_where_a_rule_allows_it() {
    for rule in [
        "metrics.up > 0.9",
        "metrics.up >= 0.9",
        "metrics.largest > 0.9",
        "metrics.down < 0.1",
        "!(metrics.up < 0.9)",
        "metrics.up != 0.5",
        "!(metrics.up in [0.5])",
    ] {
        assert!(!holds(rule, "", STRANGE), "{rule}");
        assert!(holds(rule, "    allow_infinite: true\n", STRANGE), "{rule}");
    }
}

#[test]
fn what_the_server_does_not_know_is_equal_to_nothing() {
    for rule in [
        "signature != false",
        "!(signature == false)",
        "version.digest != \"abc\"",
        "!(version.digest == \"abc\")",
    ] {
        assert!(!holds(rule, "", ""), "{rule}");
    }
    assert!(holds("signature != false", "", "signature: true"));
    assert!(!holds("signature != false", "", "signature: false"));
}

#[test]
fn a_bound_is_not_met_by_what_is_no_finite_number() {
    let gate = |metric: &str| {
        [
            format!("registration:\n  require:\n    metrics: [{metric}]"),
            format!("aliases:\n  champion:\n    require:\n      metrics: [{metric}]"),
            format!("stages:\n  Production:\n    require:\n      metrics: [{metric}]"),
        ]
    };
    for (metric, expected) in [
        ("loss", false),
        ("{key: loss, max: 0.1}", false),
        ("{key: loss, min: 0.1}", false),
        ("{key: loss, min: -1, max: 1, allow_infinite: true}", false),
        ("up", true),
        ("{key: up, min: 0.8}", false),
        ("{key: largest, min: 0.8}", false),
        ("{key: up, max: 0.8}", false),
        ("{key: up, max: 0.8, allow_infinite: true}", false),
        ("{key: up, min: 0.8, allow_infinite: true}", true),
        ("{key: down, max: 0.8}", false),
        ("{key: down, min: 0.8, allow_infinite: true}", false),
        ("{key: down, max: 0.8, allow_infinite: true}", true),
        ("{key: missing, max: 0.8}", false),
        ("{key: ok, min: 0.1, max: 0.8}", true),
    ] {
        let targets = ["registration", "{alias: champion}", "{stage: Production}"];
        for (spec, target) in gate(metric).iter().zip(targets) {
            let case = format!("to: {target}\n{STRANGE}");
            assert_eq!(is_allowed(spec, &case), expected, "{metric} {target}");
        }
    }
}

#[test]
fn evaluations_and_tests_are_held_to_the_same() {
    let evaluation = |metric: &str, value: &str| {
        let spec = format!(
            "stages:\n  Staging:\n    require:\n      evaluations: [{{kind: bias, metrics: [{metric}]}}]"
        );
        let case = format!(
            "to: {{stage: Staging}}\nevaluations: [{{kind: bias, verdict: passed, metrics: {{gap: {value}}}}}]"
        );
        is_allowed(&spec, &case)
    };
    assert!(evaluation("{key: gap, max: 0.1}", "0.05"));
    for value in [".nan", "-.inf", "-1.7976931348623157e308"] {
        assert!(!evaluation("{key: gap, max: 0.1}", value), "{value}");
    }
    assert!(evaluation(
        "{key: gap, max: 0.1, allow_infinite: true}",
        "-.inf"
    ));

    let won = |baseline: &str| {
        let spec =
            "stages:\n  Staging:\n    require:\n      ab_test: {metric: loss, better: lower}";
        let case = format!(
            "to: {{stage: Staging}}\nab_tests: [{{metric: loss, baseline: {{samples: 1000, mean: {baseline}, variance: 1}}, candidate: {{samples: 1000, mean: 1, variance: 1}}}}]"
        );
        is_allowed(spec, &case)
    };
    assert!(won("2"));
    assert!(!won("1.7976931348623157e308"));
}
