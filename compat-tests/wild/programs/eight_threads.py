"""Eight threads log to one run at once, each with batches of its own, and to one metric they all share."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

THREADS = 8
BATCHES = 6
STEPS = 100

experiment = mlflow.set_experiment("threads")
client = MlflowClient()
run_id = client.create_run(experiment.experiment_id, run_name="busy").info.run_id
together = Barrier(THREADS)


def log(thread: int) -> str:
    own_run_id = client.create_run(experiment.experiment_id, run_name=f"thread {thread}").info.run_id
    together.wait()
    for batch in range(BATCHES):
        steps = range(batch * STEPS, (batch + 1) * STEPS)
        client.log_batch(
            run_id,
            metrics=[
                *(
                    Metric(f"own {thread}", thread + 1 / (step + 1), 1_600_000_000_000 + step, step)
                    for step in steps
                ),
                *(
                    Metric("shared", step * THREADS + thread, 1_600_000_000_000, step * THREADS + thread)
                    for step in steps
                ),
            ],
            params=[Param(f"param {thread} {batch} {number}", str(number)) for number in range(10)],
            tags=[RunTag(f"tag {thread} {batch}", "set"), RunTag("last", str(thread))],
        )
        client.log_batch(own_run_id, metrics=[Metric("loss", 1 / (step + 1), step, step) for step in steps])
    client.set_terminated(own_run_id)
    return own_run_id


with ThreadPoolExecutor(THREADS) as pool:
    own_run_ids = list(pool.map(log, range(THREADS)))
client.set_terminated(run_id)
facts = {"threads": THREADS, "steps": BATCHES * STEPS, "run_id": run_id, "own_run_ids": own_run_ids}
Path(sys.argv[1]).write_text(json.dumps(facts | {"batches": BATCHES}))
