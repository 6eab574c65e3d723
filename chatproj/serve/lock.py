"""
Lets only one `serve` run per folder: an flock on `var/serve.lock`, a file that contains the owner's pid and address.

The supervisor inherits the lock, so the lock lasts until the last child has ended, even after a `kill -9` of `serve`.
"""

import fcntl
import os
import time

from chatproj import local
from chatproj.serve import CannotServe

# This is longer than the supervisor needs to stop all processes.
STOPPING_SECONDS = 12
# `local.is_serve_running` takes the lock for a very short time when it checks whether `serve` runs.
CHECK_SECONDS = 0.5

_descriptor = None


def acquire() -> None:
    """Acquire the lock, and delete the last run's Redis URL. Raise CannotServe if another `serve` has the lock."""
    global _descriptor
    if _descriptor is None:
        local.make_var()
        descriptor = os.open(local.VAR / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _wait_for(descriptor)
        except CannotServe:
            os.close(descriptor)
            raise
        _descriptor = descriptor
        (local.VAR / "redis-url").unlink(missing_ok=True)
        write_owner("")


def write_owner(address: str) -> None:
    """Write the pid of this process and the address of the site into the lock file."""
    os.ftruncate(_descriptor, 0)
    os.pwrite(_descriptor, f"{os.getpid()} {address}".encode(), 0)


def descriptor() -> int:
    """Return the file descriptor of the lock, for the child that must hold it too."""
    return _descriptor


def _wait_for(descriptor: int) -> None:
    is_announced = False
    started = time.monotonic()
    while not _try_to_lock(descriptor):
        pid, address = _owner(descriptor)
        waited = time.monotonic() - started
        if pid and _is_alive(pid):
            if waited > CHECK_SECONDS:
                raise CannotServe(f"Chat is already running in this folder{address and ' at ' + address}.")
        elif waited > STOPPING_SECONDS:
            raise CannotServe(f"A process of the last run in {local.VAR} does not stop; end it and try again.")
        elif waited > CHECK_SECONDS and not is_announced:
            print("The last run is still stopping; waiting for it.", flush=True)
            is_announced = True
        time.sleep(0.1)


def _try_to_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(descriptor: int) -> tuple[int, str]:
    pid, _, address = os.pread(descriptor, 1000, 0).decode().partition(" ")
    return int(pid) if pid.isdigit() else 0, address.strip()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
