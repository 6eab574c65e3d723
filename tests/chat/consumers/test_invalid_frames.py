"""Invalid frames: each is rejected with its code, and the connection stays open."""

import json

import pytest

pytestmark = pytest.mark.django_db(transaction=True)

POST = {"type": "post", "ref": "x1", "body": "Hello"}
INVALID_FRAMES = [
    ("", "invalid_json", None),
    ("not json", "invalid_json", None),
    ("[" * 60_000, "invalid_json", None),
    ('{"type": "post", "ref": "x1", "body": NaN}', "invalid_json", None),
    ('{"type": "sync", "cursor": Infinity}', "invalid_json", None),
    ('{"type": "post", "ref": "x1", "ref": "x1", "body": "Hello"}', "invalid_json", None),
    ("[]", "not_an_object", None),
    ('"post"', "not_an_object", None),
    ("null", "not_an_object", None),
    ("{}", "missing_type", None),
    ('{"ref": "x1"}', "missing_type", "x1"),
    ('{"type": "dance", "ref": "x1"}', "unknown_type", "x1"),
    ('{"type": "joined"}', "unknown_type", None),
    ('{"type": 1}', "invalid_field", None),
    ('{"type": "post", "body": "Hello"}', "missing_field", None),
    ('{"type": "post", "ref": "x1"}', "missing_field", "x1"),
    ('{"type": "typing", "ref": "x1"}', "missing_field", "x1"),
    (json.dumps({**POST, "body": None}), "invalid_field", "x1"),
    (json.dumps({**POST, "body": ["Hello"]}), "invalid_field", "x1"),
    (json.dumps({**POST, "body": "a\0"}), "invalid_field", "x1"),
    (json.dumps({**POST, "body": "\ud800"}), "invalid_field", "x1"),
    (json.dumps({**POST, "body": "x" * 4001}), "too_long", "x1"),
    (json.dumps({**POST, "body": " \n\u200b"}), "empty", "x1"),
    (json.dumps({**POST, "body": ""}), "empty", "x1"),
    (json.dumps({**POST, "ref": "a b"}), "invalid_field", None),
    (json.dumps({**POST, "ref": 7}), "invalid_field", None),
    (json.dumps({**POST, "ref": "x" * 65}), "invalid_field", None),
    *(
        (json.dumps({**fields, field: value}), "invalid_field", fields.get("ref"))
        for fields, field in [
            (POST, "reply_to"),
            ({"type": "edit", "ref": "x1", "body": "Hi"}, "id"),
            ({"type": "sync"}, "cursor"),
            ({"type": "read"}, "offset"),
            ({"type": "fetch", "ref": "x1", "limit": 5}, "before"),
            ({"type": "fetch", "ref": "x1", "limit": 5}, "around"),
            ({"type": "fetch", "ref": "x1"}, "limit"),
        ]
        for value in (-1, 1.5, True, "1", 2**53, 10**30, [1])
    ),
    ('{"type": "sync", "cursor": 1e999}', "invalid_field", None),
    ('{"type": "sync", "cursor": ' + "9" * 5000 + "}", "invalid_field", None),
    (json.dumps({"type": "react", "ref": "x1", "id": 1, "emoji": "hi", "on": True}), "invalid_field", "x1"),
    (json.dumps({"type": "react", "ref": "x1", "id": 1, "emoji": "👍", "on": 1}), "invalid_field", "x1"),
    (json.dumps({"type": "fetch", "ref": "x1", "limit": 0}), "invalid_field", "x1"),
    (json.dumps({"type": "fetch", "ref": "x1", "limit": 101}), "invalid_field", "x1"),
    (json.dumps({"type": "edit", "ref": "x1", "id": 999, "body": "Hi"}), "not_found", "x1"),
    (json.dumps({"type": "remove", "ref": "x1", "id": 2**53 - 1}), "not_found", "x1"),
    (json.dumps({**POST, "reply_to": 999}), "not_found", "x1"),
]


def test_an_invalid_frame_is_rejected_and_the_next_post_is_acked(alice, enter, settings):
    socket = enter(alice)
    settings.CHAT_LIMITS_ON = False
    for number, (text, code, ref) in enumerate(INVALID_FRAMES):
        [rejected] = socket.send(text)
        assert (rejected["type"], rejected["code"], rejected["ref"]) == ("rejected", code, ref), text[:100]
        assert rejected["detail"] and "retry_after" not in rejected
        assert socket.post(f"p{number}")["id"] == number + 1
    assert socket.code is None
    # A ref that was rejected can be used again.
    assert socket.post("x1")["type"] == "ack"


@pytest.mark.parametrize("content", [b"\x00\xff", b"", b'{"type": "sync", "cursor": 0}'])
def test_binary_frames_are_not_supported(alice, enter, content):
    socket = enter(alice)
    [rejected] = socket.send(bytes=content)
    assert (rejected["code"], rejected["ref"]) == ("binary_not_supported", None)
    assert socket.post("r1")["type"] == "ack"
