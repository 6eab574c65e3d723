"""
Pools of connections to the Redis server of a URL. The connections have features that redis-py 2.10 lacks.

These features are: users of Redis' access control lists, the verification of TLS certificates and their host names,
and a timeout for connecting to a Unix socket. TLS is verified unless the URL contains `ssl_cert_reqs=none`. The error
text for a wrong password or certificate names REDIS_URL. No error text contains a password.
"""

from __future__ import annotations

import socket
import ssl
import struct
from typing import Any

import redis
from django.core.exceptions import ImproperlyConfigured
from redis.exceptions import ResponseError

from .redis_url import InvalidRedisURL, parse_redis_url

# The first words of the answers of a server that is part of a cluster.
CLUSTER_ERRORS = ("MOVED ", "ASK ", "CROSSSLOT ", "CLUSTERDOWN ")
NO_CLUSTER = (
    "is part of a Redis Cluster, which is not supported: each script changes several keys, and a cluster stores them on"
    " different servers. Name single servers in REDIS_URL, separated by commas, or a service of Redis Sentinel"
)


class Unsent(redis.ConnectionError):
    """There is no usable connection, so no command of this trip to Redis has run. The whole trip may be tried again."""


class RedisConfigurationError(Unsent, ImproperlyConfigured):
    """
    The server cannot be used because of its login, permissions, database, certificate or protected mode, or because it
    is part of a Redis Cluster.

    A `manage.py` command that gets this error at its start ends with the error's text. A running process handles it as
    an outage, because the server's configuration may be changed back.
    """


def make_pool(url: str, **options: Any) -> redis.ConnectionPool:
    """
    Return a pool of connections to the server at `url`; `options` are arguments of redis-py's connections.

    Options in the URL take precedence. Raise InvalidRedisURL if the URL or one of its files cannot be used.
    """
    given = {"db": 0, **options, **parse_redis_url(url)}
    given.pop("prefix", None)
    connection_class = _CLASSES[given.pop("scheme")]
    if connection_class is TLSConnection:
        try:
            make_tls_context(given)
        except RedisConfigurationError as error:
            raise InvalidRedisURL(str(error)) from None
    return redis.ConnectionPool(connection_class=connection_class, **given)


def make_client(url: str, **options: Any) -> redis.StrictRedis:
    """Return redis-py's client of the server at `url`, with the arguments and errors of `make_pool`."""
    return redis.StrictRedis(connection_pool=make_pool(url, **options))


def describe_address(given: dict[str, Any]) -> str:
    """
    Return the server's host and port, or its socket, from the arguments of a connection, without the password.

    For a connection through Redis Sentinel, return the name of the service, with its last address.
    """
    locator = given.get("locator")
    if locator is not None:
        return locator.describe()
    return given.get("path") or f"{given.get('host') or 'localhost'}:{given.get('port', 6379)}"


def login_commands(given: dict[str, Any]) -> list[tuple]:
    """Return the commands that a new connection runs first, from its arguments: AUTH and SELECT, where needed."""
    username, password, database = given.get("username"), given.get("password"), given.get("db")
    commands: list[tuple] = []
    if username:
        commands.append(("AUTH", username, password or ""))
    elif password:
        commands.append(("AUTH", password))
    if database:
        commands.append(("SELECT", database))
    return commands


def explain_refusal(given: dict[str, Any], error: Exception, command: str = "") -> Exception:
    """Return a RedisConfigurationError about an error reply to `command`, or `error` if REDIS_URL is not its cause."""
    address, text = describe_address(given), str(error)
    if text.startswith("NOAUTH"):
        problem = "requires a password, but REDIS_URL contains none: write redis://user:password@host:6379/0"
    elif text.startswith("DENIED"):
        problem = "is in protected mode and refuses this machine: set a password there and in REDIS_URL"
    elif text.startswith(CLUSTER_ERRORS):
        problem = NO_CLUSTER
    elif text.startswith("NOPERM"):
        problem = (
            f"denies a permission to the user of REDIS_URL ({' '.join(text.split())[:200]}): grant it with ACL SETUSER"
        )
    elif command == "AUTH" and "without any password" in text:
        problem = "has no password, but REDIS_URL contains one: remove it from REDIS_URL, or set it on the server"
    elif command == "AUTH":
        problem = (
            "refuses the user or the password of REDIS_URL: correct it, and percent-encode its special characters"
            " (%40 for @)"
        )
    elif command == "SELECT":
        problem = f"has no database {given.get('db')}, which REDIS_URL names: choose another, such as 0"
    else:
        return error
    return RedisConfigurationError(f"The Redis at {address} {problem}.")


class _Login(redis.Connection):
    """A connection that logs in with a user. If the server refuses the connection, the error explains the reason."""

    def __init__(self, username: str | None = None, **given: Any) -> None:
        super().__init__(**given)
        self.username = username

    @property
    def _given(self) -> dict[str, Any]:
        names = ("locator", "path", "host", "port", "username", "password", "db")
        return {name: getattr(self, name) for name in names if hasattr(self, name)}

    def on_connect(self) -> None:
        """Log in and select the database. Raise RedisConfigurationError if the server refuses one of them."""
        self._parser.on_connect(self)
        for command in login_commands(self._given):
            self.send_command(*command)
            try:
                self.read_response()
            except ResponseError as error:
                raise explain_refusal(self._given, error, command[0]) from None

    def send_packed_command(self, command: Any) -> None:
        """Send a packed command, or a list of them."""
        try:
            super().send_packed_command(command)
        except redis.ConnectionError as error:
            _raise_timeout(error)
            raise

    def read_response(self) -> Any:
        """
        Return the next answer.

        Raise RedisConfigurationError if the server requires a login, if its protected mode refuses this machine, or if
        it is part of a Redis Cluster.
        """
        try:
            return super().read_response()
        except redis.ConnectionError as error:
            _raise_timeout(error)
            raise
        except ResponseError as error:
            if str(error).startswith(("NOAUTH", "DENIED", *CLUSTER_ERRORS)):
                self.disconnect()
                raise explain_refusal(self._given, error) from None
            raise


class TCPConnection(_Login):
    """A connection without encryption."""

    def _connect(self) -> socket.socket:
        connection = super()._connect()
        _set_kernel_timeout(connection, self.socket_timeout)
        return connection


class TLSConnection(_Login, redis.SSLConnection):
    """A connection with TLS; it verifies the server's certificate and host name by default."""

    def __init__(self, ssl_cert_reqs: str | None = None, **given: Any) -> None:
        super().__init__(**given)
        self.verification = ssl_cert_reqs

    def _connect(self) -> Any:
        plain = redis.Connection._connect(self)
        names = {"ssl_ca_certs": "ca_certs", "ssl_certfile": "certfile", "ssl_keyfile": "keyfile"}
        given = {name: getattr(self, attribute) for name, attribute in names.items()}
        try:
            context = make_tls_context({**given, "ssl_cert_reqs": self.verification})
            return context.wrap_socket(plain, server_hostname=self.host)
        except ssl.SSLCertVerificationError as error:
            plain.close()
            raise _certificate_error(self._given, error.verify_message) from None
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            plain.close()
            raise
        except ssl.SSLError as error:
            plain.close()
            address = describe_address(self._given)
            text = f"The Redis at {address} does not answer with TLS ({error.reason}): write redis:// in REDIS_URL, or"
            raise RedisConfigurationError(f"{text} enable TLS on the server.") from None
        except BaseException:
            plain.close()
            raise


class UnixConnection(_Login, redis.UnixDomainSocketConnection):
    """A connection through a Unix socket. Such a connection has no keepalive, so the options for it are ignored."""

    def __init__(
        self,
        socket_connect_timeout: float | None = None,
        socket_keepalive: bool = False,
        socket_keepalive_options: Any = None,
        **given: Any,
    ) -> None:
        super().__init__(**given)
        self.socket_connect_timeout = socket_connect_timeout or self.socket_timeout

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self.socket_connect_timeout)
            connection.connect(self.path)
            _set_kernel_timeout(connection, self.socket_timeout)
        except BaseException:
            connection.close()
            raise
        return connection


def _set_kernel_timeout(connection: socket.socket, seconds: float | None) -> None:
    """
    Let the kernel end a send or a receive after this time, with BlockingIOError. None: no timeout.

    With a timeout of Python, each send and each receive polls the socket first. A trip to Redis would take two system
    calls more.
    """
    connection.settimeout(None)
    if seconds is not None:
        micros = max(1, int(seconds * 1_000_000))  # the kernel takes 0 for no timeout
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            connection.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", *divmod(micros, 1_000_000)))


def _raise_timeout(error: redis.ConnectionError) -> None:
    """Raise TimeoutError for the kernel's timeout. After a ConnectionError, redis-py would send a command again."""
    if isinstance(error.__context__, BlockingIOError):
        raise redis.TimeoutError("Redis does not answer in time") from None


_CLASSES: dict[str, type] = {"redis": TCPConnection, "rediss": TLSConnection, "unix": UnixConnection}


def is_verified(given: dict[str, Any]) -> bool:
    """Return whether a connection with these arguments verifies the server's certificate."""
    required = given.get("ssl_cert_reqs")
    return required is None or str(required).lower() not in ("none", "0")


def make_tls_context(given: dict[str, Any]) -> ssl.SSLContext:
    """Return the context for TLS from the arguments of a connection. Raise RedisConfigurationError for a bad file."""
    authority, certificate = given.get("ssl_ca_certs"), given.get("ssl_certfile")
    try:
        # If the URL names an authority, the authorities of the system are not used.
        context = ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise _file_error("ssl_ca_certs", str(authority), error) from None
    # Python 3.13 added this flag to the defaults. With the flag, OpenSSL refuses the certificates of many private
    # authorities, because they lack an extension. Twisted and older Pythons accept such certificates, and every process
    # must decide in the same way.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not is_verified(given):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate:
        try:
            context.load_cert_chain(certificate, given.get("ssl_keyfile") or None)
        except OSError as error:
            raise _client_certificate_error(given, error) from None
    return context


def _file_error(name: str, path: str, error: OSError) -> RedisConfigurationError:
    reason = "it contains no certificate" if isinstance(error, ssl.SSLError) else error.strerror
    return RedisConfigurationError(
        f"The file {path!r} of {name} in REDIS_URL cannot be used ({reason}): name a PEM file."
    )


def _client_certificate_error(given: dict[str, Any], error: OSError) -> RedisConfigurationError:
    # OpenSSL does not say which of the two files it could not use.
    paths = [str(given[name]) for name in ("ssl_certfile", "ssl_keyfile") if given.get(name)]
    reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    return RedisConfigurationError(
        f"The client certificate in REDIS_URL cannot be used ({reason}): ssl_certfile and ssl_keyfile must name the PEM"
        f" files of a certificate and of its private key, and they name {' and '.join(map(repr, paths))}."
    )


def _certificate_error(given: dict[str, Any], reason: str) -> RedisConfigurationError:
    return RedisConfigurationError(
        f"The certificate of the Redis at {describe_address(given)} is not valid ({reason.rstrip('.')}): set"
        " ssl_ca_certs in REDIS_URL to the file of its authority and use the certificate's host name, or set"
        " ssl_cert_reqs=none to skip the verification."
    )
