"""
Random frames on every kind of socket: exactly one answer for each `ref`, and the socket continues in order.

The fields of an event are right most of the time, so that most frames reach the services.
"""

import dataclasses
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import protocol
from tests import wire
from tests.chat.helpers import Browser
from tests.fuzz.harnesses.site import check_answers
from tests.fuzz.target import no_logged_errors
from tests.random_examples import examples

pytestmark = pytest.mark.django_db(transaction=True)

ODD = st.sampled_from((None, True, -1, 1.5, 2**53, 10**30, "", " ", "\0", "\ud800", "x" * 70, "a" * 5000, [], {}, [[]]))
NUMBERS = st.integers(0, 6)
GOOD = {
    "ref": st.from_regex("[a-z0-9_-]{1,3}", fullmatch=True),
    "body": st.text(min_size=1, max_size=30) | st.sampled_from(("**a** @Bob", "<b>", "https://a.example")),
    "emoji": st.sampled_from(("👍", "❤", "👨‍👩‍👧")),
    "on": st.booleans(),
    "limit": st.integers(1, 100),
    "task": st.sampled_from(("export", "statistics", "unknown")),
    "params": st.sampled_from(({}, {"format": "csv"}, {"format": [1]}, {"first": "2026-01-01"}, {"zone": "\0"})),
    "at": st.sampled_from(("2030-01-31T12:00:00Z", "2020-01-31T12:00:00Z", "9999-12-31T23:59:59.999999Z")),
    "handle": st.sampled_from(("Bob", "Alice", "\u202e", "x" * 40)),
    "visitor": st.text(max_size=5),
    "room": st.sampled_from(("garden", "nowhere", "-")),
    "level": st.sampled_from(("all", "none", "mentions", "x")),
}
refs = itertools.count(1)


@st.composite
def frames(draw, events):
    """Return the text of a frame of one of these events, or of something else."""
    if draw(st.integers(0, 9)) == 0:
        return draw(
            st.text(max_size=20) | st.sampled_from(("[]", "null", "{}", "[" * 9999, '{"type":"post","type":"post"}'))
        )
    event = events[draw(st.sampled_from(sorted(events)))]
    fields = {field.name: draw(GOOD.get(field.name, NUMBERS)) for field in dataclasses.fields(event)}
    if draw(st.integers(0, 3)) == 0 and fields:
        fields[draw(st.sampled_from(sorted(fields)))] = draw(ODD)
    return json.dumps({"type": event.type, **fields})


def check_frames(open_socket, events, last):
    """Check random frames. `last` is an event that is answered as long as the socket works."""

    @examples(40)
    @given(st.lists(frames(events), min_size=1, max_size=6))
    def check(texts):
        with no_logged_errors():
            socket = open_socket()
            for text in texts:
                check_answers(socket, text, events)
            assert socket.ask(**last, ref=f"last-{next(refs)}")
            socket.disconnect()

    check()


@pytest.fixture(autouse=True)
def unlimited(settings):
    settings.CHAT_LIMITS_ON = False


def test_each_ref_gets_one_answer_in_a_room(enter, alice):
    check_frames(lambda: enter(alice), protocol.EVENTS, {"type": "fetch", "limit": 1})


def test_each_ref_gets_one_answer_on_the_stream_of_a_person(room, alice):
    browser = wire.browser_of(alice)
    last = {"type": "level", "room": "garden", "level": "all"}
    check_frames(lambda: wire.Socket("/me/", browser).connect(), protocol.WORKSPACE_EVENTS, last)


def test_each_ref_gets_one_answer_in_the_waiting_room_of_a_board(db):
    events = {name: event for name, event in protocol.BOARD_EVENTS.items() if name != "shut"}
    last = {"type": "admit", "visitor": "nobody"}
    check_frames(lambda: Browser().make_board(name="Plans", handle="Olga").door(), events, last)
