"""
Files that the interface reads itself.

Only one part of a file is in memory, and no part is read while the client reads nothing.
"""

import pytest
from django.test import override_settings
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from channels_transport.later_response import AsgiHandler
from channels_transport.stored_files import StoredFileResponse
from tests.channels_transport.connection import FakeConnection, HalfClosingTransport
from tests.channels_transport.interface.stored import MemoryStorage, Parts

pytestmark = pytest.mark.no_database

TEXT = b"0123456789"


@pytest.fixture
def connection():
    storage = MemoryStorage()
    storage.files["one"] = TEXT
    connection = FakeConnection(storage=storage)
    connection.storage = storage
    connection.transport.__class__ = HalfClosingTransport
    connection.request(path=b"/file")
    connection.asgi_message = connection.passed_on("http.request")
    return connection


def send(connection, name="one", first=0, length=10):
    headers = [(b"Content-Length", b"%d" % length), (b"ETag", b'"x"')]
    file = {"name": name, "first": first, "length": length}
    connection.reply({"status": 206, "headers": headers, "content": b"", "file": file})


def test_a_file_is_sent_with_the_headers_of_the_worker(connection):
    send(connection, first=2, length=7)
    head, _, body = connection.received.partition(b"\r\n\r\n")
    assert connection.status == 206 and b'ETag: "x"' in head.replace(b"Etag", b"ETag") and body == TEXT[2:9]
    assert connection.storage.open_readers == 0
    connection.request(path=b"/next")
    assert connection.passed_on("http.request")["path"] == "/next"


def test_an_empty_file_is_sent(connection):
    send(connection, length=0)
    assert connection.status == 206 and connection.received.endswith(b"\r\n\r\n")


def test_no_part_is_read_while_the_client_reads_nothing(connection):
    connection.storage.is_slow = True
    send(connection)
    connection.storage.work()
    producer = connection.channel.requests[0].producer
    producer.pauseProducing()
    connection.storage.work()
    assert connection.storage.calls == [] and connection.received.endswith(b"012")
    producer.resumeProducing()
    connection.storage.is_slow = False
    connection.storage.work()
    assert connection.received.endswith(TEXT) and connection.storage.open_readers == 0


@pytest.mark.parametrize("error, status", [(LookupError("gone"), 404), (OSError("broken"), 503)])
def test_a_file_that_cannot_be_opened_gets_an_error(connection, error, status):
    connection.storage.errors.append(error)
    send(connection)
    assert connection.status == status and TEXT not in connection.received


def test_a_file_that_breaks_off_ends_the_connection(connection):
    connection.storage.is_slow = True
    send(connection)
    connection.storage.work()
    connection.storage.work()
    connection.storage.errors.append(LookupError("deleted"))
    connection.storage.work()
    assert connection.transport.is_aborted and connection.received.endswith(b"012")


@pytest.mark.parametrize("calls", range(3))
def test_the_file_is_closed_when_the_client_leaves(connection, calls):
    connection.storage.is_slow = True
    send(connection)
    for _ in range(calls):
        connection.storage.work()
    connection.channel.connectionLost(Failure(ConnectionDone()))
    for _ in range(3):
        connection.storage.work()
    assert connection.storage.open_readers == 0 and connection.storage.calls == []


def make_response():
    storage = MemoryStorage()
    response = StoredFileResponse("one", 2, 5, lambda *arguments: FullParts(storage, TEXT[2:7]), status=206)
    response.set_cookie("a", "b")
    return response


class FullParts(Parts):
    def __iter__(self):
        return self


def test_a_worker_sends_only_the_name_of_the_file():
    with override_settings(INTERFACE_FILES={"read": "site.read"}):
        (message,) = AsgiHandler.encode_response(make_response())
    assert message["file"] == {"name": "one", "first": 2, "length": 5} and message["content"] == b""
    headers = dict(message["headers"])
    assert message["status"] == 206 and headers[b"Content-Length"] == b"5" and b"Set-Cookie" in headers


def test_without_the_setting_a_worker_sends_the_file_itself():
    with override_settings(INTERFACE_FILES={}):
        parts = list(AsgiHandler.encode_response(make_response()))
    assert b"".join(part["content"] for part in parts if "content" in part) == TEXT[2:7]
