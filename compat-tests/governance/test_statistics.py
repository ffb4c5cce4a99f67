"""The figures of A/B tests, held against SciPy's."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from harness.servers import STOCK

POLICY = """
apiVersion: flowkeep/v1
kind: LifecyclePolicy
metadata: {name: figures}
spec:
  stages:
    Production:
      require:
        ab_test: {metric: m, better: %s, minimum_samples: 2}
"""


def outcomes(folder: Path, tests: list[dict[str, Any]], better: str = "higher") -> list[dict[str, Any]]:
    """What flowkeep makes of A/B tests, each against version 1."""
    policy, cases = folder / "policy.yaml", folder / "cases.yaml"
    policy.write_text(POLICY % better)
    # JSON is YAML.
    cases.write_text(
        json.dumps(
            {
                "cases": [
                    {
                        "name": str(number),
                        "model": {"name": "model"},
                        "version": {"version": 2},
                        "production": 1,
                        "ab_tests": [test],
                        "to": {"stage": "Production"},
                        "expect": "allow",
                    }
                    for number, test in enumerate(tests)
                ]
            }
        )
    )
    command = [os.environ["FLOWKEEP_BIN"], "policy", "test", "--json", "-f", policy, cases]
    # Its status tells whether all were won, which is not asked here.
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    results = json.loads(done.stdout)
    assert len(results) == len(tests), done.stderr
    return [
        requirement["outcome"]
        for result in results
        for requirement in result["report"]["requirements"]
        if requirement["id"] == "ab_test"
    ]


def agree(ours: float, theirs: float) -> None:
    assert ours == pytest.approx(theirs, rel=1e-7, abs=1e-14)


@pytest.fixture(autouse=True)
def only_flowkeep(subject: str) -> None:
    if subject == STOCK:
        pytest.skip("Stock MLflow has no policies.")


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(20_26)


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_means_are_compared_as_scipy_compares_them(
    tmp_path: Path, random: np.random.Generator, better: str
) -> None:
    arms = []
    for _ in range(60):
        sizes = random.integers(2, 400, size=2)
        scale = 10.0 ** random.uniform(-6, 6)
        arms.append(
            [
                random.normal(random.normal(1, 0.2) * scale, random.uniform(0.1, 3) * scale, size)
                for size in sizes
            ]
        )

    def figures(arm: np.ndarray) -> dict[str, Any]:
        return {"samples": len(arm), "mean": arm.mean(), "variance": arm.var(ddof=1)}

    tests = [
        {"metric": "m", "baseline": {"version": 1, **figures(baseline)}, "candidate": figures(candidate)}
        for baseline, candidate in arms
    ]
    verdicts = []
    for (baseline, candidate), outcome in zip(arms, outcomes(tmp_path, tests, better), strict=True):
        winner, loser = (candidate, baseline) if better == "higher" else (baseline, candidate)
        expected = stats.ttest_ind(winner, loser, equal_var=False, alternative="greater")
        agree(outcome["statistic"], expected.statistic)
        agree(outcome["degrees_of_freedom"], expected.df)
        agree(outcome["p_value"], expected.pvalue)
        assert outcome["won"] == (expected.pvalue <= 0.05)
        verdicts.append(outcome["won"])
    assert len(set(verdicts)) == 2


def test_proportions_are_compared_as_scipy_compares_them(tmp_path: Path, random: np.random.Generator) -> None:
    counts = []
    for _ in range(60):
        samples = random.integers(50, 20_000, size=2)
        rate = random.uniform(0.02, 0.9)
        successes = [random.binomial(n, np.clip(rate * random.normal(1, 0.05), 0.01, 0.99)) for n in samples]
        counts.append([(int(n), int(k)) for n, k in zip(samples, successes, strict=True)])

    def figures(arm: tuple[int, int]) -> dict[str, int]:
        return {"samples": arm[0], "successes": arm[1]}

    tests = [
        {"metric": "m", "baseline": {"version": 1, **figures(baseline)}, "candidate": figures(candidate)}
        for baseline, candidate in counts
    ]
    verdicts = []
    for (baseline, candidate), outcome in zip(counts, outcomes(tmp_path, tests), strict=True):
        table = [[successes, samples - successes] for samples, successes in (baseline, candidate)]
        # The square of this z is Pearson's chi-squared, whose test is two-sided.
        squared = stats.chi2_contingency(table, correction=False)
        gain = candidate[1] / candidate[0] - baseline[1] / baseline[0]
        agree(outcome["statistic"], np.sign(gain) * np.sqrt(squared.statistic))
        p_value = squared.pvalue / 2 if gain > 0 else 1 - squared.pvalue / 2
        agree(outcome["p_value"], p_value)
        agree(outcome["lift"], candidate[1] / candidate[0] / (baseline[1] / baseline[0]) - 1)
        assert outcome["won"] == (p_value <= 0.05)
        verdicts.append(outcome["won"])
    assert len(set(verdicts)) == 2
