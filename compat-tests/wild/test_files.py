"""Texts, tables, figures, images and folders as artifacts, and the metrics of the machine."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from wild.records import Records, Run

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def facts(run: Callable[[str], Any]) -> dict[str, Any]:
    return run("logged_files")


@pytest.fixture(scope="module")
def logged(facts: dict[str, Any], records: Records) -> Run:
    return records.run(facts["run_id"])


@pytest.fixture(scope="module")
def files(logged: Run, records: Records) -> dict[str, bytes]:
    contents = {}
    for path, size in records.files(logged.artifact_uri).items():
        contents[path] = records.content(logged.artifact_uri, path)
        assert len(contents[path]) == size
    return contents


def test_texts(facts: dict[str, Any], files: dict[str, bytes]) -> None:
    assert files["notes/übersicht.txt"].decode() == facts["text"] == "Größe: 30\n"
    assert json.loads(files["settings.json"]) == facts["dict"] == {"classes": [0, 1], "rate": 0.1}
    assert files["settings.yaml"] == b"classes:\n- 0\n- 1\nrate: 0.1\n"


def test_table(facts: dict[str, Any], files: dict[str, bytes], logged: Run) -> None:
    assert json.loads(files["table.json"]) == {
        "columns": ["question", "tokens"],
        "data": [["What?", 3], ["Wo ist die Größe?", 7], ["And?", 1]],
    }
    assert json.loads(logged.tags["mlflow.loggedArtifacts"]) == [{"path": "table.json", "type": "table"}]
    assert facts["loaded"] == {
        "question": ["What?", "Wo ist die Größe?", "And?"],
        "tokens": [3, 7, 1],
        "run_id": [facts["run_id"]] * 3,
    }


def test_figures_and_images(facts: dict[str, Any], files: dict[str, bytes], logged: Run) -> None:
    assert files["plots/line.png"].startswith(PNG)
    assert b"<svg" in files["plots/line.svg"]
    assert files["gradient.png"].startswith(PNG)
    assert facts["image"] is True
    assert logged.tags["mlflow.loggedImages"] == "True"


def test_images_with_steps(files: dict[str, bytes]) -> None:
    """The page of a run finds the images of a key by the parts of their names."""
    images = [path.removeprefix("images/") for path in files if path.startswith("images/")]
    unique = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    found = sorted(re.sub(unique, "UNIQUE", path) for path in images)
    assert found == [
        f"weights+step+{step}+timestamp+{1_600_000_000_000 + step}+UNIQUE{ending}"
        for step in (0, 5)
        for ending in ("+compressed.webp", ".png")
    ]


def test_folders(facts: dict[str, Any], files: dict[str, bytes]) -> None:
    assert {path: text for path, text in files.items() if path.startswith(("single", "many"))} == {
        "single/one.txt": b"one",
        "many/one.txt": b"one",
        "many/below/zwei & drei, 100%.txt": b"two",
    }
    assert facts["copied"] == {"one.txt": "one", "below/zwei & drei, 100%.txt": "two"}


def test_metrics_of_the_machine(logged: Run, records: Records) -> None:
    assert {
        "system/cpu_utilization_percentage",
        "system/system_memory_usage_percentage",
        "system/disk_usage_percentage",
        "system/network_receive_megabytes",
    } <= set(logged.metrics)
    history = records.history(logged.run_id, "system/system_memory_usage_percentage")
    assert [step for step, _ in history] == list(range(len(history)))
    assert len(history) > 1
    assert all(0 < value <= 100 for _, value in history)
