"""
The settings of e-mail: the server in EMAIL_URL, and the sender in EMAIL_FROM.

Each function raises ValueError for a wrong value. The error's text contains no part of a URL that has a password.
"""

import os
import re
from email.utils import formataddr, parseaddr
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

SERVER_EXPECTED = "like smtp://user:password@mail.example.com:587 or smtps://user:password@mail.example.com:465"
SENDER_EXPECTED = "an address like chat@example.com or Chat <chat@example.com>"
STARTTLS, IMPLICIT, NONE = "starttls", "implicit", "none"
# {scheme: (the encryption, the port)}
_DEFAULTS = {"smtp": (STARTTLS, 587), "smtps": (IMPLICIT, 465)}
_ADDRESS = re.compile(r"[!-?A-~]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


class MailServer(NamedTuple):
    """
    The server that sends the mails of the site.

    `tls` is `starttls`, `implicit` (TLS from the first byte) or `none`. `ca_certs` is a PEM file with the certificate
    authorities that are accepted, or None for those of the system. An empty `user` means: do not log in.
    """

    host: str
    port: int
    user: str
    password: str
    tls: str
    ca_certs: str | None


def read_mail_server(text: str) -> MailServer:
    """Return the server that a URL names."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        raise ValueError("its host cannot be read") from None
    if parts.scheme not in _DEFAULTS:
        raise ValueError("it begins with another scheme")
    if not parts.hostname or re.search(r"[\s\x00-\x1f]", text.strip()):
        raise ValueError("it names no host, or it contains a space")
    if parts.path not in ("", "/") or parts.fragment:
        raise ValueError("it has a path; percent-encode the special characters of its password (%2F for /, %23 for #)")
    tls, default_port = _DEFAULTS[parts.scheme]
    options = _read_options(parts.query)
    if "tls" in options:
        if parts.scheme != "smtp":
            raise ValueError("only smtp:// may have tls in its query")
        tls = options["tls"]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    port = _read_port(parts) or default_port
    return MailServer(parts.hostname, port, user, password, tls, options.get("ssl_ca_certs"))


def _read_port(parts) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("its port is not a number from 1 to 65535")
    return port


def _read_options(query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    if set(options) - {"tls", "ssl_ca_certs"}:
        raise ValueError("its query may contain tls and ssl_ca_certs only")
    if options.get("tls", NONE) not in (STARTTLS, NONE):
        raise ValueError("tls is neither starttls nor none; for TLS from the beginning, write smtps://")
    if "ssl_ca_certs" in options and not os.path.isfile(options["ssl_ca_certs"]):
        raise ValueError("there is no file ssl_ca_certs")
    return options


def read_sender(text: str) -> str:
    """Return the sender of mails, in the form of the header From."""
    name, address = parseaddr(text.strip())
    # A sender with a line end would add headers to each mail.
    if not text.strip().isprintable() or not _ADDRESS.fullmatch(address) or "," in text:
        raise ValueError
    return formataddr((name, address)) if name else address
