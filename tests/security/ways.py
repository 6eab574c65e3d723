"""
The functions of the rows in rows.py. Each sends a real request or frame as a person of a standing, and
returns a sign of the answer.

| sign | answer |
|---|---|
| `+` | the request did what it asks for, or the list or the events contain the thing |
| `-` | the list or the events do not contain the thing, or a message with `@all` does not call everybody |
| `s` | the site asks the client to sign in: 401, 4401 or the page for signing in |
| `f` | forbidden: 403 or 4403 |
| `m` | the person is muted |
| `n` | there is no such thing: 404 or 4404 |
| `<...>` | another status or code, which the sign contains |

rows.py lists the rows of the table.
"""

import json
from datetime import timedelta

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from chat import protocol
from chat.models import Member, Message
from tests import wire
from tests.chat.polling import Poller
from tests.security.world import OTHERS

SIGNS = {"not_signed_in": "s", "forbidden": "f", "muted": "m", "not_found": "n"}
CLOSE_SIGNS = {4401: "s", 4403: "f", 4404: "n"}


# HTTP.


def get_values(world, kind, standing):
    """Return what the paths and bodies of requests may name."""
    room = world.rooms[kind]
    ids = {"task": 0, "scheduled": 0, **world.ids[kind].get(standing, {})}
    return {
        "slug": room.slug,
        "room": room.id,
        "own": world.own_number(standing),
        "others": OTHERS,
        "report": world.ids[kind]["report"],
        "preview": world.ids[kind]["preview"],
        "role": world.ids[kind]["role"],
        "invitation": world.invitation.id,
        **{f"{kind}_hook": hook.id for kind, hook in world.hooks.items()},
        "others_task": world.ids[kind]["muted" if standing == "member" else "member"]["task"],
        "board": world.olga.board,
        "file": world.ids[kind]["file"],
        "key": world.key,
        "digest": world.digest,
        "tomorrow": protocol.format_time(timezone.now() + timedelta(days=1)),
        **ids,
    }


def send(world, kind, standing, method, path, body=None):
    """Send a request as a person of a standing, and return the response. `{slug}` and so on are filled in."""
    values = get_values(world, kind, standing)
    if isinstance(body, dict):
        body = {name: value.format(**values) if isinstance(value, str) else value for name, value in body.items()}
    content = "" if body is None else json.dumps(body)
    return world.note(world.browsers[standing].generic(method, path.format(**values), content, "application/json"))


def sign_of(response):
    """Return the sign of a response."""
    if response.status_code in (301, 302):
        asks_to_sign_in = response["Location"].startswith(("/sign-in/", "/admin/login/"))
        return "s" if asks_to_sign_in else "n" if response["Location"] == "/admin/" else "+"
    if response.status_code < 300:
        asks_for_a_handle = response.context is not None and "guest_form" in response.context
        return "s" if asks_for_a_handle else "+"
    if response["Content-Type"] == "application/json":
        code = json.loads(response.content)["code"]
        return SIGNS.get(code, f"<{code}>")
    return {401: "s", 403: "f", 404: "n"}.get(response.status_code, f"<{response.status_code}>")


def request(method, path, body=None):
    """Return the function of a row that sends one request."""
    return lambda world, kind, standing: sign_of(send(world, kind, standing, method, path, body))


def uploaded(path):
    """Return the function of a row that uploads a file."""

    def ask(world, kind, standing):
        address = path.format(**get_values(world, kind, standing))
        form = {"file": SimpleUploadedFile("a.txt", b"Hello")}
        return sign_of(world.note(world.browsers[standing].post(address, form)))

    return ask


def listed(path, find):
    """Return the function of a row that reads a list. `find(body, room)` returns whether the list has the thing."""

    def ask(world, kind, standing):
        response = send(world, kind, standing, "GET", path)
        if response.status_code != 200:
            return sign_of(response)
        is_json = response["Content-Type"] == "application/json"
        body = json.loads(response.content) if is_json else response.content.decode()
        return "+" if find(body, world.rooms[kind]) else "-"

    return ask


def has_room(items, room, name="slug"):
    """Return whether a list of a JSON body names a room."""
    return any(item[name] == room.slug for item in items)


# Sockets.


def sign_of_socket(socket):
    """Return the sign of an open socket, or of its close code."""
    if socket.denied or not socket.accepted:
        return "<denied>"
    return "+" if socket.code is None else CLOSE_SIGNS.get(socket.code, f"<{socket.code}>")


def open_room(world, kind, standing):
    """Open the socket of a room."""
    return world.note(wire.Socket(f"/chat/{world.rooms[kind].slug}/", world.browsers[standing]).connect())


def open_path(path):
    """Return a function that opens the socket at a path."""
    return lambda world, kind, standing: world.note(wire.Socket(path, world.browsers[standing]).connect())


open_own = open_path("/me/")


def open_write(world, kind, standing):
    """Open the socket of the room of a board."""
    return world.visits[standing].room()


def open_auth(world, kind, standing):
    """Open the socket of the waiting room of a board."""
    return world.visits[standing].door()


def opened(open_socket):
    """Return the function of a row that opens a socket."""
    return lambda world, kind, standing: sign_of_socket(open_socket(world, kind, standing))


def framed(open_socket, type, **fields):
    """Return the function of a row that opens a socket and sends one frame."""

    def ask(world, kind, standing):
        socket = open_socket(world, kind, standing)
        if socket.code is not None:
            return sign_of_socket(socket)
        values = get_values(world, kind, standing)
        filled = {name: values.get(value, value) if isinstance(value, str) else value for name, value in fields.items()}
        return sign_of_answer(socket.ask(type, ref="r1", **filled))

    return ask


def sign_of_answer(answer):
    """Return the sign of the answer to a frame."""
    if answer["type"] == "rejected":
        return SIGNS.get(answer["code"], f"<{answer['code']}>")
    return "+"


def calling(open_socket):
    """Return the function of a row that posts `@all`. The sign `+` means that the message calls everybody."""

    def ask(world, kind, standing):
        sign = framed(open_socket, "post", body="@all Hello")(world, kind, standing)
        if sign != "+":
            return sign
        newest = Message.objects.filter(room=world.rooms[kind]).order_by("-number").first()
        return "+" if newest.audience == "all" else "-"

    return ask


def seen(open_socket, find):
    """Return the function of a row that opens a socket. `+` means that `find(events, room)` is true of its events."""

    def ask(world, kind, standing):
        socket = open_socket(world, kind, standing)
        if socket.code is not None:
            return sign_of_socket(socket)
        return "+" if find(socket.events, world.rooms[kind]) else "-"

    return ask


def heard(type, **fields):
    """Return the function of a row that sends a frame without an answer. `+`: another member receives its event."""

    def ask(world, kind, standing):
        socket = open_room(world, kind, standing)
        if socket.code is not None:
            return sign_of_socket(socket)
        other = wire.Socket(f"/chat/{world.rooms[kind].slug}/", world.author_browser).connect()
        socket.say(type, **fields)
        return "+" if other.seen(type) else "-"

    return ask


def submitted(path, **fields):
    """Return the function of a row that submits a form."""

    def ask(world, kind, standing):
        filled = path.format(**get_values(world, kind, standing))
        return sign_of(world.note(world.browsers[standing].post(filled, fields)))

    return ask


def has_news(events, room):
    """Return whether an announcement to a room is among events."""
    kind = room.name if room.access != "direct" else "direct"
    names = {event["text"] for event in events if event["type"] == "announcement"}
    return f"News of {kind}" in names


# Polling.


def polled(*frames):
    """Return the function of a row that opens a poll, and sends frames with it."""

    def ask(world, kind, standing):
        browser = world.browsers[standing]
        poller = Poller(path=f"/api/rooms/{world.rooms[kind].slug}/poll/", send_csrf=False)
        csrf_token = "x" * 64
        browser.cookies[settings.CSRF_COOKIE_NAME] = csrf_token
        poller.browser, poller.headers["x-csrftoken"] = browser, csrf_token
        response = world.note(poller.request("GET"))
        if response.status != 200 or not frames:
            return "+" if response.status == 200 else SIGNS[response.body["code"]]
        poller.poll = response.body["poll"]
        values = get_values(world, kind, standing)
        filled = [
            {name: values.get(value, value) if isinstance(value, str) else value for name, value in frame.items()}
            for frame in frames
        ]
        [answer] = [event for event in poller.say(*filled).body["events"] if event["type"] in wire.ANSWERS]
        return sign_of_answer(answer)

    return ask


def find_member(world, kind, standing):
    """Return the Member of a person in a room, or None."""
    person = world.people[standing]
    return person and Member.objects.filter(room=world.rooms[kind], person=person).first()
