"""The ids of requests: each response has one, and a proxy may give it only if it is trusted."""

import json
import re

import pytest
from twisted.internet import task

from channels_transport import log_context, upstream
from channels_transport.interface.access_log import AccessLog
from channels_transport.layer import RedisChannelLayer
from channels_transport.log_context import CARRIED
from channels_transport.upstream import Upstream
from tests.channels_transport.connection import FakeConnection

pytestmark = pytest.mark.no_database

GIVEN = b"f1c9a2e4-8b1d-4f6e-9a53-2c7d8e9f0a1b"


def find_id(connection):
    (found,) = re.findall(rb"\r\nX-Request-Id: ([^\r]+)\r\n", connection.received)
    return found


def answer(connection):
    message = connection.passed_on("http.request")
    connection.factory.dispatch_reply(message["reply_channel"], {"status": 200, "content": b""})
    return message


def test_a_response_has_the_id_that_the_worker_logs():
    connection = FakeConnection()
    connection.request()
    message = answer(connection)
    assert find_id(connection).decode() == log_context.make_id(message)


def test_the_id_of_a_trusted_proxy_is_kept():
    connection = FakeConnection(trusted_proxies=1)
    connection.request(headers=[b"X-Request-ID: " + GIVEN])
    answer(connection)
    assert find_id(connection) == GIVEN


@pytest.mark.parametrize(
    "proxies, lines",
    [
        (0, [b"X-Request-Id: " + GIVEN]),
        (1, [b"X-Request-Id: a b"]),
        (1, [b"X-Request-Id: " + b"a" * 129]),
        (1, [b"X-Request-Id: \xff"]),
        (1, [b"X-Request-Id: a", b"X-Request-Id: b"]),
    ],
)
def test_an_invalid_id_or_the_id_of_an_untrusted_client_is_ignored(proxies, lines):
    connection = FakeConnection(trusted_proxies=proxies)
    connection.request(headers=[*lines, b"traceparent: 00-" + b"a" * 32])
    message = answer(connection)
    assert find_id(connection).decode() == log_context.make_id(message)
    names = [name for name, _ in message["headers"]]
    assert b"x-request-id" not in names and (b"traceparent" in names) == bool(proxies)


@pytest.mark.parametrize("name", [b"x-request-id", "X-Request-ID"])
def test_the_id_that_a_view_gives_is_kept(name):
    connection = FakeConnection()
    connection.request()
    message = connection.passed_on("http.request")
    answer = {"status": 200, "headers": [(name, b"mine")], "content": b""}
    connection.factory.dispatch_reply(message["reply_channel"], answer)
    assert re.findall(rb"(?i)\r\nx-request-id: ([^\r]+)", connection.received) == [b"mine"]


def test_a_refused_request_has_an_id_too():
    connection = FakeConnection()
    connection.request(headers=[b"Content-Type: text/plain", b"Content-Type: text/html"])
    assert connection.status == 400 and len(find_id(connection)) == 10


def test_the_worker_gets_the_id_that_a_trusted_proxy_gave(monkeypatch):
    monkeypatch.setattr(upstream, "reactor", task.Clock())
    layer = RedisChannelLayer()
    sender = Upstream(layer, client=None, pause=None, resume=None, refuse=None)
    message = {"reply_channel": "daphne.response.a!b"}
    with log_context.handling("http.request", message, {"id": "given"}):
        sender.send("http.request", message)
    ((command, _),) = sender._requests
    (body,) = [part for part in command if isinstance(part, bytes) and b"reply_channel" in part]
    assert layer.deserialize(body)[CARRIED] == {"id": "given"}


def test_a_line_of_the_access_log_has_the_id(settings, tmp_path):
    settings.LOG_FORMAT = "json"
    connection = FakeConnection(action_logger=AccessLog(str(tmp_path / "log")))
    connection.request()
    answer(connection)
    (line,) = (tmp_path / "log").read_text().splitlines()
    assert json.loads(line)["id"] == find_id(connection).decode()
    assert log_context.describe() == {}
