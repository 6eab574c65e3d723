"""
The world of the tables of rights: a room of each kind, and a person of each standing.

The members of the direct room have only the standings in IN_DIRECT. The world is built once for a module of tests. Each
request of a test runs in a savepoint that is rolled back.
"""

import secrets
from contextlib import contextmanager
from datetime import timedelta

from django.test import override_settings
from django.utils import timezone

from chat.models import (
    AdditionBit,
    Board,
    Bookmark,
    LinkPreview,
    Member,
    Mention,
    Person,
    Preview,
    Report,
    Room,
    ScheduledMessage,
    Task,
    TaskPart,
    Upload,
    Visitor,
)
from chat.services import announcements, directs, files, hooks, invitations, people, rooms, search
from chat.services.digests import digest_secret
from tests import wire
from tests.chat.helpers import Browser, message_of
from tests.helpers import rolled_back

KINDS = ("public", "closed", "archived", "private", "direct", "board")
STANDINGS = (
    "stranger",  # not signed in
    "outsider",  # an account without a role
    "visitor",  # a guest without a role
    "guest",
    "member",
    "muted",
    "banned",
    "moderator",
    "owner",
    "operator",  # an operator without a role
)
ROLES = ("guest", "member", "muted", "banned", "moderator", "owner")
IN_DIRECT = ("guest", "member")
ACCESS = {"private": Room.PRIVATE, "board": Room.BOARD, "direct": Room.DIRECT}
# OWN plus the index of a standing is the number of that person's message. OTHERS is the number of the author's message.
OWN, OTHERS = 1, 100


class World:
    """
    Holds the rooms by kind in `rooms`, and the people and their browsers by standing in `people` and `browsers`.

    `author` wrote the message OTHERS of each room. Only the stranger has no message.
    """

    def __init__(self):
        self.answer = None
        self.author = people.sign_up("Author", "correct horse")
        self.people = {standing: _make_person(standing) for standing in STANDINGS}
        self.browsers = {standing: _make_browser(person) for standing, person in self.people.items()}
        self.author_browser = wire.browser_of(self.author)
        self.rooms, self.ids = {}, {}
        for kind in KINDS:
            self.rooms[kind] = self._make_room(kind)
            self._fill_room(kind)
        self.invitation, self.key = invitations.create_invitation(self.people["owner"], self.rooms["private"].slug)
        self.hooks = {kind: self._make_hook(kind) for kind in ("incoming", "outgoing")}
        people.sign_up("Newcomer", "correct horse")
        search.catch_up()
        self.digest = people.set_picture(self.author, make_image()).picture

    def _make_hook(self, kind):
        fields = hooks.HookFields(name=kind, url="https://hook.example/", trigger="command", words=["deploy"])
        return hooks.make_hook(self.people["owner"], self.rooms["private"].slug, kind, fields)[0]

    def _make_room(self, kind):
        if kind == "board":
            self.olga = Browser().make_board(name="board", handle="Olga")
            room = Board.objects.get(uuid=self.olga.board).room
            Member.objects.create(room=room, person=self.author)
            return self._open_board(room)
        if kind == "direct":
            handles = [self.people[standing].handle for standing in IN_DIRECT]
            with override_settings(CHAT_DIRECTS=directs.EVERYONE):
                return directs.open_direct(self.author, handles)[0]
        room = rooms.create_room(None, f"room-{kind}", kind, is_private=kind == "private", guests=kind != "closed")
        Member.objects.create(room=room, person=self.author)
        for role in ROLES:
            Member.objects.create(room=room, person=self.people[role], role=role)
        if kind == "archived":
            Room.objects.filter(id=room.id).update(archived=True)
        return room

    def _open_board(self, room):
        """
        Let the browser of every standing open the board's link.

        Each role of ROLES also gets a membership and a visitor row. The visitor is admitted, or removed for `banned`.
        """
        self.visits = {}
        for standing in STANDINGS:
            visit = Browser()
            visit.client = self.browsers[standing]
            visit.follow(self.olga)
            self.visits[standing] = visit
            if standing in ROLES:
                Member.objects.create(room=room, person=self.people[standing], role=standing)
                _admit(visit, self.people[standing], standing)
        return room

    def _fill_room(self, kind):
        room = self.rooms[kind]
        Room.objects.filter(id=room.id).update(offset=OTHERS)
        fields = {"body": f"apples in {kind}", "ref": f"{kind}-others", "mentioned": len(STANDINGS) - 1}
        message = message_of(room, self.author, OTHERS, **fields)
        announcements.announce(f"News of {kind}", slug=room.slug)
        report = Report.objects.create(room=room, message=message, reporter=self.author, reason="Rude", body="Hello")
        role = Member.objects.get(room=room, person=self.author).id
        self.ids[kind] = {"report": report.id, "role": role, "file": make_file(message).key}
        self.ids[kind]["preview"] = make_preview(message).id
        for index, (standing, person) in enumerate(self.people.items()):
            if person is None:
                continue
            message_of(room, person, OWN + index, ref=f"{kind}-own")
            Bookmark.objects.create(person=person, message=message)
            Mention.objects.create(room=room, number=OTHERS, person=person, is_named=True)
            self.ids[kind][standing] = {"task": _make_task(person, room), "scheduled": _make_scheduled(person, room)}

    def note(self, answer):
        """Remember the last answer (a response, a wire.Request or a wire.Socket), and return it."""
        self.answer = answer
        return answer

    def own_number(self, standing):
        """Return the number that the person's own message has. It is the same in each room."""
        return OWN + STANDINGS.index(standing)


def handle_of(standing):
    """Return the handle of the person of a standing. "Mx" distinguishes it from the name of a role in a response."""
    return f"Mx {standing.title()}"


def _make_person(standing):
    if standing == "stranger":
        return None
    if standing in ("visitor", "guest"):
        return people.sign_up_guest(handle_of(standing))
    person = people.sign_up(handle_of(standing), "correct horse")
    if standing == "operator":
        Person.objects.filter(id=person.id).update(is_staff=True, is_superuser=True)
    return Person.objects.get(id=person.id)


def _make_browser(person):
    return wire.browser_of(person) if person is not None else wire.Client()


def _admit(visit, person, role):
    state = Visitor.REMOVED if role == "banned" else Visitor.ADMITTED
    board = Board.objects.get(uuid=visit.board)
    Visitor.objects.create(
        board=board,
        key=f"key-{role}",
        digest=digest_secret(visit.session),
        person=person,
        is_signed_in=True,
        state=state,
    )


def _make_task(person, room):
    task = Task.objects.create(
        person=person,
        room=room,
        kind="export",
        ref=f"task-{person.id}-{room.id}",
        params="{}",
        upto=0,
        state=Task.DONE,
        attempt=1,
        result_name="room.json",
        result_type="application/json",
        result_size=2,
        expires_at=timezone.now() + timedelta(hours=1),
    )
    TaskPart.objects.create(task=task, attempt=1, number=0, data=b"{}")
    return task.id


def _make_scheduled(person, room):
    due = timezone.now() + timedelta(days=1)
    return ScheduledMessage.objects.create(room=room, author=person, body="Later", due_at=due).id


def make_preview(message):
    """Store the preview of a link in a message, with an image, and return it."""
    name = files.make_name("previews")
    files.put(name, [make_image()])
    preview = Preview.objects.create(digest="digest", is_found=True, title="Roses", image=name, width=4, height=4)
    fields = {"position": 0, "digest": "digest", "url": "https://flowers.example/", "preview": preview}
    type(message).objects.filter(id=message.id).update(additions=AdditionBit.PREVIEWS)
    return LinkPreview.objects.create(room=message.room, number=message.number, **fields)


def make_file(message):
    """Store a file of a message, and return its row."""
    name = files.make_name("uploads")
    files.put(name, [b"Hello"])
    fields = {"name": "a.txt", "type": "text/plain", "size": 5, "stored": name, "key": secrets.token_urlsafe(16)}
    return Upload.objects.create(room=message.room, person=message.author, number=message.number, **fields)


def make_image():
    """Return the bytes of a small picture."""
    import io

    from PIL import Image

    content = io.BytesIO()
    Image.new("RGB", (4, 4)).save(content, "PNG")
    return content.getvalue()


@contextmanager
def open_world(unblock):
    """Build the world in a transaction that is rolled back at the end. `unblock` allows the use of the database."""
    with unblock():
        with rolled_back():
            yield World()
