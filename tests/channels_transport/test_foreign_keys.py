"""asgi_redis on the same prefix: its keys are found, and the commands of this package do not start."""

import asgi_redis
import pytest
from django.core.management import CommandError

from channels_transport.doctor.redis_servers import check_redis
from channels_transport.foreign_keys import find_foreign_key
from channels_transport.layer import RedisChannelLayer
from channels_transport.management.servers import check_servers
from tests.channels_transport.layers import open_connection, renew_interface

pytestmark = pytest.mark.no_database

# The characters of a pattern of Redis have no meaning in a prefix.
PREFIXES = ["asgi:", "a*?[b]\\c:"]


@pytest.fixture(params=PREFIXES)
def layers(request, valkey_url):
    """Return (a layer of asgi_redis, a layer of this package), with the same prefix."""
    return [
        kind(hosts=[valkey_url], prefix=request.param) for kind in (asgi_redis.RedisChannelLayer, RedisChannelLayer)
    ]


def use_message(stock):
    stock.send("http.request", {"path": "/"})


def use_group(stock):
    stock.group_add("all", "daphne.response.a!1")


@pytest.mark.parametrize("use", [use_message, use_group])
def test_the_commands_do_not_start_beside_asgi_redis_on_the_same_prefix(layers, use):
    stock, own = layers
    check_servers(own)
    use(stock)
    with pytest.raises(CommandError, match="a key of asgi_redis under the same prefix") as raised:
        check_servers(own)
    assert "Set another `prefix`" in str(raised.value)
    problems = [finding.text for finding in check_redis(own) if not finding.is_well]
    assert problems == [str(raised.value)]


def test_another_prefix_is_no_problem(layers, valkey_url):
    stock, _ = layers
    use_message(stock), use_group(stock)
    check_servers(RedisChannelLayer(hosts=[valkey_url]))


def test_the_keys_of_this_package_are_not_those_of_asgi_redis(layers):
    _, own = layers
    renew_interface(own, "daphne.response.abc!", 5000)
    open_connection(own, "daphne.response.abc!", "x", frames=2)
    own.group_add("all", "daphne.response.abc!x")
    own.send("0" * 32, {})
    own.send_group("all", {})
    assert find_foreign_key(own, own.shards[0]) is None


@pytest.mark.parametrize("text", [b"", b"{}", b"\x80\x04\x95", b"a page"], ids=["nothing", "JSON", "pickle", "text"])
def test_texts_of_the_site_with_such_names_are_not_those_of_asgi_redis(layers, text):
    _, own = layers
    own.shards[0].call(("SET", f"{own.prefix}{'a0' * 16}", text))
    check_servers(own)


@pytest.mark.parametrize("message", [{}, {str(number): number for number in range(20)}])
def test_messages_of_any_size_are_found(layers, message):
    stock, own = layers
    stock.send("http.request", message)
    assert find_foreign_key(own, own.shards[0]) is not None


def test_encrypted_messages_are_found(valkey_url):
    pytest.importorskip("cryptography")
    asgi_redis.RedisChannelLayer(hosts=[valkey_url], symmetric_encryption_keys=["key"]).send("http.request", {})
    own = RedisChannelLayer(hosts=[valkey_url], prefix="asgi:")
    assert find_foreign_key(own, own.shards[0]) is not None


def test_a_search_in_a_large_redis_ends(layers):
    stock, own = layers
    use_message(stock)
    own.shards[0].call(*(("SET", f"{own.prefix}other-{number}", "") for number in range(20_000)))
    assert find_foreign_key(own, own.shards[0], seconds=30) is not None
    find_foreign_key(own, own.shards[0], seconds=0)


@pytest.mark.parametrize("command", ["scan", "type"])
def test_a_user_who_may_not_search_is_no_problem(layers, valkey_url, command):
    stock, own = layers
    use_message(stock)
    (shard,) = own.shards
    shard.call(("ACL", "SETUSER", "limited", "on", ">secret", "~*", "&*", "+@all", f"-{command}"))
    try:
        check_servers(RedisChannelLayer(hosts=[valkey_url.replace("//", "//limited:secret@")], prefix=own.prefix))
    finally:
        shard.call(("ACL", "DELUSER", "limited"))
