"""Eight threads of one client log at once: nothing is lost, nothing is mixed up."""

from collections.abc import Callable
from typing import Any

import pytest

from wild.records import Records, Run


@pytest.fixture(scope="module")
def facts(run: Callable[[str], Any]) -> dict[str, Any]:
    return run("eight_threads")


@pytest.fixture(scope="module")
def busy(facts: dict[str, Any], records: Records) -> Run:
    return records.run(facts["run_id"])


def test_metrics_of_each_thread(facts: dict[str, Any], busy: Run, records: Records) -> None:
    steps = facts["steps"]
    for thread in range(facts["threads"]):
        history = records.history(busy.run_id, f"own {thread}")
        assert history == [(step, thread + 1 / (step + 1)) for step in range(steps)]
        assert busy.metrics[f"own {thread}"] == thread + 1 / steps


def test_metric_that_all_threads_share(facts: dict[str, Any], busy: Run, records: Records) -> None:
    points = facts["steps"] * facts["threads"]
    assert records.history(busy.run_id, "shared") == [(step, float(step)) for step in range(points)]
    # Whichever thread came last: the latest value is the one of the highest step.
    assert busy.metrics["shared"] == points - 1


def test_params_and_tags(facts: dict[str, Any], busy: Run) -> None:
    written = [(thread, batch) for thread in range(facts["threads"]) for batch in range(facts["batches"])]
    assert busy.params == {
        f"param {thread} {batch} {number}": str(number) for thread, batch in written for number in range(10)
    }
    last = busy.tags["last"]
    assert last in {str(thread) for thread in range(facts["threads"])}
    assert busy.own_tags == {f"tag {thread} {batch}": "set" for thread, batch in written} | {"last": last}


def test_runs_of_each_thread(facts: dict[str, Any], records: Records) -> None:
    assert len(facts["own_run_ids"]) == facts["threads"]
    for thread, run_id in enumerate(facts["own_run_ids"]):
        run = records.run(run_id)
        assert (run.name, run.status) == (f"thread {thread}", "FINISHED")
        history = records.history(run_id, "loss")
        assert history == [(step, 1 / (step + 1)) for step in range(facts["steps"])]
