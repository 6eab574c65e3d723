"""
A site moves from stock Channels to this package while clients send, as docs/moving.md says, with one step back.

Each client sends increasing numbers. At each step the test counts the numbers that were lost, stored twice, or stored
in a wrong order. It also counts the numbers that a consumer received again because the client got no confirmation.
"""

import json
import os
import sys
import time

import pytest
from websockets.sync.client import connect

from tests.channels_transport.moving import Client, MovingSite, Proxy
from tests.channels_transport.package.foreign import wait_until
from tests.valkey import running_valkey

pytestmark = [
    pytest.mark.process,
    pytest.mark.every_python,
    pytest.mark.no_database,
    pytest.mark.skipif(sys.version_info >= (3, 12), reason="since Python 3.12, stock Channels cannot be imported"),
    pytest.mark.skipif(bool(os.environ.get("PACKAGE_IS_INSTALLED")), reason="needs the repository's own environment"),
]

CLIENTS = 4
STEP_SECONDS = 0.7


@pytest.fixture
def site(tmp_path):
    with running_valkey() as url:
        site = MovingSite(tmp_path, url)
        try:
            yield site
        finally:
            site.stop_all()


class Load:
    """Clients that send all the time, and what was counted at each step."""

    def __init__(self, site, port):
        self.site, self.proxy = site, Proxy(port)
        self.clients = [Client(f"client{number}", self.proxy) for number in range(CLIENTS)]
        self.steps = []
        for client in self.clients:
            client.start()

    def step(self, name, half):
        """
        Wait until each client has confirmations of this half of the site, and let the load go on for some time.

        Then check that no number was lost, stored twice or stored in a wrong order.
        """
        before = {client: client.sent for client in self.clients}
        wait_until(
            lambda: all(
                any(client.confirmed.get(number) == half for number in range(before[client] + 1, client.sent + 1))
                for client in self.clients
            ),
            f"{name}: all clients are served by the {half} half",
            30,
        )
        time.sleep(STEP_SECONDS)
        found = self.count()
        self.steps.append((name, found))
        assert (found["disordered"], found["stored twice"], found["gaps"]) == (0, 0, 0), self.steps

    def count(self):
        """Return what has been counted since the start."""
        rows = self.site.rows()
        return {
            "stored": len(rows),
            "stored twice": len(rows) - len({row[:2] for row in rows}),
            "received again": sum(times - 1 for *_, times, _ in rows),
            "gaps": sum(
                count_gaps([number for name, number, *_ in rows if name == client.name]) for client in self.clients
            ),
            "disordered": sum(client.disordered for client in self.clients),
            "closes": sum(client.closes for client in self.clients),
            "sent again": sum(client.resent for client in self.clients),
            "timeouts": sum(client.timeouts for client in self.clients),
        }

    def finish(self):
        """Stop the clients, and check that each number is confirmed and stored once, in order."""
        for client in self.clients:
            client.stop()
        rows = self.site.rows()
        for client in self.clients:
            numbers = [number for name, number, *_ in rows if name == client.name]
            assert numbers == sorted(client.confirmed) == list(range(1, client.sent + 1)), client.name
        return self.count()


def count_gaps(numbers):
    """Return how many numbers were not stored directly after the number before."""
    return sum(number != index for index, number in enumerate(numbers, 1))


def test_a_site_moves_step_by_step_and_one_step_back_under_load(site):
    # The old site, on stock Channels, asgi_redis and Daphne.
    old_port = site.start_daphne("old-daphne", site.old)
    site.start_worker("old-worker", site.old)
    site.start("old-delay", site.old, "manage.py", "rundelay")
    site.wait_for_echo(old_port)
    load = Load(site, old_port)
    load.step("the old site", "old")

    # Step 3: start the new processes beside the old site, first with Daphne as the interface. No client is affected.
    closes = load.count()["closes"]
    assert_the_same_prefix_is_refused(site)
    site.start_worker("worker", site.new)
    daphne_port = site.start_daphne("daphne", site.new)
    new_port = site.start_interface("interface")
    site.wait_for_echo(daphne_port)
    site.wait_for_echo(new_port)
    assert_halves_share_no_groups(site, old_port, new_port)
    load.step("beside the old site", "old")
    assert load.count()["closes"] == closes

    # Step 4: the proxy sends new connections to the new half, and the old Daphne stops.
    load.proxy.port = daphne_port
    site.stop("old-daphne")
    load.step("own layer and worker, Daphne", "new")
    load.proxy.port = new_port
    site.stop("daphne")
    load.step("own layer, worker and interface", "new")

    # The way back of step 4.
    old_port = site.start_daphne("old-daphne", site.old)
    site.wait_for_echo(old_port)
    load.proxy.port = old_port
    site.stop("interface")
    load.step("back at the old site", "old")

    # Step 4 again. A delayed message is sent by each half, and by the new half before its delay server runs.
    site.delay(old_port, 1)
    new_port = site.start_interface("interface")
    site.wait_for_echo(new_port)
    load.proxy.port = new_port
    site.stop("old-daphne")
    site.delay(new_port, 2)
    load.step("the new site", "new")
    site.stop("old-delay")
    site.start("delay", site.new, "manage.py", "rundelay")
    site.delay(new_port, 3)

    # Step 5.
    site.stop("old-worker")
    site.delete_old_keys()

    # An upgrade to a later version: new workers, then a new interface, then the end of the first ones.
    site.start_worker("second-worker", site.new)
    second_port = site.start_interface("second-interface")
    site.wait_for_echo(second_port)
    load.proxy.port = second_port
    site.stop("interface")
    site.stop("worker")
    load.step("upgraded", "new")
    wait_until(lambda: len(site.rows("client = 'later'")) == 3, "each delayed message arrives")
    assert sorted((number, half) for _, number, _, half in site.rows("client = 'later'")) == [
        (1, "old"),
        (2, "new"),
        (3, "new"),
    ]
    total = load.finish()
    print("\n".join(f"{name}: {found}" for name, found in [*load.steps, ("the end", total)]))
    assert total["stored"] > CLIENTS * 50


def assert_halves_share_no_groups(site, old_port, new_port):
    old, new = (connect(f"ws://127.0.0.1:{port}/trial/", proxy=None) for port in (old_port, new_port))
    with old, new:
        for socket, half in ((old, "old"), (new, "new")):
            socket.send(json.dumps({"shout": half}))
            assert json.loads(socket.recv(timeout=20)) == {"heard": half, "half": half}


def assert_the_same_prefix_is_refused(site):
    for command in (["runworker"], ["interface", "--port", "0"]):
        code, output = site.try_to_run({**site.new, "SITE_PREFIX": "asgi:"}, "manage.py", *command)
        assert code == 1 and "a key of asgi_redis under the same prefix 'asgi:'" in output, output
