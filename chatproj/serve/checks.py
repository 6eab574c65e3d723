"""Checks before any process starts. Each failure raises CannotServe with one sentence that says what to change."""

import contextlib
import os
import resource
import socket

import redis

from channels_transport.redis_info import OLDEST_REDIS, is_too_old
from chatproj.serve import CannotServe

# The number of files that a process may open; each websocket is one. The default of many shells is 1024.
OPEN_FILES = 65536


def read_host() -> str:
    """Return HOST, or 127.0.0.1 if HOST is not set."""
    return os.environ.get("HOST") or "127.0.0.1"


def read_port() -> int:
    """Return PORT, or 8000 if it is not set. Raise CannotServe if it is not a port."""
    text = os.environ.get("PORT") or "8000"
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise CannotServe(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def read_workers() -> int:
    """Return CHAT_WORKERS, or 2 if it is not set. Raise CannotServe if it is not a number from 1 to 64."""
    text = os.environ.get("CHAT_WORKERS") or "2"
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 64:
        raise CannotServe(f"CHAT_WORKERS must be a number from 1 to 64, not {text!r}.")
    return int(text)


def check_port(host: str, port: int) -> None:
    """Raise CannotServe if a server cannot listen on this address."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except socket.gaierror:
        raise CannotServe(f"HOST={host} is not an address of this machine.") from None
    except PermissionError:
        raise CannotServe(f"Only root may listen on port {port}; choose another with PORT=8000 bin/serve.") from None
    except OSError as error:
        if is_free("127.0.0.1", port):
            raise CannotServe(f"Cannot listen on {host} port {port}: {error.strerror}.") from None
        raise CannotServe(f"Port {port} is in use; choose another with PORT={port + 1} bin/serve.") from None


def is_free(host: str, port: int) -> bool:
    """Return whether no process listens on this address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def check_redis(url: str) -> None:
    """Raise CannotServe if Redis does not answer or is too old. The text omits the URL, because of its password."""
    try:
        server = redis.StrictRedis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
        version = str(server.info("server")["redis_version"])
    except (redis.RedisError, ValueError, OSError) as error:
        raise CannotServe(f"The Redis server of REDIS_URL does not answer: {_without(url, error)}.") from None
    if is_too_old(version):
        raise CannotServe(f"The Redis server of REDIS_URL has version {version}; it must be {OLDEST_REDIS} or later.")


def raise_file_limit() -> None:
    """Raise the limit of open files for the child processes as far as permitted; ignore a refusal."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _without(url: str, error: Exception) -> str:
    return str(error).replace(url, "REDIS_URL").rstrip(".") or type(error).__name__
