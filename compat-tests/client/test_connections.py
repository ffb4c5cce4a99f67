"""Connections as clients keep them."""

import http.client
import time
from urllib.parse import urlsplit

import pytest

from harness.servers import STOCK, Server


def test_a_connection_that_was_idle_is_still_there(server: Server) -> None:
    """A client that uses a connection again after a rest must not meet one that is being closed."""
    if server.kind == STOCK:
        pytest.skip("closes idle connections after five seconds")
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    connection.connect()
    socket = connection.sock
    for pause in (0, 8):
        time.sleep(pause)
        connection.request("GET", "/health")
        reply = connection.getresponse()
        assert reply.status == 200
        reply.read()
    # The client connects anew by itself where the server has closed.
    assert connection.sock is socket
    connection.close()
