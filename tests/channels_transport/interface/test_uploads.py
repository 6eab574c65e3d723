"""Uploads: the site is asked first, the body goes to the storage and nowhere else, and the site is told at the end."""

import json

import msgpack
import pytest
from twisted.internet import task
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from channels_transport.interface import deadlines
from channels_transport.interface.limits import Limits, make_limits
from channels_transport.interface.uploads import MOST_WAITING_BYTES
from tests.channels_transport.connection import FakeConnection, HalfClosingTransport
from tests.channels_transport.interface.stored import MemoryStorage

pytestmark = pytest.mark.no_database

HEAD = b"POST /files/?q=1 HTTP/1.1\r\nHost: testserver\r\n"


class Uploader(FakeConnection):
    """A client that uploads, and the worker that answers it."""

    def __init__(self, storage=None, **options):
        self.storage = storage or MemoryStorage()
        super().__init__(storage=self.storage, **options)
        self.transport.__class__ = HalfClosingTransport

    def begin(self, body=b"", headers=(b"Content-Type: text/plain",), length=None):
        """Send the headers and the beginning of a body."""
        length = len(body) if length is None else length
        lines = [*headers, b"Content-Length: %d" % length]
        self.write(HEAD + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body)
        return self

    def take(self):
        """Receive the next request as a worker does. Return what the site sees in `upload`, or None."""
        message = self.passed_on("http.request")
        if message is None:
            return None
        self.asgi_message = message
        return message["upload"]

    def answer(self, status, content=b"", **more):
        self.reply({"status": status, "content": content, **more})

    def accept(self, most_bytes=10**6, name="one"):
        assert self.take()["stage"] == "ask"
        self.answer(202, json.dumps({"name": name, "most_bytes": most_bytes}).encode())
        return self

    def leave(self):
        self.channel.connectionLost(Failure(ConnectionDone()))

    @property
    def is_paused(self):
        return self.transport.producerState == "paused"


@pytest.fixture
def clock(monkeypatch):
    clock = task.Clock()
    monkeypatch.setattr(deadlines, "reactor", clock)
    return clock


@pytest.fixture
def uploader(clock):
    return Uploader()


def make_form(*fields):
    """Return a form and its header. A field is (name, value) or (name, value, filename, type)."""
    parts = []
    for name, value, *file in fields:
        more = f'; filename="{file[0]}"\r\nContent-Type: {file[1]}' if file else ""
        head = f'--limit\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
        parts.append(head.encode() + value + b"\r\n")
    return b"".join(parts) + b"--limit--\r\n", [b"Content-Type: multipart/form-data; boundary=limit"]


def test_the_site_is_asked_before_the_body_is_read(uploader):
    uploader.begin(b"hello", length=1000)
    assert uploader.take() == {"stage": "ask", "size": 1000}
    assert uploader.is_paused and not uploader.storage.unfinished
    message = uploader.asgi_message
    assert (message["method"], message["path"], message["query_string"]) == ("POST", "/files/", b"q=1")
    assert message["body"] == b"" and dict(message["headers"])[b"content-length"] == b"0"
    assert message["client"] == ["10.1.1.1", 4711]


def test_an_absurd_length_reaches_the_site_as_a_number_that_messages_can_contain(uploader):
    uploader.begin(b"hello", length=10**30)
    size = uploader.take()["size"]
    assert size > 10**15 and msgpack.unpackb(msgpack.packb(size)) == size


def test_a_body_goes_to_the_storage_and_the_site_is_told(uploader):
    uploader.begin(b"hello", length=10).accept()
    assert uploader.storage.unfinished == {"one": b"hello"} and uploader.take() is None
    uploader.write(b"world")
    assert uploader.storage.files == {"one": b"helloworld"}
    assert uploader.take() == {
        "stage": "stored",
        "name": "one",
        "filename": "",
        "type": "text/plain",
        "size": 10,
        "fields": {},
    }
    assert uploader.received == b""
    uploader.answer(201, b"done")
    assert uploader.status == 201 and b"done" in uploader.received
    assert uploader.storage.files and uploader.storage.uploads == uploader.storage.bytes == 0


def test_the_connection_serves_the_next_request(uploader):
    for name in ("one", "two"):
        uploader.begin(b"hello").accept(name=name)
        uploader.take()
        uploader.reply({"status": 201, "headers": [(b"Content-Length", b"0")], "content": b""})
    uploader.request(path=b"/")
    assert uploader.passed_on("http.request")["path"] == "/"
    assert set(uploader.storage.files) == {"one", "two"}


def test_the_file_of_a_form_is_stored_and_its_fields_are_told(uploader):
    file = bytes(range(256)) * 40 + b"\r\n--limi"
    body, headers = make_form(("before", b"1"), ("file", file, "grün.png", "image/png"), ("after", "ü".encode()))
    uploader.begin(b"", headers, len(body)).accept()
    for start in range(0, len(body), 7):
        uploader.write(body[start : start + 7])
    assert uploader.storage.files == {"one": file}
    told = uploader.take()
    assert (told["filename"], told["type"], told["size"]) == ("grün.png", "image/png", len(file))
    assert told["fields"] == {"before": "1", "after": "ü"}


def test_a_chunked_body_is_stored(uploader):
    uploader.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    assert uploader.take() == {"stage": "ask", "size": None}
    assert not any(name == b"transfer-encoding" for name, _ in uploader.asgi_message["headers"])
    uploader.answer(202, b'{"name": "one", "most_bytes": 100}')
    uploader.write(b"5\r\nworld\r\n0\r\n\r\n")
    assert uploader.storage.files == {"one": b"helloworld"}


@pytest.mark.parametrize("status", [200, 403, 413, 500])
def test_another_answer_than_202_goes_to_the_client_and_nothing_is_stored(uploader, status):
    uploader.begin(b"hello", length=10**7)
    uploader.take()
    uploader.answer(status, b"no thanks")
    assert uploader.status == status and b"no thanks" in uploader.received and b"Connection: close" in uploader.received
    assert uploader.transport.is_half_closed and not uploader.transport.is_aborted, "the client can read the response"
    uploader.write(b"x" * 10**7)
    assert not uploader.transport.is_aborted and not uploader.storage.unfinished
    uploader.write(b"x" * Limits().discard_upload_bytes)
    assert uploader.transport.is_aborted


def test_a_refused_client_that_sends_on_is_cut_off(uploader, clock):
    uploader.begin(b"hello", length=10**7)
    uploader.take()
    uploader.answer(403)
    clock.advance(Limits().discard_upload_seconds)
    assert uploader.transport.is_aborted


def test_a_client_that_expects_100_gets_it_only_with_the_permission(uploader):
    uploader.begin(headers=[b"Expect: 100-continue"], length=5)
    assert uploader.received == b""
    uploader.accept()
    assert uploader.received == b"HTTP/1.1 100 Continue\r\n\r\n"
    refused = Uploader().begin(headers=[b"Expect: 100-continue"], length=5)
    refused.take()
    refused.answer(403)
    assert refused.status == 403 and b"100 Continue" not in refused.received


def test_a_client_cannot_say_what_the_site_sees(uploader):
    uploader.request(b"POST", b"/other/", [b"Upload: stored", b"X-Upload: stored"], body=b'{"upload": {}}')
    assert "upload" not in uploader.passed_on("http.request")


@pytest.mark.parametrize("method, path", [(b"PUT", b"/files/"), (b"POST", b"/files/a"), (b"POST", b"/")])
def test_other_requests_are_no_uploads(uploader, method, path):
    uploader.request(method, path, body=b"hello")
    assert uploader.passed_on("http.request")["body"] == b"hello"


@pytest.mark.parametrize("path", [b"/f%69les/", b"/files/?a=b", b"http://testserver/files/"])
def test_a_path_is_compared_as_the_site_sees_it(uploader, path):
    uploader.request(b"POST", path, body=b"hello")
    assert uploader.take()["stage"] == "ask"


def test_a_body_of_no_bytes_is_no_upload(uploader):
    uploader.request(b"POST", b"/files/")
    assert "upload" not in uploader.passed_on("http.request")


def test_the_site_is_not_asked_about_an_upload_that_is_refused_for_its_headers(uploader):
    uploader.begin(headers=[b"Host: other"], body=b"hello")
    assert uploader.status == 400 and uploader.take() is None and uploader.storage.uploads == 0


# Failures.


def get_failure(uploader):
    told = uploader.take()
    assert told["stage"] == "failed" and told["name"] == "one"
    assert uploader.storage.unfinished == uploader.storage.files == {}
    uploader.answer(413, b"sorry")
    assert b"sorry" in uploader.received and b"Connection: close" in uploader.received
    assert uploader.storage.uploads == uploader.storage.bytes == 0
    return told["code"]


def test_a_file_that_becomes_too_large_is_deleted(uploader):
    uploader.begin(b"x" * 6, length=100).accept(most_bytes=10)
    uploader.write(b"x" * 5)
    assert uploader.is_paused
    assert get_failure(uploader) == "too_large"


def test_a_full_storage_fails_the_upload(uploader):
    uploader.storage.space = 5
    uploader.begin(b"x" * 6, length=100).accept()
    assert get_failure(uploader) == "no_space"


@pytest.mark.parametrize(
    "body, headers",
    [
        make_form(("text", b"no file")),
        make_form(("a", b"x", "a", "a/a"), ("b", b"y", "b", "b/b")),
        make_form(("text", b"x" * 20_000), ("file", b"x", "a", "a/a")),
        make_form(*[("text", b"x")] * 30, ("file", b"x", "a", "a/a")),
        make_form(("text", b"\xff"), ("file", b"x", "a", "a/a")),
        (make_form(("file", b"x" * 100, "a", "a/a"))[0][:80], make_form()[1]),
        (b"no form at all" * 10, make_form()[1]),
        (b"hello", [b"Content-Type: multipart/form-data"]),
        (b"hello", [b"Content-Type: multipart/form-data; boundary="]),
        (b"hello", [b'Content-Type: multipart/form-data; boundary="' + b"x" * 71 + b'"']),
    ],
)
def test_a_malformed_body_fails_the_upload(uploader, body, headers):
    uploader.begin(body, headers).accept()
    assert get_failure(uploader) == "malformed"


@pytest.mark.parametrize("position", range(3))
def test_a_broken_storage_gets_503_and_is_logged(uploader, caplog, position):
    uploader.storage.is_slow = True
    uploader.begin(b"hello").accept()
    for _ in range(position):
        uploader.storage.work()
    uploader.storage.errors.append(OSError("the disk is broken"))
    uploader.storage.work()
    uploader.storage.work()
    assert uploader.status == 503 and "the disk is broken" in caplog.text
    assert uploader.take() is None and uploader.storage.unfinished == uploader.storage.files == {}


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"name": "one", "most_bytes": "many"}', b"\xff"])
def test_a_permission_without_a_name_gets_503(uploader, caplog, content):
    uploader.begin(b"hello")
    uploader.take()
    uploader.answer(202, content)
    assert uploader.status == 503 and "most_bytes" in caplog.text and not uploader.storage.unfinished


def test_the_file_is_deleted_if_the_site_refuses_it_at_the_end(uploader):
    uploader.begin(b"hello").accept()
    uploader.take()
    uploader.answer(403, b"banned meanwhile")
    assert uploader.storage.files == {} and uploader.status == 403


def test_the_file_stays_if_the_site_fails_at_the_end(uploader):
    uploader.begin(b"hello").accept()
    uploader.take()
    uploader.answer(500)
    assert uploader.storage.files == {"one": b"hello"}, "the site may have stored its name"


# Clients that leave or stall.


def test_the_partial_file_of_a_client_that_leaves_is_deleted_at_once(uploader):
    uploader.begin(b"hello", length=100).accept()
    assert uploader.storage.unfinished
    uploader.leave()
    assert uploader.storage.unfinished == {} and uploader.take() is None
    assert uploader.storage.uploads == uploader.storage.bytes == 0


@pytest.mark.parametrize("calls", range(3))
def test_nothing_stays_of_a_client_that_leaves_while_the_storage_works(uploader, calls):
    uploader.storage.is_slow = True
    uploader.begin(b"hello").accept()
    for _ in range(calls):
        uploader.storage.work()
    uploader.leave()
    for _ in range(3):
        uploader.storage.work()
    assert uploader.storage.unfinished == uploader.storage.files == {} and uploader.take() is None


def test_a_stored_file_belongs_to_the_site_also_if_its_client_leaves(uploader):
    uploader.begin(b"hello").accept()
    uploader.take()
    uploader.leave()
    assert uploader.storage.files == {"one": b"hello"}


def test_a_slow_but_steady_client_is_not_cut_off(uploader, clock):
    size = 2000 * 600
    uploader.begin(length=size).accept(most_bytes=size)
    for _ in range(600):
        uploader.write(b"x" * 2000)
        clock.advance(1)
    assert uploader.take()["size"] == size and not uploader.transport.has_ended


def test_a_client_that_stalls_after_many_bytes_is_cut_off(uploader, clock):
    uploader.begin(b"x" * 500_000, length=10**6).accept(most_bytes=10**6)
    for _ in range(6):
        clock.advance(Limits().body_seconds / 2)
    assert b" 408 " in uploader.received and uploader.storage.unfinished == {}
    assert uploader.storage.uploads == 0


def test_the_time_of_the_storage_does_not_count_against_the_client(uploader, clock):
    uploader.storage.is_slow = True
    uploader.begin(b"x" * 1000, length=10**6).accept(most_bytes=10**6)
    clock.advance(300)
    uploader.storage.work()
    uploader.write(b"x" * (MOST_WAITING_BYTES + 1))
    assert uploader.is_paused
    clock.advance(300)
    assert not uploader.transport.has_ended
    assert uploader.channel.requests[-1].duration() == 0, "no worker is late"


def test_only_a_few_bytes_wait_for_a_slow_storage(uploader):
    uploader.storage.is_slow = True
    uploader.begin(length=10**7).accept(most_bytes=10**7)
    uploader.storage.work()
    sent = 0
    uploader.transport.producerState = "producing"
    while not uploader.is_paused:
        uploader.write(b"x" * 65536)
        sent += 65536
    assert sent <= 2 * MOST_WAITING_BYTES
    assert len(uploader.storage.calls) == 1, "one call at a time"


# Limits.


def test_an_address_has_a_limit_of_uploads_at_once(clock):
    storage, limits = MemoryStorage(), make_limits({"uploads_per_address": 1})
    first = Uploader(storage, limits=limits).begin(b"hello", length=10)
    second = Uploader(storage, limits=limits)
    second.factory.addresses = first.factory.addresses
    second.begin(b"hello", length=10)
    assert second.status == 429 and second.take() is None
    first.leave()
    third = Uploader(storage, limits=limits)
    third.factory.addresses = first.factory.addresses
    assert third.begin(b"hello", length=10).take()["stage"] == "ask"


def test_an_interface_has_a_limit_of_uploads_and_of_their_bytes(clock):
    storage = MemoryStorage()
    Uploader(storage, limits=make_limits({"uploads": 1})).begin(b"hello", length=10)
    assert Uploader(storage, limits=make_limits({"uploads": 1})).begin(b"hello", length=10).status == 503
    limits = make_limits({"upload_bytes": 15})
    Uploader(storage, limits=limits).begin(b"hello", length=10).accept()
    second = Uploader(storage, limits=limits).begin(b"hello", length=10).accept()
    assert second.status == 503 and storage.bytes == 10
