"""
The settings that are URLs, lists, tokens or ports: what they may contain, and what they mean.

Each `read_` and `check_` function raises ValueError for a wrong value. The error's text contains no part of a URL that
has a password.
"""

import base64
import ipaddress
import re
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

import dj_database_url

CONTACT_EXPECTED = "like mailto:security@example.com, https://example.com/report or tel:+1-201-555-0123"
DATABASE_EXPECTED = "like postgres://name:password@host/database or sqlite:////path/to/file.sqlite3"
REPLICA_EXPECTED = "like postgres://name:password@replica/database"
VAPID_KEY_EXPECTED = "a private key of P-256: 43 characters of base64url, which `manage.py vapid` prints"
KEYS_EXPECTED = "one or more keys separated by commas, each of at least 32 characters without spaces"
TOKEN_EXPECTED = "a text of at least 16 characters without spaces"
LISTENER_EXPECTED = "a port from 1 to 65535, such as 9191, or an address and a port, such as 10.0.0.5:9191"
PERCENT_ENCODE = "percent-encode the special characters of its password (%40 for @)"
ISSUER_EXPECTED = "like https://login.example.com/realm; http is accepted for this machine only"
SCOPES_EXPECTED = "words separated by spaces, with the word openid, such as openid profile"
HANDLES_EXPECTED = "handles of at most 32 characters separated by commas, or none"
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


# A private key of the curve P-256 is a number below this one.
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def read_vapid_key(text: str) -> str:
    """Return a private key of Web Push: 32 bytes in base64url."""
    key = text.strip().rstrip("=")
    if not re.fullmatch(r"[A-Za-z0-9_-]{43}", key):
        raise ValueError("it has another length, or another character")
    if not 0 < int.from_bytes(base64.urlsafe_b64decode(key + "="), "big") < _P256_ORDER:
        raise ValueError("its number is no key")
    return key


def read_keys(text: str) -> list[str]:
    """Return the items of a list that is separated by commas: keys of an encryption."""
    keys = [item.strip() for item in text.split(",") if item.strip()]
    if not all(re.fullmatch(r"[!-~]{32,}", key) for key in keys):
        raise ValueError("a key is shorter, or contains a space or a character outside of ASCII")
    return keys


def without_verification(redis_urls: str) -> str:
    """
    Return the URLs of Redis servers with `ssl_cert_reqs=none` for each with TLS that does not decide this itself.

    Some platforms, such as Heroku, set the URL themselves, and their certificates are self-signed.
    """
    urls = re.split(r",\s*(?=[A-Za-z][\w+.-]*://)", redis_urls)
    for index, url in enumerate(urls):
        if url.strip().lower().startswith("rediss") and "ssl_cert_reqs=" not in url:
            urls[index] = f"{url.strip()}{'&' if '?' in url else '?'}ssl_cert_reqs=none"
    return ",".join(urls)


def read_token(text: str) -> str:
    """Return a token that programs send in the header `Authorization`."""
    token = text.strip()
    if not re.fullmatch(r"[!-~]{16,}", token):
        raise ValueError("it is shorter, or contains a space or a character outside of ASCII")
    return token


def read_listener(text: str) -> str:
    """Return the Twisted endpoint of a port, or of an address and a port. Without an address, it is 127.0.0.1."""
    host, _, port = text.strip().rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    ipaddress.ip_address(host)
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        raise ValueError
    # In an endpoint, a colon separates the parts.
    return f"tcp{'6' if ':' in host else ''}:{int(port)}:interface={host.replace(':', chr(92) + ':')}"


def read_hosts(text: str) -> list[str]:
    """Return the items of a list that is separated by commas: host names, `.example.com`, addresses, or `*`."""
    hosts = [item.strip() for item in text.split(",") if item.strip()]
    for host in hosts:
        if host != "*" and not _HOST.fullmatch(host.lower()):
            raise ValueError
    return hosts


def read_networks(text: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Return the networks, or single addresses, of a list that is separated by commas."""
    return [ipaddress.ip_network(item.strip()) for item in text.split(",") if item.strip()]


def read_issuer(text: str) -> str:
    """Return the URL of an OpenID Connect provider, unchanged: it must be equal to the issuer in the tokens."""
    url = text.strip()
    parts = urlsplit(url)
    if not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment or re.search(r"\s", url):
        raise ValueError
    if len(url) > 300:  # each external login stores the issuer
        raise ValueError
    is_local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
        raise ValueError
    _ = parts.port  # raises ValueError for a wrong port
    return url


def read_scopes(text: str) -> str:
    """Return a list of scopes of OpenID Connect, separated by single spaces."""
    scopes = text.split()
    if "openid" not in scopes or not all(re.fullmatch(r"[!#-\[\]-~]+", scope) for scope in scopes):
        raise ValueError
    return " ".join(scopes)


def read_handles(text: str) -> tuple[str, ...]:
    """Return the items of a list of handles that is separated by commas. `none` is the empty list."""
    if text.strip().lower() == "none":
        return ()
    handles = tuple(item.strip() for item in text.split(",") if item.strip())
    if not all(len(handle) <= 32 and handle.isprintable() for handle in handles):
        raise ValueError
    return handles


def read_files(text: str) -> str:
    """Return the absolute path of a directory, `s3://` with a bucket and perhaps a prefix, or `database:`."""
    text = text.strip()
    if text.startswith("s3://"):
        if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[A-Za-z0-9._-]+)*/?", text):
            raise ValueError
        return text
    # A relative path would name another directory in a process that was started elsewhere.
    if text != "database:" and not (text.startswith("/") and "\0" not in text and text.strip("/")):
        raise ValueError
    return text


def read_location(text: str) -> str:
    """Return a path of a proxy that begins and ends with a slash."""
    path = text.strip()
    if not re.fullmatch(r"/(?:[A-Za-z0-9._-]+/)+", path):
        raise ValueError
    return path


def read_types(text: str) -> tuple[str, ...]:
    """Return the types of files in a list such as `image/*, application/pdf`, in lower case."""
    types = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if not types or not all(re.fullmatch(r"[a-z]+/[a-z0-9.+*-]+", name) for name in types):
        raise ValueError
    return types


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


def check_replica_url(text: str) -> str:
    """Return the URL of a PostgreSQL server without surrounding spaces. Raise ValueError if Django cannot use it."""
    url = check_database_url(text)
    if url.partition(":")[0].lower() not in ("postgres", "postgresql", "pgsql"):
        raise ValueError("only PostgreSQL has replicas")
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
            raise ValueError("synchronous is not NORMAL, FULL or EXTRA")


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
