"""The frames that the server sends, and the fingerprint of a request."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import pytest
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from chat import protocol
from chat.protocol import ChatError, Edit, Post, React, Remove

pytestmark = pytest.mark.no_database

# Text with every character except surrogates, which no message contains.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.none() | st.booleans() | st.integers() | TEXTS


def test_times_are_utc_with_a_z():
    moment = datetime(2020, 1, 2, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=2)))
    assert protocol.format_time(moment) == "2020-01-02T01:04:05.678Z"
    assert protocol.format_time(moment.replace(microsecond=0)) == "2020-01-02T01:04:05.000Z"
    assert protocol.format_time(None) is None


def test_frames_are_compact_json_in_unicode():
    assert protocol.encode({"type": "typing", "handle": "Zoë", "on": True}) == (
        '{"type":"typing","handle":"Zoë","on":true}'
    )
    # JSON has no NaN.
    assert protocol.encode({"a": float("nan"), "b": SafeString("c")}) == '{"a":null,"b":"c"}'
    with pytest.raises(TypeError):
        protocol.encode({"a": object()})


@given(st.recursive(VALUES, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=10))
def test_frames_are_the_text_of_pythons_own_encoder(value):
    expected = json.dumps({"type": "x", "value": value}, ensure_ascii=False, separators=(",", ":"))
    assert protocol.encode({"type": "x", "value": value}) == expected


def test_optional_fields_are_left_out_when_they_have_no_value():
    assert protocol.synced(5, False) == {"type": "synced", "offset": 5, "more": False}
    assert protocol.synced(5, True, reset=True) == {"type": "synced", "offset": 5, "more": True, "reset": True}
    assert "reset" not in protocol.joined({}, {}, 0, [], 0, "v")
    assert protocol.joined({}, {}, 0, [], 0, "v", reset=True)["reset"] is True
    rejected = protocol.rejected(ChatError("empty", "No.", "r1"))
    assert rejected == {"type": "rejected", "ref": "r1", "code": "empty", "detail": "No."}
    assert protocol.rejected(ChatError("rate_limited", "No.", retry_after=0.5))["retry_after"] == 0.5


def test_above_100_people_presence_has_only_their_number():
    assert protocol.presence(["Bob"], [], 100)["came"] == ["Bob"]
    assert protocol.presence(["Bob"], ["Eve"], 101) == {"type": "presence", "came": [], "went": [], "count": 101}


def test_presence_may_list_everybody_who_is_present():
    present = [{"handle": "Bob", "role": "member"}]
    assert protocol.presence([], [], 1, present) == {
        "type": "presence",
        "came": [],
        "went": [],
        "count": 1,
        "present": present,
    }


def test_the_same_change_has_the_same_fingerprint():
    assert protocol.digest(Post("r1", "a"), "garden") == protocol.digest(Post("r2", "a", None), "garden")
    assert len(protocol.digest(Post("r1", "a"), "garden")) == 64


def test_a_field_with_its_default_value_is_not_in_the_fingerprint():
    # A later version may add optional fields. A ref from before the update must then still get the same answer.
    @dataclass(frozen=True)
    class LaterPost(Post):
        urgent: bool = False

    assert protocol.digest(LaterPost("r", "a"), "garden") == protocol.digest(Post("r", "a"), "garden")
    assert protocol.digest(LaterPost("r", "a", urgent=True), "garden") != protocol.digest(Post("r", "a"), "garden")


def test_the_type_the_room_and_the_fields_are_in_the_fingerprint():
    changes = [
        (Post("r", "a"), "garden"),
        (Post("r", "a"), "attic"),
        (Post("r", "b"), "garden"),
        (Post("r", "a", 1), "garden"),
        (Edit("r", 1, "a"), "garden"),
        (Edit("r", 2, "a"), "garden"),
        (Edit("r", 1, "b"), "garden"),
        (Remove("r", 1), "garden"),
        (Remove("r", 2), "garden"),
        (React("r", 1, "👍", True), "garden"),
        (React("r", 1, "👍", False), "garden"),
        (React("r", 1, "👎", True), "garden"),
        (React("r", 2, "👍", True), "garden"),
    ]
    assert len({protocol.digest(*change) for change in changes}) == len(changes)
