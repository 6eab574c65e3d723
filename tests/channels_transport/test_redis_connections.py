"""Connections to real servers: by TLS, by a Unix socket, as a user, and with a wrong password or certificate."""

import contextlib
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from channels_transport.redis_connections import RedisConfigurationError, Unsent, make_client
from channels_transport.shards import Shard
from tests.tls import Authority, tls_proxy
from tests.valkey import running_valkey

pytestmark = [pytest.mark.process, pytest.mark.every_python, pytest.mark.no_database]

ROOT = Path(__file__).resolve().parents[2]
# This script connects like an interface. It prints the answer to a command, or the first log line of the failure.
IN_THE_REACTOR = """
import logging, sys
from django.conf import settings
settings.configure()
from twisted.internet import reactor
from channels_transport.redis_client import RedisClient
from channels_transport.redis_connections import make_pool
class StopAtTheFirstLine(logging.StreamHandler):
    def emit(self, record):
        super().emit(record)
        reactor.callLater(0, reactor.stop)
logging.basicConfig(handlers=[StopAtTheFirstLine(sys.stdout)], format="%(message)s")
client = RedisClient(make_pool(sys.argv[1]))
client._on_connect = lambda: client.call(("GET", "chosen")).addCallback(end)
def end(answers):
    print("connected", answers[0])
    reactor.stop()
client.start()
reactor.run()
"""


def connect_in_the_reactor(url):
    done = subprocess.run(
        [sys.executable, "-c", IN_THE_REACTOR, url], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "ours")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """
    Yield (port, socket) of a server with the password `p@ss/#`.

    The user `ann` (password `a:b`) may run every command. The user `guest` may only ping.
    """
    path = tmp_path_factory.mktemp("valkey") / "valkey.sock"
    with running_valkey("--unixsocket", str(path)) as url:
        client = make_client(url)
        client.execute_command("ACL", "SETUSER", "ann", "on", ">a:b", "~*", "+@all")
        client.execute_command("ACL", "SETUSER", "guest", "on", ">guest", "~*", "+ping")
        client.execute_command("SET", "chosen", "0")
        make_client(url.replace("/0", "/1")).execute_command("SET", "chosen", "1")
        client.execute_command("CONFIG", "SET", "requirepass", "p@ss/#")
        yield url.rpartition(":")[2].split("/")[0], path


@pytest.mark.parametrize(
    "url, database",
    [
        ("redis://:p%40ss%2F%23@127.0.0.1:{port}/1", "1"),
        ("redis://ann:a%3Ab@127.0.0.1:{port}/0", "0"),
        ("unix://:p%40ss%2F%23@{path}?db=1", "1"),
        ("unix://ann:a%3Ab@{path}", "0"),
    ],
)
def test_workers_and_interfaces_log_in_and_choose_the_database(server, url, database):
    url = url.format(port=server[0], path=server[1])
    assert make_client(url, socket_connect_timeout=5, socket_timeout=5).get("chosen") == database.encode()
    assert f"connected b'{database}'" in connect_in_the_reactor(url)


@pytest.mark.parametrize(
    "url, reason",
    [
        ("redis://:hunter2@127.0.0.1:{port}/0", "refuses the user or the password of REDIS_URL"),
        ("redis://ann:hunter2@127.0.0.1:{port}/0", "refuses the user or the password of REDIS_URL"),
        ("unix://:hunter2@{path}", "refuses the user or the password of REDIS_URL"),
        ("redis://127.0.0.1:{port}/0", "requires a password, but REDIS_URL contains none"),
        ("redis://ann:a%3Ab@127.0.0.1:{port}/99", "has no database 99, which REDIS_URL names"),
    ],
)
def test_a_refused_login_is_explained_in_one_sentence_without_the_password(server, url, reason):
    url = url.format(port=server[0], path=server[1])
    with pytest.raises(RedisConfigurationError, match=reason) as error:
        Shard(make_client(url)).call(("GET", "chosen"))
    # A running process retries after this error, and Redis has not run the command.
    assert isinstance(error.value, Unsent) and isinstance(error.value, redis.ConnectionError)
    assert "hunter2" not in str(error.value) and "\n" not in str(error.value)
    output = connect_in_the_reactor(url)
    assert reason in output and "hunter2" not in output and "connected b'" not in output


def test_a_password_for_a_server_without_one_is_explained(valkey_url):
    url = valkey_url.replace("redis://", "redis://:hunter2@")
    with pytest.raises(RedisConfigurationError, match="has no password, but REDIS_URL contains one"):
        make_client(url).ping()


class Silent:
    """A server that accepts connections and does nothing else, at a TCP port and at a Unix socket."""

    def __init__(self, folder):
        self.listeners = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)]
        self.listeners[1].bind(str(folder / "silent.sock"))
        self.listeners[1].listen()
        self.urls = {
            "tcp": f"redis://127.0.0.1:{self.listeners[0].getsockname()[1]}/0",
            "unix": f"unix://{folder / 'silent.sock'}",
        }


@pytest.fixture
def silent(tmp_path):
    server = Silent(tmp_path)
    yield server
    for listener in server.listeners:
        listener.close()


@pytest.mark.parametrize("kind", ["tcp", "unix"])
@pytest.mark.parametrize("sent", [("GET", "chosen"), ("SET", "chosen", "x" * 50_000_000)], ids=["reading", "writing"])
def test_a_command_to_a_server_that_does_not_answer_is_sent_once_and_ends_with_a_timeout(silent, kind, sent):
    client = make_client(silent.urls[kind], socket_timeout=0.05)
    with pytest.raises(redis.TimeoutError):
        client.execute_command(*sent)  # after another error, redis-py would connect and send again
    accepting = silent.listeners[kind == "unix"]
    accepting.setblocking(False)
    accepting.accept()[0].close()
    with pytest.raises(BlockingIOError):
        accepting.accept()


def test_the_kernel_keeps_the_timeouts_so_a_trip_needs_no_poll_for_them(server):
    for url in (f"redis://:p%40ss%2F%23@127.0.0.1:{server[0]}/0", f"unix://:p%40ss%2F%23@{server[1]}"):
        shard = Shard(make_client(url, socket_timeout=7.5))
        shard.call(("GET", "chosen"))
        (connection,) = shard.pool._available_connections
        assert connection._sock.gettimeout() is None  # with a timeout, Python polls before each send and each receive
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            given = connection._sock.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("ll"))
            seconds, micros = struct.unpack("ll", given)
            assert seconds + micros / 1e6 == pytest.approx(7.5, abs=0.01)


def test_without_a_timeout_a_connection_waits_for_ever(server):
    shard = Shard(make_client(f"redis://:p%40ss%2F%23@127.0.0.1:{server[0]}/0"))
    shard.call(("GET", "chosen"))
    (connection,) = shard.pool._available_connections
    assert not any(connection._sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.calcsize("ll")))


@pytest.fixture
def tls(authority, server):
    """
    Yield a function that starts a TLS proxy in front of the server, and returns its URL.

    The certificate of the proxy is for `hosts`, and the URL has `host`.
    """
    with contextlib.ExitStack() as proxies:

        def make(*hosts, query="", host="localhost"):
            port = proxies.enter_context(tls_proxy(authority.make_server(*hosts), int(server[0])))
            return f"rediss://ann:a%3Ab@{host}:{port}/1{query}"

        yield make


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_certificate_of_the_authority_in_the_url_is_accepted(tls, authority, host):
    url = tls(host, host=host, query=f"?ssl_ca_certs={authority.path}")
    client = make_client(url, socket_timeout=5)
    assert client.get("chosen") == b"1"
    shard = Shard(client)
    assert [shard.call(("GET", "chosen")) for _ in range(3)] == [[b"1"]] * 3
    assert "connected b'1'" in connect_in_the_reactor(url)


def test_without_verification_any_certificate_is_accepted(tls):
    url = tls("another.example", query="?ssl_cert_reqs=none")
    assert make_client(url).get("chosen") == b"1"
    assert "connected b'1'" in connect_in_the_reactor(url)


@pytest.mark.parametrize("case", ["no authority", "another authority", "another host"])
def test_workers_and_interfaces_refuse_a_certificate_that_is_not_valid(tls, authority, tmp_path, case):
    authorities = {"no authority": "", "another authority": f"?ssl_ca_certs={Authority(tmp_path, 'other').path}"}
    query = authorities.get(case, f"?ssl_ca_certs={authority.path}")
    url = tls("another.example" if case == "another host" else "localhost", query=query)
    with pytest.raises(RedisConfigurationError, match="certificate of the Redis at localhost.* is not valid") as error:
        make_client(url).ping()
    assert "ssl_ca_certs in REDIS_URL" in str(error.value) and "\n" not in str(error.value)
    output = connect_in_the_reactor(url)
    assert "cannot be reached" in output and "connected b'" not in output


COMMANDS = ["interface --port 0", "runworker", "rundelay", "monitor", "doctor", "serve"]


def run_command(command, url, folder):
    environment = {"PATH": os.environ["PATH"], "CHAT_VAR": str(folder), "SECRET_KEY": "x", "REDIS_URL": url}
    return subprocess.run(
        [sys.executable, "manage.py", *command.split()],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_names_redis_url_if_the_password_is_wrong(command, server, tmp_path):
    done = run_command(command, f"redis://:hunter2@127.0.0.1:{server[0]}/0", tmp_path)
    output = done.stdout + done.stderr
    assert done.returncode == 1 and "refuses the user or the password of REDIS_URL" in output
    assert "Traceback" not in output and "hunter2" not in output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_names_redis_url_if_the_certificate_is_wrong(command, tls, tmp_path):
    done = run_command(command, tls("localhost"), tmp_path)
    output = done.stdout + done.stderr
    assert done.returncode == 1 and "ssl_ca_certs in REDIS_URL" in output and "Traceback" not in output


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_names_redis_url_if_it_cannot_be_read(command, tmp_path):
    done = run_command(command, "redis://:hunter2@one:1,two:2/0", tmp_path)
    assert done.returncode == 1 and done.stderr.startswith("REDIS_URL must be like") and done.stderr.count("\n") == 1
    assert "hunter2" not in done.stderr and done.stdout == ""


def test_a_missing_permission_of_the_user_is_explained(server, tmp_path):
    done = run_command("runworker", f"redis://guest:guest@127.0.0.1:{server[0]}/0", tmp_path)
    assert done.returncode == 1 and "denies a permission to the user of REDIS_URL" in done.stderr
