"""
Requests that change something count against a limit, except those in OF_THEIR_OWN that have none. The table is made
from the URL patterns, so that a new address is in it by itself.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat.http.urls import api_patterns, page_patterns
from chat.protocol import format_time
from chat.services import budgets, rooms
from chat.store import store
from tests import wire

pytestmark = pytest.mark.django_db

LATER = format_time(timezone.now() + timedelta(days=9))
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
VALUES = {"<slug>": "garden", "<board_uuid:board>": "00000000-0000-4000-8000-000000000000"}
# {a request that does not count as an event: its own limit, or the reason why it has none}
OF_THEIR_OWN = {
    "POST /api/session/": "sign_ins",
    "DELETE /api/session/": "signing out ends what could be counted",
    "POST /api/users/": "sign_ups",
    "POST /api/guests/": "guests",
    "POST /api/rooms/": "rooms",
    "PUT /api/profile/picture/": "pictures",
    "PUT /api/emoji/1/": "custom_emoji",
    "POST /api/push/": "push_changes",
    "POST /api/push/1/test/": "push_changes",
    "DELETE /api/profile/": "wrong_passwords_here",
    "POST /api/boards/00000000-0000-4000-8000-000000000000/preview/": "events and previews of the visitor of a board",
    "POST /api/rooms/garden/files/": "uploads",
    "POST /api/boards/00000000-0000-4000-8000-000000000000/files/": "uploads of the visitor of a board",
    "POST /api/rooms/garden/poll/": "events of each frame",
    "POST /rooms/": "rooms",
    "POST /new_board": "rooms",
    "POST /sign-in/": "sign_ins",
    "POST /sign-up/": "sign_ups",
    "POST /guest/": "guests",
    "POST /sign-out/": "signing out ends what could be counted",
    "POST /hooks/1": "events of the bot; for a wrong key, sign_ins",
    "POST /hooks/1/": "events of the bot; for a wrong key, sign_ins",
    "POST /password/": "wrong_passwords_here",
    "POST /sign-in/code/": "wrong_codes_here",
    "POST /settings/two-factor/1/": "events, for the actions that exist",
    "POST /invitations/": "events and invitations, for a valid form",
    "POST /sign-in/openid/new/": "sign_ups or wrong_passwords_here, after a sign-in at the provider",
    "POST /email/1/": "events, on a site that sends mails",
    "POST /password/forgotten/": "password_resets, on a site that sends mails",
    "POST /password/reset/1/1/": "sign_ins, on a site that sends mails",
}
# Valid fields of many requests, because some requests are counted only after their body was checked.
BODY = {"ref": "r1", "body": "Hello", "at": LATER, "task": "export", "params": {}, "name": "bot", "key": "a"}
MORE = {"handles": ["Bob"], "handle": "Bob", "role": "member", "reason": "a", "action": "dismiss", "blocked": True}


def list_paths():
    """Yield each address of a page or of the API, with values in place of its parameters."""
    for pattern in [*page_patterns, *api_patterns]:
        route = getattr(pattern.pattern, "_route", None)
        if route is None:
            continue
        for parameter, value in VALUES.items():
            route = route.replace(parameter, value)
        parts = [part if "<" not in part else "1" for part in route.split("/")]
        yield "/" + "/".join(parts)


PATHS = sorted({path for path in list_paths() if not path.startswith(("/.well-known", "/pictures/"))})


def list_changes(browser):
    """Return {method and path} of all requests that may change something."""
    found = set()
    for path in PATHS:
        answer = browser.options(path)
        allowed = answer["Allow"].split(", ") if answer.has_header("Allow") else []
        found |= {f"{method} {path}" for method in UNSAFE if method in allowed}
    return found


def test_every_request_that_changes_something_is_counted(room, alice, bob, root, settings):
    rooms.join_room(root, "garden")
    browser = wire.browser_of(root)
    changes = list_changes(browser)
    assert len(changes) > 50
    assert OF_THEIR_OWN.keys() <= changes
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "events": (1, 0.0001)}
    budgets.charge(budgets.find_buckets("events", root.id), 10)
    uncounted = set()
    for change in sorted(changes - OF_THEIR_OWN.keys()):
        method, path = change.split()
        kwargs = {"content_type": "application/json"} if path.startswith("/api/") else {}
        response = getattr(browser, method.lower())(f"{path}?poll=a", {**BODY, **MORE} if kwargs else {}, **kwargs)
        if response.status_code != 429:
            uncounted.add((change, response.status_code))
    assert not uncounted
    assert store.read_tally("refusals")["events"] == len(changes - OF_THEIR_OWN.keys())
