"""
The addresses of the clients. As root, each generator has a network namespace of its own; otherwise the clients use
several loopback addresses. This module opens no sockets.

The limits of the site count each address, and a pair of addresses has only 28,000 ports. So the clients need several
addresses. Between namespaces the kernel also counts the bytes on the wire.
"""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

NAME = "chatscale"  # the names of namespaces and links begin with it
ADDRESSES = 4  # of each namespace: with 10,000 sockets, each address stays below the limit of 5,000 sockets
COMMAND_SECONDS = 20


class Place(NamedTuple):
    """Where a generator runs: the words before its command, its addresses, and the link to it ("" on loopback)."""

    prefix: list[str]
    addresses: list[str]
    link: str


class Network:
    """A context manager: `places` for the generators, and `hosts`, the addresses at which interfaces listen."""

    def __init__(self, count: int, wants_namespaces: bool = True):
        self.count = count
        self.has_namespaces = wants_namespaces and os.getuid() == 0 and shutil.which("ip") is not None
        self.places: list[Place] = []
        self.hosts: list[str] = []

    def __enter__(self):
        if self.has_namespaces:
            try:
                self._make_namespaces()
            except subprocess.CalledProcessError:
                # A container without CAP_NET_ADMIN is root, but may not make namespaces.
                self._remove_namespaces()
                self.has_namespaces = False
        if not self.has_namespaces:
            self._use_loopback()
        return self

    def __exit__(self, *exception):
        if self.has_namespaces:
            self._remove_namespaces()

    def _use_loopback(self):
        self.hosts = ["127.0.0.1"] * self.count
        self.places = [
            Place([], [f"127.0.{1 + number}.{1 + last}" for last in range(ADDRESSES)], "")
            for number in range(self.count)
        ]

    def _make_namespaces(self):
        self._remove_namespaces()  # an earlier run may have been killed
        self.hosts, self.places = [], []
        for number in range(self.count):
            name, subnet = f"{NAME}{number}", f"10.213.{1 + number}"
            addresses = [f"{subnet}.{2 + last}" for last in range(ADDRESSES)]
            link, inner = f"{name}a", f"{name}b"
            _ip("netns", "add", name)
            _ip("link", "add", link, "type", "veth", "peer", "name", inner, "netns", name)
            _ip("addr", "add", f"{subnet}.1/24", "dev", link)
            _ip("link", "set", link, "up")
            for address in addresses:
                _ip("-n", name, "addr", "add", f"{address}/24", "dev", inner)
            _ip("-n", name, "link", "set", "lo", "up")
            _ip("-n", name, "link", "set", inner, "up")
            _ip("-n", name, "route", "add", "default", "via", f"{subnet}.1")
            self.hosts.append(f"{subnet}.1")
            self.places.append(Place(["ip", "netns", "exec", name], addresses, link))

    def _remove_namespaces(self):
        # A deleted namespace takes its link with it. The link is deleted too, in case it is not in its namespace yet.
        for number in range(self.count):
            for command in (["netns", "del", f"{NAME}{number}"], ["link", "del", f"{NAME}{number}a"]):
                with contextlib.suppress(subprocess.CalledProcessError, subprocess.TimeoutExpired):
                    _ip(*command)

    def read_bytes(self) -> dict[str, int] | None:
        """Return the bytes on all links, `in` from the clients and `out` to them; None on loopback."""
        if not self.has_namespaces:
            return None
        found = {"in": 0, "out": 0}
        for place in self.places:
            counters = Path("/sys/class/net") / place.link / "statistics"
            found["in"] += int((counters / "rx_bytes").read_text())
            found["out"] += int((counters / "tx_bytes").read_text())
        return found


def _ip(*arguments):
    subprocess.run(
        ["ip", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=COMMAND_SECONDS
    )
