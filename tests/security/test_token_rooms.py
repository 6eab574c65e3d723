"""
A token for certain rooms: to its requests, any other room looks as if it did not exist.

The site has a room of each kind that the token does not reach, each with rows that a list could show. Their slugs
and bodies contain SECRET, so a test only has to look for this word.
"""

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from chat import broadcast
from chat.http.urls import api_patterns
from chat.models import Bookmark, Member, Message, Person, Room, ScheduledMessage, Task
from chat.protocol import Post
from chat.services import announcements, directs, invitations, people, rooms, search
from tests import wire
from tests.helpers import rolled_back

SECRET = "orchid"
# Alice is a member of each of these rooms, except `foreign`, which is public.
OTHERS = ("public", "private", "direct", "archived", "foreign")


class Site:
    """
    Alice, an operator with a room of each kind, and two tokens: `key` reaches only the room `garden`, `full_key`
    reaches all rooms.
    """

    def __init__(self):
        self.alice, self.bob = people.sign_up("Alice", "correct horse"), people.sign_up("Bob", "battery staple")
        Person.objects.filter(id=self.alice.id).update(is_staff=True)
        self.alice.is_staff = True
        self.rooms = {"garden": rooms.create_room(self.alice, "garden", "The garden")}
        for kind in ("public", "private", "archived"):
            slug = f"{SECRET}-{kind}"
            self.rooms[kind] = rooms.create_room(self.alice, slug, slug, is_private=kind == "private")
        self.rooms["foreign"] = rooms.create_room(self.bob, f"{SECRET}-foreign", "Foreign")
        self.rooms["direct"] = directs.open_direct(self.alice, ["Bob"])[0]
        Room.objects.filter(id=self.rooms["direct"].id).update(slug=f"{SECRET}-direct")
        self.ids = {kind: self._fill(Room.objects.get(id=room.id)) for kind, room in self.rooms.items()}
        rooms.set_archived(self.alice, f"{SECRET}-archived", True)
        self.invitation = invitations.create_invitation(self.bob_room().person, f"{SECRET}-bob")[1]
        search.catch_up()
        self.token, self.key = people.make_token(self.alice, "bot", people.TokenLimits(rooms=["garden"]))
        self.full_key = people.make_token(self.alice, "full")[1]

    def bob_room(self):
        """Return Bob's Member of a private room that Alice is not in."""
        room = rooms.create_room(self.bob, f"{SECRET}-bob", SECRET, is_private=True)
        return Member.objects.select_related("person").get(room=room, person=self.bob)

    def _fill(self, room):
        """
        Store a message, a bookmark, a scheduled message, a task and an announcement.

        Return the ids of the last three.
        """
        word = "rose" if room.slug == "garden" else SECRET
        people_inside = [self.bob] if room.slug == f"{SECRET}-foreign" else [self.alice, self.bob]
        for person in people_inside:
            Member.objects.get_or_create(room=room, person=person)
        other = Member.objects.select_related("room", "person").get(room=room, person=self.bob)
        rooms.post_message(other, Post(f"b{room.id}", f"@Alice {word} common"))
        message = Message.objects.get(room=room)
        Bookmark.objects.create(person=self.alice, message=message)
        due = timezone.now() + timedelta(days=1)
        row = ScheduledMessage.objects.create(room=room, author=self.alice, body=word, due_at=due)
        fields = {"kind": "statistics", "ref": f"t{room.id}", "params": "{}", "upto": 1, "expires_at": due}
        task = Task.objects.create(room=room, person=self.alice, state=Task.DONE, **fields)
        said = announcements.announce(word, slug=room.slug)
        return {"scheduled": row.id, "task": task.id, "announcement": said.id}

    def client(self, key=None):
        return wire.calm(Client(HTTP_AUTHORIZATION=f"Bearer {key or self.key}"))

    def socket(self, path, key=None):
        headers = {"authorization": f"Bearer {key or self.key}"}
        return wire.Socket(path, origin=None, headers=headers).connect()


@pytest.fixture(scope="module")
def built_site(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), rolled_back():
        yield Site()


@pytest.fixture
def site(built_site):
    """Yield the site of all tests of this module. The changes of a test are rolled back."""
    with rolled_back():
        yield built_site


def list_calls(pick):
    """Return "METHOD path" of each call of the API that tokens may make, if `pick(path)` is true."""
    found = []
    for pattern in api_patterns:
        path = "/" + re.sub(r"<\w+:", "<", str(pattern.pattern))
        if path.startswith("/api/") and pick(path):
            found += [f"{method} {path}" for method, scope in pattern.callback.scopes.items() if scope is not None]
    return found


def fill(path, slug, ids=None):
    """Return a path with values in place of its parameters."""
    ids = ids or {}
    path = path.replace("<slug>", slug).replace("<handle>", "bob")
    path = path.replace("<scheduled_id>", str(ids.get("scheduled", 1))).replace("<task_id>", str(ids.get("task", 1)))
    path = path.replace("<announcement_id>", str(ids.get("announcement", 1)))
    return re.sub(r"<\w+>", "1", path)


IN_ROOMS = list_calls(lambda path: "<slug>" in path)
LISTS = [call for call in list_calls(lambda path: "<" not in path) if call.startswith("GET ")]


def show(response):
    """Return what a client sees of a response, without the time of the request."""
    headers = {name: value for name, value in response.items() if name != "Date"}
    return response.status_code, headers, response.content


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("call", IN_ROOMS)
def test_a_room_that_the_token_does_not_reach_answers_like_one_that_does_not_exist(site, call, kind):
    method, path = call.split(" ")
    body = json.dumps({"ref": "r1", "body": "Hello", "name": "x", "role": "muted", "reason": "x", "action": "dismiss"})
    client = site.client()
    answers = [
        show(client.generic(method, fill(path, slug, site.ids[kind]), body, content_type="application/json"))
        for slug in (f"{SECRET}-{kind}", "nowhere")
    ]
    assert answers[0] == answers[1] and answers[0][0] == 404


@pytest.mark.parametrize("query", ["", "?q=common", f"?q={SECRET}", "?archived=1", "?handle=bob"])
@pytest.mark.parametrize("call", LISTS)
def test_no_list_shows_another_room(site, call, query):
    path = call.split(" ")[1] + query
    response = site.client().get(path)
    assert SECRET not in response.content.decode().replace(f"'{SECRET}'", ""), response.content
    assert response.status_code in (200, 400, 403)


@pytest.mark.parametrize("path", ["/api/rooms/", "/api/workspace/", "/api/mentions/", "/api/bookmarks/"])
def test_the_lists_show_the_rooms_of_the_token_and_a_full_token_sees_others(site, path):
    assert b"garden" in site.client().get(path).content
    assert SECRET.encode() in site.client(site.full_key).get(path).content


def test_the_search_finds_only_messages_in_the_rooms_of_the_token(site):
    found = site.client().get("/api/search/?q=common").json()["results"]
    assert [result["room"]["slug"] for result in found] == ["garden"]
    assert len(site.client(site.full_key).get("/api/search/?q=common").json()["results"]) == 6
    for slug in (f"{SECRET}-public", "nowhere"):
        assert site.client().get(f"/api/search/?q=common&room={slug}").json()["detail"] == "There is no such room."
        assert site.client().get(f"/api/people/?q=b&room={slug}").json()["detail"] == "There is no such room."


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize(
    "call, name",
    [
        ("GET /api/tasks/{}/", "task"),
        ("DELETE /api/tasks/{}/", "task"),
        ("GET /api/tasks/{}/result/", "task"),
        ("PUT /api/announcements/{}/dismissal/", "announcement"),
    ],
)
def test_a_task_and_an_announcement_of_another_room_do_not_exist(site, kind, call, name):
    method, path = call.split(" ")
    answers = [
        show(site.client().generic(method, path.format(number))) for number in (site.ids[kind][name], 2_000_000_000)
    ]
    assert answers[0] == answers[1] and answers[0][0] == 404


@pytest.mark.parametrize(
    "method, path, body",
    [
        ("POST", "/api/rooms/", {"slug": "new", "name": "New"}),
        ("POST", "/api/announcements/", {"text": "Hello"}),
        ("POST", "/api/announcements/", {"text": "Hello", "room": "garden"}),
        ("GET", "/api/announcements/", None),
        ("DELETE", "/api/announcements/1/", None),
        ("POST", "/api/whispers/", {"handle": "Bob", "text": "Hello"}),
        ("POST", "/api/disconnections/", {"handle": "Bob"}),
        ("POST", "/api/directs/", {"handles": ["Bob"]}),  # this conversation exists
        ("POST", "/api/directs/", {"handles": ["Bob", "Dora"]}),
    ],
)
def test_the_token_cannot_make_rooms_or_act_on_all_rooms(site, method, path, body):
    people.sign_up_guest("Dora")
    response = site.client().generic(method, path, json.dumps(body), content_type="application/json")
    assert response.status_code == 403
    assert response.json()["detail"] == "This token is limited to certain rooms, so it cannot do this."


def test_a_conversation_of_the_token_can_be_opened(site):
    slug = f"{SECRET}-direct"
    key = people.make_token(site.alice, "bot", people.TokenLimits(rooms=[slug]))[1]
    response = site.client(key).post("/api/directs/", {"handles": ["Bob"]}, content_type="application/json")
    assert (response.status_code, response.json()["slug"]) == (200, slug)


def test_an_invitation_into_another_room_is_not_valid(site):
    answers = [
        show(site.client().post("/api/invitations/", {"key": key}, content_type="application/json"))
        for key in (site.invitation, "wrong")
    ]
    assert answers[0] == answers[1] and answers[0][0] == 404


def test_boards_do_not_exist_for_the_token(site):
    board = Client().post("/new_board", {}, content_type="application/json", HTTP_ACCEPT="application/json").json()
    for path in ("", "visitors/"):
        answers = [
            show(site.client().get(f"/api/boards/{uuid}/{path}"))
            for uuid in (board["board"], "00000000-0000-4000-8000-000000000000")
        ]
        assert answers[0] == answers[1] and answers[0][0] == 404


@pytest.mark.parametrize("slug", [*(f"{SECRET}-{kind}" for kind in OTHERS), "nowhere"])
def test_the_socket_of_another_room_is_closed_like_that_of_an_unknown_room(site, slug):
    socket = site.socket(f"/chat/{slug}/")
    assert (socket.accepted, socket.code, socket.events) == (True, 4404, [])


def test_a_former_address_leads_to_a_room_only_if_the_token_reaches_it(site):
    rooms.change_address(site.alice, site.rooms["private"].slug)
    room = Room.objects.get(id=site.rooms["private"].id)
    key = people.make_token(site.alice, "bot", people.TokenLimits(rooms=[room.slug]))[1]
    former = site.rooms["private"].slug
    assert site.socket(f"/chat/{former}/").code == 4404
    assert site.socket(f"/chat/{former}/", key).code is None
    assert site.client(key).get(f"/api/rooms/{former}/messages/").status_code == 200


def test_the_own_stream_lists_and_follows_only_the_rooms_of_the_token(site):
    socket = site.socket("/me/")
    assert [room["slug"] for room in socket.seen("workspace")[0]["rooms"]] == ["garden"]
    texts = [event["text"] for event in socket.seen("announcement")]
    assert texts == ["rose"]
    for room in site.rooms.values():
        broadcast.publish(broadcast.feed_group(room.id), {"type": "room", "slug": room.slug})
    broadcast.publish(broadcast.person_group(site.alice.id), {"type": "mention", "room": SECRET})
    assert [event["slug"] for event in socket.seen("room")] == ["garden"] and not socket.seen("mention")
    socket.say("sync")
    assert len(socket.seen("workspace")) == 1


@pytest.mark.parametrize(
    "name, fields",
    [("level", {"level": "none", "ref": "r1"}), ("favourite", {"on": True, "ref": "r1"}), ("read", {"offset": 1})],
)
@pytest.mark.parametrize("kind", OTHERS)
def test_a_frame_of_the_own_stream_finds_no_other_room(site, name, fields, kind):
    socket = site.socket("/me/")
    answers = [socket.say(name, **{**fields, "room": slug}) for slug in (f"{SECRET}-{kind}", "nowhere")]
    assert answers[0] == answers[1] and answers[0][0]["code"] == "not_found"
    assert not Member.objects.filter(person=site.alice, read_offset__gt=0).exists()


@pytest.mark.parametrize("by", ["socket", "call"])
def test_marking_everything_as_read_changes_only_the_rooms_of_the_token(site, by):
    if by == "socket":
        assert site.socket("/me/").ask("read_all", ref="r1")["type"] == "ack"
    else:
        assert site.client().post("/api/read/").status_code == 204
    read = Member.objects.filter(person=site.alice, read_offset__gt=0)
    assert [member.room.slug for member in read] == ["garden"]


def test_a_token_whose_rooms_were_deleted_reaches_no_room(site):
    socket = site.socket("/chat/garden/")
    rooms.delete_room(Room.objects.get(slug="garden"))
    assert site.client().get("/api/rooms/").json()["rooms"] == []
    assert site.client().get("/api/search/?q=common").json()["results"] == []
    assert site.socket("/me/").seen("workspace")[0]["rooms"] == []
    assert site.client().get(f"/api/rooms/{SECRET}-public/messages/").status_code == 404
    socket.say("sync", cursor=0)
    assert socket.code == 4404


def test_a_token_does_not_outlive_the_right_of_its_person(site):
    key = people.make_token(site.bob, "bot", people.TokenLimits(rooms=["garden"]))[1]
    rooms.apply_role(Member.objects.get(room=site.rooms["garden"], person=site.bob), Member.BANNED)
    assert site.client(key).get("/api/rooms/garden/messages/").status_code == 403
    assert site.socket("/chat/garden/", key).code == 4403
