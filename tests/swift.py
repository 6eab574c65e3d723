"""
OpenStack Swift with its interface of S3 (`s3api`): a real service with buckets, on free ports and in a folder.

Swift is four programs and memcached. They keep one copy of each object, in the folder, and run with Debian's Python.
They read /etc/swift/swift.conf as the package installs it.
"""

import contextlib
import shutil
import socket
import subprocess
import tempfile
from getpass import getuser
from pathlib import Path

import pytest
import requests

from tests.live.processes import Part, make_environment, wait_until
from tests.valkey import free_port

STORES = ("account", "container", "object")
PROGRAMS = {"cache": "memcached", **{name: f"swift-{name}-server" for name in (*STORES, "proxy")}}
PACKAGES = ("memcached", *(f"swift-{name}" for name in (*STORES, "proxy")))
START_SECONDS = 60
REGION = "us-east-1"
SECRET = "only-for-tests"

PYTHON = "/usr/bin/python3"
MAKE_RINGS = """
import sys
from swift.common.ring import RingBuilder

for name, port in zip(sys.argv[1::2], sys.argv[2::2]):
    builder = RingBuilder(part_power=2, replicas=1, min_part_hours=0)
    builder.add_dev(dict(region=1, zone=1, ip="127.0.0.1", port=int(port), device="disk", weight=1))
    builder.rebalance()
    builder.get_ring().save(name + ".ring.gz")
"""
DEFAULTS = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
devices = {folder}
mount_check = false
log_level = WARNING
log_udp_host = 127.0.0.1
log_udp_port = {log_port}
"""
STORE = """
[pipeline:main]
pipeline = {name}-server

[app:{name}-server]
use = egg:swift#{name}
# The list of a bucket must have an object as soon as it is stored, also on a busy machine.
container_update_timeout = 60
"""
# Swift adds the filters that each pipeline must have.
PROXY = """
[pipeline:main]
pipeline = catch_errors cache s3api tempauth container_quotas bulk slo proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
node_timeout = 60
# After a test has killed the only store, the proxy must ask it again at once.
error_suppression_limit = 1000000

[filter:catch_errors]
use = egg:swift#catch_errors

[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{cache_port}

[filter:s3api]
use = egg:swift#s3api
location = {region}

[filter:tempauth]
use = egg:swift#tempauth
user_chat_owner = {secret} .admin
user_chat_powerless = {secret}

[filter:container_quotas]
use = egg:swift#container_quotas

[filter:bulk]
use = egg:swift#bulk

[filter:slo]
use = egg:swift#slo
"""


def require():
    """Skip the test if a program is not installed."""
    if not all(map(shutil.which, PROGRAMS.values())):
        pytest.skip(f"not installed (Debian: apt-get install --no-install-recommends {' '.join(PACKAGES)})")


class Swift:
    """
    The processes of a Swift. `start()` returns when they answer; `stop()` deletes all buckets.

    boto3 finds the service with `variables`. One user has all rights (`keys`), the other none (`powerless_keys`).
    """

    keys = {"AWS_ACCESS_KEY_ID": "chat:owner", "AWS_SECRET_ACCESS_KEY": SECRET}
    powerless_keys = {**keys, "AWS_ACCESS_KEY_ID": "chat:powerless"}

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="chat-swift-"))
        (self.folder / "disk").mkdir()
        self.ports = {name: free_port() for name in PROGRAMS}
        self.url = f"http://127.0.0.1:{self.ports['proxy']}"
        self.parts = {name: self._make_part(name) for name in PROGRAMS}

    def _make_part(self, name):
        port, program = self.ports[name], shutil.which(PROGRAMS[name])
        if name == "cache":
            command = [program, "-l", "127.0.0.1", "-p", str(port), "-u", getuser()]
        else:
            path = self.folder / f"{name}.conf"
            path.write_text(self._write_configuration(name))
            command = [program, str(path), "--verbose"]
        return Part(name, command, make_environment(), self.folder)

    def _write_configuration(self, name):
        ports = {f"{name}_port": port for name, port in self.ports.items()}
        text = DEFAULTS + (PROXY if name == "proxy" else STORE)
        words = {"name": name, "port": self.ports[name], "folder": self.folder, "user": getuser()}
        return text.format(**words, **ports, region=REGION, secret=SECRET, log_port=free_port())

    @property
    def variables(self):
        """Return the variables with which boto3 finds this service."""
        return {"AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": REGION}

    def start(self):
        """Start every process that is not running, and wait until all of them answer."""
        if not (self.folder / "object.ring.gz").exists():
            pairs = [str(word) for name in STORES for word in (name, self.ports[name])]
            command = [PYTHON, "-c", MAKE_RINGS, *pairs]
            subprocess.run(command, cwd=self.folder, env=make_environment(), check=True, timeout=60)
        for part in self.parts.values():
            if not part.is_running:
                part.start()
        for name in self.ports:
            wait_until(lambda name=name: self._listens(name), START_SECONDS, f"{name} of Swift")
        return self

    def _listens(self, name):
        part = self.parts[name]
        assert part.is_running, f"{name} of Swift ended:\n{part.read_log()}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.ports[name]), 5):
            return True
        return False

    def make_bucket(self, bucket):
        """Make a bucket if it does not exist."""
        self._ask("PUT", bucket)

    def list(self, bucket):
        """Return the names of all objects in a bucket."""
        return self._ask("GET", bucket).text.split()

    @contextlib.contextmanager
    def limit(self, bucket, most_bytes):
        """Limit the bytes that a bucket may have, within a `with` block. S3 has no request for this."""
        self._ask("POST", bucket, **{"X-Container-Meta-Quota-Bytes": str(most_bytes)})
        yield
        self._ask("POST", bucket, **{"X-Container-Meta-Quota-Bytes": ""})

    def _ask(self, method, bucket, **headers):
        """Send a request of Swift's own interface."""
        login = {"X-Auth-User": self.keys["AWS_ACCESS_KEY_ID"], "X-Auth-Key": SECRET}
        session = requests.get(f"{self.url}/auth/v1.0", headers=login, timeout=30).headers
        headers = {"X-Auth-Token": session["X-Auth-Token"], **headers}
        answer = requests.request(method, f"{session['X-Storage-Url']}/{bucket}", headers=headers, timeout=30)
        answer.raise_for_status()
        return answer

    def stop(self):
        """End all processes, and delete the folder."""
        for part in self.parts.values():
            if part.is_running:
                part.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
