"""
`python -m chatproj.is_healthy`: exit with 0 if the interface of this machine answers /healthz, else with 1.

`python -m chatproj.is_healthy 120` is for processes without HTTP: exit with 0 if the process has touched the file of
the variable ALIVE_FILE within the last 120 s.

The probes of a container run this command every few seconds. So it imports no Django, and takes some hundredths of a
second.
"""

import http.client
import os
import sys
import time
from collections.abc import Mapping, Sequence

TIMEOUT_SECONDS = 4


def is_answering(port: int) -> bool:
    """Return whether 127.0.0.1 answers /healthz on this port with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def is_younger(path: str, seconds: float) -> bool:
    """Return whether a file exists and was touched within the last `seconds`."""
    try:
        return time.time() - os.stat(path).st_mtime < seconds
    except OSError:
        return False


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Return whether the process has touched its file, if a number of seconds is given, or else whether it answers."""
    if arguments:
        return is_younger(environment.get("ALIVE_FILE", ""), float(arguments[0]))
    return is_answering(int(environment.get("PORT") or 8000))


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:], os.environ))
