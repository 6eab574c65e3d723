"""Events on a room's socket: how each is answered, and who receives it."""

import pytest

from chat.consumers.frames import HANDLERS
from chat.models import Change, Member, Message
from chat.protocol import EVENTS
from chat.services import rooms
from chat.store import store
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_event_type_has_a_handler():
    assert HANDLERS.keys() == EVENTS.keys()


def test_a_post_is_acknowledged_to_the_sender_and_published_to_all(alice, bob, enter):
    socket, second_tab, other = enter(alice), enter(alice), enter(bob)
    events = socket.say("post", ref="r1", body="Hello")
    assert sorted(event["type"] for event in events if event["type"] != "presence") == ["ack", "message"]
    for receiver in (second_tab, other):
        assert [event["ref"] for event in receiver.seen("message")] == ["r1"]
        assert receiver.seen("ack") == []


def test_edits_removals_and_reactions_are_published(alice, bob, enter):
    socket, other = enter(alice), enter(bob)
    socket.post("r1")
    assert socket.ask("edit", ref="r2", id=1, body="Hi") == {"type": "ack", "ref": "r2", "id": 1, "offset": 2}
    assert other.ask("react", ref="r3", id=1, emoji="👍", on=True)["offset"] == 3
    assert socket.ask("remove", ref="r4", id=1)["offset"] == 4
    assert [event["offset"] for event in other.seen("message")] == [1, 2, 3, 4]


def test_a_resend_on_another_connection_gets_the_same_ack(alice, enter):
    first = enter(alice)
    ack = first.post("r1")
    first.disconnect()
    second = enter(alice)
    assert second.post("r1") == ack
    assert second.post("r1", "Other")["code"] == "ref_conflict"
    assert Message.objects.count() == 1


def test_a_forbidden_change_is_rejected_with_its_code(alice, bob, enter, set_role):
    owner, other = enter(alice), enter(bob)
    owner.post("r1")
    assert other.ask("edit", ref="x1", id=1, body="Hi")["code"] == "forbidden"
    assert other.ask("remove", ref="x1", id=1)["code"] == "forbidden"
    set_role(bob, Member.MUTED)
    for fields in (
        {"type": "post", "body": "Hello"},
        {"type": "edit", "id": 1, "body": "Hi"},
        {"type": "remove", "id": 1},
        {"type": "react", "id": 1, "emoji": "👍", "on": True},
    ):
        assert other.ask(**fields, ref="x1")["code"] == "muted"
    set_role(bob, Member.MODERATOR)
    assert other.ask("remove", ref="x1", id=1)["type"] == "ack"
    assert other.code is None


def test_a_muted_member_can_read_and_fetch(alice, bob, enter, set_role):
    owner, muted = enter(alice), enter(bob)
    set_role(bob, Member.MUTED)
    owner.post("r1")
    assert len(muted.seen("message")) == 1
    assert muted.ask("fetch", ref="f1", limit=5)["messages"][0]["id"] == 1
    assert muted.say("sync", cursor=1)[-1]["type"] == "synced"


def test_fetch_is_answered_by_a_page(alice, enter):
    socket = enter(alice)
    for number in range(3):
        socket.post(f"r{number}")
    page = socket.ask("fetch", ref="f1", limit=2)
    assert (page["type"], page["more"]) == ("page", True)
    assert [message["id"] for message in page["messages"]] == [2, 3]
    assert page["messages"] == socket.seen("message")[1:]
    page = socket.ask("fetch", ref="f1", limit=2, before=2)
    assert ([message["id"] for message in page["messages"]], page["more"]) == ([1], False)
    assert not Change.objects.filter(ref="f1").exists()


def test_a_fetch_around_a_message_is_answered_by_a_page_or_not_found(alice, enter):
    socket = enter(alice)
    for number in range(5):
        socket.post(f"r{number}")
    page = socket.ask("fetch", ref="f1", limit=3, around=3)
    assert set(page) == {"type", "ref", "messages", "more", "more_before", "more_after"}
    assert (page["type"], page["more"], page["more_before"], page["more_after"]) == ("page", True, True, True)
    assert page["messages"] == socket.seen("message")[1:4]
    page = socket.ask("fetch", ref="f1", limit=10, around=5)
    assert (len(page["messages"]), page["more"], page["more_before"], page["more_after"]) == (5, False, False, False)
    assert socket.ask("fetch", ref="f1", limit=10, around=6)["code"] == "not_found"
    assert socket.ask("fetch", ref="f1", limit=10, around=5, before=3)["code"] == "invalid_field"
    assert "more_after" not in socket.ask("fetch", ref="f1", limit=10, around=None)
    assert socket.code is None


def test_sync_is_answered_by_a_backlog_and_synced(alice, enter):
    socket = enter(alice)
    socket.post("r1")
    assert [event["type"] for event in socket.say("sync", cursor=0)] == ["message", "synced"]
    assert socket.say("sync", cursor=1) == [{"type": "synced", "offset": 1, "more": False}]
    events = socket.say("sync", cursor=2)
    assert [event["type"] for event in events] == ["message", "synced"]
    assert events[-1] == {"type": "synced", "offset": 1, "more": False, "reset": True}


def test_a_heartbeat_restores_lost_groups_and_presence(alice, bob, enter):
    socket, other = enter(alice), enter(bob)
    for group in list(wire.layer().channel_layer._groups):
        wire.layer().channel_layer._groups.pop(group)
    store.clear()
    other.post("r1")
    assert socket.read() == []
    socket.say("sync", cursor=0)
    other.say("sync", cursor=0)
    assert [event["id"] for event in socket.seen("message")] == [1]
    other.post("r2")
    assert [event["id"] for event in socket.seen("message")] == [1, 2]
    assert socket.seen("presence")[-1]["count"] in (1, 2)


def test_typing_is_published_to_all_other_connections(alice, bob, enter, set_role):
    socket, second_tab, other = enter(alice), enter(alice), enter(bob)
    assert [event for event in socket.say("typing", on=True) if event["type"] == "typing"] == []
    for receiver in (second_tab, other):
        assert receiver.seen("typing") == [{"type": "typing", "handle": "Alice", "on": True}]
    socket.say("typing", on=False)
    assert other.seen("typing")[-1]["on"] is False
    set_role(bob, Member.MUTED)
    other.say("typing", on=True)
    assert socket.seen("typing") == []


def test_typing_reaches_the_others_when_one_reply_channel_is_full(alice, bob, enter, monkeypatch):
    socket, full, other = enter(alice), enter(bob), enter(bob)
    send = wire.layer().channel_layer.send

    def send_unless_full(channel, content):
        if channel == full.channel:
            raise wire.layer().ChannelFull
        send(channel, content)

    monkeypatch.setattr(wire.layer().channel_layer, "send", send_unless_full)
    socket.say("typing", on=True)
    assert len(other.seen("typing")) == 1


def test_a_read_marker_is_published_to_the_other_tabs_of_its_person(alice, bob, enter):
    socket, second_tab, other = enter(alice), enter(alice), enter(bob)
    socket.post("r1")
    socket.post("r2")
    socket.say("read", offset=1)
    assert second_tab.seen("read") == [{"type": "read", "offset": 1}]
    assert socket.seen("read") == other.seen("read") == []
    socket.say("read", offset=1)
    socket.say("read", offset=0)
    assert len(second_tab.seen("read")) == 1
    socket.say("read", offset=99)
    assert second_tab.seen("read")[-1] == {"type": "read", "offset": 2}
    assert enter(alice).seen("joined")[0]["you"]["read"] == 2
    assert enter(bob).seen("joined")[0]["you"]["read"] == 0


def test_events_of_one_room_do_not_reach_another_room(alice, bob, enter):
    rooms.create_room(alice, "attic", "Attic")
    socket = enter(alice)
    in_attic = wire.Socket("/chat/attic/", wire.browser_of(bob)).connect()
    socket.post("r1")
    socket.say("typing", on=True)
    socket.say("read", offset=1)
    assert [event["type"] for event in in_attic.events + in_attic.read()] == ["joined", "synced", "presence"]
    assert in_attic.ask("edit", ref="x1", id=1, body="Hi")["code"] == "not_found"
