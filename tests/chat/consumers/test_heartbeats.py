"""
Heartbeats that an interface has gathered: each one is answered as `sync` would answer it, or passed on.

`gather` acts as the interface. Without an answer, the interface passes the frame on, and `sync` answers or closes.
"""

import itertools
import json
import random
import re
from datetime import timedelta

import pytest
import redis
from channels.sessions import session_for_reply_channel
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels_transport.texts import READS_TEXTS
from chat import broadcast
from chat.models import Member, Person, Room
from chat.services import limits, people, presence, rooms
from chat.store import store
from chatproj.rate_limits import HEARTBEAT, STREAM_HEARTBEAT
from tests import wire
from tests.chat.redis_site import prepare
from tests.helpers import statements
from tests.redis_commands import CommandCount

pytestmark = pytest.mark.django_db(transaction=True)

ANSWERS = "interface-answers"
_batches = itertools.count(1)


def heartbeat(cursor):
    return json.dumps({"type": "sync", "cursor": cursor})


def put_gathered(texts, reply_channel=ANSWERS):
    """Put the heartbeats {reply channel: text} on the layer, in one message."""
    frames = [list(frame) for frame in texts.items()]
    content = {"reply_channel": reply_channel, "batch": next(_batches), "frames": frames}
    wire.layer().send("websocket.gathered", content)
    return content


def gather(texts):
    """Return {reply channel: the answer, or None} for the heartbeats {reply channel: text}."""
    content = put_gathered(texts)
    wire.work()
    _, answer = wire.layer().receive([ANSWERS])
    assert answer["batch"] == content["batch"]
    answers = [None if text is None else json.loads(text) for text in answer["texts"]]
    return dict(zip(texts, answers, strict=True))


def beat(socket, cursor):
    """Return the answer to one gathered heartbeat, or None."""
    return gather({socket.channel: heartbeat(cursor)})[socket.channel]


def test_a_heartbeat_that_finds_nothing_new_is_answered_with_synced(alice, bob, enter):
    sockets = [enter(alice), enter(alice), enter(bob)]
    sockets[0].post("r1")
    for socket in sockets:
        socket.read()
    answers = gather({socket.channel: heartbeat(1) for socket in sockets})
    assert list(answers.values()) == [{"type": "synced", "offset": 1, "more": False}] * 3
    assert [socket.read() for socket in sockets] == [[], [], []]


# What may happen between two heartbeats, and after which the next one must not be answered together with others. Most
# of these functions change rows as a worker does that is killed after its commit: nothing is published.


def store_silently(socket, person):
    Room.objects.update(offset=2)


def change_offset(type, **fields):
    def change(socket, person):
        wire.Socket("/chat/garden/", socket.browser).connect().ask(type, ref=f"ref-{type}", **fields)

    return change


def ban(socket, person):
    Member.objects.filter(person=person).update(role=Member.BANNED)


def set_person(**values):
    return lambda socket, person: Person.objects.filter(id=person.id).update(**values)


def end_session(socket, person):
    session_for_reply_channel(socket.channel).delete()


def expire_login(socket, person):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))


def lose_group(group):
    def lose(socket, person):
        member = Member.objects.get(person=person, room__slug="garden")
        wire.layer().group_discard(group(member), socket.channel)

    return lose


ENDINGS = {
    "a change that nobody was told of": store_silently,
    "a post": change_offset("post", body="Hello"),
    "an edit": change_offset("edit", id=1, body="Hi"),
    "a removal": change_offset("remove", id=1),
    "a reaction": change_offset("react", id=1, emoji="👍", on=True),
    "a pin": change_offset("pin", id=1, on=True),
    "a ban": ban,
    "a deleted member": lambda socket, person: Member.objects.filter(person=person).delete(),
    "a deleted room": lambda socket, person: Room.objects.all().delete(),
    "a deactivated account": set_person(is_active=False),
    "a new password": set_person(password="another"),
    "the end of a login": lambda socket, person: Session.objects.all().delete(),
    "an expired login": expire_login,
    "a lost session": end_session,
    "a lost group of the room": lose_group(lambda member: broadcast.room_group(member.room_id)),
    "a lost group of the member": lose_group(lambda member: broadcast.member_group(member.id)),
    "a lost place on the roster": lambda socket, person: store.clear(),
}


@pytest.mark.parametrize("change", ENDINGS.values(), ids=ENDINGS)
def test_a_heartbeat_is_passed_on_after(alice, enter, change):
    socket = enter(alice)
    socket.post("r1")
    socket.read()
    assert beat(socket, 1) is not None
    change(socket, alice)
    socket.read()
    assert beat(socket, 1) is None
    assert socket.read() == [] and socket.code is None, "only a frame that is passed on sends anything"


def test_heartbeats_of_guests_are_passed_on_when_the_site_is_closed_to_them(enter, charlie, settings):
    socket = enter(charlie)
    assert beat(socket, 0) is not None
    settings.CHAT_GUESTS = False
    assert beat(socket, 0) is None
    settings.CHAT_GUESTS = True
    Room.objects.update(closed_to_guests=True)
    assert beat(socket, 0) is None


@pytest.mark.parametrize("cursor", [0, 2, 10**9])
def test_a_heartbeat_with_another_cursor_is_passed_on(alice, enter, cursor):
    socket = enter(alice)
    socket.post("r1")
    assert beat(socket, cursor) is None


@pytest.mark.parametrize("text", ["", "{", '{"type": "sync"}', '{"type": "post"}', '{"type": "sync", "cursor": -1}'])
def test_other_texts_are_passed_on(alice, enter, text):
    socket = enter(alice)
    assert gather({socket.channel: text}) == {socket.channel: None}


def test_a_socket_without_heartbeats_is_passed_on(alice, room):
    lobby = wire.Socket("/lobby/", wire.browser_of(alice)).connect()
    assert beat(lobby, 0) is None
    assert gather({"replies.unknown": heartbeat(0)}) == {"replies.unknown": None}


def test_the_heartbeats_of_tokens_are_passed_on_because_their_last_use_is_stored(bob, room):
    _, key = people.make_token(bob, "bot")
    socket = wire.Socket("/chat/garden/", origin=None, headers={"authorization": f"Bearer {key}"}).connect()
    assert socket.seen("synced")
    stream = wire.Socket("/me/", origin=None, headers={"authorization": f"Bearer {key}"}).connect()
    assert beat(socket, 0) is None and beat_stream(stream) is None


def test_one_tab_of_a_person_keeps_its_login_when_the_login_of_another_tab_ends(alice, enter):
    tabs = [enter(alice), enter(alice)]
    tabs[0].browser.logout()
    tabs[0].code = None
    answers = gather({tab.channel: heartbeat(0) for tab in tabs})
    assert [answers[tab.channel] is not None for tab in tabs] == [False, True]


def test_a_heartbeat_renews_the_leases_of_its_socket(alice, enter, clock, settings):
    settings.CHAT_LIMITS_ON = True
    socket = enter(alice)
    member = rooms.join_room(alice, "garden")
    for _ in range(10):
        clock.pass_by(settings.CHAT_PRESENCE_LEASE_SECONDS * 0.8)
        assert beat(socket, 0) is not None
    assert presence.count_present([member.room_id]) == [1]
    assert store.count_leases(f"sockets:person:{alice.id}") == 1
    clock.pass_by(settings.CHAT_PRESENCE_LEASE_SECONDS * 1.1)
    assert presence.count_present([member.room_id]) == [0]


def test_a_late_heartbeat_brings_nothing_of_an_ended_socket_back(alice, bob, enter, settings):
    settings.CHAT_LIMITS_ON = True
    socket, other = enter(alice), enter(bob)
    # The interface passes the heartbeat on before the disconnect, but the worker of the message is late.
    session = session_for_reply_channel(socket.channel).load()
    socket.disconnect()
    stored = session_for_reply_channel(socket.channel)
    stored.update(session)
    stored.save()
    assert list(gather({name: heartbeat(0) for name in (socket.channel, other.channel)}).values())[0] is None
    assert presence.count_present(Room.objects.values_list("id", flat=True)) == [1]
    assert store.count_leases(f"sockets:person:{alice.id}") == 0
    groups = wire.layer().channel_layer._groups
    assert not [group for group, channels in groups.items() if socket.channel in channels]


def test_a_heartbeat_publishes_the_departures_of_other_people(alice, bob, enter, second, clock, settings):
    enter(bob)
    socket = enter(alice)
    second()
    clock.pass_by(settings.CHAT_PRESENCE_LEASE_SECONDS * 0.6)
    assert beat(socket, 0) is not None
    socket.read()
    clock.pass_by(settings.CHAT_PRESENCE_LEASE_SECONDS * 0.6)
    assert beat(socket, 0) is not None
    assert [event["went"] for event in socket.seen("presence")][-1:] == [["Bob"]]


def test_heartbeats_are_passed_on_while_the_store_is_away(alice, enter, monkeypatch):
    socket = enter(alice)

    def fail(*arguments):
        raise redis.ConnectionError("away")

    monkeypatch.setattr(presence.store, "renew_entries", fail)
    assert beat(socket, 0) is None


def test_any_answer_is_the_answer_of_sync(alice, bob, charlie, enter, monkeypatch):
    """After each of many random changes, an answered heartbeat gets exactly what `sync` sends to the same socket."""
    # An update of the present people may arrive at any time.
    monkeypatch.setattr(presence, "schedule_presence_update", lambda room_id: None)
    randomness, answered = random.Random(11), 0
    everybody = [alice, bob, charlie, *(people.sign_up(f"Person {number}", "correct horse") for number in range(3))]
    sockets = {person: enter(person) for person in everybody}
    numbers = itertools.count(1)

    def change():
        person = randomness.choice(everybody)
        socket, step = sockets[person], randomness.random()
        if step < 0.3:
            socket.say("post", ref=f"r{next(numbers)}", body="Hello")
        elif step < 0.4:
            socket.say("edit", ref=f"r{next(numbers)}", id=1, body=f"Hi {next(numbers)}")
        elif step < 0.5:
            Room.objects.update(offset=Room.objects.get().offset + 1)
        elif step < 0.6:
            roles = [Member.BANNED, Member.MUTED, Member.GUEST if person.is_guest else Member.MEMBER]
            if person != alice:
                Member.objects.filter(person=person).update(role=randomness.choice(roles))
        elif step < 0.65:
            socket.browser.logout()
        elif step < 0.7:
            socket.disconnect()
        elif step < 0.75:
            wire.layer().group_discard(broadcast.room_group(Room.objects.get().id), socket.channel)
        if socket.code is not None or step >= 0.9:
            Member.objects.filter(person=person).update(role=Member.GUEST if person.is_guest else Member.MEMBER)
            sockets[person] = enter(person)

    for _ in range(60):
        change()
        for socket in sockets.values():
            socket.read()
        offset = Room.objects.get().offset
        cursors = {socket: max(0, offset - randomness.choice([0, 0, 0, 1])) for socket in sockets.values()}
        answers = gather({socket.channel: heartbeat(cursors[socket]) for socket in sockets.values()})
        for socket in sockets.values():
            socket.read()
            if (answer := answers[socket.channel]) is not None:
                answered += 1
                assert socket.code is None
                assert socket.say("sync", cursor=cursors[socket]) == [answer] and socket.code is None
    assert answered > 50


# A person's own stream.


def beat_stream(stream, **fields):
    """Return the answer to one gathered heartbeat of a stream, or None."""
    return gather({stream.channel: json.dumps({"type": "sync", **fields})})[stream.channel]


@pytest.fixture
def stream(alice, room, settings):
    """Return a stream of Alice, who is in the room `garden`. The room has one message."""
    settings.CHAT_LIMITS_ON = True
    browser = wire.browser_of(alice)
    wire.Socket("/chat/garden/", browser).connect().post("r1")
    found = wire.Socket("/me/", browser).connect()
    found.browser = browser
    return found


def test_a_stream_for_which_nothing_has_changed_is_answered(stream):
    stream.read()
    for fields in ({}, {"posts": 1}, {"posts": 5}, {"posts": None}, {"active": False}):
        assert beat_stream(stream, **fields) == {"type": "synced"}
        assert stream.say("sync", **fields) == [{"type": "synced"}]


STREAM_ENDINGS = {
    "a post that nobody was told of": lambda socket, person: Room.objects.update(posts=2),
    "a new room": lambda socket, person: rooms.create_room(person, "attic", "Attic"),
    "a room that is left": lambda socket, person: Member.objects.filter(person=person).delete(),
    "a ban": ban,
    "a deleted room": ENDINGS["a deleted room"],
    "a deactivated account": set_person(is_active=False),
    "a new password": set_person(password="another"),
    "the end of a login": ENDINGS["the end of a login"],
    "an expired login": expire_login,
    "a lost session": end_session,
    "a lost group of the person": lose_group(lambda member: broadcast.person_group(member.person_id)),
    "a lost feed": lose_group(lambda member: broadcast.feed_group(member.room_id)),
    "lost leases": lambda socket, person: store.clear(),
}


@pytest.mark.parametrize("change", STREAM_ENDINGS.values(), ids=STREAM_ENDINGS)
def test_the_heartbeat_of_a_stream_is_passed_on_after(stream, alice, change):
    assert beat_stream(stream, posts=1) is not None
    change(stream, alice)
    stream.read()
    assert beat_stream(stream, posts=1) is None
    assert stream.read() == [] and stream.code is None


@pytest.mark.parametrize("fields", [{"posts": 0}, {"active": True}, {"posts": -1}])
def test_these_heartbeats_of_a_stream_are_passed_on(stream, fields):
    assert beat_stream(stream, **fields) is None


def test_the_heartbeat_of_a_person_with_too_many_rooms_is_passed_on(stream, monkeypatch):
    assert beat_stream(stream) is not None
    monkeypatch.setattr("chat.models.workspace.MAX_ROOMS", 0)
    with CaptureQueriesContext(connection) as queries:
        assert beat_stream(stream) is None
    # `_sync` reads at most MAX_ROOMS rooms, and the statement for many people would read all of them.
    assert ("SELECT", "chat_member") not in statements(queries)


def test_the_heartbeat_of_a_person_who_has_just_got_too_many_rooms_is_passed_on(stream, alice, monkeypatch):
    monkeypatch.setattr("chat.models.workspace.MAX_ROOMS", 2)
    Member.objects.bulk_create(
        Member(person=alice, room=Room.objects.create(slug=slug, name=slug), role=Member.OWNER) for slug in ("a", "b")
    )
    assert beat_stream(stream) is None


def test_a_heartbeat_renews_the_leases_of_a_stream(clock, stream, alice, settings):
    name = f"sockets:person:{alice.id}"
    for _ in range(5):
        clock.pass_by(settings.CHAT_PRESENCE_LEASE_SECONDS * 0.8)
        assert beat_stream(stream) is not None
    assert store.count_leases(name) == 1
    stream.disconnect()
    assert beat_stream(stream) is None and store.count_leases(name) == 0


# What it costs.


def test_two_statements_find_the_members_of_any_number_of_heartbeats(alice, bob, enter):
    sockets = [enter(alice), enter(bob), enter(bob)]
    beat(sockets[0], 0)
    for number in (1, 3):
        with CaptureQueriesContext(connection) as queries:
            assert None not in gather({socket.channel: heartbeat(0) for socket in sockets[:number]}).values()
        assert statements(queries) == [("SELECT", "chat_member"), ("SELECT", "django_session")]


def test_three_statements_find_the_people_of_any_number_of_streams(stream, bob, room):
    others = [wire.Socket("/me/", wire.browser_of(bob)).connect() for _ in range(2)]
    for streams in ([stream], [stream, *others]):
        with CaptureQueriesContext(connection) as queries:
            assert None not in gather({found.channel: '{"type":"sync"}' for found in streams}).values()
        assert statements(queries) == [
            ("SELECT", "chat_person"),
            ("SELECT", "django_session"),
            ("SELECT", "chat_member"),
        ]


def test_any_number_of_heartbeats_takes_the_same_trips_and_few_commands(make_site, valkey_url, monkeypatch, bob):
    # Whether an update of the present people is due depends on the time.
    monkeypatch.setattr(presence, "schedule_presence_update", lambda room_id: None)
    site = make_site(1)
    prepare(site)
    browser, names = wire.browser_of(bob), []
    for number in range(40):
        socket = wire.Socket("/chat/garden/", browser)
        socket.channel = f"{READS_TEXTS}abc!{number}"
        socket.put("websocket.connect", **socket.handshake)
        site.work("websocket.connect")
        names.append(socket.channel)
    offset, costs = Room.objects.get().offset, []
    for number in (1, 1, 40):
        put_gathered({name: heartbeat(offset) for name in names[:number]}, f"{READS_TEXTS}abc!-gathered")
        with CommandCount(valkey_url, monkeypatch) as counted:
            site.work("websocket.gathered")
        costs.append((counted.trips, sum(counted.calls.values())))
    # The sessions, the groups, the roster, and the trips that fetch the message and send the answer.
    assert costs[1][0] == costs[2][0] == 5
    # A heartbeat that is passed on takes twice as many commands: see test_redis_commands.py.
    assert (costs[2][1] - costs[1][1]) / 39 < 20.5


def test_limits_count_no_gathered_heartbeat(alice, enter, monkeypatch, settings):
    settings.CHAT_LIMITS_ON = True
    socket = enter(alice)
    monkeypatch.setattr(limits, "check_frame", None)
    assert beat(socket, 0) is not None


@pytest.mark.parametrize("text", ['{"type":"sync","cursor":12}', heartbeat(0), heartbeat(2**53 - 1)])
def test_the_interface_recognizes_the_heartbeats_of_clients(text):
    assert re.fullmatch(HEARTBEAT, text)


@pytest.mark.parametrize("text", ['{"type":"sync"}', '{"type":"sync","posts":12}', '{"type": "sync", "posts": 0}'])
def test_the_interface_recognizes_the_heartbeats_of_idle_streams(text):
    assert re.fullmatch(STREAM_HEARTBEAT, text)


def test_the_interface_does_not_gather_the_heartbeats_of_active_people():
    assert not re.fullmatch(STREAM_HEARTBEAT, '{"type":"sync","posts":12,"active":true}')
