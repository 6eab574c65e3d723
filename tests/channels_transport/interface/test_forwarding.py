"""An interface counts what requests and websockets show about the proxies in front of it."""

import pytest
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure
from twisted.web.http_headers import Headers

from channels_transport.interface import forwarding
from channels_transport.interface.forwarding import Forwarding
from tests.channels_transport.connection import FakeConnection

pytestmark = pytest.mark.no_database


def count(hops, addresses, scheme=None):
    counted = Forwarding(hops)
    given = {b"x-forwarded-for": addresses, b"x-forwarded-proto": [scheme] if scheme else []}
    counted.count(Headers({name: values for name, values in given.items() if values}))
    return {name for name, number in counted.describe().items() if number and name not in ("hops", "requests")}


@pytest.mark.parametrize(
    "hops, addresses, scheme, found",
    [
        (0, [], b"https", set()),
        (0, [b"192.0.2.1"], b"https", {"forwarded"}),
        (1, [], None, {"short", "without_scheme"}),
        (1, [b""], b"https", {"short"}),
        (1, [b"8.8.8.8"], b"https", {"forwarded"}),
        (1, [b"10.0.0.3"], b"http", {"forwarded"}),
        (1, [b"8.8.8.8, 10.0.0.3"], b"ftp", {"forwarded", "private", "without_scheme"}),
        (1, [b"8.8.8.8", b"10.0.0.3"], b"https, http", {"forwarded", "private"}),
        (1, [b"8.8.8.8, unknown"], b"https", {"forwarded"}),
        (2, [b"8.8.8.8, 10.0.0.3"], b"https", {"forwarded"}),
        (2, [b"8.8.8.8"], b"https", {"forwarded", "short"}),
    ],
)
def test_a_request_is_counted_by_what_its_proxies_added(hops, addresses, scheme, found):
    assert count(hops, addresses, scheme) == found


def test_old_requests_count_less(monkeypatch):
    monkeypatch.setattr(forwarding, "WINDOW", 10)
    counted = Forwarding(0)
    for number in range(25):
        counted.count(Headers({b"x-forwarded-for": [b"192.0.2.1"]} if number < 10 else {}))
    assert counted.describe()["requests"] < 10 and counted.describe()["forwarded"] <= 2


def test_websockets_that_end_after_the_same_quiet_time_are_counted_together(monkeypatch):
    counted = Forwarding(0)
    assert counted.describe()["cuts"] == 0
    for seconds in (30.1, 29.9, 30.4, 3, 17):
        counted.count_cut(seconds)
    found = counted.describe()
    assert (found["cuts"], found["cuts_together"], found["cut_seconds"]) == (5, 3, 29)
    monkeypatch.setattr(forwarding, "WINDOW", 6)
    counted.count_cut(4)
    assert counted.describe()["cuts"] == 1, "old websockets count less"


@pytest.mark.parametrize("is_cut", [True, False])
def test_only_a_websocket_without_a_close_frame_counts_as_cut(is_cut):
    connection = FakeConnection()
    connection.open()
    if not is_cut:
        connection.transport.protocol.serverClose(1000)
    connection.transport.protocol.connectionLost(Failure(ConnectionDone()))
    assert connection.factory.forwarding.describe()["cuts"] == is_cut
