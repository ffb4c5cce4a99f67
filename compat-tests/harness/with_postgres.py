"""Runs a command beside a private PostgreSQL: `python -m harness.with_postgres COMMAND…`.

The command finds the server in FLOWKEEP_TEST_POSTGRES. One that is named there already is used as it is.
"""

import os
import subprocess
import sys

from harness.postgres import PrivatePostgres


def main(command: list[str]) -> int:
    if "FLOWKEEP_TEST_POSTGRES" in os.environ:
        return subprocess.run(command, check=False).returncode
    postgres = PrivatePostgres()
    try:
        environment = os.environ | {"FLOWKEEP_TEST_POSTGRES": postgres.uri}
        return subprocess.run(command, check=False, env=environment).returncode
    finally:
        postgres.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
