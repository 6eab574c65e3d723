"""
Counts what the last requests and websockets show about the proxies in front of an interface.

From these counts, doctor finds a wrong TRUSTED_PROXIES, and a proxy that cuts quiet websockets. This module stores no
address of a client, and decides nothing about a request.
"""

from __future__ import annotations

import ipaddress
from collections import Counter

from twisted.web.http_headers import Headers

from .headers import SCHEMES, read_address

# After this number of requests or of cut websockets, their counts are halved: old ones must not hide a change.
WINDOW = 2000


class Forwarding:
    """
    The counts of an interface that trusts `hops` proxies.

    * `requests`: all requests that workers answer, and all handshakes;
    * `forwarded`: those with an address in X-Forwarded-For;
    * `short`: those with fewer addresses than trusted proxies;
    * `private`: those with more addresses than trusted proxies, if the address that counts is of a private network;
    * `without_scheme`: those without a scheme in X-Forwarded-Proto;
    * `cuts`: the websockets that ended without a close frame of either side;
    * `cuts_together`: the largest number of these websockets that ended after nearly the same quiet time;
    * `cut_seconds`: this quiet time.
    """

    def __init__(self, hops: int) -> None:
        self.hops = hops
        self.counts = dict.fromkeys(("requests", "forwarded", "short", "private", "without_scheme"), 0)
        self._cuts: Counter[int] = Counter()

    def count(self, headers: Headers) -> None:
        """Count a request, from its headers as they arrived."""
        values = [value.strip() for value in b",".join(headers.getRawHeaders(b"x-forwarded-for", [])).split(b",")]
        values = [value for value in values if value]
        scheme = b",".join(headers.getRawHeaders(b"x-forwarded-proto", [])).rpartition(b",")[2].strip().lower()
        counts = self.counts
        counts["requests"] += 1
        counts["forwarded"] += bool(values)
        counts["short"] += len(values) < self.hops
        counts["private"] += 0 < self.hops < len(values) and _is_private(values[-self.hops])
        counts["without_scheme"] += scheme not in SCHEMES
        if counts["requests"] >= WINDOW:
            self.counts = {name: number // 2 for name, number in counts.items()}

    def count_cut(self, quiet_seconds: float) -> None:
        """Count a websocket that ended without a close frame, `quiet_seconds` after its last frame or ping."""
        self._cuts[int(quiet_seconds)] += 1
        if sum(self._cuts.values()) >= WINDOW:
            self._cuts = Counter({seconds: number // 2 for seconds, number in self._cuts.items()})

    def describe(self) -> dict[str, int]:
        """Return the counts and the number of trusted proxies, for the reports of the process."""
        together = {seconds: number + self._cuts[seconds + 1] for seconds, number in list(self._cuts.items())}
        most = max(together, key=together.__getitem__, default=0)
        cuts = {"cuts": sum(self._cuts.values()), "cuts_together": together.get(most, 0), "cut_seconds": most}
        return {"hops": self.hops, **self.counts, **cuts}


def _is_private(text: bytes) -> bool:
    address = read_address(text)
    return address is not None and ipaddress.ip_address(address.decode()).is_private
