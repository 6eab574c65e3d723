"""The limits of events, handshakes and connections, and the answers to a client above a limit."""

import pytest

from chat.models import Message
from chat.protocol import ChatError, CloseConnection
from chat.services import limits
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)

TIGHT = ("events", "handshakes", "guests", "sign_ups", "rooms")


@pytest.fixture
def tight(settings, clock, monkeypatch):
    """Set the limits of TIGHT to two at once and one more each second, and a flood to more than three refusals."""
    monkeypatch.setattr(limits, "time", clock)
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, **dict.fromkeys(TIGHT, (2, 1))}
    settings.CHAT_FLOOD_REFUSALS = 3
    return clock


def test_the_default_limits_are_the_limits_of_the_protocol(settings):
    assert settings.CHAT_LIMITS["events"] == (500, 50)
    assert settings.CHAT_LIMITS["handshakes"] == (500, 500)
    for kind in ("guests", "sign_ups", "rooms"):
        assert settings.CHAT_LIMITS[kind] == (100, 100 / 60)
    assert (settings.CHAT_MAX_SOCKETS_PER_PERSON, settings.CHAT_MAX_SOCKETS_PER_ADDRESS) == (100, 5000)
    assert (settings.CHAT_FLOOD_REFUSALS, settings.CHAT_FLOOD_SECONDS) == (1000, 10)


def test_an_event_over_the_limit_is_rejected_until_retry_after(enter, alice, tight):
    socket = enter(alice)
    assert [socket.post(f"r{number}")["type"] for number in range(3)] == ["ack", "ack", "rejected"]
    rejected = socket.seen("rejected")[0]
    assert (rejected["ref"], rejected["code"]) == ("r2", "rate_limited")
    assert 0 < rejected["retry_after"] <= 1
    tight.pass_by(rejected["retry_after"])
    assert socket.post("r2")["type"] == "ack"
    assert Message.objects.count() == 3


def test_invalid_frames_count_against_the_limit(enter, alice, tight):
    socket = enter(alice)
    codes = [socket.send("nonsense")[0]["code"] for _ in range(3)]
    assert codes == ["invalid_json", "invalid_json", "rate_limited"]


def test_the_tabs_of_a_person_share_one_limit(enter, alice, bob, tight):
    tab1, tab2, other = enter(alice), enter(alice), enter(bob, address="10.0.0.2")
    tab1.post("r1")
    tab2.post("r2")
    assert tab1.post("r3")["code"] == "rate_limited"
    assert other.post("r1")["type"] == "ack"


def test_heartbeats_are_counted_with_all_other_frames(enter, alice, tight):
    socket = enter(alice)
    answers = [socket.say("sync", cursor=0)[0] for _ in range(4)]
    assert [answer["type"] for answer in answers] == ["synced"] * 2 + ["rejected"] * 2
    assert answers[-1]["code"] == "rate_limited"
    assert socket.post("r1")["code"] == "rate_limited"
    tight.pass_by(10)
    assert [socket.say("sync", cursor=0)[0]["type"] for _ in range(2)] == ["synced"] * 2


def test_a_connection_is_closed_with_4429_only_after_many_refusals(enter, alice, tight):
    socket = enter(alice)
    for number in range(5):
        socket.post(f"r{number}")
    assert socket.code is None
    socket.say("post", ref="r5", body="Hello")
    assert socket.code == 4429
    assert len(socket.seen("rejected")) == 3


def test_refusals_are_forgotten_after_ten_seconds(alice, tight, settings):
    settings.CHAT_LIMITS["events"] = (1, 0.001)
    limits.check_event(alice.id)
    for _ in range(3):
        with pytest.raises(ChatError):
            limits.check_event(alice.id)
    tight.pass_by(settings.CHAT_FLOOD_SECONDS + 1)
    for _ in range(3):
        with pytest.raises(ChatError):
            limits.check_event(alice.id)
    with pytest.raises(CloseConnection) as caught:
        limits.check_event(alice.id)
    assert caught.value.code == 4429


def test_waiting_times_are_whole_milliseconds_rounded_up(alice, tight):
    limits.check_event(alice.id)
    limits.check_event(alice.id)
    tight.pass_by(0.00001)
    with pytest.raises(ChatError) as caught:
        limits.check_event(alice.id)
    assert caught.value.retry_after == 1.0


@pytest.mark.parametrize("path", ["/chat/garden/", "/lobby/", "/echo/"])
def test_an_address_has_a_limit_of_handshakes(alice, room, tight, path):
    browser = wire.browser_of(alice)
    for _ in range(2):
        assert wire.Socket(path, browser).connect().code is None
    refused = wire.Socket(path, browser).connect()
    assert (refused.accepted, refused.code) == (True, 1013)
    [rejected] = refused.events
    assert rejected["code"] == "rate_limited" and rejected["ref"] is None and rejected["retry_after"] > 0
    assert wire.Socket(path, browser, address="10.0.0.2").connect().code is None
    tight.pass_by(rejected["retry_after"])
    assert wire.Socket(path, browser).connect().code is None


def test_a_person_has_a_limit_of_connections(enter, alice, bob, settings):
    settings.CHAT_MAX_SOCKETS_PER_PERSON = 2
    first, _ = enter(alice), enter(alice)
    refused = enter(alice)
    assert (refused.accepted, refused.code, refused.seen("rejected")[0]["code"]) == (True, 1013, "rate_limited")
    assert refused.seen("rejected")[0]["retry_after"] > 0
    assert enter(bob).code is None
    first.disconnect()
    assert enter(alice).code is None


def test_an_address_has_a_limit_of_connections(enter, alice, bob, settings):
    settings.CHAT_MAX_SOCKETS_PER_ADDRESS = 1
    first = enter(alice)
    assert enter(bob).code == 1013
    assert enter(bob, address="10.0.0.2").code is None
    first.disconnect()
    assert enter(bob).code is None


def test_a_socket_that_was_refused_is_not_counted(enter, alice, bob, settings):
    settings.CHAT_MAX_SOCKETS_PER_ADDRESS = settings.CHAT_MAX_SOCKETS_PER_PERSON = 1
    enter(alice)
    assert enter(bob).code == 1013
    assert enter(bob, address="10.0.0.2").code is None


def test_a_socket_that_vanished_is_counted_until_its_lease_ends(enter, alice, clock, settings):
    settings.CHAT_MAX_SOCKETS_PER_PERSON = 2
    enter(alice)
    alive = enter(alice)
    for _ in range(4):
        clock.pass_by(settings.CHAT_PRESENCE_LEASE_SECONDS / 3)
        alive.say("sync", cursor=0)
    assert enter(alice).code is None
    assert enter(alice).code == 1013


def test_limits_can_be_off(enter, alice, tight, settings):
    settings.CHAT_LIMITS_ON = False
    settings.CHAT_MAX_SOCKETS_PER_PERSON = 1
    sockets = [enter(alice) for _ in range(4)]
    assert [socket.code for socket in sockets] == [None] * 4
    assert {sockets[0].post(f"r{number}")["type"] for number in range(10)} == {"ack"}
    sockets[0].disconnect()


@pytest.mark.parametrize(
    "address, network",
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::7", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_addresses_of_one_network_count_together(address, network):
    assert limits.get_network(address) == network


def test_a_network_has_one_limit_of_requests_for_all_its_addresses(tight):
    for number in range(2):
        limits.check_address("guests", f"2001:db8::{number}")
    with pytest.raises(ChatError):
        limits.check_address("guests", "2001:db8::ffff")
    limits.check_address("guests", "2001:db8:0:1::ffff")
    for number in range(3):
        limits.check_address("guests", f"::ffff:192.0.2.{number}")


def test_a_network_has_one_limit_of_sockets_for_all_its_addresses(room, alice, bob, charlie, enter, settings):
    settings.CHAT_MAX_SOCKETS_PER_ADDRESS = 2
    first = enter(alice, address="2001:db8::1")
    assert first.code is None and enter(bob, address="2001:db8::2").code is None
    assert enter(charlie, address="2001:db8::3").code == 1013
    first.disconnect()
    assert enter(charlie, address="2001:db8::3").code is None
