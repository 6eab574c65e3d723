"""The wire: what is taken, what is refused and with which code, and how facts are worded."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import protocol
from chat.protocol import ChatError, Edit, Fetch, Post, React, Read, Remove, Sync, Typing

pytestmark = pytest.mark.no_database

FAMILY = "👨‍👩‍👧"  # three people and two joiners: one emoji


def refusal_of(text):
    with pytest.raises(ChatError) as caught:
        protocol.parse(text)
    return caught.value


def frame(**fields):
    return json.dumps({"type": "post", "ref": "r1", "body": "Hello", **fields})


# What every client says.


@pytest.mark.parametrize(
    "text, event",
    [
        ('{"type": "post", "ref": "r1", "body": " Hello "}', Post("r1", "Hello")),
        ('{"type": "post", "ref": "r1", "body": "Hello", "reply_to": 7}', Post("r1", "Hello", 7)),
        ('{"type": "post", "ref": "r1", "body": "Hello", "reply_to": null}', Post("r1", "Hello")),
        ('{"type": "edit", "ref": "r1", "id": 3, "body": "Hi"}', Edit("r1", 3, "Hi")),
        ('{"type": "remove", "ref": "r1", "id": 3}', Remove("r1", 3)),
        ('{"type": "react", "ref": "r1", "id": 3, "emoji": "👍", "on": true}', React("r1", 3, "👍", True)),
        ('{"type": "typing", "on": false}', Typing(False)),
        ('{"type": "read", "offset": 9007199254740991}', Read(2**53 - 1)),
        ('{"type": "sync", "cursor": 0}', Sync(0)),
        ('{"type": "fetch", "ref": "r1", "limit": 100}', Fetch("r1", 100)),
        ('{"type": "fetch", "ref": "r1", "limit": 1, "before": 5}', Fetch("r1", 1, 5)),
        ('{"type": "typing", "on": true, "colour": "red", "more": [1, {"a": null}]}', Typing(True)),
    ],
)
def test_a_proper_frame_becomes_its_event(text, event):
    assert protocol.parse(text) == event


def test_frames_may_come_as_utf8_bytes():
    assert protocol.parse('{"type": "post", "ref": "a", "body": "grüß"}'.encode()) == Post("a", "grüß")


# What is no event.


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
def test_what_is_not_json_is_invalid_json(text):
    refusal = refusal_of(text)
    assert (refusal.code, refusal.ref) == ("invalid_json", None)


@pytest.mark.parametrize("text", ["[]", "null", "1", '"post"', "true", "1e999", '[{"type": "typing", "on": true}]'])
def test_what_is_not_an_object_is_not_an_object(text):
    assert refusal_of(text).code == "not_an_object"


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
def test_the_type_is_told_missing_or_unknown(fields, code):
    refusal = refusal_of(json.dumps({**fields, "ref": "r1"}))
    assert (refusal.code, refusal.ref) == (code, "r1")


@pytest.mark.parametrize("kind", sorted(protocol.EVENTS))
def test_every_field_but_the_optional_ones_must_be_there(kind):
    values = {"ref": "r1", "body": "a", "id": 1, "emoji": "👍", "on": True, "offset": 1, "cursor": 1, "limit": 1}
    values.update(task="export", params={}, at="2030-01-31T12:00:00Z")
    names = set(protocol.EVENTS[kind].__dataclass_fields__) - {"reply_to", "before"}
    whole = {"type": kind, **{name: values[name] for name in names}}
    protocol.parse(json.dumps(whole))
    for name in names:
        without = {key: value for key, value in whole.items() if key != name}
        assert refusal_of(json.dumps(without)).code == "missing_field"
        assert refusal_of(json.dumps({**whole, name: None})).code == "invalid_field"
        assert refusal_of(json.dumps({**whole, name: ["a"]})).code == "invalid_field"


@pytest.mark.parametrize(
    "name, kind",
    [
        ("id", "remove"),
        ("reply_to", "post"),
        ("cursor", "sync"),
        ("offset", "read"),
        ("before", "fetch"),
        ("limit", "fetch"),
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        "-1",
        "1.5",
        "1.0",
        "true",
        "false",
        '"1"',
        "9007199254740992",
        "1e3",
        "[1]",
        "1" * 20,
        "1" * 21,
        "1" * 5_000,
        "-" + "1" * 5_000,
        "1e999",
    ],
)
def test_integers_are_whole_and_from_0_to_2_to_the_53rd(name, kind, value):
    fields = {"type": f'"{kind}"', "ref": '"r1"', "body": '"a"', "limit": "1", name: value}
    refusal = refusal_of("{" + ", ".join(f'"{key}": {text}' for key, text in fields.items()) + "}")
    assert (refusal.code, refusal.ref) == ("invalid_field", "r1")


@pytest.mark.parametrize("limit, is_good", [(0, False), (1, True), (100, True), (101, False)])
def test_a_page_has_1_to_100_messages(limit, is_good):
    text = json.dumps({"type": "fetch", "ref": "r1", "limit": limit})
    if is_good:
        assert protocol.parse(text).limit == limit
    else:
        assert refusal_of(text).code == "invalid_field"


@pytest.mark.parametrize("on", [0, 1, "true", None, []])
def test_switches_are_true_or_false(on):
    assert refusal_of(json.dumps({"type": "typing", "on": on})).code == "invalid_field"


# Refs.


@pytest.mark.parametrize("ref", ["a", "A-Z_09", "x" * 64])
def test_a_ref_has_1_to_64_plain_characters(ref):
    assert protocol.parse(frame(ref=ref)).ref == ref


@pytest.mark.parametrize("ref", ["", "x" * 65, "a b", "ä", "a\n", "\n", "a.b", 7, None, True, ["a"], "a\0", "٣"])
def test_any_other_ref_is_refused_and_not_repeated(ref):
    refusal = refusal_of(frame(ref=ref))
    assert (refusal.code, refusal.ref) == ("invalid_field", None)


def test_a_refusal_carries_the_ref_where_one_could_be_read():
    assert refusal_of(frame(body=5)).ref == "r1"
    assert refusal_of('{"ref": "r1"}').ref == "r1"
    assert refusal_of('["r1"]').ref is None


# Bodies.


def test_a_body_has_up_to_4000_characters_after_trimming():
    assert len(protocol.parse(frame(body="  " + "ü" * 4000 + "\n")).body) == 4000
    assert refusal_of(frame(body="a" * 4001)).code == "too_long"
    assert refusal_of(frame(body="😀" * 4001)).code == "too_long"


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        "\n\t",
        "\u3000\xa0",
        "\u200b",
        "\u200d\ufeff \u2060",
        "\x01",
        "\u202e",
        "\u3164",
        "\u2800",
        "\u115f",
        "\u034f\ufe0f",
    ],
)
def test_a_body_in_which_nothing_can_be_seen_is_empty(body):
    assert refusal_of(frame(body=body)).code == "empty"


@pytest.mark.parametrize("body", ["😀", FAMILY, "❤️", "\U0001fae8", "\u0301", "\ue000", "👩🏽‍🚀", "é", "ㅤa"])
def test_a_body_of_one_visible_character_is_a_body(body):
    # U+1FAE8 is younger than Python 3.11's tables, which call it unassigned.
    assert protocol.parse(frame(body=body)).body == body.strip()


@pytest.mark.parametrize("escape", ["\\u0000", "\\ud800", "\\udfff", "a\\udc00b", "\\udc00\\ud800"])
def test_nul_and_lone_surrogates_are_refused_in_every_text(escape):
    assert refusal_of(f'{{"type": "post", "ref": "r1", "body": "{escape}"}}').code == "invalid_field"
    assert refusal_of(f'{{"type": "react", "ref": "r1", "id": 1, "on": true, "emoji": "{escape}"}}').code == (
        "invalid_field"
    )
    assert refusal_of(f'{{"type": "{escape}"}}').code == "invalid_field"


def test_a_pair_of_surrogates_is_one_character():
    assert protocol.parse('{"type": "post", "ref": "a", "body": "\\ud83d\\ude00"}').body == "😀"


# Emoji.


@pytest.mark.parametrize("emoji", ["👍", "👍🏽", "❤️", "❤", FAMILY, "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇩🇪", "1️⃣"])
def test_one_emoji_is_one_emoji(emoji):
    assert protocol.check_emoji(emoji) == emoji


@pytest.mark.parametrize("value", ["", "a", "1", "👍👍", "👍 ", ":thumbsup:", "👍" * 17, "\u200d", "<b>", 5, None])
def test_anything_else_is_not(value):
    with pytest.raises(ChatError) as caught:
        protocol.check_emoji(value)
    assert caught.value.code == "invalid_field"


# Handles, slugs, names.


@pytest.mark.parametrize(
    "given, handle",
    [
        ("Alice", "Alice"),
        ("  Alice  ", "Alice"),
        ("A", "A"),
        ("x" * 32, "x" * 32),
        ("Zoe\u0308", "Zo\xeb"),
        ("Ann Lee", "Ann Lee"),
        ("山田", "山田"),
        ("😀", "😀"),
        ("O'Neil <b>", "O'Neil <b>"),
        ("e\u0301" * 32, "é" * 32),
        ("❤️", "❤"),
    ],
)
def test_a_handle_is_kept_in_nfc(given, handle):
    assert protocol.check_handle(given) == handle


@pytest.mark.parametrize(
    "given, code",
    [
        ("", "empty"),
        ("   ", "empty"),
        ("x" * 33, "too_long"),
        ("a\nb", "invalid_field"),
        ("a\x7fb", "invalid_field"),
        ("a\u200bb", "invalid_field"),
        ("\u202eecilA", "invalid_field"),
        ("a\u2028b", "invalid_field"),
        ("a\0", "invalid_field"),
        ("a\ud800", "invalid_field"),
        (None, "invalid_field"),
        (5, "invalid_field"),
        ("a\xadb", "invalid_field"),
        ("a\ufeffb", "invalid_field"),
        ("a\U000e0041", "invalid_field"),
        ("\u3164", "empty"),
        ("Al\u3164ice", "invalid_field"),
        ("Alice\u034f", "invalid_field"),
    ],
)
def test_a_handle_shows_all_of_its_1_to_32_characters(given, code):
    with pytest.raises(ChatError) as caught:
        protocol.check_handle(given)
    assert caught.value.code == code


@pytest.mark.parametrize("slug", ["a", "0", "a-", "garden-2", "x" * 50])
def test_a_slug_is_a_slug(slug):
    assert protocol.is_slug(slug) and protocol.check_slug(slug) == slug


@pytest.mark.parametrize("slug", ["", "-a", "A", "ä", "a_b", "a b", "x" * 51, "garden\n", None, 5, "٣"])
def test_anything_else_is_no_slug(slug):
    assert not protocol.is_slug(slug)
    with pytest.raises(ChatError):
        protocol.check_slug(slug)


def test_names_and_topics_are_single_lines():
    assert protocol.check_room_name(" Love ❤️ ") == "Love ❤️"
    assert protocol.check_topic("  ") == ""
    for check, text, code in [
        (protocol.check_room_name, "a\nb", "invalid_field"),
        (protocol.check_room_name, "", "empty"),
        (protocol.check_room_name, "x" * 81, "too_long"),
        (protocol.check_topic, "a\rb", "invalid_field"),
        (protocol.check_topic, "x" * 501, "too_long"),
        (protocol.check_topic, 0, "invalid_field"),
    ]:
        with pytest.raises(ChatError) as caught:
            check(text)
        assert caught.value.code == code


@pytest.mark.parametrize(
    "text, number",
    [
        ("0", 0),
        ("12", 12),
        ("007", 7),
        ("9007199254740991", 2**53 - 1),
        ("9007199254740992", None),
        ("-1", None),
        ("1.0", None),
        ("", None),
        (" 1", None),
        ("1e3", None),
        ("٣", None),
        ("1\n", None),
        ("9" * 400, None),
        (None, None),
    ],
)
def test_a_urls_number_is_digits_only(text, number):
    assert protocol.parse_integer(text) == number


# What a ref stands for.


def test_the_same_change_has_the_same_fingerprint():
    assert protocol.digest(Post("r1", "a"), "garden") == protocol.digest(Post("r2", "a", None), "garden")
    assert len(protocol.digest(Post("r1", "a"), "garden")) == 64


def test_type_room_and_every_field_are_in_the_fingerprint():
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


# What the server says.


def test_times_are_utc_with_a_z():
    moment = datetime(2020, 1, 2, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=2)))
    assert protocol.format_time(moment) == "2020-01-02T01:04:05.678Z"
    assert protocol.format_time(moment.replace(microsecond=0)) == "2020-01-02T01:04:05.000Z"
    assert protocol.format_time(None) is None


def test_frames_are_compact_json_in_unicode():
    assert protocol.encode({"type": "typing", "handle": "Zoë", "on": True}) == (
        '{"type":"typing","handle":"Zoë","on":true}'
    )
    with pytest.raises(ValueError):
        protocol.encode({"a": float("nan")})


def test_optional_fields_are_there_only_when_they_say_something():
    assert protocol.synced(5, False) == {"type": "synced", "offset": 5, "more": False}
    assert protocol.synced(5, True, reset=True) == {"type": "synced", "offset": 5, "more": True, "reset": True}
    assert "reset" not in protocol.joined({}, {}, 0, [], 0, "v")
    assert protocol.joined({}, {}, 0, [], 0, "v", reset=True)["reset"] is True
    rejected = protocol.rejected(ChatError("empty", "No.", "r1"))
    assert rejected == {"type": "rejected", "ref": "r1", "code": "empty", "detail": "No."}
    assert protocol.rejected(ChatError("rate_limited", "No.", retry_after=0.5))["retry_after"] == 0.5


def test_above_100_people_presence_tells_only_how_many():
    assert protocol.presence(["Bob"], [], 100)["came"] == ["Bob"]
    assert protocol.presence(["Bob"], ["Eve"], 101) == {"type": "presence", "came": [], "went": [], "count": 101}


def test_presence_may_say_who_all_is_here():
    present = [{"handle": "Bob", "role": "member"}]
    assert protocol.presence([], [], 1, present) == {
        "type": "presence",
        "came": [],
        "went": [],
        "count": 1,
        "present": present,
    }


# Odd input that nobody thinks of.


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
FIELDS = st.dictionaries(
    st.sampled_from(["type", "ref", "body", "id", "emoji", "on", "offset", "cursor", "limit", "before", "reply_to"]),
    JSON | st.sampled_from([*protocol.EVENTS, "r1", "👍"]),
)


@given(st.text() | st.binary() | FIELDS.map(json.dumps) | JSON.map(json.dumps))
def test_any_frame_is_an_event_or_a_refusal(text):
    try:
        event = protocol.parse(text)
    except ChatError as refusal:
        protocol.encode(protocol.rejected(refusal)).encode()
    else:
        assert type(event) in protocol.EVENTS.values()
        protocol.digest(event, "garden")


@given(st.lists(JSON.map(json.dumps)), st.text(" \t\r\n", max_size=3))
def test_frames_in_a_list_are_found_as_they_were_written(frames, space):
    text = space + "[" + f"{space},{space}".join(frames) + space + "]" + space
    try:
        assert protocol.split_frames(text) == protocol.split_frames(text.encode()) == frames
    except ChatError as refusal:
        assert refusal.code == "invalid_json" and any(word in text for word in ("NaN", "Infinity"))


@given(st.text() | st.binary())
def test_anything_is_frames_or_a_refusal(text):
    try:
        frames = protocol.split_frames(text)
    except ChatError as refusal:
        assert refusal.code == "invalid_json"
    else:
        assert all(isinstance(frame, str) for frame in frames)


@given(st.text())
def test_a_checked_handle_stays_as_it_is(text):
    try:
        handle = protocol.check_handle(text)
    except ChatError:
        return
    assert protocol.check_handle(handle) == handle
    assert 1 <= len(handle) <= 32
