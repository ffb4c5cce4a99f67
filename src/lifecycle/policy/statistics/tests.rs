use super::*;

fn proportion(samples: u64, successes: u64) -> Measurement {
    Measurement::Proportion { samples, successes }
}

fn mean(samples: u64, mean: f64, variance: f64) -> Measurement {
    Measurement::Mean {
        samples,
        mean,
        variance,
    }
}

fn near(value: f64, expected: f64) {
    assert!(
        (value - expected).abs() <= 1e-9 * expected.abs(),
        "{value} is not {expected}"
    );
}

#[test]
fn what_cannot_be_compared() {
    for (baseline, candidate, reason) in [
        (proportion(10, 1), mean(10, 1.0, 1.0), Incomparable::Kinds),
        (proportion(1, 1), proportion(10, 1), Incomparable::TooFew),
        (
            proportion(10, 0),
            proportion(10, 0),
            Incomparable::NoVariation,
        ),
        (
            proportion(10, 10),
            proportion(10, 10),
            Incomparable::NoVariation,
        ),
        (
            mean(10, 1.0, 0.0),
            mean(10, 2.0, 0.0),
            Incomparable::NoVariation,
        ),
    ] {
        assert_eq!(compare(&baseline, &candidate, Better::Higher), Err(reason));
    }
}

#[test]
fn lower_is_the_mirror_of_higher() {
    let (slow, fast) = (mean(400, 120.0, 900.0), mean(380, 112.0, 850.0));
    let lower = compare(&slow, &fast, Better::Lower).unwrap();
    let higher = compare(&slow, &fast, Better::Higher).unwrap();
    near(lower.statistic, -higher.statistic);
    near(lower.p_value, 1.0 - higher.p_value);
    near(lower.lift.unwrap(), 8.0 / 120.0);
}

#[test]
fn figures_are_checked() {
    let read = |json: &str| serde_json::from_str::<Measurement>(json);
    assert_eq!(
        read(r#"{"samples": 10, "successes": 3}"#).unwrap(),
        proportion(10, 3)
    );
    assert_eq!(
        read(r#"{"samples": 10, "mean": 3, "variance": 0.5}"#).unwrap(),
        mean(10, 3.0, 0.5)
    );
    for wrong in [
        r#"{"samples": 10}"#,
        r#"{"samples": 10, "successes": 11}"#,
        r#"{"samples": -1, "successes": 0}"#,
        r#"{"samples": 10, "mean": 1}"#,
        r#"{"samples": 10, "mean": 1, "variance": -1}"#,
        r#"{"samples": 10, "successes": 1, "mean": 1, "variance": 1}"#,
        r#"{"samples": 10, "successes": 1, "size": 1}"#,
        r#"{"samples": 18446744073709551615, "successes": 1}"#,
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn each_shortfall_is_said() {
    let conditions = Conditions {
        confidence: 0.95,
        minimum_samples: 1000,
        minimum_lift: Some(0.05),
        better: Better::Higher,
    };
    let outcome = judge(&proportion(500, 100), &proportion(1000, 201), &conditions);
    assert!(!outcome.won);
    insta::assert_snapshot!(outcome.shortfalls.join("\n"), @r###"
the baseline has 500 samples of at least 1000
the difference is not significant: p = 0.4818, and at most 0.05 is allowed
the lift is 0.5 %, and at least 5 % is needed
"###);
    let outcome = judge(
        &proportion(5000, 1000),
        &proportion(5000, 1200),
        &conditions,
    );
    assert!(outcome.won);
    let outcome = judge(&proportion(5000, 0), &proportion(5000, 100), &conditions);
    assert_eq!(
        outcome.shortfalls,
        ["the baseline is 0, so that there is no relative lift"]
    );
}
