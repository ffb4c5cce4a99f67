"""The lower limit on PostgreSQL: the statements and commits of a request, sent by pgbench without a server."""

import re
import subprocess
import tempfile
import threading
import time
from io import StringIO

import psycopg2

from harness.postgres import BINARIES

RUN = "a" * 32

# What flowkeep sends for one request that is alone in its group. Each statement is prepared.
LOG_METRIC = f"""
\\set step random(1, 1000000000)
BEGIN;
SELECT run_uuid, name, experiment_id, user_id, status, start_time, end_time, artifact_uri, lifecycle_stage
  FROM runs WHERE run_uuid = ANY(ARRAY['{RUN}']);
INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
  VALUES ('loss-' || :client_id, 0.5, :step, '{RUN}', :step, false) ON CONFLICT DO NOTHING;
INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan)
  VALUES ('loss-' || :client_id, 0.5, :step, '{RUN}', :step, false)
  ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value, timestamp = excluded.timestamp,
    step = excluded.step, is_nan = excluded.is_nan WHERE excluded.step > latest_metrics.step;
COMMIT;
"""

CREATE_RUN = """
\\set number random(1, 1000000000000)
BEGIN;
SELECT * FROM experiments WHERE experiment_id = 0 FOR KEY SHARE;
INSERT INTO runs (run_uuid, name, experiment_id, user_id, status, start_time, artifact_uri, lifecycle_stage,
    source_type, source_name, entry_point_name, source_version)
  VALUES (md5(:number::text), 'bold-owl-12', 0, '', 'RUNNING', :number,
    'mlflow-artifacts:/0/' || md5(:number::text) || '/artifacts', 'active', 'UNKNOWN', '', '', '');
INSERT INTO tags (key, value, run_uuid)
  VALUES ('mlflow.runName', 'bold-owl-12', md5(:number::text)), ('team', 'a', md5(:number::text));
COMMIT;
"""

GET_RUN = f"""
SELECT 0, name, status, artifact_uri, lifecycle_stage, 0.0, start_time FROM runs WHERE run_uuid = '{RUN}'
UNION ALL SELECT 1, key, NULL, NULL, NULL, value, step FROM latest_metrics WHERE run_uuid = '{RUN}'
UNION ALL SELECT 2, key, value, NULL, NULL, NULL, NULL FROM params WHERE run_uuid = '{RUN}'
UNION ALL SELECT 3, key, value, NULL, NULL, NULL, NULL FROM tags WHERE run_uuid = '{RUN}'
UNION ALL SELECT 4, source_type, source_id, NULL, NULL, NULL, step FROM inputs
  WHERE destination_type = 'RUN' AND destination_id = '{RUN}' AND source_type = 'DATASET';
"""

# A version with its tags and aliases.
VERSION = """
SELECT version.*, ARRAY(SELECT alias FROM registered_model_aliases AS other WHERE other.workspace = 'default'
    AND other.name = version.name AND other.version = version.version),
  ARRAY(SELECT key || value FROM model_version_tags AS tag WHERE tag.workspace = 'default'
    AND tag.name = version.name AND tag.version = version.version)
  FROM model_versions AS version WHERE version.workspace = 'default'
"""

GET_VERSION = VERSION + "AND version.name = 'model-010000' AND version.version = 3;"

BY_ALIAS = f"""
\\set number random(0, {{models}} - 1)
{VERSION} AND (version.name, version.version) = (SELECT name, version FROM registered_model_aliases
  WHERE workspace = 'default' AND name = 'model-' || lpad(:number::text, 6, '0') AND alias = 'champion');
"""

# The look of each change at its model.
LOCK = """
SELECT model.creation_time, known.model_id, ARRAY(SELECT hash FROM flowkeep_policies)
  FROM registered_models AS model LEFT JOIN flowkeep_models AS known ON known.name = model.name
  WHERE model.workspace = 'default' AND model.name = 'model-' || lpad(:number::text, 6, '0') FOR UPDATE OF model;
"""

HISTORY = """
INSERT INTO flowkeep_history (time_ms, actor, action, outcome, model, model_id, version, stage, before, after)
  VALUES (:time, 'anonymous', 'a change', 'done', 'model-' || lpad(:number::text, 6, '0'),
    '00000000-0000-0000-0000-000000000000', 1, 'Staging', '{"stage":"None"}', '{"stage":"Staging"}');
"""

TOUCH = """
UPDATE registered_models SET last_updated_time = :time
  WHERE workspace = 'default' AND name = 'model-' || lpad(:number::text, 6, '0');
"""

BEGIN_CHANGE = f"\\set number random(0, 999)\n\\set time random(1, 1000000000)\nBEGIN;{LOCK}"

TRANSITION = f"""{BEGIN_CHANGE}
{VERSION} AND version.name = 'model-' || lpad(:number::text, 6, '0') AND version.version = 1;
{HISTORY}{TOUCH}
UPDATE model_versions SET current_stage = 'Staging', last_updated_time = :time
  WHERE workspace = 'default' AND name = 'model-' || lpad(:number::text, 6, '0') AND version = 1;
COMMIT;
"""

CREATE_VERSION = f"""{BEGIN_CHANGE}{TOUCH}
INSERT INTO model_versions (name, version, creation_time, last_updated_time, description, current_stage, source,
    storage_location, status, workspace)
  SELECT 'model-' || lpad(:number::text, 6, '0'), max(version) + 1, :time, :time, '', 'None', 's3://bucket/model',
    's3://bucket/model', 'READY', 'default' FROM model_versions
    WHERE workspace = 'default' AND name = 'model-' || lpad(:number::text, 6, '0');
{HISTORY}COMMIT;
"""

SET_ALIAS = f"""{BEGIN_CHANGE}
{VERSION} AND version.name = 'model-' || lpad(:number::text, 6, '0') AND version.version = 2;
INSERT INTO registered_model_aliases (workspace, name, alias, version)
  VALUES ('default', 'model-' || lpad(:number::text, 6, '0'), 'alias-1', 2)
  ON CONFLICT (workspace, name, alias) DO UPDATE SET version = excluded.version;
{HISTORY}COMMIT;
"""


def prepare(uri: str) -> None:
    """Makes the experiment and the run that the scripts write to."""
    with psycopg2.connect(uri) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "INSERT INTO experiments (experiment_id, name, lifecycle_stage, workspace)"
            " VALUES (0, 'Default', 'active', 'default') ON CONFLICT DO NOTHING"
        )
        cursor.execute(
            "INSERT INTO runs (run_uuid, experiment_id, source_type, status, lifecycle_stage)"
            " VALUES (%s, 0, 'UNKNOWN', 'RUNNING', 'active')",
            [RUN],
        )
        cursor.execute(
            "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid)"
            " SELECT 'm' || key, 1.5, 1, 1, false, %s FROM generate_series(0, 9) AS key",
            [RUN],
        )
        cursor.execute(
            "INSERT INTO params (key, value, run_uuid)"
            " SELECT 'p' || key, 'some value', %s FROM generate_series(0, 9) AS key",
            [RUN],
        )
    connection.close()


def pgbench(uri: str, script: str, *, connections: int = 16, seconds: int = 8) -> float:
    """Transactions a second."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        threads = min(2, connections)
        output = subprocess.run(
            [
                *(str(BINARIES / "pgbench"), "--no-vacuum", "--protocol=prepared"),
                *(f"--client={connections}", f"--jobs={threads}", f"--time={seconds}"),
                *(f"--file={file.name}", uri),
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    found = re.search(r"^tps = ([\d.]+)", output, re.MULTILINE)
    assert found, output
    return float(found[1])


def copy_and_merge(uri: str, *, connections: int = 4, seconds: int = 8, size: int = 1000) -> float:
    """Metrics a second that COPY brings into a staging table, and two statements from there into MLflow's."""
    counts = [0] * connections
    end = time.perf_counter() + seconds

    def work(number: int) -> None:
        connection = psycopg2.connect(uri)
        cursor = connection.cursor()
        cursor.execute("CREATE TEMPORARY TABLE staging (LIKE metrics)")
        run_id = f"{number:032d}"
        cursor.execute(
            "INSERT INTO runs (run_uuid, experiment_id, source_type, status, lifecycle_stage)"
            " VALUES (%s, 0, 'UNKNOWN', 'RUNNING', 'active')",
            [run_id],
        )
        connection.commit()
        while time.perf_counter() < end:
            step = counts[number]
            rows = (f"m{key}\t{key}.5\t1700000000000\t{run_id}\t{step}\tf\n" for key in range(size))
            cursor.copy_expert("COPY staging FROM STDIN", StringIO("".join(rows)))
            cursor.execute("INSERT INTO metrics SELECT * FROM staging ON CONFLICT DO NOTHING")
            cursor.execute(
                "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan)"
                " SELECT key, value, timestamp, run_uuid, step, is_nan FROM staging"
                " ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value,"
                " timestamp = excluded.timestamp, step = excluded.step, is_nan = excluded.is_nan"
                " WHERE excluded.step > latest_metrics.step"
            )
            cursor.execute("TRUNCATE staging")
            connection.commit()
            counts[number] += 1
        connection.close()

    threads = [threading.Thread(target=work, args=[number]) for number in range(connections)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) * size / (time.perf_counter() - begin)
