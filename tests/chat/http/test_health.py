"""Monitoring: whether the site is alive, whether it can serve, and its numbers."""

import json

import pytest
import redis
from asgi_redis import RedisChannelLayer
from channels import channel_layers
from channels.message import Message
from django.db import OperationalError, connection

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
    match = wire.layer().router.match(message)
    if match is None:
        return None
    wire.run("http.request", message.content)
    return wire.layer().receive(["replies.http"])[1]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_healthz_answers_without_the_database(method, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = ask(method)
    headers = dict(answer["headers"])
    assert (answer["status"], json.loads(answer["content"]), answer["more_content"]) == (200, {"status": "ok"}, False)
    assert headers[b"Content-Type"] == b"application/json" and headers[b"X-Content-Type-Options"] == b"nosniff"
    assert headers[b"Content-Length"] == str(len(answer["content"])).encode()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "get", "GETS"])
def test_healthz_refuses_other_methods(method):
    answer = ask(method)
    assert answer["status"] == 405 and (b"Allow", b"GET") in answer["headers"]
    assert json.loads(answer["content"])["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["/", "/healthz/", "/healthz\n", "/x/healthz", "/readyz", "/healthzz"])
def test_every_other_path_goes_to_django(path):
    assert ask("GET", path) is None


def test_readyz_is_200_when_database_and_redis_answer(client):
    assert client.get("/readyz").json() == {"status": "ok", "missing": []}


def test_readyz_names_the_parts_that_do_not_answer(client, monkeypatch):
    monkeypatch.setattr(store, "ping", fail_with(redis.ConnectionError("at 10.0.0.1")))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "failing", "missing": ["redis"]})
    monkeypatch.setattr(connection, "ensure_connection", fail_with(OperationalError("at 10.0.0.1")))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, ["database", "redis"])
    assert b"10.0.0.1" not in answer.content


def metrics(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200 and answer["Content-Type"].startswith("text/plain")
    lines = answer.content.decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def test_metrics_count_rooms_people_and_changes(client, alice, bob, room):
    room.offset = 7
    room.save()
    found = metrics(client)
    assert found["chat_rooms"] == 1 and found["chat_people"] == 2 and found["chat_changes_total"] == 7


def test_metrics_of_an_empty_site_are_zero(client):
    assert metrics(client)["chat_changes_total"] == 0


def test_metrics_count_waiting_messages_of_redis(client, valkey_url, monkeypatch):
    layer = RedisChannelLayer(hosts=[valkey_url])
    monkeypatch.setattr(channel_layers["default"], "channel_layer", layer)
    layer.send("websocket.receive", {"text": "a"})
    found = metrics(client)
    assert found['chat_channel_pending{channel="websocket.receive"}'] == 1
    assert found['chat_channel_messages_total{channel="websocket.receive"}'] == 1
    for channel in ("http.request", "websocket.connect", "websocket.disconnect", "chat.scheduled", "asgi.delay"):
        assert found[f'chat_channel_pending{{channel="{channel}"}}'] == 0
