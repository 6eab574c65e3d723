"""A browser behind a proxy that lets no websocket through: the same page, the same room."""
import contextlib
import socket
import threading

import pytest
from playwright.sync_api import expect

from tests.browser.test_room import bodies, message, say


class DullProxy:
    """Passes requests on, and answers 400 to whoever asks for a websocket, as proxies do that know none."""

    def __init__(self, port):
        self.port_behind = port
        self.refused = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.start(self.accept)

    @staticmethod
    def start(function, *arguments):
        threading.Thread(target=function, args=arguments, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.start(self.serve, client)

    def serve(self, client):
        # A browser opens a line of its own for each websocket: the first request tells.
        head = b""
        while b"\r\n\r\n" not in head:
            data = client.recv(65536)
            if not data:
                return client.close()
            head += data
        if b"upgrade: websocket" in head.lower():
            self.refused += 1
            client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return client.close()
        server = socket.create_connection(("127.0.0.1", self.port_behind))
        server.sendall(head)
        self.start(self.pipe, server, client)
        return self.pipe(client, server)

    @staticmethod
    def pipe(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()


@pytest.fixture
def proxy(site):
    proxy = DullProxy(site.port)
    yield proxy
    proxy.close()


def names(page):
    return page.get_by_test_id("who-is-here").locator("li")


def test_where_no_websocket_gets_through_people_chat_all_the_same(come_in, proxy):
    bob = come_in("Bob")
    alice = come_in("Alice", proxy.url)
    assert proxy.refused >= 2
    for number in range(5):
        say(alice, f"from Alice {number}")
        say(bob, f"from Bob {number}")
    for page in (alice, bob):
        expect(page.get_by_test_id("message")).to_have_count(10)
        expect(page.get_by_test_id("pending-message")).to_have_count(0)
    assert bodies(alice) == bodies(bob)
    message(alice, "from Bob 2").hover()
    alice.get_by_test_id("react-👍").click()
    expect(bob.get_by_test_id("reaction")).to_contain_text("👍")
    # What is told while no poll waits is not heard, but who goes on typing is.
    for _ in range(60):
        bob.get_by_test_id("composer").press_sequentially("wait ")
        if bob.handle in alice.get_by_test_id("typing").inner_text():
            break
        alice.wait_for_timeout(1000)
    else:
        raise AssertionError("nobody hears that Bob types")


def test_by_polling_one_sees_who_is_here_and_is_seen(come_in, proxy):
    alice, bob = come_in("Alice", proxy.url), come_in("Bob")
    for page in (alice, bob):
        expect(names(page)).to_have_count(2)
    carol = come_in("Carol", proxy.url)
    for page in (alice, bob, carol):
        expect(names(page)).to_have_count(3)
    bob.goto("about:blank")
    carol.goto("about:blank")
    # Who polls and leaves in the middle of an answer is there until their time has run out.
    expect(names(alice)).to_have_count(1, timeout=150_000)
    dora = come_in("Dora")
    alice.goto("about:blank")
    expect(names(dora)).to_have_count(1, timeout=150_000)


def test_a_reload_and_a_way_that_is_asked_for(come_in, site, slug):
    alice, bob = come_in("Alice"), come_in("Bob")
    sockets = []
    alice.on("websocket", lambda socket: sockets.append(socket.url))
    alice.goto(f"{site.url}/rooms/{slug}/?transport=poll")
    alice.wait_for_selector("[data-state=open]")
    say(bob, "Hello, Alice")
    expect(message(alice, "Hello, Alice")).to_have_count(1)
    say(alice, "Hello, Bob")
    expect(message(bob, "Hello, Bob")).to_have_count(1)
    assert sockets == []


def test_signed_out_elsewhere_the_page_says_so(come_in, proxy, slug):
    alice = come_in("Alice", proxy.url)
    second = alice.context.new_page()
    second.goto(f"{proxy.url}/")
    second.evaluate("""async () => {
        const { csrf } = await (await fetch("/api/session/")).json();
        await fetch("/api/session/", { method: "DELETE", headers: { "X-CSRFToken": csrf } });
    }""")
    expect(alice.get_by_test_id("connection-bar")).to_contain_text("Sign in")
