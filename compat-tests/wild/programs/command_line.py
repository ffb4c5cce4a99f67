"""Gives one command after the other to the `mlflow` command line, and writes down what each one printed.

All of them run in one process, because a new one for each would spend its time on imports.
"""

import json
import sys
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from click.testing import CliRunner
from mlflow.cli import cli
from sklearn.linear_model import LinearRegression

# Large enough to travel in more than one piece.
LARGE = bytes(range(256)) * 20_000

steps: dict[str, dict[str, Any]] = {}


def command(step: str, *words: str) -> str:
    """Runs one command and returns what it printed."""
    done = CliRunner().invoke(cli, words)
    steps[step] = {"exit_code": done.exit_code, "printed": done.stdout, "error": str(done.exception or "")}
    # What a command left behind must not help the next one: outside of this program it would not be there.
    mlflow.set_tracking_uri(None)
    return done.stdout


def experiments() -> str:
    experiment_id = command("create", "experiments", "create", "-n", "by hand").split()[-1]
    place = "mlflow-artifacts:/of/its/own"
    command("create elsewhere", "experiments", "create", "-n", "elsewhere", "-l", place)
    command("create again", "experiments", "create", "-n", "by hand")
    command("rename", "experiments", "rename", "-x", experiment_id, "--new-name", "by command")
    command("update", "experiments", "update", "-x", experiment_id, "--trace-archival-retention", "30d")
    command("get", "experiments", "get", "-n", "by command", "--output", "json")
    command("clear", "experiments", "update", "-x", experiment_id, "--clear-trace-archival-retention")
    command("get cleared", "experiments", "get", "-x", experiment_id, "--output", "json")
    command("get unknown", "experiments", "get", "-n", "by hand")
    command("delete", "experiments", "delete", "-x", experiment_id)
    command("search active", "experiments", "search")
    command("search deleted", "experiments", "search", "--view", "deleted_only")
    command("rename deleted", "experiments", "rename", "-x", experiment_id, "--new-name", "other")
    command("restore", "experiments", "restore", "-x", experiment_id)
    command("search restored", "experiments", "search", "--view", "all")
    command("search some", "experiments", "search", "--max-results", "1")
    return experiment_id


def created(printed: str) -> str:
    """The id in what `runs create` printed: JSON after the addresses of pages."""
    return json.loads(printed[printed.index("{") :])["run_id"]


def runs(experiment_id: str) -> tuple[str, str]:
    here = ["--experiment-id", experiment_id]
    described = ["--run-name", "parent", "--description", "By command", "-t", "team=growth", "-t", "k=a=b"]
    parent = created(command("create run", "runs", "create", *here, *described))
    below = ["--run-name", "child", "--parent-run-id", parent, "--status", "failed"]
    child = created(command("create child", "runs", "create", *here, *below))
    command(
        "create run by name", "runs", "create", "--experiment-name", "made on the way", "--status", "KILLED"
    )
    command("delete run", "runs", "delete", "--run-id", child)
    command("list runs", "runs", "list", *here)
    command("list deleted runs", "runs", "list", *here, "--view", "deleted_only")
    command("delete run again", "runs", "delete", "--run-id", child)
    command("restore run", "runs", "restore", "--run-id", child)
    command("list all runs", "runs", "list", *here, "--view", "all")
    command("describe", "runs", "describe", "--run-id", parent)
    command("describe unknown", "runs", "describe", "--run-id", "0" * 32)
    command("csv", "experiments", "csv", "-x", experiment_id, "-o", "runs.csv")
    return parent, child


def artifacts(run_id: str) -> None:
    of_run = ["--run-id", run_id]
    Path("folder/below").mkdir(parents=True)
    Path("folder/one.txt").write_text("one")
    Path("folder/below/two.txt").write_text("two, Größe")
    Path("folder/large.bin").write_bytes(LARGE)
    command("log file", "artifacts", "log-artifact", *of_run, "-l", "folder/one.txt", "-a", "single")
    command("log folder", "artifacts", "log-artifacts", *of_run, "-l", "folder")
    command("list files", "artifacts", "list", *of_run)
    command("list folder", "artifacts", "list", *of_run, "-a", "below")
    command("download", "artifacts", "download", *of_run, "-d", "copy")
    uri = f"runs:/{run_id}/below/two.txt"
    command("download file", "artifacts", "download", "-u", uri, "-d", "file")
    command("download unknown", "artifacts", "download", *of_run, "-a", "nothing", "-d", "nothing")


def models(experiment_id: str) -> str:
    data = pd.DataFrame({"x": [0.0, 1.0, 2.0]})
    with mlflow.start_run(experiment_id=experiment_id, run_name="trained"):
        line = LinearRegression().fit(data, 3 * data["x"] + 1)
        logged = mlflow.sklearn.log_model(line, name="line", registered_model_name="line")
    data.to_csv("input.csv", index=False)
    predict = ["models", "predict", "--env-manager", "local", "-i", "input.csv", "-t", "csv"]
    command("predict by version", *predict, "-m", "models:/line/1", "-o", "by version.json")
    command("predict by id", *predict, "-m", logged.model_uri, "-o", "by id.json")
    command("predict unknown", *predict, "-m", "models:/line/2", "-o", "unknown.json")
    command("dockerfile", "models", "generate-dockerfile", "-m", "models:/line/1", "-d", "image")
    command(
        "requirements", "models", "update-pip-requirements", "-m", logged.model_uri, "add", "humanize==4.9.0"
    )
    return logged.model_id


def main() -> None:
    experiment_id = experiments()
    parent, child = runs(experiment_id)
    artifacts(parent)
    facts = {
        "experiment_id": experiment_id,
        "parent": parent,
        "child": child,
        "model_id": models(experiment_id),
        "steps": steps,
        "csv": pd.read_csv("runs.csv").fillna("").to_dict("list"),
        "files": {
            str(path): path.read_text()
            for folder in ("copy", "file", "nothing")
            for path in Path(folder).rglob("*.txt")
        },
        "large": Path("copy/large.bin").read_bytes() == LARGE,
        "predicted": {path.stem: json.loads(path.read_text()) for path in Path().glob("*.json")},
        "image": sorted(
            str(path.relative_to("image")) for path in Path("image").rglob("*") if path.is_file()
        ),
    }
    Path(sys.argv[1]).write_text(json.dumps(facts))


if __name__ == "__main__":
    main()
