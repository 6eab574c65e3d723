"""Monitoring: whether the site is alive, whether it can serve requests, and its metrics."""

import json
import re
import threading

import pytest
import redis
from asgi_redis import RedisChannelLayer
from channels import channel_layers
from channels.message import Message
from django.conf import settings
from django.db import OperationalError, connection
from django.utils.module_loading import import_string

import channels_transport.layer
from channels_transport import Answer, Asked
from channels_transport.later_response import view_consumer
from channels_transport.metrics import gauge
from chat.http import health
from chat.services import removed
from chat.store import store
from tests import wire
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db


def ask(method, path="/healthz"):
    """Return what the consumers of `http.request` answer, or None if the request goes to Django."""
    request = {"reply_channel": "replies.http", "method": method, "path": path, "headers": [], "body": b"x" * 1000}
    channels = wire.layer().router.channels
    assert "http.request" in channels
    message = Message({**request, "http_version": "1.1", "query_string": b"a=1"}, "http.request", wire.layer())
    consumer, _ = wire.layer().router.match(message)
    if consumer is view_consumer:
        return None
    wire.run("http.request", message.content)
    return wire.layer().receive(["replies.http"])[1]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_healthz_answers_without_the_database(method, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = ask(method)
    headers = dict(response["headers"])
    assert (response["status"], json.loads(response["content"]), response["more_content"]) == (
        200,
        {"status": "ok"},
        False,
    )
    assert headers[b"Content-Type"] == b"application/json" and headers[b"X-Content-Type-Options"] == b"nosniff"
    assert headers[b"Content-Length"] == str(len(response["content"])).encode()
    assert headers[b"Content-Security-Policy"].startswith(b"default-src 'none'")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "get", "GETS"])
def test_healthz_refuses_other_methods(method):
    response = ask(method)
    assert response["status"] == 405 and (b"Allow", b"GET") in response["headers"]
    assert json.loads(response["content"])["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["/", "/healthz/", "/healthz\n", "/x/healthz", "/readyz", "/healthzz"])
def test_django_handles_other_paths(path):
    assert ask("GET", path) is None


def test_readyz_is_200_when_database_and_redis_answer(client):
    assert client.get("/readyz").json() == {"status": "ok", "missing": []}


@pytest.mark.parametrize("host", ["10.1.2.3:8000", "another.example", ""])
def test_readyz_answers_a_load_balancer_that_uses_another_host_name(client, host):
    assert client.get("/", HTTP_HOST=host).status_code == 400
    assert client.get("/readyz", HTTP_HOST=host).status_code == 200


def test_readyz_names_the_parts_that_do_not_answer(client, monkeypatch):
    monkeypatch.setattr(store, "ping", fail_with(redis.ConnectionError("at 10.0.0.1")))
    response = client.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"status": "failing", "missing": ["redis"]})
    monkeypatch.setattr(connection, "ensure_connection", fail_with(OperationalError("at 10.0.0.1")))
    response = client.get("/readyz")
    assert (response.status_code, response.json()["missing"]) == (503, ["database", "redis"])
    assert b"10.0.0.1" not in response.content


def parse_metrics(content):
    lines = content.decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def metrics(client):
    response = client.get("/metrics")
    assert response.status_code == 200 and response["Content-Type"].startswith("text/plain")
    return parse_metrics(response.content)


def test_metrics_count_rooms_people_and_changes(client, alice, bob, room):
    room.offset = 7
    room.save()
    found = metrics(client)
    assert found["chat_rooms"] == 1 and found["chat_people"] == 2 and found["chat_changes_total"] == 7


def test_metrics_of_an_empty_site_are_zero(client):
    assert metrics(client)["chat_changes_total"] == 0


def test_metrics_count_the_messages_that_wait_in_redis(client, valkey_url, monkeypatch):
    layer = RedisChannelLayer(hosts=[valkey_url])
    monkeypatch.setattr(channel_layers["default"], "channel_layer", layer)
    layer.send("websocket.receive", {"text": "a"})
    found = metrics(client)
    assert found['chat_channel_pending{channel="websocket.receive"}'] == 1
    assert found['chat_channel_messages_total{channel="websocket.receive"}'] == 1
    for channel in ("http.request", "websocket.connect", "websocket.disconnect", "chat.scheduled", "asgi.delay"):
        assert found[f'chat_channel_pending{{channel="{channel}"}}'] == 0


OF_THE_INTERFACE = {
    "chat_interface_sockets",
    "chat_interface_polls",
    "chat_interface_frames_total",
    "chat_interface_bytes_total",
    "chat_interface_gathered_total",
    "chat_interface_handshakes_total",
    "chat_interface_closes_total",
    "chat_interface_responses_total",
    "chat_interface_response_seconds",
    "chat_interface_reply_seconds",
    "chat_interface_delivery_seconds",
    "chat_interface_broadcast_seconds",
}


def test_the_metrics_are_those_of_the_documentation(client, valkey_url, monkeypatch):
    layer = channels_transport.layer.RedisChannelLayer(hosts=[valkey_url])
    monkeypatch.setattr(channel_layers["default"], "channel_layer", layer)
    layer.group_add("a", "daphne.response.a!1")
    lines = client.get("/metrics").content.decode().splitlines()
    served = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert {"chat_worker_failed_total", "chat_workers", "chat_delayed_overdue", "chat_channel_receivers"} <= served
    page = (settings.BASE_DIR / "channels_transport" / "docs" / "monitoring.md").read_text()
    documented = {name.replace("channels_", "chat_", 1) for name in re.findall(r"`(channels_\w+)`", page)}
    # The interface adds its connections, its own counters, its versions and whether a part answers.
    documented -= {name for name in documented if name in OF_THE_INTERFACE}
    documented -= {"chat_connections", "chat_info", "chat_up", "chat_transport"}
    page = (settings.BASE_DIR / "docs" / "watching.md").read_text()
    documented |= set(re.findall(r"^\| `(chat_\w+)`", page, re.MULTILINE))
    assert served == documented


# The next tests are about the answers of the interface, which the setting INTERFACE_ANSWERS names.


def ask_interface(path, method="GET", is_redis_answering=True, open_connections=7):
    """Return the instruction for a request: the result of the function that INTERFACE_ANSWERS names."""
    function = import_string(settings.INTERFACE_ANSWERS[path])
    return function(Asked(method, open_connections, lambda: is_redis_answering))


def test_the_interface_answers_that_it_is_alive_when_redis_is_down():
    answer = ask_interface("/healthz", is_redis_answering=False)
    assert (answer.status, json.loads(answer.content)) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS"])
def test_the_interface_refuses_other_methods(path, method):
    answer = ask_interface(path, method)
    assert answer.status == 405 and answer.headers == {"Allow": "GET"}
    assert json.loads(answer.content)["code"] == "method_not_allowed"
    assert not isinstance(ask_interface(path, "HEAD"), Answer) or ask_interface(path, "HEAD").status == 200


@pytest.mark.parametrize("is_redis_answering, missing", [(True, "worker"), (False, "redis")])
def test_readyz_waits_less_than_a_second_for_a_worker(is_redis_answering, missing):
    states = iter([True, is_redis_answering])
    instruction = health.answer_readyz(Asked("GET", 0, lambda: next(states)))
    assert instruction.seconds < 1
    answer = instruction.make_late()
    assert (answer.status, json.loads(answer.content)) == (503, {"status": "failing", "missing": [missing]})


def test_readyz_does_not_wait_when_redis_is_down():
    answer = ask_interface("/readyz", is_redis_answering=False)
    assert (answer.status, json.loads(answer.content)) == (503, {"status": "failing", "missing": ["redis"]})


def read_numbers(answer):
    assert answer.status == 200 and answer.content_type.startswith("text/plain")
    found = parse_metrics(answer.content)
    assert found["chat_interface_polls"] == 0
    # The versions are in the labels, and other tests of this process may have counted frames.
    return {name: value for name, value in found.items() if not name.startswith(("chat_info", "chat_interface_"))}


@pytest.fixture
def parts(monkeypatch):
    """Replace the parts of the metrics. The real parts run in threads, which would see another in-memory database."""
    parts = {name: (lambda name=name: [gauge(f"chat_{name}", name).add(1)]) for name in health.PARTS}
    monkeypatch.setattr(health, "PARTS", parts)
    return parts


def test_the_interface_collects_the_metrics_of_all_parts(parts):
    instruction = ask_interface("/metrics")
    found = read_numbers(instruction.make_answer())
    assert found["chat_connections"] == 7 and found["chat_database"] == found["chat_redis"] == 1
    assert found['chat_up{part="database"}'] == found['chat_up{part="redis"}'] == 1
    assert read_numbers(instruction.make_late()) == {"chat_connections": 7}
    assert health.PART_SECONDS < instruction.seconds < 1


def test_a_part_that_hangs_or_fails_is_left_out(parts, monkeypatch):
    monkeypatch.setattr(health, "PART_SECONDS", 0.05)
    release, threads = threading.Event(), []

    def hang():
        threads.append(threading.current_thread())
        release.wait(10)
        return []

    parts.update(database=hang, redis=fail_with(redis.ConnectionError("at 10.0.0.1")))
    for _ in range(3):
        answer = ask_interface("/metrics").make_answer()
        assert read_numbers(answer) == {
            "chat_connections": 7,
            'chat_up{part="database"}': 0,
            'chat_up{part="redis"}': 0,
        }
        assert b"10.0.0.1" not in answer.content
    # A part that hangs gets no second thread.
    assert len(threads) == 1
    release.set()
    threads[0].join(10)


def test_the_metrics_count_the_refusals_of_a_limit(client, alice, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "searches": (1, 0.001)}
    browser = wire.browser_of(alice)
    assert [browser.get("/api/search/?q=a").status_code for _ in range(3)] == [200, 429, 429]
    assert metrics(client)['chat_refusals_total{limit="searches"}'] == 2


def test_the_metrics_count_the_deletions_of_sweeps(client, db):
    for number in (3, 0, 4):
        removed.count_removed(removed.MESSAGES, number)
    assert metrics(client)['chat_removed_total{what="messages"}'] == 7
