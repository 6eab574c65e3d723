"""
The names and the addresses at which browsers on this and other machines reach this machine.

This module asks no name server. The settings use its list as the default of ALLOWED_HOSTS. A foreign page cannot use
these hosts for DNS rebinding: it would need a domain name of its own, and a browser sends that name as the host.
"""

import ipaddress
import re
import socket
import time
from collections.abc import Iterator

import ifaddr

LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
# The list is renewed after this time, because a laptop may change its network while the chat runs.
REFRESH_SECONDS = 10
# Servers that listen on one of these listen on all addresses of the machine.
WILDCARDS = ("0.0.0.0", "::")
# The host names that Django accepts in the header `Host`.
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


class OwnHosts(list):
    """A list of hosts for ALLOWED_HOSTS. It follows the addresses of the machine: an iteration renews old contents."""

    def __init__(self, bound: str | None = None) -> None:
        """Fill the list. `bound` is the host on which the interface listens, if the environment names one."""
        super().__init__()
        self._bound = [write_host(bound)] if bound and bound not in WILDCARDS else []
        self._renew()

    def __iter__(self) -> Iterator[str]:
        if time.monotonic() - self._renewed > REFRESH_SECONDS:
            self._renew()
        # Another thread may renew the list during the iteration.
        return iter(tuple(super().__iter__()))

    def _renew(self) -> None:
        found = [*LOCAL_HOSTS, *map(write_host, find_addresses()), *find_names(), *self._bound]
        self[:] = list(dict.fromkeys(found))
        self._renewed = time.monotonic()


def find_addresses() -> list[str]:
    """Return the addresses of this machine that other machines can use, IPv4 first."""
    found = []
    try:
        for adapter in ifaddr.get_adapters():
            # An IPv6 address is a tuple: the address, its flow and its scope.
            found += [ip.ip if isinstance(ip.ip, str) else ip.ip[0].partition("%")[0] for ip in adapter.ips]
    except OSError:
        return []
    addresses = [ipaddress.ip_address(address) for address in found]
    # A link-local IPv6 address needs the name of an interface, which a browser's URL cannot contain.
    usable = {ip for ip in addresses if not ip.is_loopback and not (ip.version == 6 and ip.is_link_local)}
    return [str(ip) for ip in sorted(usable, key=lambda ip: (ip.version, ip))]


def find_names() -> list[str]:
    """
    Return the host name of this machine, its first part, and the machine's name in mDNS.

    The list is empty if the host name is `localhost` or invalid.
    """
    name = socket.gethostname().lower().rstrip(".")
    if not _NAME.fullmatch(name) or name == "localhost":
        return []
    short = name.partition(".")[0]
    return list(dict.fromkeys([name, short, f"{short}.local"]))


def write_host(host: str) -> str:
    """Return a host name or an address as URLs and the header `Host` contain it."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host.lower()
