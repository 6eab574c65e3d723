"""The costs of own streams: of messages in other rooms, handshakes and heartbeats. Former members cost nothing."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat import broadcast
from chat.models import Member, Person, Room
from chat.services import invitations, rooms
from tests.chat.redis_site import count, prepare
from tests.helpers import statements

pytestmark = pytest.mark.django_db(transaction=True)


def add_members(room, number):
    """Store this number of members of a room."""
    people = [Person(handle=f"Member {index}", handle_key=f"member {index}") for index in range(number)]
    Person.objects.bulk_create(people, batch_size=50)
    ids = Person.objects.filter(handle__startswith="Member ").values_list("id", flat=True)
    Member.objects.bulk_create([Member(room=room, person_id=id) for id in ids], batch_size=50)


def open_streams(site, room):
    """Put a stream of each member into the feed of a room, all on one interface."""
    for index in range(room.members.count()):
        site.worker.layer.group_add_all([broadcast.feed_group(room.id)], f"daphne.response.xyz!{index}")


def test_a_message_costs_the_same_for_10_and_for_1000_members_who_show_another_room(
    make_site,
    valkey_url,
    monkeypatch,
    room,
    later,
):
    costs = []
    for number in (10, 1000):
        Member.objects.exclude(role=Member.OWNER).delete()
        Person.objects.filter(handle__startswith="Member ").delete()
        add_members(room, number)
        site = make_site(1)
        open_streams(site, room)
        prepare(site)
        # The next post is the first within its second, so the feed gets an item.
        later.run()
        site.worker.layer.shards[0].call(("DEL", f"transport:paced:{broadcast.feed_group(room.id)}"))
        items = site.worker.layer.count_waiting("daphne.response.xyz!")
        with CaptureQueriesContext(connection) as queries:
            calls, trips = count(site, valkey_url, monkeypatch, "post", {"ref": f"r{number}", "body": "Hello"})
        assert site.worker.layer.count_waiting("daphne.response.xyz!") == items + 1
        costs.append((calls, trips, statements(queries)))
    assert costs[0] == costs[1]
    # One trip fetches the frame. The other trip carries the answer, the broadcast, the feed's item and the token.
    assert costs[0][1] == 2
    assert len(costs[0][2]) == 4


@pytest.mark.parametrize("number", [1, 100])
def test_a_handshake_costs_the_same_for_1_and_for_100_rooms(alice, stream, number):
    for index in range(number):
        room = Room.objects.create(slug=f"room-{index}", name="A room")
        Member.objects.create(room=room, person=alice)
    with CaptureQueriesContext(connection) as queries:
        assert len(stream(alice).events[0]["rooms"]) == number
    costs = statements(queries)
    login = costs.index(("SELECT", "chat_person"))  # the test client writes the login before the handshake
    assert costs[login + 1 :] == [
        ("SELECT", "chat_message"),  # the rooms with their unread messages and mentions
        ("SELECT", "chat_announcement"),  # the newest id
        ("SELECT", "chat_member"),  # what has changed before the stream was in its groups
        ("SELECT", "chat_announcement"),
    ]


def test_a_heartbeat_costs_two_statements(alice, room, stream):
    socket = stream(alice)
    with CaptureQueriesContext(connection) as queries:
        socket.say("sync")
    assert statements(queries) == [("SELECT", "chat_person"), ("SELECT", "chat_member")]


def test_a_former_member_of_a_private_room_receives_nothing_of_it(make_site, alice, bob, room, settings, later):
    settings.CHAT_FEED_SECONDS = 0.001
    site = make_site(1)
    layer = site.worker.layer
    Room.objects.filter(id=room.id).update(access=Room.PRIVATE)
    Member.objects.create(room=room, person=bob)
    own, feed = broadcast.person_group(bob.id), broadcast.feed_group(room.id)
    layer.shards[0].call(("DEL", f"transport:paced:{feed}"))
    tabs = ["daphne.response.one!a", "daphne.response.one!b", "daphne.response.two!c"]
    for tab in tabs:
        layer.group_add_all([own, feed], tab)
    layer.group_add(feed, "daphne.response.two!other")
    post(site, "before")
    assert received(layer) == dict.fromkeys([*tabs, "daphne.response.two!other"], 1)
    invitations.leave_room(bob, "garden")
    assert layer.group_channels(feed) == ["daphne.response.two!other"]
    assert received(layer) == dict.fromkeys(tabs, 1)  # `gone`
    later.run()  # ends the pause of the feed
    post(site, "after")
    assert received(layer) == {"daphne.response.two!other": 1}
    # All streams of the person follow the room again when the person comes back.
    Room.objects.filter(id=room.id).update(access=Room.PUBLIC)
    rooms.join_room(bob, "garden")
    assert sorted(layer.group_channels(feed)) == sorted([*tabs, "daphne.response.two!other"])


def post(site, ref):
    site.run("websocket.receive", text=f'{{"type": "post", "ref": "{ref}", "body": "Hello"}}')


def received(layer):
    """Return {channel: number of messages} of the two interfaces, and take the messages."""
    found = {}
    for process in ("one", "two"):
        while (channel := layer.receive([f"daphne.response.{process}!"])[0]) is not None:
            found[channel] = found.get(channel, 0) + 1
    return found
