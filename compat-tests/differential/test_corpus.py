"""Each file of the corpus gets the same replies from stock MLflow and from the server under test."""

import json
from pathlib import Path

import pytest

from differential.compare import allowlist, compare
from differential.corpus import file_name, files, read
from differential.replay import replay
from harness.environments import REPORTS
from harness.servers import Replica

# Where replies are compared with those of the newest MLflow, which is done on SQLite alone.
NEWEST = "newest"


@pytest.mark.parametrize("path", files(), ids=file_name)
def test_same_replies(replicas: list[Replica], database_kind: str, path: Path) -> None:
    judge(replicas, database_kind, path)


@pytest.mark.parametrize("path", files(), ids=file_name)
def test_same_replies_as_the_newest(newest_replicas: list[Replica], path: Path) -> None:
    judge(newest_replicas, NEWEST, path)


def judge(replicas: list[Replica], database: str, path: Path) -> None:
    corpus = read(path)
    stock, ours = (replay(corpus, replica.fresh()) for replica in replicas)
    accepted = [entry for entry in allowlist() if database in entry.databases]
    outcome = compare(file_name(path), database, corpus, stock, ours, accepted=accepted)

    folder = REPORTS / "differential" / database
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / file_name(path).replace("/", "-")
    report.with_suffix(".json").write_text(json.dumps(outcome.summary()))
    report.with_suffix(".txt").write_text("\n\n".join(outcome.mismatches))

    if outcome.mismatches:
        pytest.fail(
            "\n\n".join([f"{len(outcome.mismatches)} mismatches", *outcome.mismatches]), pytrace=False
        )
    assert outcome.unused == [], "the allowlist accepts what does not differ"
