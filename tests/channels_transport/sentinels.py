"""A master, a replica and a Sentinel as real processes. Tests kill the master; the Sentinel promotes the replica."""

import contextlib
import signal
import subprocess
import time

import redis

from tests.valkey import find_server, free_port

SERVICE = "chat-master"
FAILOVER_SECONDS = 60


class Cluster:
    """
    Two servers and a Sentinel. `start` starts them in a folder.

    If passwords are given, the servers and the Sentinel require them.
    """

    def __init__(self, folder, password=None, sentinel_password=None):
        self.folder = folder
        self.password, self.sentinel_password = password, sentinel_password
        self.ports = [free_port(), free_port()]
        self.sentinel_port = free_port()
        self.processes = {}

    def start(self):
        first, second = self.ports
        self.start_server(first)
        self.start_server(second, "--replicaof", "127.0.0.1", str(first))
        wait_for(lambda: self.client(second).info("replication")["master_link_status"] == "up")
        self.start_sentinel()
        wait_for(lambda: self.sentinel().sentinel_slaves(SERVICE))
        return self

    def start_server(self, port, *options):
        quiet = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"]
        if self.password:
            quiet += ["--requirepass", self.password, "--masterauth", self.password]
        self._run(port, "--port", str(port), "--dir", str(self.folder), *quiet, *options)

    def start_sentinel(self):
        path = self.folder / "sentinel.conf"
        path.write_text(
            f"port {self.sentinel_port}\nbind 127.0.0.1\ndir {self.folder}\n"
            f"sentinel monitor {SERVICE} 127.0.0.1 {self.ports[0]} 1\n"
            f"sentinel down-after-milliseconds {SERVICE} 500\nsentinel failover-timeout {SERVICE} 3000\n"
            + (f"sentinel auth-pass {SERVICE} {self.password}\n" if self.password else "")
            + (f"requirepass {self.sentinel_password}\n" if self.sentinel_password else "")
        )
        self._run(self.sentinel_port, str(path), "--sentinel")

    def _run(self, port, *arguments):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
        self.processes[port] = subprocess.Popen([find_server(), *arguments], **quiet)
        wait_for(lambda: self.client(port).ping())

    def client(self, port):
        return client(port, self.sentinel_password if port == self.sentinel_port else self.password)

    def sentinel(self):
        return self.client(self.sentinel_port)

    @property
    def master(self):
        """The port of the master, as the Sentinel knows it."""
        return self.sentinel().sentinel_masters()[SERVICE]["port"]

    def kill_master(self):
        """Kill the master. Return the port of the replica that the Sentinel has promoted."""
        old = self.master
        self.processes.pop(old).kill()
        wait_for(lambda: self.master != old)
        return self.master

    def stop(self):
        for process in self.processes.values():
            process.send_signal(signal.SIGKILL)
            process.wait()


def client(port, password=None):
    return redis.StrictRedis(port=port, password=password, socket_timeout=2)


def wait_for(is_true):
    deadline = time.monotonic() + FAILOVER_SECONDS
    while True:
        with contextlib.suppress(redis.RedisError, KeyError):
            if is_true():
                return
        assert time.monotonic() < deadline, "the servers did not become ready"
        time.sleep(0.1)
