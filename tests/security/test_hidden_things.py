"""
A request for a thing that a person may not know of is answered like a request for a missing thing: byte for byte, and
at the same cost.

The things are tasks, messages, boards, invitations, tokens and so on; test_hidden_rooms.py is about rooms.
"""

import json
import re
import uuid
from datetime import timedelta
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from django.utils import timezone

from chat.models import Announcement, Board, Invitation, Login, Message, Person, Report
from chat.services import announcements, invitations, moderation, people, rooms
from tests import wire
from tests.chat.helpers import Browser, message_of
from tests.helpers import rolled_back
from tests.security.comparing import SameCookies, find_difference, measure
from tests.security.world import OTHERS, open_world

NO_ID, NO_NUMBER, NO_KEY, NO_FILE = 987654321, 777, "x" * 32, "x" * 22
LENGTH = re.compile(r'\["Content-Length", "\d+"\], ')
PASSWORD, WRONG = "correct horse", "battery staple"


class Pair(NamedTuple):
    """
    One request, as a person of a standing. `{}` in the path, in the body and in the token is the thing or `missing`.

    Without `costs`, only the bytes are compared.
    """

    standing: str
    method: str
    path: str
    thing: str  # an attribute of `things`
    missing: object
    body: dict | None = None
    token: str = ""
    form: bool = False
    costs: bool = True


PUBLIC, PRIVATE, ACCEPT = "/api/rooms/room-public/", "/api/rooms/room-private/", "/api/invitations/"
REPORT, DISMISS = {"reason": "Rude"}, {"action": "dismiss"}
FORGOTTEN = {"whom": "{}"}
SIGN_IN = {"handle": "{}", "password": WRONG}

PAIRS = {
    "another's task": Pair("outsider", "GET", "/api/tasks/{}/", "task", NO_ID),
    "another's result": Pair("outsider", "GET", "/api/tasks/{}/result/", "task", NO_ID),
    "another's task to delete": Pair("outsider", "DELETE", "/api/tasks/{}/", "task", NO_ID),
    "another's scheduled message": Pair("outsider", "DELETE", PUBLIC + "scheduled/{}/", "scheduled", NO_ID),
    "a message of another room, fetched": Pair("outsider", "GET", PUBLIC + "messages/?around={}", "number", NO_NUMBER),
    "a message of another room, bookmarked": Pair(
        "outsider", "PUT", "/api/bookmarks/room-public/{}/", "number", NO_NUMBER
    ),
    "a message of another room, reported": Pair(
        "outsider", "POST", PUBLIC + "messages/{}/reports/", "number", NO_NUMBER, REPORT
    ),
    "a message of another room, answered": Pair(
        "outsider", "POST", PUBLIC + "messages/", "number", NO_NUMBER, {"ref": "r1", "body": "Hello", "reply_to": "{}"}
    ),
    "a message of another room, its history": Pair(
        "moderator", "GET", PUBLIC + "messages/{}/history/", "number", NO_NUMBER
    ),
    "a removed message, bookmarked": Pair("outsider", "PUT", "/api/bookmarks/room-public/{}/", "removed", NO_NUMBER),
    "a removed message, reported": Pair(
        "outsider", "POST", PUBLIC + "messages/{}/reports/", "removed", NO_NUMBER, REPORT
    ),
    "a bookmark of another": Pair("outsider", "DELETE", "/api/bookmarks/room-private/{}/", "number", NO_NUMBER),
    "a report of another room": Pair("moderator", "PUT", PUBLIC + "reports/{}/", "private_report", NO_ID, DISMISS),
    "a report of an own message": Pair("moderator", "PUT", PUBLIC + "reports/{}/", "own_report", NO_ID, DISMISS),
    "an invitation of another room": Pair("owner", "DELETE", PRIVATE + "invitations/{}/", "other_invitation", NO_ID),
    "an expired invitation, its page": Pair("stranger", "GET", "/invite/{}/", "expired", NO_KEY),
    "a used invitation, its page": Pair("stranger", "GET", "/invite/{}/", "used", NO_KEY),
    "an invitation of a banned moderator, its page": Pair("outsider", "GET", "/invite/{}/", "of_banned", NO_KEY),
    "an expired invitation, accepted": Pair("outsider", "POST", "/invite/{}/", "expired", NO_KEY),
    "a used invitation, accepted": Pair("outsider", "POST", ACCEPT, "used", NO_KEY, {"key": "{}"}),
    "an invitation of a banned moderator, accepted": Pair(
        "outsider", "POST", ACCEPT, "of_banned", NO_KEY, {"key": "{}"}
    ),
    "a closed board, its page": Pair("outsider", "GET", "/board/{}/", "closed_board", uuid.UUID(int=7)),
    "a closed board, visited": Pair("outsider", "GET", "/api/boards/{}/", "closed_board", uuid.UUID(int=7)),
    "a closed board, its visitors": Pair(
        "outsider", "GET", "/api/boards/{}/visitors/", "closed_board", uuid.UUID(int=7)
    ),
    "a closed board, previewed": Pair(
        "outsider", "POST", "/api/boards/{}/preview/", "closed_board", uuid.UUID(int=7), {"body": "Hello"}
    ),
    "a closed board, its waiting room": Pair("outsider", "SOCKET", "/auth/{}/x/", "closed_board", uuid.UUID(int=7)),
    "a closed board, its room": Pair("outsider", "SOCKET", "/write/{}/x/", "closed_board", uuid.UUID(int=7)),
    "a board without a visit, its waiting room": Pair("stranger", "SOCKET", "/auth/{}/x/", "board", uuid.UUID(int=7)),
    "a board without a visit, its room": Pair("stranger", "SOCKET", "/write/{}/x/", "board", uuid.UUID(int=7)),
    "a board with another's session": Pair("stranger", "SOCKET", "/write/" + "{}/", "others_session", None),
    "the streams of operators": Pair("outsider", "SOCKET", "/{}/", "operators_socket", "nowhere/rooms", costs=False),
    "a file of a hidden room": Pair("outsider", "GET", "/api/files/{}/a.txt", "file", NO_FILE),
    "a file of a hidden room, its thumbnail": Pair("outsider", "GET", "/api/files/{}/thumbnail/", "file", NO_FILE),
    "a file of a hidden room, deleted": Pair("outsider", "DELETE", "/api/files/{}/", "file", NO_FILE),
    "a file, opened by a stranger": Pair("stranger", "GET", "/api/files/{}/a.txt", "file", NO_FILE),
    "the former address of a hidden room": Pair("outsider", "GET", "/rooms/{}/", "former_slug", "attic"),
    "the former address of a hidden room, connected": Pair("outsider", "SOCKET", "/chat/{}/", "former_slug", "attic"),
    "a preview of a hidden room, its image": Pair(
        "outsider", "GET", "/api/rooms/{}/messages/100/previews/1/image/", "private_slug", "room-privat3"
    ),
    "a hidden room, searched": Pair("outsider", "GET", "/api/search/?q=apples+in:{}", "private_slug", "room-privat3"),
    "a hidden room, its people searched": Pair(
        "outsider", "GET", "/api/people/?q=A&room={}", "private_slug", "room-privat3"
    ),
    "a token for a hidden room": Pair(
        "outsider", "POST", "/api/tokens/", "private_slug", "room-privat3", {"name": "bot", "rooms": ["{}"]}
    ),
    "a token of a deactivated account": Pair("stranger", "GET", "/api/workspace/", "token", NO_KEY, token="{}"),
    "a socket with such a token": Pair("stranger", "SOCKET", "/chat/room-public/", "token", NO_KEY, token="{}"),
    "another's token": Pair("outsider", "DELETE", "/api/tokens/{}/", "token_id", NO_ID),
    "another's login": Pair("outsider", "DELETE", "/api/logins/{}/", "login", NO_ID),
    "an announcement to a hidden room": Pair(
        "outsider", "PUT", "/api/announcements/{}/dismissal/", "announcement", NO_ID
    ),
    "a hidden room in the admin": Pair("outsider", "GET", "/admin/chat/room/{}/change/", "private_room", NO_ID),
    "a direct conversation in the admin": Pair("operator", "GET", "/admin/chat/room/{}/change/", "direct_room", NO_ID),
    "a direct message in the admin": Pair("operator", "GET", "/admin/chat/message/{}/change/", "direct_message", NO_ID),
    "a wrong password": Pair("stranger", "POST", "/api/session/", "account", "Nobody", SIGN_IN),
    "the handle of a guest": Pair("stranger", "POST", "/api/session/", "guest", "Nobody", SIGN_IN),
    "a deactivated account": Pair("stranger", "POST", "/api/session/", "deactivated", "Nobody", SIGN_IN),
    "the right password of a deactivated account": Pair(
        "stranger", "POST", "/api/session/", "deactivated", "Nobody", {"handle": "{}", "password": PASSWORD}
    ),
    "a wrong password on the page": Pair("stranger", "POST", "/sign-in/", "account", "Nobody", SIGN_IN, form=True),
    "the handle of a guest on the page": Pair("stranger", "POST", "/sign-in/", "guest", "Nobody", SIGN_IN, form=True),
    "a forgotten password": Pair("stranger", "POST", "/password/forgotten/", "account", "Nobody", FORGOTTEN, form=True),
    "a wrong link for a new password": Pair("stranger", "GET", "/password/reset/{}/x/", "person", NO_ID, costs=False),
    "a wrong password in the admin": Pair(
        "stranger", "POST", "/admin/login/", "account", "Nobody", {"username": "{}", "password": WRONG}, form=True
    ),
}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with open_world(django_db_blocker.unblock) as found:
        found.things = make_things(found)
        yield found


def make_things(world):
    """Store the things that a request must not find, and return what names them."""
    public, private = world.rooms["public"], world.rooms["private"]
    moderator, owner = world.people["moderator"], world.people["owner"]
    things = SimpleNamespace(
        task=world.ids["public"]["member"]["task"],
        scheduled=world.ids["public"]["member"]["scheduled"],
        private_report=world.ids["private"]["report"],
        private_room=private.id,
        private_slug=private.slug,
        former_slug="cellar",
        file=world.ids["private"]["file"],
        person=owner.id,
        direct_room=world.rooms["direct"].id,
        direct_message=Message.objects.get(room=world.rooms["direct"], number=OTHERS).id,
        board=world.olga.board,
        operators_socket="operators/rooms",
        account="Mx Member",
        guest="Mx Guest",
        deactivated="Inactive",
    )
    rooms.create_room(owner, "cellar", "The cellar", is_private=True)
    rooms.change_address(owner, "cellar")
    things.number = message_of(private, world.author, 55, ref="p55").number
    things.removed = message_of(public, world.author, 56, ref="p56", body="", removed_at=timezone.now()).number
    own = Message.objects.get(room=public, author=moderator)
    things.own_report = Report.objects.create(room=public, message=own, reporter=owner, reason="Rude", body="x").id
    _make_invitations(things, world, private)
    _make_board(things)
    inactive = people.sign_up("Inactive", PASSWORD)
    things.token = people.make_token(inactive, "bot")[1]
    Person.objects.filter(id=inactive.id).update(is_active=False)
    things.token_id = people.make_token(owner, "bot")[0].id
    things.login = Login.objects.create(person=owner, session_key="x" * 32, agent="x", address="127.0.0.1").id
    things.announcement = Announcement.objects.get(room=private).id
    things.others_session = f"{things.board}/{world.visits['owner'].session}"
    return things


def _make_invitations(things, world, room):
    owner, moderator = world.people["owner"], world.people["moderator"]
    expired, things.expired = invitations.create_invitation(owner, room.slug)
    Invitation.objects.filter(id=expired.id).update(expires_at=timezone.now() - timedelta(days=1))
    used, things.used = invitations.create_invitation(owner, room.slug, uses=1)
    Invitation.objects.filter(id=used.id).update(uses_left=0)
    _, things.of_banned = invitations.create_invitation(moderator, room.slug)
    Invitation.objects.filter(created_by=moderator).update(created_by=world.people["banned"])
    other = world.rooms["public"]
    fields = {"digest": "x" * 64, "created_by": owner, "expires_at": timezone.now() + timedelta(days=1)}
    things.other_invitation = Invitation.objects.create(room=other, **fields).id


def _make_board(things):
    things.closed_board = Browser().make_board(name="Closed", handle="Otto").board
    Board.objects.filter(uuid=things.closed_board).update(shut_at=timezone.now())


def fill(pair, name):
    """Return the path, the body and the headers of a pair for a thing."""
    body = pair.body and {field: fill_value(value, name) for field, value in pair.body.items()}
    return pair.path.format(name), body, {"authorization": f"Bearer {name}"} if pair.token else {}


def fill_value(value, name):
    """Return a field of a body, with the name of the thing in place of `{}`."""
    if isinstance(value, list):
        return [fill_value(item, name) for item in value]
    return name if value == "{}" else value


def send(world, pair, name):
    """Send the request of a pair for a thing, and return the answer."""
    path, body, headers = fill(pair, name)
    browser = world.browsers[pair.standing]
    if pair.method == "SOCKET":
        return wire.Socket(path, None if pair.token else browser, headers=headers).connect()
    extra = {f"HTTP_{header.upper()}": value for header, value in headers.items()}
    if pair.form:
        return browser.post(path, body, **extra)
    content = "" if body is None else json.dumps(body)
    return browser.generic(pair.method, path, content, "application/json", **extra)


def ask(world, pair, name):
    """Return what `measure` returns for the request of a pair."""
    with rolled_back(), SameCookies(world.browsers[pair.standing]):
        return measure(lambda: send(world, pair, name), name)


@pytest.mark.parametrize("name", list(PAIRS))
def test_a_hidden_thing_is_like_a_missing_thing(world, name, settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:9"  # no mail is sent: the transaction that stores it is rolled back
    pair = PAIRS[name]
    hidden = getattr(world.things, pair.thing)
    missing = f"{uuid.UUID(int=7)}/{NO_KEY}" if pair.missing is None else pair.missing
    first = pair.missing if isinstance(missing, uuid.UUID) else missing
    ask(world, pair, first)  # this fills the caches
    answers = [ask(world, pair, thing) for thing in (hidden, missing)]
    if len(str(hidden)) != len(str(missing)):
        answers = [(LENGTH.sub("", text), *costs) for text, *costs in answers]  # some pages repeat the address
    if not pair.costs:
        answers = [text for text, *_ in answers]
    assert find_difference(*answers) is None
    assert "internal" not in str(answers)


def test_the_reports_and_announcements_of_hidden_rooms_are_not_listed(world):
    with rolled_back():
        outsider = world.browsers["outsider"]
        texts = [item["text"] for item in outsider.get("/api/announcements/current/").json()["announcements"]]
        assert not texts
        assert announcements.find_outside_rooms(world.people["outsider"]) == []
        public = world.rooms["public"]
        found, _ = moderation.find_reports(world.people["moderator"], public)
        assert {report.room_id for report in found} == {public.id}
        assert world.things.own_report not in {report.id for report in found}
