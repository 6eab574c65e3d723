"""
Clients that attack a site: many plain TCP connections with prepared bytes, in a thread.

Plain sockets cost this process little, so that the test measures the site and not itself.
"""

import socket
import threading
import time
from typing import NamedTuple

from tests.live.processes import read_memory

# How often the memory of the interface is read, and how long the thread waits if no socket takes bytes.
SAMPLE_SECONDS, PAUSE_SECONDS = 0.05, 0.005
# The clients arrive in groups of this number, with this pause. If all arrived in the same moment, a kernel with a short
# queue would refuse some of them.
GROUP, GROUP_SECONDS = 20, 0.01
# Enough to see each response and each close frame.
KEPT_BYTES = 2048


def frame(opcode, payload=b"", fin=True, length=None):
    """
    Return the bytes of a masked frame of a client. The key of the mask is zero, so the payload stays as it is.

    `length` is the announced length, if the rest of the payload comes later.
    """
    length = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | opcode])
    if length < 126:
        head += bytes([0x80 | length])
    else:
        head += b"\xfe" + length.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload


class Attack(NamedTuple):
    """
    What each of `count` clients does: it sends `opening` and `first` once, and then `data` again and again.

    If `opening` is a handshake, the client waits for its answer before it sends more.
    """

    count: int
    opening: bytes
    data: bytes = b""
    first: bytes = b""
    # The client waits this long before each `data`. 0 means that it sends as much as the server takes.
    pause_seconds: float = 0
    reads: bool = True
    # A client whose connection has ended opens another one.
    returns: bool = False
    # A client disconnects after this many bytes of responses.
    leaves_after: float = float("inf")


class Attacker:
    """One client of an attack. `is_over` says that the server has ended its connection."""

    def __init__(self, site, attack):
        self.site, self.attack, self.received = site, attack, b""
        self.connections = 0
        self._connect()

    def _connect(self):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", self.site.port))
        self.unsent, self.first, self.is_over, self.next_at = self.attack.opening, self.attack.first, False, 0.0
        self.read_bytes, self.connections = 0, self.connections + 1
        self.is_waiting = b"Upgrade: websocket" in self.attack.opening

    def step(self, now):
        """Send and read what is possible now. Return whether any bytes moved."""
        if self.is_over:
            return False
        try:
            moved = self._read() if self.is_waiting or self.attack.reads else False
            if self.is_over or self.read_bytes >= self.attack.leaves_after:
                self._end()
                return True
            return self._send(now) or moved
        except BlockingIOError:
            return False
        except OSError:
            self._end()
            return True

    def _read(self):
        try:
            part = self.socket.recv(65536)
        except BlockingIOError:
            return False
        self.is_over = not part
        self.is_waiting = self.is_waiting and b"\r\n\r\n" not in part
        self.read_bytes += len(part)
        if part:  # the end of the connection must not remove the last bytes
            self.received = (self.received + part)[:KEPT_BYTES] + part[-4:]
        return True

    def _send(self, now):
        if not self.unsent and not self.is_waiting:
            if self.first:
                self.unsent, self.first = self.first, b""
            elif now >= self.next_at:
                self.unsent, self.next_at = self.attack.data, now + self.attack.pause_seconds
        if not self.unsent:
            return False
        self.unsent = self.unsent[self.socket.send(self.unsent) :]
        return True

    def _end(self):
        self.is_over = True
        self.socket.close()
        if self.attack.returns:
            self._connect()

    def read_rest(self):
        """Read what the server still sends, and return whether it has ended the connection."""
        try:
            while not self.is_over and self._read():
                pass
        except OSError:
            self.is_over = True
        return self.is_over


class Flood(threading.Thread):
    """An attack in a thread. `before` and `peak` are the memory of the interface, in bytes."""

    def __init__(self, site, attack, seconds):
        super().__init__(daemon=True)
        self.site, self.attack, self.seconds = site, attack, seconds
        self.before = self.peak = read_memory(site.web)
        self.attackers = []

    def run(self):
        deadline, sample_at, arrive_at = time.monotonic() + self.seconds, 0.0, 0.0
        while (now := time.monotonic()) < deadline:
            if now >= arrive_at:
                arrive_at = now + GROUP_SECONDS
                self._add_group()
            moved = [attacker.step(now) for attacker in self.attackers]
            if not any(moved):
                time.sleep(PAUSE_SECONDS)
            if now >= sample_at:
                sample_at = now + SAMPLE_SECONDS
                self.peak = max(self.peak, read_memory(self.site.web))

    def _add_group(self):
        missing = self.attack.count - len(self.attackers)
        self.attackers += [Attacker(self.site, self.attack) for _ in range(min(GROUP, missing))]

    @property
    def grown_mb(self):
        return (self.peak - self.before) / 1024 / 1024

    def end(self, patience=0):
        """
        Disconnect all clients. Return (how many the server has disconnected, what they have received).

        Wait at most `patience` seconds until the server has disconnected all of them.
        """
        self.join()
        deadline = time.monotonic() + patience
        while not all(attacker.read_rest() for attacker in self.attackers) and time.monotonic() < deadline:
            time.sleep(SAMPLE_SECONDS)
        for attacker in self.attackers:
            attacker.socket.close()
        return sum(attacker.is_over for attacker in self.attackers), {attacker.received for attacker in self.attackers}
