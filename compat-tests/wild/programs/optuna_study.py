"""Searches with Optuna, each trial a run of its own, as Optuna's callback for MLflow writes them."""

import json
import sys
import warnings
from pathlib import Path

import mlflow
import optuna
from optuna_integration.mlflow import MLflowCallback

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)


def objective(trial: optuna.Trial) -> float:
    x = trial.suggest_float("x", -5, 5)
    kind = trial.suggest_categorical("kind", ["square", "fourth power"])
    layers = trial.suggest_int("layers", 1, 4)
    trial.set_user_attr("sum", x + layers)
    if trial.number == 3:
        raise optuna.TrialPruned
    return (x - 1) ** 2 / layers + (kind == "square")


def facts_of(study: optuna.Study) -> list[dict]:
    return [
        {
            "number": trial.number,
            "state": trial.state.name,
            "values": trial.values,
            "params": {key: str(value) for key, value in trial.params.items()},
            "distributions": {key: str(value) for key, value in trial.distributions.items()},
            "user_attrs": {key: str(value) for key, value in trial.user_attrs.items()},
            "started": str(trial.datetime_start),
            "completed": str(trial.datetime_complete),
        }
        for trial in study.trials
    ]


# One experiment for a study, one run for a trial: what the callback does by default.
callback = MLflowCallback(metric_name="distance", tag_study_user_attrs=True)
plain = optuna.create_study(study_name="plain study", sampler=optuna.samplers.RandomSampler(7))
plain.set_user_attr("owner", "growth")
plain.optimize(objective, n_trials=6, callbacks=[callback])

# Trials below a parent run, with two objectives, and with logging from inside of the objective.
mlflow.set_experiment("nested study")
nested_callback = MLflowCallback(
    metric_name=["width", "height"], create_experiment=False, mlflow_kwargs={"nested": True}
)


@nested_callback.track_in_mlflow()
def two_objectives(trial: optuna.Trial) -> tuple[float, float]:
    side = trial.suggest_float("side", 0, 1)
    for step in range(3):
        mlflow.log_metric("progress", side * step, step=step)
    return side, 1 - side


nested = optuna.create_study(directions=["minimize", "maximize"], sampler=optuna.samplers.RandomSampler(8))
with mlflow.start_run(run_name="all trials") as parent:
    nested.optimize(two_objectives, n_trials=4, callbacks=[nested_callback])
    mlflow.log_metric("trials", len(nested.trials))

facts = {"plain": facts_of(plain), "nested": facts_of(nested), "parent": parent.info.run_id}
Path(sys.argv[1]).write_text(json.dumps(facts))
