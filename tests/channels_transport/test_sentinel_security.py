"""Sentinels and servers that require passwords or TLS."""

import sys

import pytest
import redis

from channels_transport.redis_connections import RedisConfigurationError
from channels_transport.redis_sentinel import make_sentinel
from channels_transport.sentinel import RedisSentinelChannelLayer
from tests.channels_transport.sentinels import SERVICE, Cluster
from tests.tls import Authority, tls_proxy
from tests.valkey import free_port

pytestmark = [pytest.mark.process, pytest.mark.no_database]

PASSWORD, SENTINEL_PASSWORD = "of-the-servers", "of-the-sentinels"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Yield a running cluster. Its servers and its Sentinel have different passwords."""
    running = Cluster(tmp_path_factory.mktemp("sentinels"), PASSWORD, SENTINEL_PASSWORD)
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture
def authority(tmp_path):
    if sys.version_info < (3, 11):
        pytest.skip("the tests' certificate authority needs Python 3.11")
    return Authority(tmp_path, "tests")


def make_layer(port, password=PASSWORD, sentinel_kwargs=None, **options):
    return RedisSentinelChannelLayer(
        hosts=[("localhost", port)],
        connection_kwargs={"password": password, "socket_timeout": 6, **options},
        sentinel_kwargs=sentinel_kwargs,
        services=[SERVICE],
    )


def assert_works(layer):
    layer.send("things", {"number": 1})
    assert layer.receive(["things"]) == ("things", {"number": 1})


def test_a_layer_has_the_passwords_of_the_sentinels_and_of_the_servers(cluster):
    assert_works(make_layer(cluster.sentinel_port, sentinel_kwargs={"password": SENTINEL_PASSWORD}))


def test_users_of_the_sentinels_and_of_the_servers_may_have_names(cluster):
    sentinel = {"username": "default", "password": SENTINEL_PASSWORD}
    assert_works(make_layer(cluster.sentinel_port, sentinel_kwargs=sentinel, username="default"))


def test_without_services_a_layer_asks_a_sentinel_with_a_password(cluster):
    layer = RedisSentinelChannelLayer(
        hosts=[("127.0.0.1", cluster.sentinel_port)], sentinel_kwargs={"password": SENTINEL_PASSWORD}
    )
    assert layer.services == [SERVICE]


@pytest.mark.parametrize(
    "options, text",
    [(None, "requires a password: set it in sentinel_kwargs"), ({"password": "x"}, "refuses the user or the password")],
)
def test_an_error_says_why_a_sentinel_refuses(cluster, options, text):
    with pytest.raises(redis.ConnectionError, match=text) as raised:
        make_layer(cluster.sentinel_port, sentinel_kwargs=options).send("things", {})
    assert f"The Sentinel at localhost:{cluster.sentinel_port}" in str(raised.value)
    assert SENTINEL_PASSWORD not in str(raised.value)


def test_an_error_says_that_the_user_of_a_sentinel_lacks_a_permission(cluster):
    client = redis.StrictRedis("127.0.0.1", cluster.sentinel_port, password=SENTINEL_PASSWORD)
    client.execute_command("ACL", "SETUSER", "limited", "on", ">limited", "+ping")
    try:
        layer = make_layer(cluster.sentinel_port, sentinel_kwargs={"username": "limited", "password": "limited"})
        with pytest.raises(redis.ConnectionError, match="denies a permission to the user of sentinel_kwargs"):
            layer.send("things", {})
    finally:
        client.execute_command("ACL", "DELUSER", "limited")


def test_a_wrong_password_of_the_servers_is_an_error_of_the_configuration(cluster):
    layer = make_layer(cluster.sentinel_port, password="wrong", sentinel_kwargs={"password": SENTINEL_PASSWORD})
    with pytest.raises(RedisConfigurationError, match="the master of chat-master at 127"):
        layer.send("things", {})


def test_a_sentinel_with_tls_is_verified(cluster, authority):
    with tls_proxy(authority.make_server("localhost"), cluster.sentinel_port) as port:
        options = {"password": SENTINEL_PASSWORD, "ssl": True}
        assert_works(make_layer(port, sentinel_kwargs={**options, "ssl_ca_certs": str(authority.path)}))
        assert_works(make_layer(port, sentinel_kwargs={**options, "ssl_cert_reqs": "none"}))
        with pytest.raises(redis.ConnectionError, match=r"certificate of the Sentinel .* not valid"):
            make_layer(port, sentinel_kwargs=options).send("things", {})


def test_the_servers_may_have_tls(cluster, authority, monkeypatch):
    with tls_proxy(authority.make_server("127.0.0.1"), cluster.master) as port:
        layer = make_layer(
            cluster.sentinel_port,
            sentinel_kwargs={"password": SENTINEL_PASSWORD},
            ssl=True,
            ssl_ca_certs=str(authority.path),
        )
        # The Sentinel would need TLS too, to monitor the address of the proxy.
        monkeypatch.setattr(layer._sentinel, "discover_master", lambda service: ("127.0.0.1", port))
        assert_works(layer)


def test_an_outage_forgets_the_earlier_refusal_of_a_sentinel():
    (client,) = make_sentinel([("127.0.0.1", free_port())]).sentinels
    client.refusal = "It required a password."
    with pytest.raises(redis.ConnectionError):
        client.sentinel_masters()
    assert client.refusal is None


@pytest.mark.parametrize("wrong", [{"pasword": "x"}, {"ssl_ca_certs": "/ca.pem"}])
def test_a_wrong_option_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        make_sentinel([("127.0.0.1", free_port())], wrong)


def test_a_missing_file_of_tls_is_refused():
    with pytest.raises(RedisConfigurationError, match="ssl_ca_certs in sentinel_kwargs cannot be used"):
        make_sentinel([("127.0.0.1", free_port())], {"ssl": True, "ssl_ca_certs": "/nowhere.pem"})
