"""Eight clients log to one run until they are told to stop.

The run's id goes to the file that is given, and at the end how far each client came. A file named `stop`
beside it ends the run.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Metric

CLIENTS = 8
PATIENCE = 600


def log(run_id: str, number: int, stop: Path) -> int:
    """Logs step after step, as a training loop does, and returns the last one."""
    client = MlflowClient()
    deadline = time.monotonic() + PATIENCE
    step = 0
    while not stop.exists() and time.monotonic() < deadline:
        step += 1
        now = int(time.time() * 1000)
        client.log_batch(run_id, metrics=[Metric(f"client_{number}", float(step), now, step)])
        # A busy loop would only measure the server.
        time.sleep(0.1)
    return step


def main(result: Path) -> None:
    client = MlflowClient()
    experiment_id = client.create_experiment("live")
    run_id = client.create_run(experiment_id, run_name="live").info.run_id
    started = {"experiment_id": experiment_id, "run_id": run_id}
    started_file = result.with_name("started.json")
    started_file.with_suffix(".tmp").write_text(json.dumps(started))
    started_file.with_suffix(".tmp").rename(started_file)
    with ThreadPoolExecutor(CLIENTS) as pool:
        stop = result.with_name("stop")
        steps = list(pool.map(lambda number: log(run_id, number, stop), range(CLIENTS)))
    client.set_terminated(run_id)
    result.write_text(json.dumps(started | {"steps": steps}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
