"""The readers of the chat's metrics: clients with a token, clients of a private listener, or everybody."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from twisted.internet.address import IPv4Address

from channels_transport.interface.answers import load_answers
from channels_transport.interface.private import PrivateFactory, load_private
from chat.http import health
from chat.management.doctor import check_metrics
from tests.channels_transport.connection import FakeConnection

TOKEN = "a token of sixteen".replace(" ", "-")
PRIVATE = {"endpoint": "tcp:9191:interface=127.0.0.1", "paths": ["/metrics"]}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Answer with no numbers, in the thread of the test."""
    monkeypatch.setattr(health, "InThread", lambda make_answer, seconds, make_late: health._write_answer([]))


def request(path, headers=(), is_private=False):
    """Return the connection after a request at the public or the private listener."""
    private = load_private()
    connection = FakeConnection(answers=load_answers(), private_paths=private.paths if private else ())
    if is_private:
        connection.channel = PrivateFactory(connection.factory).buildProtocol(IPv4Address("TCP", "10.1.1.1", 4711))
        connection.transport.unregisterProducer()
        connection.channel.makeConnection(connection.transport)
        connection.transport.protocol = connection.channel
    connection.request(path=path, headers=headers)
    return connection


def bearer(token):
    return [b"Authorization: Bearer " + token.encode()]


def test_the_metrics_of_a_local_site_are_open_and_those_of_a_public_site_are_closed(settings):
    assert request(b"/metrics").status == 200
    settings.PUBLIC_URL = "https://chat.example"
    closed = request(b"/metrics")
    assert closed.status == 403 and b"set METRICS_TOKEN, or METRICS_PORT" in closed.received


@pytest.mark.parametrize("public_url", [None, "https://chat.example"])
def test_a_token_opens_the_metrics_and_nothing_else_does(settings, public_url, client):
    settings.PUBLIC_URL, settings.METRICS_TOKEN = public_url, TOKEN
    assert request(b"/metrics", bearer(TOKEN)).status == 200
    for headers in (
        [],
        bearer("x" + TOKEN),
        bearer(TOKEN[:-1]),
        bearer("\u00fc"),
        [b"Authorization: " + TOKEN.encode()],
    ):
        assert request(b"/metrics", headers).status == 401
    # The view of a worker answers under another server.
    assert client.get("/metrics").status_code == 401


def test_only_the_private_listener_answers_the_metrics(settings, client):
    settings.INTERFACE_PRIVATE = PRIVATE
    for path in (b"/metrics", b"/metrics?a=1", b"/%6detrics"):
        assert request(path).status == 404
    assert client.get("/metrics").status_code == 403
    assert request(b"/metrics", is_private=True).status == 200
    settings.METRICS_TOKEN = TOKEN
    assert request(b"/metrics", is_private=True).status == 401
    assert request(b"/metrics", bearer(TOKEN), is_private=True).status == 200


@pytest.mark.parametrize("path", [b"/", b"/healthz", b"/api/rooms/", b"/static/chat/page.js"])
def test_the_private_listener_answers_nothing_else(settings, path):
    settings.INTERFACE_PRIVATE = PRIVATE
    assert request(path, is_private=True).status == 404


def test_no_handshake_reaches_a_consumer_from_the_private_listener(settings):
    settings.INTERFACE_PRIVATE = PRIVATE
    connection = request(b"/metrics", [b"Upgrade: websocket", b"Connection: Upgrade"])
    assert connection.status == 404 and connection.passed_on("websocket.connect") is None


def test_the_public_listener_still_answers_everything_else(settings):
    settings.INTERFACE_PRIVATE = PRIVATE
    assert request(b"/healthz").status == 200
    assert request(b"/").passed_on("http.request")["path"] == "/"


@pytest.mark.parametrize(
    "wrong", ["9191", {"endpoint": "tcp:1"}, {"endpoint": 1, "paths": []}, {"endpoint": "tcp:1", "paths": "/x"}]
)
def test_a_wrong_setting_of_the_private_listener_is_reported(settings, wrong):
    settings.INTERFACE_PRIVATE = wrong
    with pytest.raises(ImproperlyConfigured, match="INTERFACE_PRIVATE must be a dictionary with an endpoint"):
        load_private()


def test_doctor_says_who_can_read_the_metrics(settings):
    def text():
        [finding] = check_metrics()
        return finding.text

    assert text().startswith("Everybody who reaches an interface can read /metrics")
    settings.PUBLIC_URL = "https://chat.example"
    assert text() == "The metrics are closed. To read them, set METRICS_TOKEN or METRICS_PORT."
    settings.INTERFACE_PRIVATE = PRIVATE
    assert text() == "The metrics are at METRICS_PORT only."
    settings.METRICS_TOKEN = TOKEN
    assert text() == "The metrics require METRICS_TOKEN."
