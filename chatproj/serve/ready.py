"""Checks whether the chat answers a request, and which processes do not run. It changes nothing."""

import http.client
from collections.abc import Iterable

from chatproj.serve import running

# A server that listens on all addresses (the key) is reached at one of this machine's addresses (the value).
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def address(host: str, port: int) -> str:
    """Return the URL for a browser on this machine."""
    host = WILDCARDS.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def answers(host: str, port: int, names: Iterable[str]) -> bool:
    """Return whether GET /readyz answers 200, so interface, Redis and a worker run. `names` are ALLOWED_HOSTS."""
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
    """Return the names of the processes that do not run, each with the end of its log."""
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
