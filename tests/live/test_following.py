"""One message on its way through a real site: its id in the JSON lines of all processes, and its trace."""

import json
import signal
import subprocess

import pytest
import requests

from tests.collector import running_collector
from tests.live.client import Person, later
from tests.live.processes import ROOT, Site, answers, die_with_the_tests, wait_until
from tests.valkey import free_port

pytestmark = pytest.mark.process

FIELDS = {"time", "level", "logger", "message", "process", "pid"}
OPTIONAL = {"channel", "id", "parent", "trace", "exception", "client", "status", "duration_ms", "queue_ms"}
OPTIONAL |= {"statements", "database_ms", "sending_ms"}


class Elsewhere:
    """The same site, reached through its second interface."""

    def __init__(self, site, port):
        self.url = f"http://127.0.0.1:{port}"
        self.database = site.database


@pytest.fixture(scope="module")
def collector():
    with running_collector() as collector:
        yield collector


@pytest.fixture(scope="module")
def site(collector):
    site = Site(
        workers=1,
        task_workers=1,
        LOG_FORMAT="json",
        LOG_MESSAGES="1",
        TRACING="1",
        TRUSTED_PROXIES="1",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_BSP_SCHEDULE_DELAY="100",
        OTEL_SERVICE_NAME="chat",
    )
    port = free_port()
    site.others = [
        site.make_part("web-2", "interface", "--port", str(port)),
        site.make_part("delay", "rundelay"),
        site.make_part("monitor", "monitor"),
    ]
    site.elsewhere = Elsewhere(site, port)
    for part in site.others:
        part.start()
    site.start()
    site.others[0].wait_until_logged("Listening on endpoint")
    yield site
    for part in site.others:
        if part.is_running:
            part.kill()
    site.stop()


@pytest.fixture(scope="module")
def alice(site):
    return Person(site, "Alice", "correct horse")


@pytest.fixture(scope="module")
def bob(site):
    return Person(site.elsewhere, "Bob")


def read_lines(part):
    return [json.loads(line) for line in part.read_log().splitlines()]


def steps(part, message_id):
    """Return what a process logged about the message with an id, in its order."""
    start = f"{message_id} "
    lines = [line for line in read_lines(part) if line["message"].startswith(start)]
    assert all(line["id"] == message_id for line in lines)
    return [line["message"].removeprefix(start) for line in lines]


async def test_a_post_has_one_id_from_its_frame_to_the_sockets_of_both_interfaces(site, alice, bob, collector):
    room = alice.make_room()
    async with alice.client(room) as at_alice, bob.client(room) as at_bob:
        await at_alice.post("Hello")
        await at_bob.until(lambda: at_bob.bodies() == ["Hello"])
    web, worker, elsewhere = site.web, site.workers[0], site.others[0]
    room_id = site.database.query("SELECT id FROM chat_room WHERE slug = %s", room)[0][0]
    sent = f"broadcast to the group room-{room_id}, interfaces: 2"
    wait_until(lambda: sent in worker.read_log())
    (message_id,) = {
        line["id"] for line in read_lines(worker) if line["message"].endswith(sent) and "#1" in line["message"]
    }
    assert steps(web, message_id)[0] == "received on websocket.receive"
    assert f"written to the group room-{room_id}, connections: 1" in steps(web, message_id)
    assert steps(elsewhere, message_id) == [f"written to the group room-{room_id}, connections: 1"]
    at_worker = [step.split(" on ")[0] for step in steps(worker, message_id)]
    assert (
        at_worker.index("committed in the database default")
        < at_worker.index("answered")
        < at_worker.index(sent.split(" on ")[0])
    )


async def test_the_trace_of_a_post_has_the_steps_of_both_interfaces_and_of_the_worker(site, alice, bob, collector):
    room = alice.make_room()
    async with alice.client(room) as at_alice, bob.client(room) as at_bob:
        await at_alice.post("Hello")
        await at_bob.until(lambda: at_bob.bodies() == ["Hello"])
    room_id = site.database.query("SELECT id FROM chat_room WHERE slug = %s", room)[0][0]

    def find_broadcast():
        group = {"messaging.destination.name": f"room-{room_id}"}
        found = [span for span in collector.find("broadcast", **group) if len(collector.below(span)) == 2]
        return found and found[0]

    broadcast = wait_until(find_broadcast, what="the trace")
    assert {span.name for span in collector.below(broadcast)} == {"write"}
    assert [span.process for span in collector.below(broadcast)] == ["interface"] * 2

    def parent_of(span):
        (found,) = wait_until(lambda: [other for other in collector.spans if other.id == span.parent])
        return found

    process = parent_of(broadcast)
    names = wait_until(lambda: "reply" in (names := [span.name for span in collector.below(process)]) and names)
    assert {"UPDATE chat_room", "INSERT chat_message", "commit", "broadcast", "reply"} <= set(names)
    queue = parent_of(process)
    receive = parent_of(queue)
    assert [process.name, queue.name, receive.name] == [
        f"{step} websocket.receive" for step in ("process", "queue", "receive")
    ]
    assert [process.process, queue.process, receive.process] == ["runworker", "runworker", "interface"]
    assert receive.parent == "" and receive.start <= queue.start <= queue.end <= process.start
    assert receive.attributes["url.path"] == f"/chat/{room}/"
    assert "Hello" not in str(collector.spans), "a span contains a text"


async def test_a_delayed_message_knows_its_cause_and_belongs_to_its_trace(site, alice, collector):
    room = alice.make_room()
    async with alice.client(room) as at_alice:
        await at_alice.ask("schedule", body="Later", at=later(1))
        await at_alice.until(lambda: at_alice.bodies() == ["Later"])
    (job,) = wait_until(lambda: collector.find("process chat.scheduled"))
    (receive,) = [
        span for span in collector.find("receive websocket.receive") if span.trace == job.trace and not span.parent
    ]
    cause = receive.attributes["messaging.message.id"]
    assert any(line.get("parent") == cause or line.get("id") == cause for line in read_lines(site.workers[0]))


def test_a_request_has_the_id_and_the_trace_that_the_trusted_proxy_gave(site, alice, collector):
    trace = "ab" * 16
    headers = {"X-Request-Id": "given-by-the-proxy", "traceparent": f"00-{trace}-{'cd' * 8}-01"}
    response = alice.http.get(f"{site.url}/api/rooms/", headers=headers, timeout=30)
    assert response.headers["X-Request-Id"] == "given-by-the-proxy"
    (receive,) = wait_until(lambda: [span for span in collector.find("receive http.request") if span.trace == trace])
    assert (receive.parent, receive.attributes["http.response.status_code"]) == ("cd" * 8, 200)
    wait_until(lambda: [span for span in collector.find("process http.request") if span.trace == trace])
    assert "received on http.request" in steps(site.web, "given-by-the-proxy")


def test_an_interface_whose_log_nobody_reads_still_serves(site, alice):
    port = free_port()
    part = site.make_part("unread", "interface", "--port", str(port))
    process = subprocess.Popen(
        part.command, cwd=ROOT, env=part.environment, stderr=subprocess.PIPE, preexec_fn=die_with_the_tests
    )
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/healthz"), 60)
        # Each request logs two lines with this id, so the pipe is full after 60 requests.
        headers = {"X-Request-Id": "x" * 128, "Accept": "application/json"}
        for _ in range(150):
            assert requests.get(f"http://127.0.0.1:{port}/api/session/", headers=headers, timeout=10).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    finally:
        process.kill()


def test_every_line_of_every_process_is_json_with_the_documented_fields(site, alice):
    """The lines of requests that fail, of processes that cannot start, and of all earlier tests are checked."""
    alice.http.get(f"{site.url}/no/such/page/\x7f?token=secret", timeout=30)
    alice.http.get(f"{site.url}/invite/secret-of-a-link/", timeout=30)
    failing = [
        site.make_part("port-in-use", "interface", "--port", str(site.port)),
        site.make_part("wrong-layer", "runworker", "--layer", "missing"),
        site.make_part("invalid-setting", "monitor"),
    ]
    failing[-1].environment = {**site.environment, "TRUSTED_PROXIES": "many"}
    assert [part.process.wait(60) for part in [part.start() for part in failing]] == [1, 1, 1]
    parts = [site.web, *site.workers, *site.task_workers, *site.others]
    for part in parts:
        part.end()
    for part in [*parts, *failing]:
        lines = read_lines(part)
        assert lines, part.name
        for line in lines:
            assert FIELDS <= line.keys() <= FIELDS | OPTIONAL, line
            assert "secret" not in line["message"]
