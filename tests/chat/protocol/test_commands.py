"""The fields of commands and votes."""

import json

import pytest

from chat import protocol
from tests.chat.helpers import assert_refused

pytestmark = pytest.mark.no_database


def parse(**fields):
    """Parse a frame with these fields, and return its event."""
    return protocol.parse(json.dumps({"ref": "r1", **fields}))


def test_a_command_may_have_no_text_and_no_zone():
    assert parse(type="command", name="mute") == protocol.Command("r1", "mute")
    assert parse(type="command", name="me", text=" waves ", zone="Asia/Tokyo").text == "waves"


@pytest.mark.parametrize("name", ["", "/me", "Me", "-me", "a" * 33, "me you", "ünï", 1, None])
def test_the_name_of_a_command_has_few_characters(name):
    assert_refused("invalid_field", parse, type="command", name=name)


@pytest.mark.parametrize(
    "code, fields",
    [("too_long", {"text": "a" * 4001}), ("invalid_field", {"zone": "Mars"}), ("empty", {"text": "\u200b"})],
)
def test_a_wrong_text_or_zone_is_refused(code, fields):
    assert_refused(code, parse, type="command", name="me", **fields)


def test_the_options_of_a_vote_are_different_positions():
    assert parse(type="vote", id=1, options=[3, 0, 3]).options == [0, 3]
    for options in ("0", [True], [-1], [1.5], ["0"], list(range(21)), {}):
        assert_refused("invalid_field", parse, type="vote", id=1, options=options)
