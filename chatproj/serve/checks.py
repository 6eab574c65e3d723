"""What must be true before anything starts, each with one sentence for the person who must change it."""

import contextlib
import os
import resource
import socket

import redis

from channels_transport.redis_info import OLDEST_REDIS, is_too_old
from chatproj.serve import CannotServe

# What a process may open: a socket of a browser is one file. The default of many shells is 1024.
OPEN_FILES = 65536


def read_host() -> str:
    """HOST, this machine only where it is not set."""
    return os.environ.get("HOST") or "127.0.0.1"


def read_port() -> int:
    """PORT, 8000 where it is not set."""
    text = os.environ.get("PORT") or "8000"
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise CannotServe(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def read_workers() -> int:
    """CHAT_WORKERS, 2 where it is not set."""
    text = os.environ.get("CHAT_WORKERS") or "2"
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 64:
        raise CannotServe(f"CHAT_WORKERS must be a number from 1 to 64, not {text!r}.")
    return int(text)


def check_port(host: str, port: int) -> None:
    """Refuse an address on which we could not listen."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except socket.gaierror:
        raise CannotServe(f"HOST={host} is not an address of this machine.") from None
    except PermissionError:
        raise CannotServe(f"Port {port} is for root only; choose another with PORT=8000 bin/serve.") from None
    except OSError as error:
        if is_free("127.0.0.1", port):
            raise CannotServe(f"Cannot listen on {host} port {port}: {error.strerror}.") from None
        raise CannotServe(f"Port {port} is taken; choose another with PORT={port + 1} bin/serve.") from None


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def check_redis(url: str) -> None:
    """Refuse a Redis that does not answer or is too old; never repeat the URL, which may hold a password."""
    try:
        server = redis.StrictRedis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
        version = str(server.info("server")["redis_version"])
    except (redis.RedisError, ValueError, OSError) as error:
        raise CannotServe(f"The Redis of REDIS_URL does not answer: {_without(url, error)}.") from None
    if is_too_old(version):
        raise CannotServe(f"The Redis of REDIS_URL is {version}; the oldest that will do is {OLDEST_REDIS}.")


def raise_file_limit() -> None:
    """Let children open as many sockets as this user may; a refusal is not worth a word."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _without(url: str, error: Exception) -> str:
    return str(error).replace(url, "REDIS_URL").rstrip(".") or type(error).__name__
