"""The stream of log lines does not wait for a reader that hangs or has ended, and a full disk raises no error."""

import io
import logging
import os
import select
import socket
import time

import pytest

from channels_transport import log_stream
from channels_transport.log_stream import MAX_KEPT_BYTES, LogHandler, LogStream, get_stream

pytestmark = pytest.mark.no_database

LINE = "x" * 999 + "\n"


@pytest.fixture(params=["pipe", "pipe of another user", "socket"])
def ends(request, monkeypatch):
    """Yield (the file descriptor of the reader's end, the stream of the writer)."""
    if request.param == "pipe of another user":
        monkeypatch.setattr(log_stream.os, "open", lambda *arguments: (_ for _ in ()).throw(PermissionError()))
    if request.param == "socket":
        mine, others = socket.socketpair()
        reading, writing = mine.detach(), others.detach()
    else:
        reading, writing = os.pipe()
    stream = LogStream(writing, os.fstat(writing).st_mode)
    yield reading, stream
    # The stream's thread must not write to the number of a closed file, which the next opened file gets.
    with stream._lock:
        stream._kept.clear()
        thread = stream._thread
    if thread is not None:
        thread.join()
    for number in (reading, writing):
        os.close(number)


def read_all(number, until):
    """Read until a text arrives, and return everything."""
    found = b""
    while until not in found:
        found += os.read(number, 65536)
    return found.decode()


def test_lines_are_written_at_once(ends):
    reading, stream = ends
    stream.write("one\n")
    stream.write("tw\udc80\n")
    assert os.read(reading, 100) == b"one\ntw\\udc80\n"


def test_a_reader_that_hangs_gets_all_lines_later_and_the_writer_does_not_wait(ends):
    reading, stream = ends
    began = time.monotonic()
    for number in range(600):
        stream.write(f"{number:03} {LINE}")
    assert time.monotonic() - began < 1
    lines = read_all(reading, b"599 " + LINE.encode()).splitlines()
    assert [int(line[:3]) for line in lines] == list(range(600))
    assert {len(line) for line in lines} == {len(LINE) + 3}


def test_lines_beyond_the_limit_are_lost_and_counted(ends, caplog):
    reading, stream = ends
    for _ in range(3 * MAX_KEPT_BYTES // len(LINE)):
        stream.write(LINE)
    deadline = time.monotonic() + 10
    while not caplog.messages and time.monotonic() < deadline:
        if select.select([reading], [], [], 0.1)[0]:
            os.read(reading, 65536)
    (message,) = caplog.messages
    assert message.endswith("lines of the log are lost, because they were not read in time")
    assert int(message.split()[0]) > 1000


def test_lines_for_a_reader_that_has_ended_are_not_kept(ends):
    reading, stream = ends
    with open(os.devnull) as other_file:
        os.dup2(other_file.fileno(), reading)  # this closes the reader's end
    for _ in range(1000):
        stream.write(LINE)
    assert not stream._kept


def test_the_end_of_a_process_waits_only_a_short_time_for_the_reader(ends, monkeypatch):
    monkeypatch.setattr(log_stream, "LAST_SECONDS", 0.1)
    _, stream = ends
    for _ in range(500):
        stream.write(LINE)
    began = time.monotonic()
    stream.finish()
    assert time.monotonic() - began < 1


def test_a_full_disk_raises_nothing(capsys):
    with open("/dev/full", "w") as full:
        handler = LogHandler(full)
        for _ in range(100):
            handler.handle(logging.makeLogRecord({"msg": LINE}))
        handler.close()
    assert capsys.readouterr() == ("", "")


def test_a_file_and_a_stream_without_a_file_are_written_directly(tmp_path):
    with open(tmp_path / "log", "w") as file:
        assert get_stream(file) is file
    stream = io.StringIO()
    assert get_stream(stream) is stream
