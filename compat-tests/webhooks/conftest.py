"""Servers that may send webhooks to this machine, and know the key for the webhooks' secrets."""

from collections.abc import Callable
from functools import partial

import pytest
from cryptography.fernet import Fernet

from harness.servers import Server


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    return {
        "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http",
        "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": Fernet.generate_key().decode(),
        # A receiver of the tests answers at once, and what a killed server had taken up is tried again soon.
        "MLFLOW_WEBHOOK_REQUEST_TIMEOUT": "5",
    }


@pytest.fixture(scope="module")
def start_sender(start_server: Callable[..., Server], environment: dict[str, str]) -> Callable[..., Server]:
    return partial(start_server, environment=environment)
