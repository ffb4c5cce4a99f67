"""What the browser looks at, logged as a team would log it, by an unmodified client.

It knows nothing of the tests. It writes the ids that the server gave to the file that it is given.
Names and values are fixed, so that every server shows the same.
"""

import json
import math
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.models import infer_signature

EXPERIMENT = "churn"
MODEL = "churn-predictor"
PROMPT = "summary-prompt"
START = 1_700_000_000_000
METRICS = 30
STEPS = 1_000

client = MlflowClient()


class Threshold(mlflow.pyfunc.PythonModel):
    """A model that needs nothing but pandas."""

    def predict(self, context, model_input, params=None):  # noqa: ANN001, ANN201
        return (model_input["age"] > 40).astype(int)


def metric_names() -> list[str]:
    return ["train/loss", "train/accuracy", *(f"metric_{number:02}" for number in range(METRICS - 2))]


def log_history(run_id: str, steps: int, seed: float) -> None:
    """All metrics of all steps, in batches of the size that a server takes."""
    points = [
        Metric(
            name, math.exp(-step / 300) + math.sin(step / 50 + number + seed) / 10, START + step * 1000, step
        )
        for step in range(steps)
        for number, name in enumerate(metric_names())
    ]
    for begin in range(0, len(points), 1000):
        client.log_batch(run_id, metrics=points[begin : begin + 1000])


def log_system_metrics(run_id: str) -> None:
    names = ["cpu_utilization_percentage", "system_memory_usage_megabytes", "disk_usage_percentage"]
    client.log_batch(
        run_id,
        metrics=[
            Metric(f"system/{name}", 20 + 10 * number + step % 7, START + step * 10_000, step)
            for number, name in enumerate(names)
            for step in range(50)
        ],
    )


def log_artifacts() -> None:
    mlflow.log_text("first line\nsecond line of the note\n", "notes/note.txt")
    mlflow.log_dict({"classes": ["stays", "leaves"]}, "classes.json")
    mlflow.log_text("# Report\n\nAll is well.\n", "report.md")
    mlflow.log_text("<html><body><h1>Hello from HTML</h1></body></html>", "page.html")
    mlflow.log_text("name,score\nada,1\ngrace,2\n", "scores.csv")
    gradient = np.tile(np.linspace(0, 255, 64, dtype=np.uint8), (64, 1))
    colours = np.stack([gradient, gradient.T, np.full_like(gradient, 90)], axis=-1)
    mlflow.log_image(colours, "gradient.png")
    for step in range(3):
        mlflow.log_image(np.rot90(colours, step).copy(), key="samples", step=step)
    table = {"question": ["Who leaves?", "Who stays?"], "answer": ["Ada", "Grace"], "score": [0.25, 0.75]}
    mlflow.log_table(table, "answers.json")


def log_model(name: str, frame: pd.DataFrame, step: int) -> str:
    info = mlflow.pyfunc.log_model(
        name=name,
        python_model=Threshold(),
        pip_requirements=["pandas"],
        signature=infer_signature(frame[["age", "balance"]], pd.Series([0, 1], name="leaves")),
        input_example=frame[["age", "balance"]].head(2),
        params={"threshold": 40},
        model_type="classifier",
        step=step,
    )
    return info.model_id


def main(result: Path) -> None:
    frame = pd.DataFrame({"age": [25, 61, 44], "balance": [10.5, 0.0, 99.0], "leaves": [0, 1, 0]})
    training = mlflow.data.from_pandas(frame, name="customers", targets="leaves")
    experiment_id = mlflow.create_experiment(EXPERIMENT, tags={"team": "growth"})
    mlflow.set_experiment(EXPERIMENT)
    runs: dict[str, str] = {}
    models: list[str] = []
    for number, name in enumerate(["baseline", "tuned", "deep"]):
        with mlflow.start_run(run_name=name, description=f"The {name} attempt") as run:
            runs[name] = run.info.run_id
            mlflow.log_params({"solver": ["linear", "linear", "network"][number], "depth": number + 1})
            mlflow.set_tags({"stage": ["trial", "trial", "final"][number]})
            mlflow.log_input(training, context="training")
            log_history(run.info.run_id, STEPS if name == "tuned" else 50, number)
            if name == "tuned":
                log_system_metrics(run.info.run_id)
                log_artifacts()
            models.append(log_model("classifier", frame, number))
            mlflow.log_metric("score", 0.5 + number / 10, model_id=models[-1], dataset=training)
    with mlflow.start_run(run_name="sweep") as parent:
        runs["sweep"] = parent.info.run_id
        for number in range(4):
            with mlflow.start_run(run_name=f"sweep-{number}", nested=True) as child:
                runs[f"sweep-{number}"] = child.info.run_id
                mlflow.log_param("rate", 10.0**-number)
                mlflow.log_metric("train/loss", 0.4 - number / 10)
    # The page that compares runs wants each of them to have an artifact.
    client.log_text(runs["deep"], "deep", "notes/note.txt")
    client.log_batch(runs["deep"], params=[Param("note", "Größe, 日本語")], tags=[RunTag("reviewed", "yes")])

    client.create_registered_model(MODEL, tags={"owner": "growth"}, description="Who will leave?")
    for number, model_id in enumerate(models):
        client.create_model_version(
            MODEL,
            f"models:/{model_id}",
            list(runs.values())[number],
            tags={"approved": "yes"} if number else {},
            description=f"Attempt {number + 1}",
            model_id=model_id,
        )
    client.transition_model_version_stage(MODEL, "1", "Production")
    client.transition_model_version_stage(MODEL, "2", "Staging")
    client.set_registered_model_alias(MODEL, "champion", "1")
    client.set_registered_model_alias(MODEL, "challenger", "2")
    client.create_registered_model("spare-model")

    mlflow.genai.register_prompt(
        PROMPT, "Summarize {{ text }} in one line.", commit_message="A first try", tags={"task": "summary"}
    )
    mlflow.genai.register_prompt(
        PROMPT, "Summarize {{ text }} in {{ count }} lines.", commit_message="Length is free"
    )
    mlflow.genai.set_prompt_alias(PROMPT, "production", 1)
    spare_experiment_id = client.create_experiment("spare")
    spare_run = client.create_run(spare_experiment_id, run_name="spare").info.run_id
    client.set_terminated(spare_run)
    facts = {"experiment_id": experiment_id, "runs": runs, "models": models}
    result.write_text(
        json.dumps(facts | {"spare_experiment_id": spare_experiment_id, "spare_run": spare_run})
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
