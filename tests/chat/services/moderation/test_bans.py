"""Bans: the person's connections to the room are closed, and later requests of the person in it are refused."""

import json

import pytest

from chat import broadcast
from chat.models import Change, Member, Message, Report, Room
from chat.services import audit, moderation, people, rooms
from tests import wire
from tests.chat.helpers import assert_refused
from tests.chat.services.moderation.helpers import give_role, post, role_of

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_a_ban_closes_all_connections_of_the_person_to_the_room(alice, bob, enter, room):
    _, key = people.make_token(bob, "bot")
    bot = wire.Socket("/chat/garden/", origin=None, headers={"authorization": f"Bearer {key}"}).connect()
    tabs, owner = [enter(bob), enter(bob)], enter(alice)
    moderation.change_role(alice, room, "Bob", "banned")
    for socket in (*tabs, bot, owner):
        socket.read()
    assert [socket.code for socket in (*tabs, bot, owner)] == [4403, 4403, 4403, None]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("access", [Room.PUBLIC, Room.PRIVATE])
def test_a_banned_person_is_refused_by_socket_page_and_api(alice, bob, room, access):
    post(room, alice)
    give_role(room, bob, "member")
    Room.objects.update(access=access)
    _, key = people.make_token(bob, "bot")
    browser = wire.browser_of(bob)
    moderation.change_role(alice, room, bob, "banned")
    assert wire.Socket("/chat/garden/", browser).connect().code == 4403
    bearer = {"authorization": f"Bearer {key}"}
    assert wire.Socket("/chat/garden/", origin=None, headers=bearer).connect().code == 4403
    assert browser.get("/rooms/garden/").status_code == 403
    for headers in ({}, {"HTTP_AUTHORIZATION": f"Bearer {key}"}):
        for method, path, body in [
            ("GET", "messages/", ""),
            ("POST", "messages/", {"ref": "x1", "body": "Hi"}),
            ("POST", "messages/1/reports/", {"reason": "Bad"}),
            ("GET", "members/", ""),
            ("GET", "reports/", ""),
            ("GET", "audit/", ""),
            ("PUT", "members/Bob/", {"role": "member"}),
        ]:
            content = {"data": json.dumps(body), "content_type": "application/json"} if body else {}
            response = getattr(browser, method.lower())(f"/api/rooms/garden/{path}", **content, **headers)
            assert (response.status_code, response.json()["code"]) == (403, "forbidden"), path
    listed = [found.slug for found in rooms.find_rooms(bob)[0]]
    assert listed == (["garden"] if access == Room.PUBLIC else [])
    assert Message.objects.count() == 1 and not Report.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "frame",
    [
        {"type": "post", "body": "Hi"},
        {"type": "edit", "id": 1, "body": "Hi"},
        {"type": "remove", "id": 1},
        {"type": "react", "id": 1, "emoji": "👍", "on": True},
        {"type": "typing", "on": True},
        {"type": "sync", "cursor": 0},
        {"type": "fetch", "limit": 5},
        {"type": "read", "offset": 1},
    ],
)
def test_frames_of_a_banned_person_are_refused_even_if_the_close_was_lost(alice, bob, enter, room, frame):
    tab, owner = enter(bob), enter(alice)
    tab.post("r1", "mine")
    moderation.change_role(alice, room, bob, "banned")
    owner.read()
    # The close is lost: the connection stays open and sends a frame.
    while wire.layer().receive([tab.channel])[0]:
        pass
    events = tab.say(**frame, ref="x1")
    assert events == [] and tab.code == 4403
    assert owner.read() == [] and Message.objects.get().body == "mine" and not Change.objects.filter(ref="x1").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["ban", "remove"])
def test_a_connection_that_opens_during_a_ban_or_removal_is_closed(alice, bob, enter, room, monkeypatch, act):
    accept = broadcast.accept

    def ban_or_remove_first(*arguments):
        # The connection joins its groups when it is accepted.
        member = Member.objects.get(person=bob)
        if act == "ban":
            moderation.change_role(alice, room, bob, "banned")
        else:
            moderation.remove_member(None, member)
        accept(*arguments)

    monkeypatch.setattr(broadcast, "accept", ban_or_remove_first)
    assert enter(bob).code == 4403


def test_a_person_who_is_banned_while_joining_is_refused(room, bob, monkeypatch):
    def ban_first(person):
        Member.objects.create(room=room, person=person, role="banned")
        return "member"

    monkeypatch.setattr(rooms.access, "get_default_role", ban_first)
    assert_refused("forbidden", rooms.join_room, bob, "garden")


def test_a_person_who_joins_during_a_ban_is_banned(room, alice, bob, monkeypatch):
    record = audit.record

    def join_first(*arguments, **details):
        give_role(room, bob, "member")
        record(*arguments, **details)

    monkeypatch.setattr(audit, "record", join_first)
    moderation.change_role(alice, room, bob, "banned")
    assert role_of(room, bob) == "banned"


def test_a_person_who_never_joined_can_be_banned(room, alice, bob):
    moderation.change_role(alice, room, "Bob", "banned", reason="Known from elsewhere")
    assert_refused("forbidden", rooms.join_room, bob, "garden")
