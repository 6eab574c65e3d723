"""Polling: what a poll receives, and how it waits."""

import json

import pytest
from django.conf import settings as django_settings

from chat import broadcast, protocol
from chat.models import Member
from chat.services import presence, rooms
from chat.store import store
from tests.chat.helpers import types
from tests.chat.polling import ban, channels_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_changes_after_the_cursor_are_answered_at_once(enter, poller, alice, bob):
    bobs_client, socket = poller(bob), enter(alice)
    bobs_client.start()
    socket.post("a1")
    socket.post("a2")
    response = bobs_client.poll_again()
    assert types(response.body["events"]) == ["message", "message", "synced"] and bobs_client.cursor == 2
    assert response.body["events"][:2] == socket.seen("message")
    assert bobs_client.poll_again().later is not None


@pytest.mark.parametrize("cursor", ["7", "x", "", "-1", "9" * 17, None])
def test_an_impossible_cursor_resets_the_client(enter, poller, alice, bob, cursor):
    bobs_client = poller(bob)
    bobs_client.start()
    enter(alice).post("a1")
    events = bobs_client.poll_again(cursor=cursor).body["events"]
    assert types(events) == ["message", "synced"]
    assert events[-1] == {"type": "synced", "offset": 1, "more": False, "reset": True}


def test_without_changes_the_request_waits_in_the_groups_of_a_connection(enter, poller, alice, bob):
    bobs_client = poller(bob)
    bobs_client.start()
    response = bobs_client.poll_again()
    assert response.status is None and response.later["status"] == 200
    assert response.later["seconds"] == django_settings.CHAT_POLL_SECONDS
    assert json.loads(response.later["content"]) == {"events": [{"type": "synced", "offset": 0, "more": False}]}
    assert [b"Cache-Control", b"no-store"] in [list(header) for header in response.later["headers"]]
    groups = response.later["context"]["groups"]
    assert all(response.channel in channels_of(group) for group in groups) and len(groups) == 3
    enter(alice).post("a1")
    (published,) = [content for content in response.read() if '"message"' in content["text"]]
    before, after = response.later["text"]
    (event,) = json.loads(before + published["text"].encode() + after)["events"]
    assert (event["type"], event["ref"]) == ("message", "a1")


def test_the_interface_does_not_receive_the_session_key(poller, bob):
    bobs_client = poller(bob)
    bobs_client.start()
    key = bobs_client.browser.cookies["sessionid"].value
    assert key not in repr(bobs_client.poll_again().later)


def test_a_change_while_the_request_begins_to_wait_is_answered_at_once(poller, alice, bob, monkeypatch):
    bobs_client, owner = poller(bob), rooms.join_room(alice, "garden")
    bobs_client.start()
    subscribe = broadcast.subscribe

    def post_first(channel, groups):
        rooms.post_message(owner, protocol.Post("a1", "Just before"))
        return subscribe(channel, groups)

    monkeypatch.setattr(broadcast, "subscribe", post_first)
    response = bobs_client.poll_again()
    assert types(response.body["events"]) == ["message", "synced"] and response.later is None
    assert channels_of(broadcast.room_group(owner.room_id)) == []


@pytest.mark.parametrize("code", [4401, 4403, 4404])
def test_a_client_that_loses_access_while_it_begins_to_wait_is_closed(poller, room, bob, monkeypatch, code):
    bobs_client = poller(bob)
    bobs_client.start()
    subscribe = broadcast.subscribe

    def lose_access_first(channel, groups):
        {4401: bobs_client.browser.logout, 4403: lambda: ban(bob), 4404: room.delete}[code]()
        return subscribe(channel, groups)

    monkeypatch.setattr(broadcast, "subscribe", lose_access_first)
    response = bobs_client.poll_again()
    assert response.body == {"events": [], "close": code} and response.later is None
    assert channels_of(broadcast.room_group(room.id)) == []


def test_a_request_that_fails_while_it_begins_to_wait_is_in_no_group(poller, room, bob, monkeypatch):
    bobs_client = poller(bob)
    bobs_client.start()
    monkeypatch.setattr(rooms, "find_member", lambda *arguments: 1 / 0)
    response = bobs_client.poll_again()
    assert (response.status, response.body["code"]) == (500, "internal")
    assert channels_of(broadcast.room_group(room.id)) == []


def test_a_poll_with_wait_0_is_answered_at_once(poller, bob):
    bobs_client = poller(bob)
    bobs_client.start()
    response = bobs_client.poll_again(wait=0)
    assert response.body == {"events": [{"type": "synced", "offset": 0, "more": False}]}
    assert bobs_client.poll_again(wait=3).later["seconds"] == 3
    assert bobs_client.poll_again(wait=3600).later["seconds"] == django_settings.CHAT_POLL_SECONDS


def test_a_ban_and_a_logout_close_a_waiting_request(poller, bob):
    bobs_client = poller(bob)
    bobs_client.start()
    response = bobs_client.poll_again()
    ban(bob)
    assert {"close": 4403} in response.read()
    before, after = response.later["close"]
    assert json.loads(before + b"4403" + after) == {"events": [], "close": 4403}
    Member.objects.filter(person=bob).update(role=Member.MEMBER)
    response = bobs_client.poll_again()
    bobs_client.browser.post("/sign-out/")
    assert {"close": 4401} in response.read()


def test_a_client_with_an_outdated_count_gets_the_presence(enter, poller, alice, bob, charlie):
    bobs_client = poller(bob)
    bobs_client.start()
    assert bobs_client.poll_again(present=1).later is not None
    enter(alice)
    (event,) = bobs_client.poll_again(present=1).body["events"]
    assert event["type"] == "presence" and event["count"] == 2
    assert sorted(person["handle"] for person in event["present"]) == ["Alice", "Bob"]
    assert bobs_client.poll_again(present=2).later is not None


def test_a_count_that_is_larger_than_the_list_of_people_does_not_end_a_wait(poller, room, bob):
    bobs_client = poller(bob)
    bobs_client.start()
    # The count has one more than the list, for example while an encryption key is being replaced.
    store.add_entry(f"room:{room.id}", "Nobody", "socket", 75)
    assert presence.count_present([room.id]) == [2] and len(presence.get_present(room.id)[0]) == 1
    assert bobs_client.poll_again(present=1).later is not None


def test_an_outdated_count_in_a_large_room_does_not_end_the_wait(enter, poller, alice, bob, monkeypatch):
    bobs_client = poller(bob)
    bobs_client.start()
    assert bobs_client.poll_again(present=protocol.MAX_PRESENT + 1).later is not None
    monkeypatch.setattr(presence, "count_present", lambda ids: [protocol.MAX_PRESENT + 1])
    assert bobs_client.poll_again(present=3).later is not None
