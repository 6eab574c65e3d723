"""Invalid frames: the server rejects an invalid event, and closes the socket if a frame is too long or malformed."""

import asyncio
import contextlib
import json

import pytest
from websockets.exceptions import ConnectionClosed

from tests.live.client import close_code, new_ref, read_until


def event(**fields):
    return json.dumps(fields)


def post(**fields):
    return event(**{"type": "post", "ref": "r", "body": "x", **fields})


# name: (frame, code, the ref in the answer)
REJECTED = {
    "not JSON": ("hello", "invalid_json", None),
    "a cut-off object": ('{"type": "post", "ref": "r"', "invalid_json", None),
    "two objects": ('{"type": "sync", "cursor": 0} {}', "invalid_json", None),
    "a byte order mark": ("\ufeff" + post(), "invalid_json", None),
    "a blank": (" ", "invalid_json", None),
    "NaN": ('{"type": "sync", "cursor": NaN}', "invalid_json", None),
    "Infinity": ('{"type": "sync", "cursor": Infinity}', "invalid_json", None),
    "-Infinity": ('{"type": "sync", "cursor": -Infinity}', "invalid_json", None),
    "NaN in an unknown field": (post()[:-1] + ', "more": NaN}', "invalid_json", None),
    "a key twice": ('{"type": "post", "ref": "r", "body": "x", "body": "y"}', "invalid_json", None),
    "a key twice deep inside": (post()[:-1] + ', "more": [{"a": 1, "a": 2}]}', "invalid_json", None),
    "60,000 brackets": ("[" * 60000, "invalid_json", None),
    "60,000 brackets, closed": ("[" * 30000 + "]" * 30000, "invalid_json", None),
    "braces without end": ('{"a":' * 12000, "invalid_json", None),
    "an array": ("[]", "not_an_object", None),
    "a string": ('"post"', "not_an_object", None),
    "a number": ("7", "not_an_object", None),
    "a number of 5,000 digits": ("7" * 5000, "not_an_object", None),
    "null": ("null", "not_an_object", None),
    "an array of events": (f"[{post()}]", "not_an_object", None),
    "an empty object": ("{}", "missing_type", None),
    "no type": (event(ref="r", body="x"), "missing_type", "r"),
    "a type that is a number": (event(type=1, ref="r"), "invalid_field", "r"),
    "a type that is null": (event(type=None, ref="r"), "invalid_field", "r"),
    "a type that is an array": (event(type=["post"], ref="r"), "invalid_field", "r"),
    "an unknown type": (event(type="shout", ref="r"), "unknown_type", "r"),
    "a type of the server's": (event(type="ack", ref="r"), "unknown_type", "r"),
    "a type with another case": (event(type="Post", ref="r", body="x"), "unknown_type", "r"),
    "an attribute for a type": (event(type="__class__", ref="r"), "unknown_type", "r"),
    "no ref": (event(type="post", body="x"), "missing_field", None),
    "no body": (event(type="post", ref="r"), "missing_field", "r"),
    "no id": (event(type="edit", ref="r", body="x"), "missing_field", "r"),
    "no emoji": (event(type="react", ref="r", id=1, on=True), "missing_field", "r"),
    "no on": (event(type="typing"), "missing_field", None),
    "no cursor": (event(type="sync"), "missing_field", None),
    "no offset": (event(type="read"), "missing_field", None),
    "no limit": (event(type="fetch", ref="r"), "missing_field", "r"),
    "an empty ref": (post(ref=""), "invalid_field", None),
    "a ref of 65": (post(ref="r" * 65), "invalid_field", None),
    "a ref with a blank": (post(ref="a b"), "invalid_field", None),
    "a ref with a line end": (post(ref="r\n"), "invalid_field", None),
    "a ref with an umlaut": (post(ref="ä"), "invalid_field", None),
    "a ref that is a number": (post(ref=7), "invalid_field", None),
    "a ref that is null": (post(ref=None), "invalid_field", None),
    "a body that is a number": (post(body=7), "invalid_field", "r"),
    "a body that is null": (post(body=None), "invalid_field", "r"),
    "a body that is an object": (post(body={}), "invalid_field", "r"),
    "a NUL": (post(body="a\0b"), "invalid_field", "r"),
    "a lone surrogate": ('{"type": "post", "ref": "r", "body": "a\\ud800b"}', "invalid_field", "r"),
    "a lone low surrogate": ('{"type": "post", "ref": "r", "body": "\\udc00"}', "invalid_field", "r"),
    "a lone surrogate in the type": ('{"type": "\\ud800", "ref": "r"}', "invalid_field", "r"),
    "4,001 characters": (post(body="x" * 4001), "too_long", "r"),
    "4,001 emojis": (post(body="🙂" * 4001), "too_long", "r"),
    "an empty body": (post(body=""), "empty", "r"),
    "a blank body": (post(body=" \t\n\u3000 "), "empty", "r"),
    "an invisible body": (post(body="\u200b\u200d\ufeff"), "empty", "r"),
    "a blank body of 5,000": (post(body=" " * 5000), "empty", "r"),
    "an id that is a bool": (event(type="remove", ref="r", id=True), "invalid_field", "r"),
    "a fractional id": (event(type="remove", ref="r", id=1.5), "invalid_field", "r"),
    "a whole number as a fraction": (event(type="remove", ref="r", id=1.0), "invalid_field", "r"),
    "a negative id": (event(type="remove", ref="r", id=-1), "invalid_field", "r"),
    "an id that is text": (event(type="remove", ref="r", id="1"), "invalid_field", "r"),
    "an id of 2^53": (event(type="remove", ref="r", id=2**53), "invalid_field", "r"),
    "an id of 5,000 digits": ('{"type": "remove", "ref": "r", "id": %s}' % ("1" * 5000), "invalid_field", "r"),
    "an id of 1e400": ('{"type": "remove", "ref": "r", "id": 1e400}', "invalid_field", "r"),
    "an unknown id": (event(type="remove", ref="r", id=2**53 - 1), "not_found", "r"),
    "an id of zero": (event(type="edit", ref="r", id=0, body="x"), "not_found", "r"),
    "a reply to nothing": (post(reply_to=2**53 - 1), "not_found", "r"),
    "a reply to a bool": (post(reply_to=True), "invalid_field", "r"),
    "a negative cursor": (event(type="sync", cursor=-1), "invalid_field", None),
    "a fractional cursor": (event(type="sync", cursor=0.5), "invalid_field", None),
    "a cursor that is a bool": (event(type="sync", cursor=False), "invalid_field", None),
    "a cursor of 2^53": (event(type="sync", cursor=2**53), "invalid_field", None),
    "a cursor that is null": (event(type="sync", cursor=None), "invalid_field", None),
    "a read marker that is negative": (event(type="read", offset=-1), "invalid_field", None),
    "a limit of zero": (event(type="fetch", ref="r", limit=0), "invalid_field", "r"),
    "a limit of 101": (event(type="fetch", ref="r", limit=101), "invalid_field", "r"),
    "a negative before": (event(type="fetch", ref="r", limit=1, before=-1), "invalid_field", "r"),
    "an emoji that is a word": (event(type="react", ref="r", id=1, emoji="smile", on=True), "invalid_field", "r"),
    "two emojis": (event(type="react", ref="r", id=1, emoji="👍👍", on=True), "invalid_field", "r"),
    "no emoji in the string": (event(type="react", ref="r", id=1, emoji="", on=True), "invalid_field", "r"),
    "a reaction that is a number": (event(type="react", ref="r", id=1, emoji="👍", on=1), "invalid_field", "r"),
    "typing that is a word": (event(type="typing", on="yes"), "invalid_field", None),
    "binary": (b"\x00\x01", "binary_not_supported", None),
    "binary JSON": (post().encode(), "binary_not_supported", None),
    "empty binary": (b"", "binary_not_supported", None),
    "an empty text": ("", "invalid_json", None),
}


async def test_every_invalid_frame_is_rejected_and_the_next_post_is_acknowledged(subtests_of, room, alice):
    async with alice.socket(f"/chat/{room}/") as socket:
        await read_until(socket, lambda event: event["type"] == "synced")
        for stored, (name, (frame, code, ref)) in enumerate(subtests_of(REJECTED), 1):
            await socket.send(frame)
            answer = await read_until(socket, lambda event: event["type"] in ("ack", "rejected", "synced", "page"))
            assert (answer["type"], answer.get("code"), answer.get("ref")) == ("rejected", code, ref), name
            assert set(answer) == {"type", "ref", "code", "detail"} and answer["detail"], name
            await socket.send(post(ref=new_ref()))
            answer = await read_until(socket, lambda event: event["type"] in ("ack", "rejected"))
            assert (answer["type"], answer["offset"]) == ("ack", stored), name


@pytest.fixture
def subtests_of():
    """Return a function that yields the cases of a table, and prints the name of each case."""

    def cases(table):
        for name, case in table.items():
            print(f"case: {name}")
            yield name, case

    return cases


UNUSUAL_BUT_VALID = {
    "4,000 characters": "x" * 4000,
    "4,000 emojis": "🙂" * 4000,
    "blanks around it": "  x  ",
    "right to left": "\u202e right to left",
    "a script": "<script>alert(1)</script>",
    "line ends of all kinds": "a\r\nb\u2028c\x85d",
    "quotes for SQL": "'; DROP TABLE chat_message; --",
    "format strings": "%s %(a)s {0} \\",
    "letters beyond 16 bits, and combined ones": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 é é",
    "control characters": "a\x01\x1f\x7fb",
}


async def test_unusual_valid_bodies_are_stored_unchanged(subtests_of, room, alice):
    async with alice.client(room) as client:
        for _, body in subtests_of(UNUSUAL_BUT_VALID):
            id = (await client.post(body))["id"]
            await client.until(lambda id=id: id in client.messages)
            assert client.messages[id]["body"] == body.strip()
            assert "<script" not in client.messages[id]["html"]
        assert alice.history(room) == client.messages


async def test_large_numbers_unknown_fields_and_optional_nulls_are_accepted(room, alice):
    async with alice.client(room) as client:
        await client.post("x", reply_to=None, colour="red", nested=[[{"a": None}]], number=10**19)
        answer = await client.ask("fetch", limit=100, before=2**53 - 1)
        assert answer["type"] == "page" and len(answer["messages"]) == 1


async def test_a_frame_of_64_kib_is_accepted_and_one_byte_more_closes_the_socket_with_1009(room, alice):
    async with alice.socket(f"/chat/{room}/") as socket:
        frame = post(ref=new_ref(), more="")
        frame = frame[:-2] + "x" * (65536 - len(frame)) + frame[-2:]
        await socket.send(frame)
        assert (await read_until(socket, lambda event: event["type"] in ("ack", "rejected")))["type"] == "ack"
        await socket.send(frame[:-2] + "x" + frame[-2:])
        assert await close_code(socket) == 1009


async def test_the_size_limit_counts_bytes_and_includes_all_fragments_of_a_message(room, alice):
    async with alice.socket(f"/chat/{room}/") as socket:
        await socket.send("ä" * 32769)
        assert await close_code(socket) == 1009
    async with alice.socket(f"/chat/{room}/") as socket:
        with contextlib.suppress(ConnectionClosed):
            await socket.send(["x" * 1000] * 66)
        assert await close_code(socket) == 1009


async def test_a_post_in_fragments_with_a_ping_between_them_is_one_post(room, alice):
    async with alice.socket(f"/chat/{room}/") as socket:
        frame = post(ref="in-fragments", body="äöü 🙂")

        async def fragments():
            data = frame.encode()
            for start in range(0, len(data), 7):
                yield data[start : start + 7]
                await asyncio.wait_for(await socket.ping(), 60)

        # The fragments are text, cut at any byte, even within a character.
        await socket.send(fragments(), text=True)
        answer = await read_until(socket, lambda event: event["type"] in ("ack", "rejected"))
        assert (answer["type"], answer["ref"]) == ("ack", "in-fragments")


async def test_a_text_frame_that_is_not_utf8_closes_the_socket_with_1007(room, alice):
    async with alice.socket(f"/chat/{room}/") as socket:
        await socket.send(b'{"type": "post", "body": "\xff\xfe"}', text=True)
        assert await close_code(socket) == 1007


async def test_a_surrogate_in_utf8_closes_the_socket_with_1007(room, alice):
    async with alice.socket(f"/chat/{room}/") as socket:
        await socket.send('"\ud800"'.encode("utf-8", "surrogatepass"), text=True)
        assert await close_code(socket) == 1007


async def test_a_frame_that_breaks_the_websocket_protocol_closes_its_own_socket_only(room, alice, bob):
    async with bob.client(room) as at_bob:
        async with alice.socket(f"/chat/{room}/") as socket:
            # A text frame with a reserved bit, which no extension uses.
            socket.transport.write(b"\xa1\x81\0\0\0\0x")
            assert await close_code(socket) == 1002
        await at_bob.post("still here")
