"""A server that knows feature retrieval specs: flowkeep only."""

from collections.abc import Callable

import pytest

from harness.servers import FLOWKEEP, Server


@pytest.fixture(scope="module")
def server(start_server: Callable[..., Server], subject: str, database_kind: str) -> Server:
    if subject != FLOWKEEP:
        pytest.skip("MLflow has no feature retrieval specs.")
    return start_server(subject, database_kind=database_kind)
