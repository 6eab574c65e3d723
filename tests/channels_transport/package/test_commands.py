"""The options of `manage.py interface`, which include those of Daphne, and the command of Daphne itself."""

import http.client
import json
import socket

import pytest
from websockets.exceptions import ConnectionClosed

from tests.channels_transport.package.foreign import PATIENCE_SECONDS, receive, say, wait_until
from tests.valkey import free_port

pytestmark = [pytest.mark.process, pytest.mark.no_database]


@pytest.fixture
def interface(foreign_site):
    """Yield a function that starts a second interface with options, and makes its port the port of the site."""
    old_port = foreign_site.port

    def start(*options, **arguments):
        foreign_site.port = free_port()
        address = ["--port", str(foreign_site.port)]
        foreign_site.start("second", "manage.py", "interface", *address, *map(str, options), **arguments)
        foreign_site.wait_until_listening("second")
        return foreign_site

    yield start
    if "second" in foreign_site.processes:
        assert foreign_site.stop("second") == 0
    foreign_site.port = old_port


def test_a_view_gets_the_root_path_and_the_whole_path(interface):
    site = interface("--root-path", "/shop")
    found = site.where("/shop/where/")
    assert (found["path"], found["root"]) == ("/shop/where/", "/shop")


def test_the_first_known_protocol_of_a_client_is_accepted(interface):
    site = interface("--ws-protocol", "chat.v2", "chat.v1")
    for offered, accepted in (["chat.v1"], "chat.v1"), (["nonsense", "chat.v2"], "chat.v2"), (["nonsense"], None):
        with site.socket("/bytes/", subprotocols=offered) as client:
            assert client.subprotocol == accepted


def test_the_headers_of_a_proxy_are_used_with_the_option_only(interface, foreign_site):
    forwarded = {"X_Forwarded_For": "203.0.113.9, 198.51.100.7", "X_Forwarded_Proto": "https"}
    assert foreign_site.where(**forwarded)["address"] == "127.0.0.1"
    site = interface("--proxy-headers")
    # The client can forge all addresses but the last, which is that of the proxy's own peer.
    assert site.where(**forwarded)["address"] == "198.51.100.7"


def test_limits_of_bodies_and_messages_are_options(interface, foreign_site):
    large = b"x" * (3 * 1024 * 1024)
    assert foreign_site.request("/length/", "POST", large)[0] == 413
    with foreign_site.socket("/bytes/") as client, pytest.raises(ConnectionClosed) as closed:
        client.send(large)
        client.recv(timeout=PATIENCE_SECONDS)
    assert closed.value.rcvd.code == 1009
    site = interface("--max-body-bytes", len(large), "--max-frame-bytes", 0)
    assert site.request("/length/", "POST", large) == (200, str(len(large)).encode())
    assert site.request("/length/", "POST", large + b"x")[0] == 413
    with site.socket("/bytes/") as client:
        client.send(large)
        assert client.recv(timeout=PATIENCE_SECONDS) == str(len(large))


def test_a_websocket_is_closed_after_its_timeout(interface):
    site = interface("--websocket_timeout", 1)
    with site.socket("/bytes/") as client, pytest.raises(ConnectionClosed) as closed:
        client.recv(timeout=PATIENCE_SECONDS)
    assert closed.value.rcvd.code == 1000


def test_the_access_log_has_a_line_for_each_request_and_websocket(foreign_site):
    path = foreign_site.folder / "access.log"
    foreign_site.request("/?looked=for%22this&password=correct-horse")
    with foreign_site.socket("/talk/logged/?alice"):
        pass
    wait_until(lambda: "WSDISCONNECT /talk/logged/" in path.read_text(), "the end of the websocket is logged")
    text = path.read_text()
    assert '"GET /?looked=for%22this' in text and "WSCONNECT /talk/logged/" in text and "correct-horse" not in text


def test_an_interface_listens_on_a_unix_socket(foreign_site, tmp_path):
    path = tmp_path / "socket"
    foreign_site.start("unix", "manage.py", "interface", "--unix-socket", str(path))
    with foreign_site.unix_socket("/talk/garden/?unix", path) as client:
        say(client, "hello")
        assert receive(client)["text"] == "hello"
    assert foreign_site.stop("unix") == 0


def test_an_interface_listens_on_an_open_socket(foreign_site):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.set_inheritable(True)
        number = listener.fileno()
        foreign_site.start("fd", "manage.py", "interface", "--fd", str(number), pass_fds=[number])
        connection = http.client.HTTPConnection(*listener.getsockname(), timeout=PATIENCE_SECONDS)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        connection.close()
        assert foreign_site.stop("fd") == 0


def test_wrong_options_end_the_command_with_one_sentence(foreign_site, tmp_path):
    for name in ("interface", "runworker", "rundelay"):
        done = foreign_site.run("manage.py", name, "--layer", "other")
        assert done.returncode == 1 and "has no layer 'other'; it has default." in done.stdout
        done = foreign_site.run("manage.py", name, SITE_BACKEND="asgi_redis.RedisChannelLayer")
        assert done.returncode == 1 and 'Set BACKEND to "channels_transport.layer' in done.stdout
    done = foreign_site.run("manage.py", "interface", "--access-log", str(tmp_path / "no" / "log"))
    assert done.returncode == 1 and "The access log cannot be opened" in done.stdout
    assert "Traceback" not in done.stdout
    done = foreign_site.run("manage.py", "interface", "--max-body-bytes", "-5")
    assert done.returncode == 1 and "max_body_bytes in the options must be a positive number" in done.stdout


def test_the_command_of_daphne_serves_the_same_site(foreign_site):
    """Daphne's own interface knows nothing of this package; it uses the layer by the specification of ASGI only."""
    port = free_port()
    code = "from daphne.cli import CommandLineInterface; CommandLineInterface.entrypoint()"
    foreign_site.start("daphne", "-c", code, "--port", str(port), "foreign.asgi:channel_layer")
    own_port = foreign_site.port
    try:
        with foreign_site.socket("/talk/garden/?alice") as alice:
            foreign_site.port = port
            foreign_site.wait_until_listening("daphne")
            assert foreign_site.request("/") == (200, b"Rooms in which everybody talks")
            assert json.loads(foreign_site.request("/where/")[1])["worker"] == foreign_site.processes["worker"].pid
            with foreign_site.socket("/talk/garden/?bob") as bob:
                for number in range(5):
                    say(bob, str(number))
                assert [receive(bob)["text"] for _ in range(5)] == list("01234")
            assert [receive(alice)["text"] for _ in range(5)] == list("01234")
    finally:
        foreign_site.port = own_port
    assert foreign_site.stop("daphne") == 0
