"""A valid frame becomes an event, and an invalid frame is rejected with the code of its error."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import protocol
from chat.protocol import ChatError, Edit, Fetch, Pin, Post, React, Read, Remove, Sync, Typing
from tests.chat.protocol.frames import error_of

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(
    "text, event",
    [
        ('{"type": "post", "ref": "r1", "body": " Hello "}', Post("r1", "Hello")),
        ('{"type": "post", "ref": "r1", "body": "Hello", "reply_to": 7}', Post("r1", "Hello", 7)),
        ('{"type": "post", "ref": "r1", "body": "Hello", "reply_to": null}', Post("r1", "Hello")),
        ('{"type": "edit", "ref": "r1", "id": 3, "body": "Hi"}', Edit("r1", 3, "Hi")),
        ('{"type": "remove", "ref": "r1", "id": 3}', Remove("r1", 3)),
        ('{"type": "react", "ref": "r1", "id": 3, "emoji": "👍", "on": true}', React("r1", 3, "👍", True)),
        ('{"type": "pin", "ref": "r1", "id": 3, "on": false}', Pin("r1", 3, False)),
        ('{"type": "typing", "on": false}', Typing(False)),
        ('{"type": "read", "offset": 9007199254740991}', Read(2**53 - 1)),
        ('{"type": "sync", "cursor": 0}', Sync(0)),
        ('{"type": "fetch", "ref": "r1", "limit": 100}', Fetch("r1", 100)),
        ('{"type": "fetch", "ref": "r1", "limit": 1, "before": 5}', Fetch("r1", 1, 5)),
        ('{"type": "fetch", "ref": "r1", "limit": 1, "around": 5}', Fetch("r1", 1, around=5)),
        ('{"type": "fetch", "ref": "r1", "limit": 1, "before": null, "around": 5}', Fetch("r1", 1, around=5)),
        ('{"type": "typing", "on": true, "colour": "red", "more": [1, {"a": null}]}', Typing(True)),
    ],
)
def test_a_valid_frame_becomes_its_event(text, event):
    assert protocol.parse(text) == event


def test_a_frame_can_be_utf8_bytes():
    assert protocol.parse('{"type": "post", "ref": "a", "body": "grüß"}'.encode()) == Post("a", "grüß")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{",
        '{"type": "sync", "cursor": 0}}',
        "{'type': 1}",
        '{"a": 1,}',
        "\ufeff{}",
        "nul",
        '{"a": "\n"}',
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": -Infinity}',
        "NaN",
        '{"type": "sync", "cursor": 00}',
        b"\xff",
        b"\x80{}",
        '{"type": "typing", "on": true, "on": true}',
        '{"a": {"b": 1, "b": 2}}',
        '{"type": "sync", "type": "sync"}',
        "[" * 60_000,
        "[" * 30_000 + "]" * 30_000,
        '{"a":' * 12_000 + "1" + "}" * 12_000,
    ],
)
def test_a_frame_that_is_not_json_is_rejected_as_invalid_json(text):
    error = error_of(text)
    assert (error.code, error.ref) == ("invalid_json", None)


@pytest.mark.parametrize("text", ["[]", "null", "1", '"post"', "true", "1e999", '[{"type": "typing", "on": true}]'])
def test_json_that_is_not_an_object_is_rejected_with_not_an_object(text):
    assert error_of(text).code == "not_an_object"


@pytest.mark.parametrize(
    "fields, code",
    [
        ({}, "missing_type"),
        ({"type": None}, "invalid_field"),
        ({"type": 5}, "invalid_field"),
        ({"type": ["post"]}, "invalid_field"),
        ({"type": "a\0"}, "invalid_field"),
        ({"type": "dance"}, "unknown_type"),
        ({"type": "Post"}, "unknown_type"),
        ({"type": ""}, "unknown_type"),
        ({"type": "ack"}, "unknown_type"),
    ],
)
def test_a_missing_or_unknown_type_is_rejected_with_its_code(fields, code):
    error = error_of(json.dumps({**fields, "ref": "r1"}))
    assert (error.code, error.ref) == (code, "r1")


OPTIONAL = {"reply_to", "before", "around", "files", "thread"}


@pytest.mark.parametrize("kind", sorted(protocol.EVENTS))
def test_a_required_field_that_is_missing_or_has_a_wrong_type_is_rejected(kind):
    values = {"ref": "r1", "body": "a", "id": 1, "emoji": "👍", "on": True, "offset": 1, "cursor": 1, "limit": 1}
    values.update(task="export", params={}, at="2030-01-31T12:00:00Z", name="me", options=[0])
    fields = dataclasses.fields(protocol.EVENTS[kind])
    names = {field.name for field in fields if field.default is dataclasses.MISSING} - OPTIONAL
    whole = {"type": kind, **{name: values[name] for name in names}}
    protocol.parse(json.dumps(whole))
    for name in names:
        without = {key: value for key, value in whole.items() if key != name}
        assert error_of(json.dumps(without)).code == "missing_field"
        assert error_of(json.dumps({**whole, name: None})).code == "invalid_field"
        assert error_of(json.dumps({**whole, name: ["a"]})).code == "invalid_field"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
FIELDS = st.dictionaries(
    st.sampled_from(["type", "ref", "body", "id", "emoji", "on", "offset", "cursor", "limit", *sorted(OPTIONAL)]),
    JSON | st.sampled_from([*protocol.EVENTS, "r1", "👍"]),
)


@given(st.text() | st.binary() | FIELDS.map(json.dumps) | JSON.map(json.dumps))
def test_any_frame_becomes_an_event_or_a_chat_error(text):
    try:
        event = protocol.parse(text)
    except ChatError as error:
        protocol.encode(protocol.rejected(error)).encode()
    else:
        assert type(event) in protocol.EVENTS.values()
        protocol.digest(event, "garden")


@given(st.lists(JSON.map(json.dumps)), st.text(" \t\r\n", max_size=3))
def test_frames_in_a_list_are_returned_unchanged(frames, space):
    text = space + "[" + f"{space},{space}".join(frames) + space + "]" + space
    try:
        assert protocol.split_frames(text) == protocol.split_frames(text.encode()) == frames
    except ChatError as error:
        assert error.code == "invalid_json" and any(word in text for word in ("NaN", "Infinity"))


@given(st.text() | st.binary())
def test_any_text_becomes_frames_or_a_chat_error(text):
    try:
        frames = protocol.split_frames(text)
    except ChatError as error:
        assert error.code == "invalid_json"
    else:
        assert all(isinstance(frame, str) for frame in frames)
