"""A master, a replica and Sentinels as real processes. Tests kill the master; the Sentinels promote the replica."""

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
    Two servers and some Sentinels. `start` starts them in a folder.

    If passwords are given, the servers and the Sentinels require them. Most of the Sentinels must agree that the
    master is down. `users` is the access control list of the servers. With it, the Sentinels log in to the servers as
    `sentinel`, and a replica logs in to its master as `replica`, both with `password`. `sentinel_users` is the access
    control list of the Sentinels.
    """

    def __init__(self, folder, password=None, sentinel_password=None, sentinels=1, users="", sentinel_users=""):
        self.folder = folder
        self.users, self.sentinel_users = users, sentinel_users
        self.password, self.sentinel_password = password, sentinel_password
        self.ports = [free_port(), free_port()]
        self.sentinel_ports = [free_port() for _ in range(sentinels)]
        self.sentinel_port = self.sentinel_ports[0]
        self.processes = {}

    def start(self):
        first, second = self.ports
        self.start_server(first)
        self.start_server(second, "--replicaof", "127.0.0.1", str(first))
        wait_for(lambda: self.client(second).info("replication")["master_link_status"] == "up")
        for port in self.sentinel_ports:
            self.start_sentinel(port)
        wait_for(lambda: self.sentinel().sentinel_slaves(SERVICE))
        others = len(self.sentinel_ports) - 1
        wait_for(lambda: self.sentinel().sentinel_masters()[SERVICE]["num-other-sentinels"] == others)
        return self

    def start_server(self, port, *options):
        quiet = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"]
        if self.users:
            path = self.folder / f"users-{port}.acl"
            path.write_text(self.users)
            quiet += ["--aclfile", str(path), "--masteruser", "replica", "--masterauth", self.password]
        elif self.password:
            quiet += ["--requirepass", self.password, "--masterauth", self.password]
        self._run(port, "--port", str(port), "--dir", str(self.folder), *quiet, *options)

    def start_sentinel(self, port):
        path = self.folder / f"sentinel-{port}.conf"
        path.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {self.folder}\n"
            f"sentinel monitor {SERVICE} 127.0.0.1 {self.ports[0]} {len(self.sentinel_ports) // 2 + 1}\n"
            f"sentinel down-after-milliseconds {SERVICE} 500\nsentinel failover-timeout {SERVICE} 3000\n"
            + (f"sentinel auth-pass {SERVICE} {self.password}\n" if self.password else "")
            + (f"sentinel auth-user {SERVICE} sentinel\n" if self.users else "")
            + self.sentinel_users
            + (f"requirepass {self.sentinel_password}\n" if self.sentinel_password else "")
        )
        self._run(port, str(path), "--sentinel")

    def _run(self, port, *arguments):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
        self.processes[port] = subprocess.Popen([find_server(), *arguments], **quiet)
        wait_for(lambda: self.client(port).ping())

    def client(self, port):
        return client(port, self.sentinel_password if port in self.sentinel_ports else self.password)

    def sentinel(self):
        return self.client(self.sentinel_port)

    @property
    def master(self):
        """Return the port of the master, as the last Sentinel knows it."""
        return self.client(self.sentinel_ports[-1]).sentinel_masters()[SERVICE]["port"]

    def kill(self, port):
        """Kill a server or a Sentinel."""
        process = self.processes.pop(port)
        process.kill()
        process.wait()

    def kill_master(self):
        """Kill the master. Return the port of the replica that the Sentinel has promoted."""
        old = self.master
        self.kill(old)
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
