"""
Compare two answers byte for byte, with their costs: the number of SQL statements, and the operations on shared state.

Each operation of the store and of the channel layer runs the same Redis commands each time.
"""

import copy
import json
import re
from contextlib import ExitStack
from http.cookies import SimpleCookie
from unittest import mock

from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.services import limits
from chat.store import store
from tests import wire

OPERATIONS = {
    "store": (
        *("take_tokens", "take_tokens_deferred", "return_token", "add_to_tally", "increment", "exchange"),
        *("acquire_leases", "add_entry", "enter"),
    ),
    "layer": (
        *("group_add_all", "send_and_join", "group_renew", "group_add_members"),
        *("send_group", "send_group_later"),
    ),
}
# Django masks the token of a form anew in each response, and a second may begin between two responses.
# The cookie `messages` names the object that the admin did not find.
CHANGING = re.compile(
    r'(?<=csrfmiddlewaretoken\\" value=\\")\w+|(?<=csrftoken=)\w+|(?<=messages=)[^;]*'
    r"|\w{3}, \d\d[ -]\w{3}[ -]\d{4} \d\d:\d\d:\d\d GMT"
)


def describe(answer):
    """Return an answer as JSON text: status, sorted headers, cookies and body, or everything that a socket received."""
    if isinstance(answer, wire.Socket):
        return json.dumps([answer.accepted, answer.denied, answer.code, answer.events])
    if isinstance(answer, wire.Request):
        headers = {name.decode(): value.decode() for name, value in answer.headers.items()}
        return json.dumps([answer.status, sorted(headers.items()), answer.body])
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    cookies = sorted(morsel.OutputString() for morsel in answer.cookies.values())
    return json.dumps([answer.status_code, sorted(answer.items()), cookies, content.decode("utf-8", "replace")])


def measure(ask, *names):
    """
    Call `ask()`, which returns an answer. Return (its JSON text, number of statements, operations on shared state).

    `names` are the slugs, numbers and other names in the request. The answer may repeat them, so `measure` replaces
    them in the text.
    """
    channel_layers[DEFAULT_CHANNEL_LAYER].flush()
    store.clear()
    limits.forget_people()
    operations = []
    with ExitStack() as stack:
        for target, methods in ((type(store), OPERATIONS["store"]), (_get_layer_class(), OPERATIONS["layer"])):
            for method in methods:
                stack.enter_context(_noting(target, method, operations))
        with CaptureQueriesContext(connection) as queries:
            answer = ask()
    text = CHANGING.sub("", describe(answer))
    for name in names:
        # A short number may be part of another number, so it is replaced in addresses only.
        text = text.replace(str(name), "NAME") if len(str(name)) > 3 else text.replace(f"/{name}/", "/NAME/")
    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    return text, len(statements), operations


def _get_layer_class():
    return type(wire.layer().channel_layer)


def _noting(target, method, operations):
    original = getattr(target, method)

    def noting(self, *args, **kwargs):
        operations.append(method)
        return original(self, *args, **kwargs)

    return mock.patch.object(target, method, noting)


class SameCookies:
    """A context manager that restores the cookies of a test client at the end of the block."""

    def __init__(self, browser):
        self.browser = browser

    def __enter__(self):
        self.cookies = copy.deepcopy(self.browser.cookies)

    def __exit__(self, *exception):
        self.browser.cookies = SimpleCookie(self.cookies)


def find_difference(one, other):
    """Return a short text about the first difference of two results of `measure`, or None."""
    if one == other:
        return None
    if isinstance(one, str):
        one, other = (one,), (other,)
    if one[0] == other[0]:
        return f"costs {one[1:]} and {other[1:]}"
    at = next((at for at, pair in enumerate(zip(one[0], other[0], strict=False)) if len(set(pair)) > 1), 0)
    return " and ".join(repr(text[max(0, at - 40) : at + 60]) for text in (one[0], other[0]))
