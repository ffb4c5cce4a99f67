"""Changes of the registry, and the events that tell of them."""

from dataclasses import dataclass, field
from typing import Any

import requests

from harness.servers import Server

API = "/api/2.0/mlflow"

EVENTS = [
    ("REGISTERED_MODEL", "CREATED"),
    ("MODEL_VERSION", "CREATED"),
    ("MODEL_VERSION_TAG", "SET"),
    ("MODEL_VERSION_TAG", "DELETED"),
    ("MODEL_VERSION_ALIAS", "CREATED"),
    ("MODEL_VERSION_ALIAS", "DELETED"),
]

# An event with what tells it from the others of its kind.
Told = tuple[str, ...]


def create_webhook(server: Server, url: str, secret: str) -> str:
    """Returns the id of a webhook for all events."""
    created = server.post(
        f"{API}/webhooks",
        name="receiver",
        url=url,
        secret=secret,
        events=[{"entity": entity, "action": action} for entity, action in EVENTS],
    )["webhook"]
    assert secret not in str(created)
    return created["webhook_id"]


def told(event: str, data: dict[str, Any]) -> Told:
    names = [name for name in ("name", "version", "key", "value", "alias") if name in data]
    return (event, *(f"{name}={data[name]}" for name in names))


@dataclass
class Changes:
    """Changes one model after the other, and notes what was acknowledged and what was refused."""

    server: Server
    label: str
    acknowledged: list[Told] = field(default_factory=list)
    refused: int = 0

    def __post_init__(self) -> None:
        self._session = requests.Session()

    def of_one_model(self, number: int) -> None:
        name = f"{self.label}-{number}"
        self._send("registered_model.created", "POST", "registered-models/create", name=name)
        for version in ("1", "2"):
            self._send(
                "model_version.created",
                "POST",
                "model-versions/create",
                {"name": name, "version": version},
                name=name,
                source="s3://bucket/model",
            )
        of_version = {"name": name, "version": "2"}
        self._send(
            "model_version_tag.set", "POST", "model-versions/set-tag", **of_version, key="a", value="Größe"
        )
        self._send("model_version_tag.deleted", "DELETE", "model-versions/delete-tag", **of_version, key="a")
        self._send(
            "model_version_alias.created", "POST", "registered-models/alias", **of_version, alias="champion"
        )
        self._send(
            "model_version_alias.deleted", "DELETE", "registered-models/alias", name=name, alias="champion"
        )
        self._refuse("registered-models/create", name=name)
        self._refuse("model-versions/create", name=name, source="/etc/passwd")
        self._refuse("registered-models/alias", name=name, version="3", alias="refused")
        self._refuse("model-versions/set-tag", name=name, version="3", key="refused", value="x")

    def _send(
        self, event: str, method: str, path: str, event_data: dict[str, Any] | None = None, /, **body: Any
    ) -> None:
        assert self._answer(method, path, body) == 200
        self.acknowledged.append(told(event, event_data or body))

    def _refuse(self, path: str, **body: Any) -> None:
        assert self._answer("POST", path, body) >= 400
        self.refused += 1

    def _answer(self, method: str, path: str, body: dict[str, Any]) -> int:
        url = f"{self.server.url}{API}/{path}"
        return self._session.request(method, url, json=body, timeout=60).status_code
