"""The encryption of messages, sessions and names in Redis, the replacement of keys, and the errors of wrong keys."""

import logging

import pytest

from channels_transport.delay import read_delayed_message
from channels_transport.encryption import CannotDecrypt, make_crypter
from channels_transport.items import read_message_item
from channels_transport.layer import RedisChannelLayer
from channels_transport.session_backends import session_key
from tests.channels_transport.layers import FRAME, make_layer, send_frame

pytestmark = pytest.mark.no_database

KEYS = [[], ["old"], ["new", "old"], ["new"]]
OTHERS = [(["new"], ["old"]), (["new"], []), ([], ["old"])]
ids = pytest.mark.parametrize("written, read", OTHERS, ids=["another key", "no keys", "not encrypted"])


@pytest.mark.parametrize("writer", range(3))
@pytest.mark.parametrize("reader", range(3))
def test_keys_are_replaced_in_three_steps(writer, reader):
    """Each step restarts the processes one after the other, so processes of two neighbouring steps must agree."""
    steps = [["old"], ["old", "new"], ["new", "old"]]
    written, read = make_crypter(steps[writer]), make_crypter(steps[reader])
    if abs(writer - reader) <= 1:
        assert read.decrypt(written.encrypt(b"Hello")) == b"Hello"
        assert read.unseal(written.seal("Alice")) == "Alice"


@pytest.mark.parametrize("keys", KEYS)
def test_equal_names_have_equal_encrypted_texts_and_equal_content_has_different_ones(keys):
    crypter = make_crypter(keys)
    assert crypter.seal("Zoë") == crypter.seal("Zoë") != crypter.seal("Zoe")
    assert crypter.unseal(crypter.seal("Zoë")) == "Zoë"
    if keys:
        assert crypter.encrypt(b"Hello") != crypter.encrypt(b"Hello")
        assert "Zo" not in crypter.seal("Zoë") and b"Hello" not in crypter.encrypt(b"Hello")


@ids
def test_content_and_names_of_another_key_are_refused(written, read):
    written, read = make_crypter(written), make_crypter(read)
    with pytest.raises(CannotDecrypt, match="every process needs the same symmetric_encryption_keys"):
        read.decrypt(written.encrypt(b'{"text": "Hello"}'))
    with pytest.raises(CannotDecrypt):
        read.unseal(written.seal("Alice"))


def test_changed_content_is_refused():
    crypter = make_crypter(["key"])
    content, name = crypter.encrypt(b"Hello"), crypter.seal("Alice")
    with pytest.raises(CannotDecrypt):
        crypter.decrypt(content[:-4] + b"AAA=")
    with pytest.raises(CannotDecrypt):
        crypter.unseal(name[:-4] + "AAA=")


def test_the_keys_must_be_a_list():
    with pytest.raises(ValueError, match="symmetric_encryption_keys must be a list"):
        RedisChannelLayer(symmetric_encryption_keys="secret")


def all_values(layer):
    """Return everything that the server holds, as one text."""
    readers = {b"string": "GET", b"hash": "HGETALL", b"list": "LRANGE", b"zset": "ZRANGE", b"set": "SMEMBERS"}
    (shard,), found = layer.shards, []
    for key in shard.call(("KEYS", "*"))[0]:
        (kind,) = shard.call(("TYPE", key))
        limits = (0, -1) if kind in (b"list", b"zset") else ()
        found.append(repr(shard.call((readers[kind], key, *limits))[0]))
    return "\n".join(found)


def test_redis_holds_no_text_of_a_message_or_a_session(valkey_url):
    layer = make_layer(valkey_url, symmetric_encryption_keys=["key"])
    layer.channel_session_backend.save(session_key(FRAME["reply_channel"]), '{"handle": "Alice"}', 60, False)
    send_frame(layer, 0, "websocket.connect", headers=[["cookie", "sessionid=secret"]])
    send_frame(layer, 1, text="Hello")
    layer.group_add("room", "daphne.response.abc!x")
    layer.send_group("room", {"text": "Hello"})
    layer.send("daphne.response.abc!x", {"text": "Hello"})
    layer.send("asgi.delay", {"channel": "x", "content": {"text": "Hello"}, "delay": 1})
    found = all_values(layer)
    assert "gAAAA" in found
    for text in ("Hello", "secret", "Alice", "handle"):
        assert text not in found
    # An item that was put into an empty list contains a copy of the session, which is encrypted too.
    _, message = layer.receive(["websocket.connect"])
    assert layer.channel_session_backend.load(session_key(FRAME["reply_channel"])) == '{"handle": "Alice"}'
    assert message["headers"] == [["cookie", "sessionid=secret"]]


@ids
@pytest.mark.parametrize("shards", [1, 3])
def test_a_worker_with_wrong_keys_says_so_once_and_counts_what_it_loses(valkey_url, written, read, shards, caplog):
    caplog.set_level(logging.WARNING)
    writer = make_layer(valkey_url, shards, symmetric_encryption_keys=written)
    reader = make_layer(valkey_url, shards, symmetric_encryption_keys=read)
    for number in range(3):
        writer.send("x", {"number": number})
        send_frame(writer, 0, reply=f"daphne.response.abc!{number}")
    assert reader.receive(["x", "websocket.receive"]) == (None, None)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == len(set(lines)) == 2 and all(
        "needs the same symmetric_encryption_keys" in line for line in lines
    )
    assert sum(reader.channel_statistics(name)["lost_count"] for name in ("x", "websocket.receive")) == 6
    assert reader.receiver.reply == "", "the turns of the connections are over"


@ids
def test_a_session_of_another_key_counts_as_missing(valkey_url, written, read, caplog):
    writer = make_layer(valkey_url, symmetric_encryption_keys=written)
    reader = RedisChannelLayer(hosts=[valkey_url], symmetric_encryption_keys=read)
    writer.channel_session_backend.save("chnx", "{}", 60, False)
    assert reader.channel_session_backend.load("chnx") is None
    assert "has lost a session" in caplog.text and "Traceback" not in caplog.text


@ids
def test_a_delay_server_with_wrong_keys_says_so(valkey_url, written, read, caplog):
    writer = make_layer(valkey_url, symmetric_encryption_keys=written)
    reader = RedisChannelLayer(hosts=[valkey_url], symmetric_encryption_keys=read)
    writer.send("asgi.delay", {"channel": "x", "content": {}, "delay": 0})
    delivery = reader.open_queue("asgi.delay").receive(1)
    with pytest.raises(ValueError, match="it cannot be read"):
        read_delayed_message(reader, delivery.content)
    assert "needs the same symmetric_encryption_keys" in caplog.text


def test_a_message_to_a_group_is_encrypted_once(valkey_url, monkeypatch):
    layer, encrypted = make_layer(valkey_url, symmetric_encryption_keys=["key"]), []
    encrypt = layer.crypter.encrypt
    monkeypatch.setattr(layer.crypter, "encrypt", lambda content: encrypted.append(content) or encrypt(content))
    for process in ("a", "b", "c"):
        for member in range(3):
            layer.group_add("room", f"daphne.response.{process}!{member}")
    layer.send_group("room", {"text": "Hello"})
    assert len(encrypted) == 1
    assert [layer.receive(["daphne.response.b!"])[1] for _ in range(3)] == [{"text": "Hello"}] * 3


def test_the_name_of_the_channel_in_an_item_is_not_encrypted(valkey_url):
    layer = make_layer(valkey_url, symmetric_encryption_keys=["key"])
    layer.send("daphne.response.abc!x", {"text": "Hello"})
    (item,) = layer.shards[0].call(("LPOP", f"{layer.prefix}daphne.response.abc!"))
    name, body = read_message_item(item)
    assert name == b"daphne.response.abc!x" and layer.deserialize(body) == {"text": "Hello"}
