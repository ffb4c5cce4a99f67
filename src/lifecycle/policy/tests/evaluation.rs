use insta::assert_snapshot;
use proptest::prelude::*;

use super::policy;
use crate::lifecycle::policy::cases::{CaseResult, Cases};
use crate::lifecycle::policy::{Policy, Report};

/// What comes of a case with these lines.
pub fn tried(spec: &str, case: &str) -> CaseResult {
    let mut text =
        String::from("cases:\n- name: case\n  model: {name: credit-risk}\n  expect: allow\n");
    for line in case.trim().lines() {
        text.push_str("  ");
        text.push_str(line);
        text.push('\n');
    }
    let cases = Cases::parse(&text).unwrap();
    let policy = Policy::parse(&policy(spec)).unwrap();
    cases.run(&[policy]).remove(0)
}

fn report(spec: &str, case: &str) -> Report {
    tried(spec, case).report.unwrap()
}

/// The message of a refusal, or what was found.
fn told(spec: &str, case: &str) -> String {
    let report = report(spec, case);
    if report.is_refusal() {
        return report.details();
    }
    let lines: Vec<String> = report
        .requirements
        .iter()
        .map(|requirement| format!("{}: {}", requirement.id, requirement.explanation))
        .collect();
    lines.join("\n")
}

#[test]
fn the_example_policy_passes_its_cases() {
    let policies =
        Policy::parse_all(include_str!("../../../../examples/meridian-policy.yaml")).unwrap();
    let cases = Cases::parse(include_str!(
        "../../../../examples/meridian-policy-cases.yaml"
    ))
    .unwrap();
    let failed: Vec<CaseResult> = cases
        .run(&policies)
        .into_iter()
        .filter(|result| !result.passed)
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

const REGISTRATION: &str = "
registration:
  require:
    tags: [dataset_version, {key: algorithm, values: [xgboost, 'light*']}]
    params: [depth]
    metrics: [{key: auc, min: 0.8}, {key: loss, max: 1}]
    signature: true
    feature_spec: true
";

#[test]
fn what_a_version_lacks_is_told_with_the_remedy() {
    assert_snapshot!(told(REGISTRATION, "to: registration"), @r###"
7 of 7 requirements of policy 'credit' are not met: tag:dataset_version, tag:algorithm, param:depth, metric:auc, metric:loss, signature, feature_spec. A version of model 'credit-risk' cannot be registered:
- tag:dataset_version: there is no tag 'dataset_version' on the version, its logged model or its run. Register it with tags={"dataset_version": "…"}, or set the tag on its run first.
- tag:algorithm: there is no tag 'algorithm' on the version, its logged model or its run. Register it with tags={"algorithm": "…"}, or set the tag on its run first.
- param:depth: there is no parameter 'depth' on the version's logged model or run. Log it to the version's run: mlflow.log_param("depth", …).
- metric:auc: there is no metric 'auc' on the version's logged model or run. Log it to the version's run: mlflow.log_metric("auc", …).
- metric:loss: there is no metric 'loss' on the version's logged model or run. Log it to the version's run: mlflow.log_metric("loss", …).
- signature: the server cannot read the model's MLmodel file to look for a signature. Log the model to the server's artifact storage and register it from there.
- feature_spec: the server cannot read the model's artifacts to look for a feature retrieval spec. Log the model to the server's artifact storage and register it from there.
"###);
}

#[test]
fn what_a_version_has_must_be_good_enough() {
    let case = "
to: registration
version: {tags: {dataset_version: '', algorithm: svm}}
logged_model: {metrics: {auc: 0.7}}
run: {metrics: {auc: 0.9, loss: 2.5}, params: {depth: '7'}}
signature: false
feature_spec: true
";
    assert_snapshot!(told(REGISTRATION, case), @r###"
5 of 7 requirements of policy 'credit' are not met: tag:dataset_version, tag:algorithm, metric:auc, metric:loss, signature. A version of model 'credit-risk' cannot be registered:
- tag:dataset_version: the tag 'dataset_version' of the version is empty. Register it with tags={"dataset_version": "…"}, or set the tag on its run first.
- tag:algorithm: the tag 'algorithm' of the version is 'svm', and must be xgboost or light*.
- metric:auc: the metric 'auc' of its logged model is 0.7, and must be at least 0.8.
- metric:loss: the metric 'loss' of its run is 2.5, and must be at most 1.
- signature: the model has no signature. Log it with signature=… or input_example=… and register it anew.
"###);
}

#[test]
fn lineage_counts() {
    let case = "
to: registration
logged_model: {metrics: {auc: 0.9}, tags: {algorithm: lightgbm}}
run: {metrics: {auc: 0.1, loss: 0.5}, tags: {dataset_version: '3', algorithm: svm}, params: {depth: '7'}}
signature: true
feature_spec: true
";
    assert_snapshot!(told(REGISTRATION, case), @r###"
tag:dataset_version: the tag 'dataset_version' of its run is '3'.
tag:algorithm: the tag 'algorithm' of its logged model is 'lightgbm'.
param:depth: the parameter 'depth' of its run is '7'.
metric:auc: the metric 'auc' of its logged model is 0.9.
metric:loss: the metric 'loss' of its run is 0.5.
signature: the model has a signature.
feature_spec: the model has a feature retrieval spec.
"###);
}

const PRODUCTION: &str = "
stages:
  Production:
    from: [Staging]
    require:
      sealed_source: true
      evaluations: [{kind: bias, max_age: 30d, metrics: [{key: gap, max: 0.1}]}]
      ab_test: {metric: conversion, minimum_samples: 1000, minimum_lift: 0.05, max_age: 30d}
    approvals: {count: 2, from: ['risk-*']}
aliases:
  champion: {same_as: Production}
  shadow: {from: [Staging]}
  '*': {approvals: {count: 1, not_author: false}}
";

#[test]
fn evidence_that_is_missing_is_told_with_the_remedy() {
    assert_snapshot!(told(PRODUCTION, "to: {stage: Production}\nproduction: 3"), @r###"
5 of 5 requirements of policy 'credit' are not met: from, sealed_source, evaluation:bias, ab_test, approvals. Version 1 of model 'credit-risk' cannot enter Production:
- from: the version is in None, and must come from Staging. Transition it to Staging first.
- sealed_source: the server does not know the digest of the version's content. Log the model to the server's artifact storage and register it from there.
- evaluation:bias: no evaluation of kind 'bias' is recorded for the version. When it has passed one, set the version tag 'flowkeep.evaluation.bias' to {"verdict": "passed", "metrics": {"gap": …}, "report_uri": "…"}.
- ab_test: no A/B test of 'conversion' is recorded for the version. Measure at least 1000 samples in each arm and set the version tag 'flowkeep.ab_test' to {"metric": "conversion", "baseline": {"version": 3, "samples": …, "successes": …}, "candidate": {"samples": …, "successes": …}}, or with "mean" and "variance" in place of "successes".
- approvals: 0 of 2 approvals. Ask 2 more people of risk-* to set the version tag 'flowkeep.approval' to {"by": "…", "comment": "…", "stage": "Production"}.
"###);
}

#[test]
fn evidence_that_does_not_do() {
    let case = "
to: {stage: Production}
production: 3
version: {version: 4, stage: Staging, digest: aa, author: risk-ann}
evaluations:
- {kind: bias, verdict: passed, metrics: {gap: 0.2}}
ab_tests:
- {metric: conversion, baseline: {version: 3, samples: 5000, successes: 410}, candidate: {samples: 5000, successes: 420}}
approvals:
- {by: risk-ann}
- {by: bob}
- {by: risk-cid, to: {stage: Staging}}
- {by: risk-dot, of: {source: elsewhere}}
- {by: risk-eve}
- {by: risk-eve}
";
    assert_snapshot!(told(PRODUCTION, case), @r###"
3 of 5 requirements of policy 'credit' are not met: evaluation:bias, ab_test, approvals. Version 4 of model 'credit-risk' cannot enter Production:
- evaluation:bias: evaluation 1 of 2026-01-01 00:00 UTC measured gap = 0.2, which must be at most 0.1. When it has passed one, set the version tag 'flowkeep.evaluation.bias' to {"verdict": "passed", "metrics": {"gap": …}, "report_uri": "…"}.
- ab_test: A/B test 101 of 2026-01-01 00:00 UTC is not won: the difference is not significant: p = 0.3585, and at most 0.05 is allowed; the lift is 2.439 %, and at least 5 % is needed (0.084 against 0.082, lift 2.439 %, p = 0.3585 by two-proportion z-test). Only a new test that is won helps.
- approvals: 1 of 2 approvals (risk-eve); that of bob does not count: not one of those who may approve; that of risk-ann does not count: the author's own; that of risk-cid does not count: it is for something else; that of risk-dot does not count: the version has other content now. Ask one more person of risk-* to set the version tag 'flowkeep.approval' to {"by": "…", "comment": "…", "stage": "Production"}.
"###);
}

#[test]
fn evidence_that_does() {
    let case = "
to: {stage: Production}
production: 3
version: {version: 4, stage: Staging, digest: aa, author: ann}
evaluations:
- {kind: bias, verdict: passed, metrics: {gap: 0.05}, age: 30d}
ab_tests:
- {metric: conversion, baseline: {version: 3, samples: 5000, mean: 1.2, variance: 2}, candidate: {samples: 5000, mean: 1.3, variance: 3}}
approvals:
- {by: risk-eve}
- {by: risk-fay, to: {stage: Production}}
";
    assert_snapshot!(told(PRODUCTION, case), @r###"
from: the version is in Staging.
sealed_source: the server knows the digest of the version's content.
evaluation:bias: evaluation 1 of 2025-12-02 00:00 UTC passed.
ab_test: A/B test 101 of 2026-01-01 00:00 UTC is won (1.3 against 1.2, lift 8.333 %, p = 0.0007851 by Welch's t-test).
approvals: 2 of 2 approvals (risk-eve, risk-fay).
"###);
}

#[test]
fn an_ab_test_is_against_the_version_in_production_now() {
    let tested = |more: &str| {
        let case = format!(
            "to: {{stage: Production}}\nversion: {{version: 4, stage: Staging}}\nab_tests:\n{more}"
        );
        let report = report(PRODUCTION, &case);
        let requirement = report
            .requirements
            .into_iter()
            .find(|found| found.id == "ab_test");
        let requirement = requirement.unwrap();
        format!("{}: {}", requirement.met, requirement.explanation)
    };
    let arms = |baseline: &str| {
        format!(
            "- {{metric: conversion, baseline: {{{baseline}samples: 5000, successes: 410}}, \
             candidate: {{samples: 5000, successes: 480}}}}\n"
        )
    };
    let against = |version: u64| arms(&format!("version: {version}, "));
    assert_snapshot!(tested(&format!("{}production: 2", against(2))), @"true: A/B test 101 of 2026-01-01 00:00 UTC is won (0.096 against 0.082, lift 17.07 %, p = 0.006979 by two-proportion z-test).");
    assert_snapshot!(tested(&format!("{}production: 3", against(2))), @"false: A/B test 101 of 2026-01-01 00:00 UTC was made against version 2, and version 3 is in Production now.");
    assert_snapshot!(tested(&format!("{}production: 4", against(2))), @"false: the version is itself in Production, so that there is nothing to test it against.");
    assert_snapshot!(tested(&format!("{}{}production: 2", against(2), against(1))), @"false: A/B test 102 of 2026-01-01 00:00 UTC was made against version 1, and version 2 is in Production now.");
    assert_snapshot!(tested(&format!("{}production: 2", arms(""))), @"false: A/B test 101 of 2026-01-01 00:00 UTC was made against something outside the registry, and version 2 is in Production now.");
    assert_snapshot!(tested(&arms("")), @"true: A/B test 101 of 2026-01-01 00:00 UTC is won (0.096 against 0.082, lift 17.07 %, p = 0.006979 by two-proportion z-test).");
    assert_snapshot!(tested(&against(4)), @"false: A/B test 101 of 2026-01-01 00:00 UTC was made against the version itself.");
}

#[test]
fn aliases_have_gates_of_their_own_or_those_of_a_stage() {
    let ids = |to: &str, version: &str| {
        let result = tried(
            PRODUCTION,
            &format!("to: {to}\nversion: {{{version}}}\nproduction: 9"),
        );
        result.found.into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_snapshot!(ids("{alias: champion}", "stage: Staging"), @"ab_test approvals evaluation:bias sealed_source");
    assert_snapshot!(ids("{alias: champion}", "stage: Production"), @"");
    assert_snapshot!(ids("{alias: shadow}", ""), @"from");
    assert_snapshot!(ids("{alias: other}", ""), @"approvals");
    assert_snapshot!(ids("{stage: Staging}", ""), @"");
}

#[test]
fn rules_speak_of_everything() {
    let ruled = |expression: &str| {
        let spec = format!(
            "stages:\n  Staging:\n    rules:\n    - name: it\n      message: Not so.\n      expression: |\n        {expression}"
        );
        let case = "
to: {stage: Staging}
production: 3
version: {version: 4, tags: {a: '1'}, aliases: [x], author: ann, age: 2d}
run: {metrics: {auc: 0.9, n: 3}, params: {depth: '7'}, tags: {a: '2', b: '3'}}
evaluations: [{kind: bias, verdict: passed, metrics: {gap: 0.2}, age: 12h}]
approvals: [{by: bob}]
";
        told(&spec, case)
    };
    let holds = "rule:it: the rule holds.";
    for expression in [
        "metrics.auc >= 0.9 && metrics.n > 2 && metrics.n == 3",
        "tags.a == '1' && run.tags.a == '2' && tags.b == '3'",
        "version.version == 4 && production == 3 && version.version > production",
        "version.stage == 'None' && 'x' in version.aliases && version.age_days == 2.0",
        "evaluations.bias.passed && evaluations.bias.age_days < 1 && evaluations['bias'].metrics.gap < 0.3",
        "approvals.exists(a, a.by == 'bob') && !approvals.exists(a, a.by in version.authors)",
        "int(params.depth) > 5 && !has(params.width)",
        "target.stage == 'Staging' && target.alias == null && signature == null",
        "model.name.startsWith('credit') && size(logged_model.metrics) == 0",
        "model.name.matches('^credit-[a-z]+$') && now_ms > 0",
    ] {
        assert_eq!(ruled(expression), holds, "{expression}");
    }
    assert_snapshot!(ruled("metrics.auc > 0.95"), @r###"
1 requirement of policy 'credit' is not met: rule:it. Version 4 of model 'credit-risk' cannot enter Staging:
- rule:it: Not so.
"###);
    assert_snapshot!(ruled("metrics.f1 > 0.5"), @r###"
1 requirement of policy 'credit' is not met: rule:it. Version 4 of model 'credit-risk' cannot enter Staging:
- rule:it: Not so. (The rule cannot be evaluated: No such key: f1.)
"###);
    assert_snapshot!(ruled("metrics.auc"), @r###"
1 requirement of policy 'credit' is not met: rule:it. Version 4 of model 'credit-risk' cannot enter Staging:
- rule:it: Not so. (The rule cannot be evaluated: it came to a number, not to true or false.)
"###);
    assert_snapshot!(ruled("1 / (version.version - 4) > 0"), @r###"
1 requirement of policy 'credit' is not met: rule:it. Version 4 of model 'credit-risk' cannot enter Staging:
- rule:it: Not so. (The rule cannot be evaluated: Division by zero of Int(1).)
"###);
    assert_snapshot!(ruled("tags.b > 2"), @r###"
1 requirement of policy 'credit' is not met: rule:it. Version 4 of model 'credit-risk' cannot enter Staging:
- rule:it: Not so. (The rule cannot be evaluated: found no matching overload for '_>_' applied to '(string, int)'.)
"###);
}

#[test]
fn what_only_warns_refuses_nothing() {
    let spec = format!("enforcement: warn\n{}", REGISTRATION.trim_start());
    let report = report(&spec, "to: registration");
    assert!(!report.allowed());
    assert!(!report.is_refusal());
}

#[test]
fn a_mistake_in_a_case_is_refused_with_its_place() {
    let problem = |text: &str| Cases::parse(text).unwrap_err().to_string();
    assert_snapshot!(problem("cases:\n- name: a\n  model: {name: b}\n  to: Production\n  expect: allow"), @"line 4, column 7: unknown variant `Production`, expected one of registration, stage, alias");
    assert_snapshot!(problem("cases:\n- name: a\n  model: {name: b}\n  to: registration\n  expects: allow"), @"line 5, column 3: unknown field `expects`, expected one of name, model, version, run, logged_model, signature, feature_spec, evaluations, ab_tests, approvals, production, active, to, expect");
    assert_snapshot!(problem("cases:\n- name: a\n  model: {name: b}\n  ab_tests: [{metric: m, baseline: {samples: 1}, candidate: {samples: 1, successes: 1}}]"), @"line 4, column 36: an arm has samples and successes, or samples, mean and variance");
}

/// Requirements, each of which some version meets and another does not.
const REQUIREMENTS: [&str; 8] = [
    "tags: [a]",
    "params: [{key: p, values: ['1*']}]",
    "metrics: [{key: m, min: 0.5}]",
    "signature: true",
    "feature_spec: true",
    "sealed_source: true",
    "evaluations: [bias]",
    "ab_test: {metric: c, first_promotion: needs_no_test}",
];

fn gate(requirements: u8, approvals: u8, rule: bool) -> String {
    let mut spec = String::from("stages:\n  Production:\n    require:\n");
    if requirements == 0 {
        spec = spec.replace("require:", "require: {}");
    }
    for (number, requirement) in REQUIREMENTS.iter().enumerate() {
        if requirements & (1 << number) != 0 {
            spec += &["      ", requirement, "\n"].concat();
        }
    }
    if approvals > 0 {
        spec += &["    approvals: {count: ", &approvals.to_string(), "}\n"].concat();
    }
    if rule {
        spec.push_str("    rules: [{expression: 'metrics.m > 0.7', message: no}]\n");
    }
    spec
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whoever asks for more lets nothing through that was refused before.
    #[test]
    fn more_requirements_never_allow_more(
        requirements in any::<u8>(),
        added in any::<u8>(),
        approvals in 0u8..3,
        added_approvals in 0u8..2,
        rule in any::<bool>(),
        has_tag in any::<bool>(),
        metric in 0.0..1.0f64,
        signature in any::<Option<bool>>(),
        passed in any::<bool>(),
        approvers in prop::collection::vec("[abc]", 0..4),
        production in prop::option::of(1u64..3),
    ) {
        let approvers: Vec<String> = approvers.iter().map(|by| format!("{{by: {by}}}")).collect();
        let case = format!(
            "to: {{stage: Production}}\nversion: {{version: 2, author: a, digest: aa, tags: {{{}}}}}\n\
             run: {{metrics: {{m: {metric}}}, params: {{p: '10'}}}}\nsignature: {}\nfeature_spec: true\n\
             evaluations: [{{kind: bias, verdict: {}}}]\napprovals: [{}]\nproduction: {}",
            if has_tag { "a: x" } else { "" },
            signature.map_or_else(|| "null".to_owned(), |signature| signature.to_string()),
            if passed { "passed" } else { "failed" },
            approvers.join(", "),
            production.map_or_else(|| "null".to_owned(), |version| version.to_string()),
        );
        let fewer = report(&gate(requirements, approvals, rule), &case);
        let more = report(
            &gate(requirements | added, approvals + added_approvals, true),
            &case,
        );
        prop_assert!(fewer.allowed() || !more.allowed());
        for requirement in fewer.unmet() {
            prop_assert!(more.unmet().any(|unmet| unmet.id == requirement.id));
        }
    }
}
