"""Finds out the addresses of the site, whether the chat answers, and which processes do not run. It changes nothing."""

import http.client
import socket
from collections.abc import Iterable

from django.http.request import validate_host

from chatproj.own_hosts import LOCAL_HOSTS, OwnHosts, find_addresses, find_names, write_host
from chatproj.serve import running

# {an address that means "all addresses": the address at which this machine reaches a server that listens on it}
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def address(host: str, port: int) -> str:
    """Return the URL for a browser on this machine."""
    return f"http://{write_host(WILDCARDS.get(host, host))}:{port}/"


def addresses_for_others(host: str, port: int, names: Iterable[str]) -> list[str]:
    """
    Return the URLs for browsers on other machines, if the interface listens on `host`. `names` are ALLOWED_HOSTS.

    The list is empty if other machines cannot reach the interface, or if `names` allows none of these hosts.
    """
    if host not in WILDCARDS:
        hosts = [] if is_loopback(host) else [write_host(host)]
    else:
        found = [ip for ip in find_addresses() if host == "::" or ":" not in ip]
        chosen = [] if isinstance(names, OwnHosts) else [name for name in names if name[0] not in ".*"]
        hosts = [*map(write_host, found), *find_names()[:1], *chosen]
    allowed = [name for name in dict.fromkeys(hosts) if name not in LOCAL_HOSTS and validate_host(name, names)]
    return [f"http://{name}:{port}/" for name in allowed]


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a server that listens on this host. False for an unknown name."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(address[0].startswith("127.") or address[0] == "::1" for *_, address in found)


def answers(host: str, port: int, names: Iterable[str]) -> bool:
    """
    Return whether GET /readyz answers 200. Then the interface, Redis, the database and a worker run.

    `names` are ALLOWED_HOSTS.
    """
    host = WILDCARDS.get(host, host)
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": _host_header(host, port, list(names))})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def describe_failures(names: Iterable[str]) -> str:
    """Return the state and the end of the log of each process that does not run, or of `web` if all of them run."""
    states = running.states()
    failed = [name for name in names if states.get(name) != "RUNNING"] or ["web"]
    return "\n".join(
        f"\n{name} is {states.get(name, 'not started')}; its log ends:\n{running.last_lines(name)}" for name in failed
    )


def _host_header(host: str, port: int, names: list[str]) -> str:
    # Django answers 400 to a host name that is not in ALLOWED_HOSTS, which need not contain this address.
    if not names or host in names or "*" in names:
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return names[0].lstrip(".")
