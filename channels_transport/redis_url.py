"""
The URL of a Redis server: which parts it may have, and why a URL cannot be used.

    redis://user:password@host:6379/0
    rediss://user:password@host:6379/0?ssl_ca_certs=/etc/ssl/redis.pem
    unix://user:password@/run/redis.sock?db=0
    redis+sentinel://user:password@sentinel1:26379,sentinel2,sentinel3/service/0

The last one is the master of a service that Redis Sentinel monitors. Several URLs, separated by commas, are several
servers. Special characters of the user, the password and the path are percent-encoded (`%40` for `@`). The module
connects to nothing. None of its texts contains a part of the URL that may be a password.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SENTINEL_SCHEMES = ("redis+sentinel", "rediss+sentinel")
SCHEMES = ("redis", "rediss", "unix", *SENTINEL_SCHEMES)
DEFAULT_PORT, DEFAULT_SENTINEL_PORT = 6379, 26379
# The channel layer waits for messages for 5 s at a time, and a shorter timeout would end each wait early.
SHORTEST_TIMEOUT_SECONDS = 5
EXAMPLES = "redis://user:password@host:6379/0, rediss://host:6379/0 or unix:///run/redis.sock?db=0"
SENTINEL_EXAMPLE = "redis+sentinel://user:password@sentinel1:26379,sentinel2,sentinel3/service/0"
PERCENT_ENCODE = "percent-encode the special characters of its password (%40 for @)"

_HOST = re.compile(r"[^\s/@,:<>\"'`{}|\\^\[\]]+|\[[0-9A-Fa-f:.]+(?:%\w+)?\]")
# A comma separates two URLs only if a URL follows it: the addresses of Sentinels are separated by commas too.
_BETWEEN_URLS = re.compile(r",\s*(?=[A-Za-z][\w+.-]*://)")
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "f", "n")


class InvalidRedisURL(ImproperlyConfigured, ValueError):
    """The URL of a Redis server cannot be used. The text names the setting, what is wrong and what is expected."""


class _Wrong(Exception):
    """What is wrong with a URL, as the second half of a sentence."""


def split_urls(text: str) -> list[str]:
    """Return the URLs of a text that separates them by commas."""
    return [url.strip() for url in _BETWEEN_URLS.split(text)]


def read_prefix(urls: Sequence[str], name: str = "REDIS_URL") -> str:
    """
    Return the `prefix` of the URLs, which begins all keys, or an empty text.

    Raise InvalidRedisURL if a URL is wrong, if two URLs have different prefixes, or if two name the same server.
    """
    parsed = [parse_redis_url(url, name) for url in urls]
    prefixes = {given.pop("prefix", "") for given in parsed}
    if len(prefixes) > 1:
        raise InvalidRedisURL(f"{name} has different prefixes for its servers: give all servers the same prefix.")
    if any(given in parsed[:index] for index, given in enumerate(parsed)):
        raise InvalidRedisURL(f"{name} names the same server twice: name each server once.")
    return prefixes.pop() if prefixes else ""


def parse_redis_url(url: str, name: str = "REDIS_URL") -> dict[str, Any]:
    """
    Return the keyword arguments of a connection to the server at `url`.

    They are `scheme`, either `path` or `host` and `port`, and the options of the query; also `username`, `password` and
    `db` if the URL has them. A URL with Sentinels has `sentinels`, a list of pairs (host, port), and `service` instead
    of `host` and `port`. Raise InvalidRedisURL if the URL is wrong; the error's text calls the setting `name`.
    """
    try:
        return _parse(url.strip())
    except _Wrong as wrong:
        is_sentinel = url.strip().lower().startswith(SENTINEL_SCHEMES)
        raise InvalidRedisURL(
            f"{name} must be like {SENTINEL_EXAMPLE if is_sentinel else EXAMPLES}; {wrong}."
        ) from None


def _parse(url: str) -> dict[str, Any]:
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise _Wrong("it does not begin with redis://, rediss://, unix:// or redis+sentinel://")
    if scheme.lower() not in SCHEMES:
        shown = repr(scheme) if re.fullmatch(r"[\w+.-]+", scheme) else "something else"
        raise _Wrong(f"it begins with {shown} instead of redis, rediss, unix or redis+sentinel")
    if re.search(r"[\s\x00-\x1f]", rest):
        raise _Wrong("it contains a space")
    parts = _split(url)
    if parts.fragment or url.endswith("#"):
        raise _Wrong(f"it contains #, so {PERCENT_ENCODE}")
    given = {"scheme": parts.scheme, **_read_credentials(parts)}
    given.update(_READERS[parts.scheme](parts))
    given.update(_read_query(parts))
    return given


def _split(url: str) -> SplitResult:
    scheme, _, rest = url.partition("://")
    if scheme.lower() in SENTINEL_SCHEMES:
        # urlsplit accepts one host only.
        parts = urlsplit("//-/" + rest.partition("/")[2])
        return parts._replace(scheme=scheme.lower(), netloc=rest.partition("/")[0])
    try:
        return urlsplit(url)
    except ValueError:
        raise _Wrong(f"its host cannot be read, so {PERCENT_ENCODE}") from None


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
        raise _Wrong("it names several servers: write a URL for each, separated by commas")
    _check_path(parts)
    host, port = _read_address(address, DEFAULT_PORT)
    given: dict[str, Any] = {"host": host or "localhost", "port": port}
    database = parts.path.strip("/")
    return {**given, "db": _read_database(database)} if database else given


def _read_sentinels(parts: SplitResult) -> dict[str, Any]:
    _check_path(parts)
    addresses = [_read_address(text, DEFAULT_SENTINEL_PORT) for text in parts.netloc.rpartition("@")[2].split(",")]
    if not all(host for host, _ in addresses):
        raise _Wrong("it names no Sentinel before or after a comma")
    service, _, database = parts.path.strip("/").partition("/")
    if not service:
        raise _Wrong("it names no service: after the Sentinels come / and the name that they have for the master")
    given = {"sentinels": addresses, "service": _decode(service, "service")}
    return {**given, "db": _read_database(database)} if database else given


def _check_path(parts: SplitResult) -> None:
    if "@" in parts.path:
        raise _Wrong(f"it contains / before @, so {PERCENT_ENCODE}")


def _read_address(address: str, default_port: int) -> tuple[str, int]:
    host, port = _split_address(address)
    if host and not _HOST.fullmatch(host):
        raise _Wrong("its host is not a host name")
    if port and not (port.isascii() and port.isdigit() and len(port) < 6 and 1 <= int(port) <= 65535):
        raise _Wrong("its port is not a number from 1 to 65535")
    return host.strip("[]"), int(port or default_port)


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
        if name.startswith("ssl_") and not parts.scheme.startswith("rediss"):
            raise _Wrong(f"{name} needs the scheme rediss, which means TLS")
        if name.startswith("sentinel_") and parts.scheme not in SENTINEL_SCHEMES:
            raise _Wrong(f"{name} needs the scheme redis+sentinel")
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


def _text(name: str, text: str) -> str:
    if not text:
        raise _Wrong(f"{name} is empty")
    return text


def _prefix(name: str, text: str) -> str:
    # Patterns of keys contain the prefix, so it must not have their special characters.
    if not re.fullmatch(r"[\w.-]{1,40}:?", text, re.ASCII):
        raise _Wrong("its prefix is not a word of at most 40 letters, digits, dots and hyphens, such as chat2:")
    return text


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
    "prefix": _prefix,
    "sentinel_username": _text,
    "sentinel_password": _text,
}
_READERS: dict[str, Callable[[SplitResult], dict[str, Any]]] = {
    "redis": _read_server,
    "rediss": _read_server,
    "unix": _read_socket,
    **dict.fromkeys(SENTINEL_SCHEMES, _read_sentinels),
}
