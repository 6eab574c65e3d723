"""Whether the chat answers, asked as a browser would, and what stands in its way. It changes nothing."""

import http.client
from collections.abc import Iterable

from chatproj.serve import running

# Where to knock when the server listens on every address.
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def address(host: str, port: int) -> str:
    """The address for a browser on this machine."""
    host = EVERYWHERE.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def answers(host: str, port: int, names: Iterable[str]) -> bool:
    """Whether GET /healthz is 200: interface, Redis and a worker do their work. `names` are ALLOWED_HOSTS."""
    host = EVERYWHERE.get(host, host)
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": _host_header(host, port, list(names))})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def blame(names: Iterable[str]) -> str:
    """Which of the processes are not up, with the ends of their logs."""
    states = running.states()
    guilty = [name for name in names if states.get(name) != "RUNNING"] or ["web"]
    return "\n".join(
        f"\n{name} is {states.get(name, 'not started')}; its log ends:\n{running.last_lines(name)}" for name in guilty
    )


def _host_header(host: str, port: int, names: list[str]) -> str:
    # Django answers 400 to a name that is not among its own, and a public server's names need not include
    # this one.
    if not names or host in names or "*" in names:
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return names[0].lstrip(".")
