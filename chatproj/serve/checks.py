"""Checks before any process starts. A failed check raises CannotServe with one sentence about what is wrong."""

import socket
from typing import Any

import redis
from django.core.exceptions import ImproperlyConfigured

from channels_transport.redis_connections import NO_CLUSTER, RedisConfigurationError, explain_refusal
from channels_transport.redis_info import OLDEST_REDIS, is_in_cluster, is_too_old
from channels_transport.redis_servers import make_client
from channels_transport.redis_url import InvalidRedisURL, read_prefix, split_urls
from chatproj import environment
from chatproj.serve import CannotServe


def read_host() -> str:
    """Return HOST, or 127.0.0.1 if HOST is not set. Raise CannotServe if it is not a host."""
    return _read("HOST")


def read_port() -> int:
    """Return PORT, or 8000 if it is not set. Raise CannotServe if it is not a port."""
    return _read("PORT")


def read_workers() -> int:
    """Return CHAT_WORKERS, or 2 if it is not set. Raise CannotServe if it is not a number from 1 to 64."""
    return _read("CHAT_WORKERS")


def _read(name: str) -> Any:
    try:
        return environment.read(name)
    except ImproperlyConfigured as error:
        raise CannotServe(str(error)) from None


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


def check_redis(urls: str) -> None:
    """Raise CannotServe if a server of REDIS_URL does not answer, is too old, or is part of a cluster."""
    try:
        found = split_urls(urls)
        read_prefix(found)
        for url in found:
            _check_server(url)
    except InvalidRedisURL as error:
        raise CannotServe(str(error)) from None


def _check_server(url: str) -> None:
    """Do what `check_redis` does, for one server. The error texts omit the URL and its password."""
    try:
        server = make_client(url, socket_timeout=5, socket_connect_timeout=5)
        fields = server.info("server")
    except RedisConfigurationError as error:
        raise CannotServe(str(error)) from None
    except redis.ResponseError as error:
        refusal = explain_refusal(server.connection_pool.connection_kwargs, error)
        text = f"The Redis server of REDIS_URL refuses INFO: {error}."
        raise CannotServe(text if refusal is error else str(refusal)) from None
    except (redis.RedisError, OSError) as error:
        raise CannotServe(f"The Redis server of REDIS_URL does not answer: {_without(url, error)}.") from None
    version = str(fields["redis_version"])
    if is_in_cluster(fields):
        raise CannotServe(f"The Redis server of REDIS_URL {NO_CLUSTER}.")
    if is_too_old(version):
        raise CannotServe(f"The Redis server of REDIS_URL has version {version}; it must be {OLDEST_REDIS} or later.")


def _without(url: str, error: Exception) -> str:
    return str(error).replace(url, "REDIS_URL").rstrip(".") or type(error).__name__
