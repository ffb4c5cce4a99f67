"""Each file of the corpus gets the same replies from stock MLflow and from the server under test."""

import json
from pathlib import Path

import pytest

from differential.compare import compare
from differential.conftest import Replica
from differential.corpus import file_name, files, read
from differential.replay import replay
from harness.environments import REPORTS


@pytest.mark.parametrize("path", files(), ids=file_name)
def test_same_replies(replicas: list[Replica], database_kind: str, path: Path) -> None:
    corpus = read(path)
    stock, ours = (replay(corpus, replica.fresh()) for replica in replicas)
    outcome = compare(file_name(path), database_kind, corpus, stock, ours)

    folder = REPORTS / "differential" / database_kind
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / file_name(path).replace("/", "-")
    report.with_suffix(".json").write_text(json.dumps(outcome.summary()))
    report.with_suffix(".txt").write_text("\n\n".join(outcome.mismatches))

    if outcome.mismatches:
        pytest.fail(
            "\n\n".join([f"{len(outcome.mismatches)} mismatches", *outcome.mismatches]), pytrace=False
        )
    assert outcome.unused == [], "the allowlist accepts what does not differ"
