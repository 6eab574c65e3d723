"""
Each limit with its requests: the limit refuses with `retry_after`, a refusal changes nothing and refuses nobody else,
and the request works again after `retry_after`.

A new limit, or a new request that a limit counts, is a new row of CASES.
"""

import ast
from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from chat.models import Message
from chat.protocol import Post, format_time
from chat.services import budgets, limits, rooms
from chat.store import store
from tests.security import limit_ways as ways
from tests.security.limit_ways import Actor, frame, get, poll_send, send, submit

pytestmark = [pytest.mark.large, pytest.mark.django_db(transaction=True), pytest.mark.no_database]

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"
LATER = format_time(timezone.now() + timedelta(days=9))
MARKUP = "*a* " * 100  # 200 characters that may be markup
MAX_REQUESTS = 20
PASSWORD = "correct horse battery"

# {kind: (burst, per second) in these tests}; the other limits keep their defaults.
TIGHT = {
    "events": (2, 0.5),
    "reads": (8, 0.5),
    "reads_per_address": (8, 0.5),
    "requests_per_address": (3, 0.5),
    "markup": (300, 10),
}
ONE = (2, 0.5)  # the limits of all other kinds

# Requests of the API and of pages with which a signed-in person reads.
LISTS = [
    "/api/rooms/garden/messages/",
    "/api/rooms/garden/messages/?after=0",
    "/api/rooms/garden/messages/?around=3",
    "/api/rooms/garden/pins/",
    "/api/rooms/garden/people/",
    "/api/rooms/garden/threads/1/",
    "/api/threads/",
    "/api/rooms/garden/members/",
    "/api/rooms/garden/reports/",
    "/api/rooms/garden/audit/",
    "/api/rooms/garden/messages/1/history/",
    "/api/rooms/garden/scheduled/",
    "/api/rooms/garden/commands/",
    "/api/reminders/",
    "/api/rooms/garden/tasks/",
    "/api/rooms/garden/invitations/",
    "/api/rooms/",
    "/api/people/?q=a",
    "/api/search/?q=hello",
    "/api/mentions/",
    "/api/bookmarks/",
    "/api/workspace/",
    "/api/blocks/",
    "/api/tokens/",
    "/api/logins/",
    "/api/profile/",
    "/api/preferences/",
    "/api/announcements/",
    "/",
    "/rooms/garden/",
    "/rooms/garden/?pane=1",
    "/operators/rooms/",
    "/operations/",
    "/admin/chat/message/",
]
NEW_USER = {"handle": "New {n}", "password": PASSWORD}
NEW_ROOM = {"slug": "room-{n}", "name": "Room"}
BODY = {"ref": "m{n}", "body": "Hello"}
HEAVY = {"ref": "m{n}", "body": MARKUP + "{n}"}
SIGN_IN = {"handle": "Nobody", "password": "wrong"}

# (limit, the name of the request, a function that takes an Actor and returns a function that sends the request)
CASES = [
    *[("reads", path, get(path)) for path in LISTS],
    ("reads", "handshake of a room", ways.connect("/chat/garden/")),
    ("reads", "handshake of a room that resumes", ways.connect("/chat/garden/", "cursor=0")),
    ("reads", "sync", frame("/chat/garden/", type="sync", cursor=0)),
    ("reads", "fetch", frame("/chat/garden/", type="fetch", ref="f{n}", limit=100)),
    ("reads", "fetch around", frame("/chat/garden/", type="fetch", ref="f{n}", limit=100, around=3)),
    ("reads", "handshake of /me/", ways.connect("/me/")),
    ("reads", "sync of /me/", frame("/me/", type="sync", posts=0)),
    ("reads", "first poll", ways.poll_first),
    ("reads", "poll", ways.poll_again),
    ("reads", "sync by polling", poll_send(type="sync", cursor=0)),
    ("reads", "fetch by polling", poll_send(type="fetch", ref="f{n}", limit=100)),
    ("reads", "fetch on a board", ways.board_frame("write", type="fetch", ref="f{n}", limit=100)),
    ("reads_per_address", "lobby of strangers", get("/")),
    ("reads_per_address", "API of strangers", get("/api/rooms/")),
    ("reads_per_address", "fetch", frame("/chat/garden/", type="fetch", ref="f{n}", limit=100)),
    ("reads_per_address", "page of a room", get("/rooms/garden/")),
    ("requests_per_address", "page", get("/sign-in/")),
    ("requests_per_address", "API", get("/api/session/")),
    ("requests_per_address", "missing page", lambda actor: lambda: _allow_missing(actor, "/no-such-page/")),
    ("requests_per_address", "admin", get("/admin/login/")),
    ("events", "post", frame("/chat/garden/", type="post", **BODY)),
    ("events", "heartbeat", frame("/chat/garden/", type="sync", cursor=6)),
    ("events", "heartbeat of /me/", frame("/me/", type="sync")),
    ("events", "frame of /me/", frame("/me/", type="level", ref="l{n}", room="garden", level="none")),
    ("events", "post by polling", poll_send(type="post", **BODY)),
    ("events", "poll", ways.poll_again),
    ("events", "post on a board", ways.board_frame("write", type="post", **BODY)),
    ("events", "knock on a board", ways.board_knock),
    ("events", "post by API", send("post", "/api/rooms/garden/messages/", BODY)),
    ("events", "page", submit("/rooms/garden/guests/", guests="open")),
    ("events", "admin", submit("/admin/chat/message/", action="")),
    ("previews", "preview", send("post", "/api/rooms/garden/preview/", {"body": "Hello"})),
    ("previews", "preview on a board", ways.board_preview("Hello")),
    ("markup", "post", frame("/chat/garden/", type="post", **HEAVY)),
    ("markup", "edit", frame("/chat/garden/", type="edit", id=1, **HEAVY)),
    ("markup", "post by polling", poll_send(type="post", **HEAVY)),
    ("markup", "post on a board", ways.board_frame("write", type="post", **HEAVY)),
    ("markup", "post by API", send("post", "/api/rooms/garden/messages/", HEAVY)),
    ("markup", "scheduled message", send("post", "/api/rooms/garden/scheduled/", {**HEAVY, "at": LATER})),
    ("markup", "command", frame("/chat/garden/", type="command", ref="m{n}", name="me", text=MARKUP + "{n}")),
    ("markup", "preview", send("post", "/api/rooms/garden/preview/", {"body": MARKUP})),
    ("lookups", "people", get("/api/people/?q=a")),
    ("lookups", "people of a room", get("/api/rooms/garden/people/")),
    ("searches", "API", ways.search),
    ("searches_per_address", "API", ways.search),
    ("tasks", "socket", ways.start_over_socket),
    ("tasks", "poll", ways.start_by_poll),
    ("tasks", "API", ways.start_by_api),
    ("downloads", "result", ways.download),
    ("downloads", "own data", get("/api/profile/data/")),
    ("pictures", "API", ways.upload),
    ("uploads", "API", ways.send_file),
    ("opened_files", "API", ways.open_file),
    ("directs", "API", ways.new_direct),
    ("invitations", "API", send("post", "/api/rooms/garden/invitations/", {})),
    ("hooks", "API", send("post", "/api/rooms/garden/hooks/", {"kind": "incoming", "name": "Hook {n}"})),
    ("tokens", "API", send("post", "/api/tokens/", {"name": "bot {n}"})),
    ("handshakes", "room", ways.connect("/chat/garden/")),
    ("handshakes", "/me/", ways.connect("/me/")),
    ("handshakes", "first poll", ways.poll_first),
    ("guests", "API", ways.new_browser("post", "/api/guests/", {"handle": "Guest {n}"})),
    ("guests", "page", ways.new_browser_form("/guest/", handle="Guest {n}")),
    ("guests", "visitor of a board", ways.new_visitor),
    ("sign_ups", "API", ways.new_browser("post", "/api/users/", NEW_USER)),
    ("sign_ups", "page", ways.new_browser_form("/sign-up/", **NEW_USER)),
    ("rooms", "API", send("post", "/api/rooms/", NEW_ROOM)),
    ("rooms", "page", submit("/rooms/", topic="", **NEW_ROOM)),
    ("rooms", "board", send("post", "/new_board", {"name": "Plans"})),
    ("sign_ins", "API", ways.new_browser("post", "/api/session/", SIGN_IN)),
    ("sign_ins", "token", ways.invalid_token),
]
PER_ADDRESS = {"handshakes", "guests", "sign_ups", "rooms", "sign_ins"}
# Polls of these tests have one address: see wire.Request.
FIXED_ADDRESS = {"first poll"}


def _allow_missing(actor, path):
    response = actor.browser.get(path)
    return ways.Outcome(False) if response.status_code == 404 else ways.read_response(response)


def is_per_address(limit):
    return limit.endswith("_per_address") or limit in PER_ADDRESS


def is_for_strangers(limit, name):
    return "stranger" in name or limit in ("guests", "sign_ups", "sign_ins", "requests_per_address")


@pytest.fixture
def time(clock, monkeypatch):
    """Return the clock of the limits."""
    for module in (budgets, limits):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def garden(room, alice, bob):
    """Return the room with six messages that mention people. Alice and Bob own it and are operators."""
    member = rooms.join_room(bob, "garden")
    for number in range(6):
        rooms.post_message(member, Post(f"first-{number}", f"Hello @Alice and @Bob {number}"))
    for person in (alice, bob):
        ways.make_owner(Actor(person, HERE))
    return room


def tighten(settings, limit, **others):
    """Set a limit so low that a few requests reach it."""
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, limit: TIGHT.get(limit, ONE), **others}
    store.clear()


def count_rows():
    """Return the number of rows of each table of the chat, and all messages."""
    counts = {model._meta.label: model.objects.count() for model in apps.get_app_config("chat").get_models()}
    return counts, list(Message.objects.order_by("id").values_list("id", "body", "offset"))


def ask_until_refused(ask):
    """Ask until the answer is a refusal. Return (how many were accepted, the refusal)."""
    for accepted in range(MAX_REQUESTS):
        outcome = ask()
        if outcome.refused:
            return accepted, outcome
    raise AssertionError(f"{MAX_REQUESTS} requests were accepted")


@pytest.mark.parametrize("limit, name, way", CASES, ids=[f"{limit}: {name}" for limit, name, _ in CASES])
def test_a_limit_refuses_one_owner_until_retry_after_and_no_other(limit, name, way, garden, alice, bob, time, settings):
    is_stranger = is_for_strangers(limit, name)
    actor = Actor(None if is_stranger else alice, HERE)
    other = Actor(None if is_stranger else bob, ELSEWHERE if is_per_address(limit) else HERE)
    ask, ask_other = way(actor), way(other)
    tighten(settings, limit)
    accepted, refusal = ask_until_refused(ask)
    assert accepted >= 1
    assert 0 < refusal.retry_after <= 200
    before = count_rows()
    assert ask().refused
    assert count_rows() == before, "a refusal changes nothing"
    assert budgets.count_refusals()[limit] >= 2
    if name not in FIXED_ADDRESS:
        assert not ask_other().refused, "the limit of one does not refuse another"
    time.pass_by(refusal.retry_after + 0.001)
    assert not ask().refused


def test_every_limit_has_a_row_or_a_test_of_its_own(settings):
    of_their_own = {"task_bytes", "download_bytes", "upload_bytes", "wrong_passwords", "wrong_passwords_here"}
    of_their_own |= {"wrong_codes", "wrong_codes_here", "mails", "new_addresses"}
    of_their_own |= {"password_resets", "password_resets_here", "custom_emoji", "push_changes"}
    of_their_own |= {"link_previews", "link_previews_in_room", "link_previews_of_host"}
    of_the_site = {limit for limit in settings.CHAT_LIMITS if limit.endswith("_per_site")}
    assert settings.CHAT_LIMITS.keys() - of_their_own - of_the_site == {limit for limit, _, _ in CASES}


def test_limits_that_are_off_refuse_nothing(garden, alice, settings):
    settings.CHAT_LIMITS_ON = False
    settings.CHAT_LIMITS = dict.fromkeys(settings.CHAT_LIMITS, (1, 0.001))
    for limit, name, way in CASES:
        if limit in ("searches", "previews", "tokens", "requests_per_address") or name in ("sync", "poll", "lobby"):
            ask = way(Actor(alice, HERE))
            assert not any(ask().refused for _ in range(3)), (limit, name)


def test_every_page_with_a_refused_form_names_the_time_to_wait(settings):
    for path in (settings.BASE_DIR / "chat" / "http").glob("*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef) and function.name != "view":
                text = ast.unparse(function)
                assert "form.status" not in text or "name_wait(" in text, f"{path.name}: {function.name}"
