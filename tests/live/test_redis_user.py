"""
The whole chat as the user of deploy/redis/users.acl, with TLS to Redis, encryption in Redis, and a port for metrics.

One site serves all tests of this file. While it works, `MONITOR` records every command that reaches Redis, as somebody
on the connection would see it.
"""

import contextlib
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading

import pytest
import redis
import requests

from tests.live.client import Person, later, read_until
from tests.live.polling import PollingPerson
from tests.live.processes import ROOT, Site, answers, free_port, wait_until
from tests.tls import Authority, tls_proxy

RULES = (ROOT / "deploy" / "redis" / "users.acl").read_text()
PASSWORD = "CHANGE-THIS-PASSWORD"
ADMIN = "user admin on >of-the-test allkeys allchannels allcommands"
# {allowed command: when the chat uses it}: these uses are rare, so no test of this file makes sure of them.
RARE = {
    "select": "to another database than 0",
    "getrange": "to find keys of asgi_redis under the same prefix",
    "hexists": "to leave out members of a group whose interface has died",
    "hrandfield": "to end the connections of an interface that died with open sockets",
    "lindex": "to look at the head of a full queue, and at the frames of a connection that another worker continues",
    "lmove": "to take over delayed messages of a delay server that died",
    "lpush": "to put back a turn or an item that a worker popped while it stopped",
    "lrem": "to remove a delayed message that a delay server has stored",
    "ltrim": "to drop the waiting frames of a client that floods",
}
BODY = f"A secret about {secrets.token_hex(8)}"


class Recorder:
    """Records what Redis receives, with `MONITOR`."""

    def __init__(self, port):
        self.heard = bytearray()
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(b"AUTH admin of-the-test\r\nMONITOR\r\n")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with contextlib.suppress(OSError):
            while data := self.socket.recv(1 << 20):
                self.heard += data


def allowed_commands():
    return set(re.findall(r" \+(\S+)", RULES))


# Every process of the site runs this program first. It notes each use of pickle.
WATCHER = """
import _pickle, os, pickle, traceback
folder = os.path.dirname(__file__)

def refuse(*arguments, **options):
    with open(os.path.join(folder, f"unpickled-{os.getpid()}"), "a") as file:
        traceback.print_stack(file=file)
    raise AssertionError("something is unpickled")

for module in (pickle, _pickle):
    for name in ("load", "loads", "Unpickler"):
        setattr(module, name, refuse)
open(os.path.join(folder, f"watched-{os.getpid()}"), "w").close()
"""


class HardenedSite(Site):
    """A site whose processes use the rules of users.acl, with every kind of process."""

    def __init__(self, folder):
        rules = folder / "users.acl"
        rules.write_text(f"{RULES}{ADMIN}\n")
        self.metrics_port = free_port()
        self.watch = folder / "watch"
        self.watch.mkdir()
        (self.watch / "sitecustomize.py").write_text(WATCHER)
        super().__init__(
            task_workers=1,
            workers=1,
            redis_login=f"chat:{PASSWORD}@",
            redis_options=["--aclfile", str(rules)],
            REDIS_ENCRYPTION_KEYS="k" * 40,
            METRICS_PORT=str(self.metrics_port),
            PYTHONPATH=str(self.watch),
        )
        self.redis_port = int(self.redis_url.rpartition(":")[2].partition("/")[0])
        # The processes reach Redis by TLS, and verify its certificate and its name.
        authority = Authority(folder, "authority")
        self.proxy = tls_proxy(authority.make_server("localhost"), self.redis_port)
        address = f"localhost:{self.proxy.__enter__()}/0?ssl_ca_certs={authority.path}"
        self.environment["REDIS_URL"] = f"rediss://chat:{PASSWORD}@{address}"
        self.others = [self.make_part(name, name) for name in ("monitor", "rundelay")]
        self.used, self.denied = set(), []

    def ask_admin(self, *command):
        """Return the answer to a command of an administrator. The old client knows no users, so AUTH is a command."""
        connection = redis.StrictRedis("127.0.0.1", self.redis_port).connection_pool.get_connection("AUTH")
        try:
            connection.send_command("AUTH", "admin", "of-the-test")
            connection.read_response()
            connection.send_command(*command)
            return connection.read_response()
        finally:
            connection.disconnect()

    def note_commands(self):
        """Add the commands that this Valkey has run, and those that it has refused. A restart forgets both."""
        for line in self.ask_admin("INFO", "commandstats").decode().splitlines():
            if found := re.match(r"cmdstat_([\w|]+):calls=(\d+)", line):
                self.used.add(found[1])
        self.denied += self.ask_admin("ACL", "LOG")

    def read_all(self):
        """Return everything that Redis holds, as one text."""
        found = []
        for key in self.ask_admin("KEYS", "*"):
            kind = self.ask_admin("TYPE", key)
            reader, *limits = {
                b"string": ("GET",),
                b"hash": ("HGETALL",),
                b"list": ("LRANGE", 0, -1),
                b"zset": ("ZRANGE", 0, -1),
                b"set": ("SMEMBERS",),
                b"none": ("EXISTS",),
            }[kind]
            found.append(f"{key!r} {self.ask_admin(reader, key, *limits)!r}")
        return "\n".join(found)


@pytest.fixture(scope="module")
def hardened_site(tmp_path_factory):
    site = HardenedSite(tmp_path_factory.mktemp("redis"))
    site.start()
    for part in site.others:
        part.start()
    yield site
    for part in site.others:
        part.kill()
    site.stop()
    site.proxy.__exit__(None, None, None)


async def talk(site, alice, bob, room):
    """Use the site as people do: sockets, polls, a task, a schedule and announcements. Return what Redis then holds."""
    charlie = PollingPerson(site, "Charlie who polls")
    async with alice.client(room) as first, bob.client(room) as second, charlie.client(room) as third:
        await first.post(BODY)
        await second.until(lambda: BODY in second.bodies())
        await third.until(lambda: BODY in third.bodies())
        await third.post(f"{BODY} again")
        await second.send("typing", on=True)
        ack = await first.ask("start", task="export", params={"format": "json", "from": None, "to": None})
        assert ack["type"] == "ack"
        await first.ask("schedule", body=f"{BODY} later", at=later(1))
        await first.until(lambda: f"{BODY} later" in first.bodies())
        await first.until(lambda: first.heard("task") and first.heard("task")[-1]["state"] == "done")
        site.manage("announce", f"{BODY} for all")
        site.manage("whisper", bob.handle, f"{BODY} for one")
        await second.until(lambda: len(second.heard("announcement")) == 2)
        texts = site.read_all()
    return texts


async def test_the_chat_works_as_a_user_that_has_only_its_commands(hardened_site):
    site = hardened_site
    recorder = Recorder(site.redis_port)
    alice, bob = (Person(site, f"{name} of the rules", "correct horse") for name in ("Alice", "Bob"))
    room = alice.make_room()
    async with alice.socket("/lobby/") as lobby, alice.socket("/me/"):
        texts = await talk(site, alice, bob, room)
        await read_until(lobby, lambda event: True)
    found = alice.call("GET", f"/api/search/?q={BODY.split()[-1]}", expected=200)
    assert found.json()["results"]
    alice.call("DELETE", "/api/session/", expected=200)
    site.note_commands()
    # Redis is restarted, and an interface is killed: leases end, and workers clean up after the dead process.
    site.valkey.kill()
    site.valkey.start()
    wait_until(site.is_ready, what="the site after the restart of Redis")
    async with bob.client(room) as tab:
        await tab.post(f"{BODY} after the restart")
        site.web.kill()
        site.web.start()
        wait_until(site.is_ready, what="the site after the restart of the interface")
        await tab.post(f"{BODY} after the interface")
    # The doctor may find a busy machine slow, so only its findings about Redis count here.
    command = [sys.executable, "manage.py", "doctor", "--url", site.url]
    report = subprocess.run(command, cwd=ROOT, env=site.environment, capture_output=True, text=True).stdout
    assert "permission" not in report and "PROBLEM  redis" not in report, report
    assert "\nok       metrics     The metrics are at METRICS_PORT only." in report
    site.note_commands()
    assert not site.denied, site.denied
    # Neither texts nor names of people can be read in Redis, or on the connection to Redis.
    heard = bytes(recorder.heard).decode("latin1")
    assert heard.count("EVALSHA") > 20
    cookie = bob.http.cookies["sessionid"]
    for secret in (BODY, BODY.split()[-1], cookie, alice.handle, alice.handle.split()[0], "Charlie"):
        assert secret not in texts and secret not in heard, secret
    assert "gAAAA" in texts


def test_no_command_is_allowed_that_the_chat_does_not_use(hardened_site):
    assert hardened_site.used, "the test above has run"
    assert allowed_commands() - hardened_site.used <= set(RARE)
    sources = [path.read_text() for path in (ROOT / "channels_transport").rglob("*.py")]
    for command in RARE:
        name = command.upper()
        # `redis.call('LPUSH', ...)` in a script, or ("LREM", ...) in Python.
        assert any(f"call('{name}'" in text or f'"{name}"' in text for text in sources), f"nothing uses {name}"


def test_the_user_can_neither_read_other_keys_nor_configure_the_server(hardened_site):
    client = redis.StrictRedis("127.0.0.1", hardened_site.redis_port).connection_pool.get_connection("AUTH")
    client.send_command("AUTH", "chat", PASSWORD)
    assert client.read_response() == b"OK"
    for command in (
        ("GET", "other"),
        ("CONFIG", "GET", "*"),
        ("FLUSHALL",),
        ("KEYS", "*"),
        ("ACL", "LIST"),
        ("MONITOR",),
    ):
        client.send_command(*command)
        with pytest.raises(redis.ResponseError, match="NOPERM"):
            client.read_response()
    client.disconnect()
    with pytest.raises(redis.ResponseError, match="NOAUTH|Authentication required"):
        redis.StrictRedis("127.0.0.1", hardened_site.redis_port).ping()


def test_only_the_private_port_serves_the_metrics(hardened_site):
    site = hardened_site
    assert requests.get(f"{site.url}/metrics", timeout=20).status_code == 404
    private = f"http://127.0.0.1:{site.metrics_port}"
    text = requests.get(f"{private}/metrics", timeout=20).text
    assert "\nchat_rooms " in text and '\nchat_up{part="redis"} 1' in text
    assert requests.get(f"{private}/", timeout=20).status_code == 404
    assert answers(f"{site.url}/healthz")


def test_a_process_with_other_keys_says_so(hardened_site):
    site = hardened_site
    worker = site.make_part("worker-without-keys", "runworker")
    worker.environment = {**worker.environment, "REDIS_ENCRYPTION_KEYS": "x" * 40}
    site.workers[0].process.send_signal(signal.SIGSTOP)
    try:
        worker.start()
        worker.wait_until_logged("Listening on channels")
        # Redis has given the stopped worker the first request, because that worker was waiting for it.
        for _ in range(3):
            with contextlib.suppress(requests.RequestException):
                requests.get(site.url, timeout=0.3)
        worker.wait_until_logged("every process needs the same symmetric_encryption_keys")
    finally:
        worker.kill()
        site.workers[0].process.send_signal(signal.SIGCONT)
    assert "Traceback" not in worker.read_log()


def test_no_process_unpickles_anything(hardened_site):
    site = hardened_site
    names = {path.name for path in site.watch.iterdir()}
    for part in (site.web, *site.workers, *site.task_workers, *site.others):
        assert f"watched-{part.pid}" in names, part.name
    assert [path.read_text() for path in site.watch.glob("unpickled-*")] == []
    # The watcher would have noticed it.
    program = [sys.executable, "-c", "import pickle; pickle.loads(pickle.dumps(1))"]
    assert subprocess.run(program, env=site.environment, stderr=subprocess.DEVNULL).returncode == 1
    assert len(list(site.watch.glob("unpickled-*"))) == 1


def test_the_documentation_of_the_transport_has_the_same_commands():
    page = (ROOT / "channels_transport" / "docs" / "layers.md").read_text()
    documented = set(re.findall(r" \+(\S+)", page))
    assert documented == allowed_commands()
    assert "`deploy/redis/users.acl`" in (ROOT / "docs" / "redis.md").read_text()
