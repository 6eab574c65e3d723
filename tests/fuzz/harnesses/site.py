"""
Harnesses of the whole site in this process: the interface, the consumers, the views, and a database.

The inputs contain the credentials of Alice, who owns the room `garden`. So they reach the code behind the sign-in.
"""

import json
from http.cookies import SimpleCookie
from types import SimpleNamespace

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection as database
from django.db import transaction

from chat import protocol
from chat.models import Room, Token
from chat.protocol import ChatError, Post
from chat.services import people, rooms, search
from chat.services.digests import digest_secret
from tests import wire
from tests.chat.harmless_html import check_harmless
from tests.fuzz.harnesses.interface import CHANNELS, check_status, open_connection
from tests.fuzz.harnesses.texts import read_query
from tests.fuzz.target import no_logged_errors, read_text

SESSION = "alice0session0for0fuzzing0tests0"
TOKEN = "alice-token-for-fuzzing-tests"
CSRF = "C" * 64
# Each response must have one of these statuses. 501 and 505 are Twisted's answers to an unknown encoding or version.
STATUSES = {101, 200, 201, 204, 301, 302, 303, 304, 400, 401, 403, 404, 405, 408, 409, 411, 413, 414, 415, 429, 431}
STATUSES |= {501, 505}
BODIES = ("Roses are red", "Violets are **blue**, see https://a.example", "東京都 👍 @Bob", "one two three four")


def make_site():
    """Create Alice, Bob, the room `garden` with messages, and the credentials of Alice. Return Alice."""
    alice, bob = people.sign_up("Alice", "correct horse"), people.sign_up("Bob", "battery staple")
    rooms.create_room(alice, "garden", "The garden", "Roses and weeds")
    for number, body in enumerate(BODIES):
        rooms.post_message(rooms.join_room((alice, bob)[number % 2], "garden"), Post(f"r{number}", body))
    signed_in = wire.browser_of(alice).session
    data = signed_in.encode(dict(signed_in.items()))
    Session.objects.create(session_key=SESSION, session_data=data, expire_date=signed_in.get_expiry_date())
    Token.objects.create(person=alice, name="fuzzing", digest=digest_secret(TOKEN))
    search.index_changes()
    return alice


def rolled_back(check):
    """Return a function that runs `check`, then its actions for after the commit, and then rolls everything back."""

    def inner(data):
        with transaction.atomic():
            try:
                check(data)
                while database.run_on_commit:
                    _, function = database.run_on_commit.pop(0)
                    function()
                wire.work()
            finally:
                transaction.set_rollback(True)
                wire.layer().flush()

    return inner


def check_http(data):
    """The bytes of HTTP requests get responses, and none of them is a failure of the server."""
    with no_logged_errors(), open_connection() as connection:
        connection.write(data)
        for channel in CHANNELS:
            while (message := connection.passed_on(channel)) is not None:
                wire.run(channel, message)
                wire.work()
                _pass_back(connection, message)
        check_status(connection.received, STATUSES)
        _check_body(data, connection.received)


def _pass_back(connection, message):
    process = message["reply_channel"].partition("!")[0] + "!"
    while (found := wire.layer().receive([process]))[0] is not None:
        connection.factory.dispatch_reply(*found)


def _check_body(data, answer):
    """Check the length of the body of a single response, and that a body of JSON is JSON."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if answer.count(b"HTTP/1.") != 1 or b" 101 " in head[:20]:
        return
    headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    if data.startswith(b"HEAD ") or head.split()[1] in (b"204", b"304"):
        assert not body, "a response without a body has one"
    elif b"transfer-encoding" in headers:
        assert body.endswith(b"0\r\n\r\n")
    elif b"content-length" in headers:
        assert len(body) == int(headers[b"content-length"])
        if body and headers.get(b"content-type") == b"application/json":
            json.loads(body)


def check_socket(data):
    """Each line is a frame of Alice. Each `ref` gets exactly one answer, and the socket still answers afterwards."""
    cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: SESSION})
    with no_logged_errors():
        socket = wire.Socket("/chat/garden/", SimpleNamespace(cookies=cookies)).connect()
        assert socket.accepted and socket.code is None
        for line in data.split(b"\n"):
            check_answers(socket, read_text(line))
        assert socket.ask("fetch", ref="last", limit=1)["type"] == "page"


def check_answers(socket, text, events=protocol.EVENTS):
    """Send a frame. Check that it gets the answers that docs/protocol.md promises, and that the socket stays open."""
    received = socket.send(text)
    assert socket.code is None, f"the socket was closed with {socket.code}"
    answers = [event for event in received if event["type"] in wire.ANSWERS]
    assert not {"internal", "unavailable"} & {answer.get("code") for answer in answers}
    try:
        event = protocol.parse(text, events)
    except ChatError as refusal:
        assert [(answer["type"], answer["ref"]) for answer in answers] == [("rejected", refusal.ref)]
        assert answers[0]["code"] == refusal.code
        return
    if getattr(event, "ref", None) is not None:
        assert [answer["ref"] for answer in answers] == [event.ref]
    else:
        # An event without `ref` has no answer, but it may be refused, for example to a muted member.
        assert {(answer["type"], answer["ref"]) for answer in answers} <= {("rejected", None)}
    for message in (event for event in received if event["type"] == "message" and event.get("html")):
        check_harmless(message["html"])


def check_search(data):
    """A query finds something or nothing, on every database, or names a room or a person that does not exist."""
    query = read_query(data)
    if query is None:
        return
    alice = Room.objects.get(slug="garden").created_by
    try:
        results, _ = search.search(alice, query, page=len(data) % 3)
    except ChatError as error:
        assert error.code in ("not_found", "forbidden", "too_long")
        return
    for result in results:
        assert "<" not in result.snippet.replace("<mark>", "").replace("</mark>", "")
