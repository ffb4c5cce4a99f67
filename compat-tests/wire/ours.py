"""Our .proto files as protoc understands them, which is not the compiler that the server is built with."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from harness.environments import REPOSITORY

PROTO = REPOSITORY / "proto"


class Schema:
    def __init__(self, folder: Path) -> None:
        compiled = folder / "descriptors.bin"
        sources = sorted((PROTO / "mlflow").glob("*.proto"))
        subprocess.run(
            [
                *(sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={PROTO}", "--include_imports"),
                *(f"--descriptor_set_out={compiled}", *sources),
            ],
            check=True,
        )
        content = compiled.read_bytes()
        # A pool of its own: the stock messages have the same names.
        self._pool = descriptor_pool.DescriptorPool()
        for file in descriptor_pb2.FileDescriptorSet.FromString(content).file:
            self._pool.Add(file)
        # Only the pool's own class reads the options that the pool knows.
        file_set = self._pool.FindMessageTypeByName("google.protobuf.FileDescriptorSet")
        self._files = [
            file
            for file in message_factory.GetMessageClass(file_set).FromString(content).file
            if file.package.startswith("mlflow")
        ]

    def messages(self) -> Iterator[tuple[str, Any]]:
        for file in self._files:
            yield from _nested_messages(file.package, file.message_type)

    def enums(self) -> Iterator[tuple[str, Any]]:
        for file in self._files:
            scopes = [(file.package, file), *_nested_messages(file.package, file.message_type)]
            yield from (
                (f"{scope}.{enum.name}", enum) for scope, holder in scopes for enum in holder.enum_type
            )

    def methods(self) -> Iterator[Any]:
        for file in self._files:
            for service in file.service:
                yield from service.method

    def routes(self, method: Any) -> set[tuple[str, str, int]]:
        http = self._pool.FindExtensionByName("flowkeep.http")
        return {(route.method, route.path, route.version) for route in method.options.Extensions[http]}

    def checks(self, field: Any) -> list[str]:
        """The checks of a field by name, in the words of our options."""
        check = self._pool.FindExtensionByName("flowkeep.check")
        at_most = self._pool.FindExtensionByName("flowkeep.at_most")
        in_each = self._pool.FindExtensionByName("flowkeep.required_in_each")
        names = [check.enum_type.values_by_number[number].name for number in field.options.Extensions[check]]
        if field.options.HasExtension(at_most):
            names.append(f"AT_MOST {field.options.Extensions[at_most]}")
        names.extend(f"EACH {part}" for part in field.options.Extensions[in_each])
        return names


def _nested_messages(scope: str, messages: Any) -> Iterator[tuple[str, Any]]:
    for message in messages:
        name = f"{scope}.{message.name}"
        yield name, message
        yield from _nested_messages(name, message.nested_type)
