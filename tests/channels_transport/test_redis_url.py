"""URLs of Redis servers: a valid URL is parsed, and an invalid URL is reported in one sentence."""

import pytest

from channels_transport.layer import RedisChannelLayer
from channels_transport.redis_connections import RedisConfigurationError, make_pool, make_tls_context
from channels_transport.redis_url import InvalidRedisURL, parse_redis_url, split_urls

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(
    "url, expected",
    [
        ("redis://10.0.0.5", {"host": "10.0.0.5", "port": 6379}),
        ("redis://localhost:6380/3", {"host": "localhost", "port": 6380, "db": 3}),
        ("redis:///2", {"host": "localhost", "port": 6379, "db": 2}),
        ("redis://:secret@host/", {"host": "host", "port": 6379, "password": "secret"}),
        ("redis://:a,b@host", {"host": "host", "port": 6379, "password": "a,b"}),
        (
            "redis://us%3Aer:p%40ss%2F%23@host",
            {"username": "us:er", "password": "p@ss/#", "host": "host", "port": 6379},
        ),
        ("redis://[::1]:7000/0", {"host": "::1", "port": 7000, "db": 0}),
        ("redis://host/1?db=4&socket_keepalive=yes", {"host": "host", "port": 6379, "db": 4, "socket_keepalive": True}),
        (" REDIS://Host\n", {"host": "Host", "port": 6379}),
        ("unix:///run/a%20b.sock?db=1", {"path": "/run/a b.sock", "db": 1}),
        ("unix://user:p%40ss@/run/redis.sock", {"path": "/run/redis.sock", "username": "user", "password": "p@ss"}),
        ("rediss://h?ssl_cert_reqs=CERT_NONE", {"host": "h", "port": 6379, "ssl_cert_reqs": "none"}),
        ("rediss://h?ssl_ca_certs=/ca.pem", {"host": "h", "port": 6379, "ssl_ca_certs": "/ca.pem"}),
        ("redis://host?prefix=chat2:", {"host": "host", "port": 6379, "prefix": "chat2:"}),
        (
            "redis+sentinel://u:p%40ss@one:1,two,[::1]:3/the%20chat/2?sentinel_password=secret",
            {
                "username": "u",
                "password": "p@ss",
                "sentinels": [("one", 1), ("two", 26379), ("::1", 3)],
                "service": "the chat",
                "db": 2,
                "sentinel_password": "secret",
            },
        ),
        (
            "rediss+sentinel://one/chat?ssl_ca_certs=/ca.pem",
            {"sentinels": [("one", 26379)], "service": "chat", "ssl_ca_certs": "/ca.pem"},
        ),
        ("rediss://h?ssl_cert_reqs=optional", {"host": "h", "port": 6379, "ssl_cert_reqs": "required"}),
    ],
)
def test_a_url_is_parsed(url, expected):
    found = parse_redis_url(url)
    assert found.pop("scheme") == url.strip().partition(":")[0].lower()
    assert found == expected


@pytest.mark.parametrize(
    "url, reason",
    [
        ("nonsense", "does not begin with redis://"),
        ("localhost:6379", "does not begin with redis://"),
        ("redis:6379", "does not begin with redis://"),
        ("http://host", "begins with 'http'"),
        ("redis-sentinel://:hunter2@host:26379/mymaster", "begins with 'redis-sentinel'"),
        ("redis://one:6379,two:6379/0", "several servers"),
        ("redis://:hunter2@one/0,redis://:hunter2@two/0", "several servers"),
        ("redis://host:26379/mymaster/0", "its database is not a number"),
        ("redis://host/0/1", "its database is not a number"),
        ("redis://host/-1", "its database is not a number"),
        ("redis://host?db=one", "its database is not a number"),
        ("redis://host:http", "its port is not a number"),
        ("redis://host:0", "its port is not a number"),
        ("redis://host:65536", "its port is not a number"),
        ("redis://host:٣", "its port is not a number"),
        ("redis://:hunter2", "its port is not a number"),
        ("redis://:hunter2/x@host:6379/0", "percent-encode"),
        ("redis://:hunter2#x@host:6379/0", "percent-encode"),
        ("redis://:hunter2[x@host:6379/0", "percent-encode"),
        ("redis://:hunter2%ff@host", "not percent-encoded UTF-8"),
        ("redis://::1:6379", "host and port cannot be read"),
        ("redis://my host", "contains a space"),
        ("redis://host|x", "not a host name"),
        ("unix://redis.sock", "names no socket"),
        ("unix://", "names no socket"),
        ("redis://host?timeout=3", "its query may contain"),
        ("redis://host?ssl_ca_certs=/x", "needs the scheme rediss"),
        ("rediss://host?ssl_cert_reqs=maybe", "neither required nor none"),
        ("rediss://host?ssl_ca_certs=", "names no file"),
        ("rediss://host?ssl_keyfile=/x", "needs ssl_certfile"),
        ("redis://host?socket_timeout=1", "not a number of seconds from 5 on"),
        ("redis://host?socket_connect_timeout=nan", "not a number of seconds above 0"),
        ("redis://host?socket_keepalive=perhaps", "neither true nor false"),
        ("redis://host?prefix=a*", "its prefix is not a word"),
        ("redis://host?prefix=", "its prefix is not a word"),
        ("redis://host?sentinel_password=hunter2", "needs the scheme redis+sentinel"),
        ("redis+sentinel://:hunter2@host:26379", "names no service"),
        ("redis+sentinel://:hunter2@host:26379/", "names no service"),
        ("redis+sentinel://one,,two/chat", "names no Sentinel"),
        ("redis+sentinel:///chat", "names no Sentinel"),
        ("redis+sentinel://one:x,two/chat", "its port is not a number"),
        ("redis+sentinel://one/chat/x", "its database is not a number"),
        ("redis+sentinel://one|x/chat", "not a host name"),
        ("redis+sentinel://:hunter2/x@one/chat", "percent-encode"),
        ("redis+sentinel://one/chat#x", "percent-encode"),
        ("redis+sentinel://one/chat?sentinel_password=", "sentinel_password is empty"),
        ("redis+sentinel://one/chat?ssl_cert_reqs=none", "needs the scheme rediss"),
        ("redis+sentinel://one/chat?hunter2=1", "its query may contain"),
    ],
)
def test_a_wrong_url_is_reported_in_one_sentence_without_its_password(url, reason):
    with pytest.raises(InvalidRedisURL) as error:
        parse_redis_url(url)
    text = str(error.value)
    assert text.startswith(("REDIS_URL must be like redis://user:pass", "REDIS_URL must be like redis+sentinel://user"))
    assert reason in text
    assert "hunter2" not in text.replace("'hunter2'", "") and "\n" not in text and text.endswith(".")


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_wrong_file_of_an_authority_is_reported_with_its_name(content, tmp_path):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InvalidRedisURL, match=f"'{path}' of ssl_ca_certs in REDIS_URL cannot be used"):
        make_pool(f"rediss://host?ssl_ca_certs={path}")


def test_a_client_certificate_without_its_key_is_reported_with_both_files(tmp_path):
    given = {"ssl_certfile": str(tmp_path / "client.pem"), "ssl_keyfile": str(tmp_path / "key.pem")}
    for text in (None, "no certificate"):
        if text is not None:
            (tmp_path / "client.pem").write_text(text)
        with pytest.raises(RedisConfigurationError) as error:
            make_tls_context(given)
        assert "ssl_certfile and ssl_keyfile" in str(error.value)
        assert "client.pem" in str(error.value) and "key.pem" in str(error.value)


def test_a_layer_reads_each_of_its_hosts():
    layer = RedisChannelLayer(hosts=["redis://u:p%40ss@one/1", ("two", 6380), "unix:///run/three.sock?db=3"])
    assert [shard.address for shard in layer.shards] == ["one:6379", "two:6380", "/run/three.sock"]
    assert layer.shards[0].pool.connection_kwargs["password"] == "p@ss"
    assert layer.shards[2].pool.connection_kwargs["db"] == 3
    assert "p@ss" not in repr([shard.pool for shard in layer.shards])
    with pytest.raises(InvalidRedisURL, match="several servers"):
        RedisChannelLayer(hosts=["redis://one,two"])


def test_commas_separate_urls_and_the_addresses_of_sentinels():
    text = "redis://:a,b@one/0, redis+sentinel://s1,s2:2/chat ,unix:///run/a,b.sock,rediss://two"
    assert split_urls(text) == [
        "redis://:a,b@one/0",
        "redis+sentinel://s1,s2:2/chat",
        "unix:///run/a,b.sock",
        "rediss://two",
    ]
    assert split_urls("redis://one") == ["redis://one"]


def test_the_prefix_of_the_urls_begins_all_keys():
    layer = RedisChannelLayer(
        hosts=["redis://one?prefix=b:,redis://two?prefix=b:"], prefix="asgi:", stats_prefix="meta:"
    )
    assert (layer.prefix, layer.stats_prefix, len(layer.shards)) == ("b:asgi:", "b:meta:", 2)
    assert RedisChannelLayer(hosts=["redis://one"], prefix="asgi:").prefix == "asgi:"


@pytest.mark.parametrize(
    "urls, reason",
    [
        (["redis://one?prefix=a:", "redis://two"], "different prefixes"),
        (["redis://one", "redis://one/"], "the same server twice"),
        (["redis+sentinel://one/chat", "redis+sentinel://one/chat"], "the same server twice"),
    ],
)
def test_servers_that_do_not_fit_together_are_refused(urls, reason):
    with pytest.raises(InvalidRedisURL, match=reason):
        RedisChannelLayer(hosts=urls)
