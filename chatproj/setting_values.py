"""
The settings that are URLs or lists of hosts: what they may contain, and what they mean.

Each function raises ValueError for a wrong value. The error's text contains no part of a URL that has a password.
"""

import re
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

import dj_database_url

CONTACT_EXPECTED = "like mailto:security@example.com, https://example.com/report or tel:+1-201-555-0123"
DATABASE_EXPECTED = "like postgres://name:password@host/database or sqlite:////path/to/file.sqlite3"
PERCENT_ENCODE = "percent-encode the special characters of its password (%40 for @)"
# The host names that Django accepts in the header `Host`, without the port.
_HOST = re.compile(r"[a-z0-9._-]+|\[[a-f0-9]*:[a-f0-9.:]+\]")


def read_origin(text: str) -> str:
    """Return an address as browsers write it in `Origin`: lower case, without a default port and without a path."""
    parts = urlsplit(text.strip().lower())
    is_whole = parts.scheme in ("http", "https") and parts.hostname and parts.netloc.rpartition(":")[2]
    if not is_whole or "@" in parts.netloc or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = parts.port
    if not _HOST.fullmatch(host) or port == 0:
        raise ValueError
    is_default = port in (None, {"http": 80, "https": 443}[parts.scheme])
    return f"{parts.scheme}://{host}" if is_default else f"{parts.scheme}://{host}:{port}"


def read_contact(text: str) -> str:
    """Return an address for reports, as a URL that people can use."""
    contact = text.strip()
    if not re.fullmatch(r"(?:mailto:[^\s@]+@[^\s@]+|https://[^\s/]\S*|tel:\+?[0-9-]+)", contact):
        raise ValueError
    return contact


def read_hosts(text: str) -> list[str]:
    """Return the items of a list that is separated by commas: host names, `.example.com`, addresses, or `*`."""
    hosts = [item.strip() for item in text.split(",") if item.strip()]
    for host in hosts:
        if host != "*" and not _HOST.fullmatch(host.lower()):
            raise ValueError
    return hosts


def check_database_url(text: str) -> str:
    """Return a database's URL without surrounding spaces. Raise ValueError if Django cannot use the URL."""
    url = text.strip()
    scheme, separator, _ = url.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in dj_database_url.SCHEMES:
        raise ValueError("it begins with another scheme")
    if url == "sqlite://:memory:":
        return url
    if re.search(r"\s", url.partition("?")[0]) and scheme != "sqlite":
        raise ValueError("it contains a space")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError(f"its host cannot be read, so {PERCENT_ENCODE}") from None
    _check_sqlite(parts) if scheme in ("sqlite", "spatialite") else _check_server(parts)
    return url


def _check_sqlite(parts: SplitResult) -> None:
    if parts.fragment:
        raise ValueError("it contains #, which is %23 in a path")
    if parts.netloc:
        raise ValueError("a relative path has three slashes, and an absolute one has four")
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name != "synchronous":
            raise ValueError("its query may contain synchronous only")
        if value.upper() not in ("NORMAL", "FULL", "EXTRA"):
            raise ValueError("synchronous is none of NORMAL, FULL and EXTRA")


def _check_server(parts: SplitResult) -> None:
    if parts.fragment:
        raise ValueError(f"it contains #, so {PERCENT_ENCODE}")
    if "@" in parts.path:
        raise ValueError(f"it contains / before @, so {PERCENT_ENCODE}")
    try:
        port: Any = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("its port is not a number from 1 to 65535")
    if "," in parts.netloc.rpartition("@")[2]:
        raise ValueError("it names several servers, but it must name one")
    if not parts.path.strip("/"):
        raise ValueError("it names no database")
    if parts.query and parts.scheme in ("postgres", "postgresql", "pgsql"):
        _check_postgres_options(dict(parse_qsl(parts.query)))


def _check_postgres_options(options: dict[str, str]) -> None:
    import psycopg2.extensions

    for name in ("currentSchema", "isolation_level"):
        options.pop(name, None)  # dj_database_url and Django read these, not PostgreSQL
    try:
        psycopg2.extensions.make_dsn(**options)
    except (psycopg2.ProgrammingError, TypeError):
        raise ValueError("its query contains an option that PostgreSQL does not know") from None
