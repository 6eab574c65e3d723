"""
The URL of a Redis server: which parts it may have, and why a URL cannot be used.

    redis://user:password@host:6379/0
    rediss://user:password@host:6379/0?ssl_ca_certs=/etc/ssl/redis.pem
    unix://user:password@/run/redis.sock?db=0

Special characters of the user, the password and the path are percent-encoded (`%40` for `@`). The module connects
to nothing. None of its texts contains a part of the URL that may be a password.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SCHEMES = ("redis", "rediss", "unix")
DEFAULT_PORT = 6379
# The channel layer waits for messages for 5 s at a time, and a shorter timeout would end each wait early.
SHORTEST_TIMEOUT_SECONDS = 5
EXAMPLES = "redis://user:password@host:6379/0, rediss://host:6379/0 or unix:///run/redis.sock?db=0"
PERCENT_ENCODE = "percent-encode the special characters of its password (%40 for @)"

_HOST = re.compile(r"[^\s/@,:<>\"'`{}|\\^\[\]]+|\[[0-9A-Fa-f:.]+(?:%\w+)?\]")
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "f", "n")


class InvalidRedisURL(ImproperlyConfigured, ValueError):
    """The URL of a Redis server cannot be used. The text names the setting, what is wrong and what is expected."""


class _Wrong(Exception):
    """What is wrong with a URL, as the second half of a sentence."""


def parse_redis_url(url: str, name: str = "REDIS_URL") -> dict[str, Any]:
    """
    Return the keyword arguments of a connection to the server at `url`.

    They are `scheme`, either `path` or `host` and `port`, and the options of the query; also `username`, `password` and
    `db` if the URL has them. Raise InvalidRedisURL if the URL is wrong; the error's text calls the setting `name`.
    """
    try:
        return _parse(url.strip())
    except _Wrong as wrong:
        raise InvalidRedisURL(f"{name} must be like {EXAMPLES}; {wrong}.") from None


def _parse(url: str) -> dict[str, Any]:
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise _Wrong("it does not begin with redis://, rediss:// or unix://")
    if scheme.lower() not in SCHEMES:
        shown = repr(scheme) if re.fullmatch(r"[\w+.-]+", scheme) else "something else"
        raise _Wrong(f"it begins with {shown} instead of redis, rediss or unix")
    if re.search(r"[\s\x00-\x1f]", rest):
        raise _Wrong("it contains a space")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _Wrong(f"its host cannot be read, so {PERCENT_ENCODE}") from None
    if parts.fragment or url.endswith("#"):
        raise _Wrong(f"it contains #, so {PERCENT_ENCODE}")
    given = {"scheme": parts.scheme, **_read_credentials(parts)}
    given.update(_read_socket(parts) if parts.scheme == "unix" else _read_server(parts))
    given.update(_read_query(parts))
    return given


def _read_credentials(parts: SplitResult) -> dict[str, str]:
    credentials = parts.netloc.rpartition("@")[0]
    username, _, password = credentials.partition(":")
    given = {"username": _decode(username, "user"), "password": _decode(password, "password")}
    return {name: text for name, text in given.items() if text}


def _read_socket(parts: SplitResult) -> dict[str, Any]:
    if parts.netloc.rpartition("@")[2] or not parts.path.strip("/"):
        raise _Wrong("it names no socket: after unix:// comes the socket's absolute path, which begins with /")
    return {"path": _decode(parts.path, "path")}


def _read_server(parts: SplitResult) -> dict[str, Any]:
    address = parts.netloc.rpartition("@")[2]
    if "," in address or "," in parts.path:
        raise _Wrong("it names several servers, but it must name one")
    if "@" in parts.path:
        raise _Wrong(f"it contains / before @, so {PERCENT_ENCODE}")
    host, port = _split_address(address)
    if host and not _HOST.fullmatch(host):
        raise _Wrong("its host is not a host name")
    if port and not (port.isascii() and port.isdigit() and len(port) < 6 and 1 <= int(port) <= 65535):
        raise _Wrong("its port is not a number from 1 to 65535")
    given: dict[str, Any] = {"host": host.strip("[]") or "localhost", "port": int(port or DEFAULT_PORT)}
    database = parts.path.strip("/")
    return {**given, "db": _read_database(database)} if database else given


def _split_address(address: str) -> tuple[str, str]:
    match = re.fullmatch(r"(\[.*\]|[^:]*)(?::([^:]*))?", address)
    if match is None:
        raise _Wrong("its host and port cannot be read")
    return match[1], match[2] or ""


def _read_database(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise _Wrong("its database is not a number, such as the 0 of redis://host:6379/0")
    return int(text)


def _read_query(parts: SplitResult) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, text in parse_qsl(parts.query, keep_blank_values=True):
        if name not in _OPTIONS:
            shown = repr(name) if re.fullmatch(r"\w{1,40}", name) else "another one"
            raise _Wrong(f"its query may contain {', '.join(_OPTIONS)}, but not {shown}")
        if name.startswith("ssl_") and parts.scheme != "rediss":
            raise _Wrong(f"{name} needs the scheme rediss, which means TLS")
        given[name] = _OPTIONS[name](name, text)
    if ("ssl_keyfile" in given) and "ssl_certfile" not in given:
        raise _Wrong("ssl_keyfile needs ssl_certfile")
    return given


def _decode(text: str, part: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise _Wrong(f"its {part} is not percent-encoded UTF-8") from None


def _db(name: str, text: str) -> int:
    return _read_database(text)


def _file(name: str, text: str) -> str:
    if not text:
        raise _Wrong(f"{name} names no file")
    return text


def _verification(name: str, text: str) -> str:
    level = re.sub(r"\Acert_", "", text.lower())
    # A client verifies every certificate that it gets, so for clients `optional` means `required`.
    levels = {"required": "required", "optional": "required", "none": "none"}
    if level not in levels:
        raise _Wrong(f"{name} is neither required nor none")
    return levels[level]


def _seconds(shortest: float) -> Callable[[str, str], float]:
    def read(name: str, text: str) -> float:
        try:
            seconds = float(text)
        except ValueError:
            seconds = math.nan
        if not (seconds > 0 and shortest <= seconds < math.inf):
            raise _Wrong(f"{name} is not a number of seconds" + (f" from {shortest} on" if shortest else " above 0"))
        return seconds

    return read


def _boolean(name: str, text: str) -> bool:
    if text.lower() not in _TRUE + _FALSE:
        raise _Wrong(f"{name} is neither true nor false")
    return text.lower() in _TRUE


_OPTIONS: dict[str, Callable[[str, str], Any]] = {
    "db": _db,
    "ssl_ca_certs": _file,
    "ssl_cert_reqs": _verification,
    "ssl_certfile": _file,
    "ssl_keyfile": _file,
    "socket_timeout": _seconds(SHORTEST_TIMEOUT_SECONDS),
    "socket_connect_timeout": _seconds(0),
    "socket_keepalive": _boolean,
    "retry_on_timeout": _boolean,
}
