"""
The identity of the site for push services (VAPID, RFC 8292): a key pair, and a signature in each request. The library
py-vapid makes both.

A browser accepts pushes only from the site with the public key for which it has subscribed. So after a change of the
key, each browser has to subscribe again. The next page that the browser opens does this by itself.
"""

import time
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from py_vapid import Vapid, jwt

from .encryption import encode, write_point

KEY_BYTES = 32
VALID_SECONDS = 12 * 3600  # push services accept at most a day
CONTACT_SCHEMES = ("mailto:", "https://")  # the only ones that RFC 8292 allows


class KeyPair(NamedTuple):
    """A private and a public key as texts in base64url."""

    private: str
    public: str


def is_push_on() -> bool:
    """Return whether the site sends pushes. Without a key, it shows nothing about them."""
    return bool(settings.CHAT_VAPID_KEY)


def make_key_pair() -> KeyPair:
    """Return a new pair of keys."""
    vapid = Vapid()
    vapid.generate_keys()
    private = vapid.private_key.private_numbers().private_value.to_bytes(KEY_BYTES, "big")
    return KeyPair(encode(private), encode(write_point(vapid.public_key)))


def get_public_key() -> str | None:
    """Return the public key with which browsers subscribe, or None if the site sends no pushes."""
    return encode(write_point(_read_key(settings.CHAT_VAPID_KEY).public_key)) if is_push_on() else None


@lru_cache(maxsize=4)
def _read_key(text: str) -> Vapid:
    return Vapid.from_raw(text.encode())


def has_contact() -> bool:
    """Return whether push services learn an address of the operators. Apple's service refuses requests without one."""
    return (settings.CHAT_VAPID_CONTACT or "").startswith(CONTACT_SCHEMES)


def sign_request(endpoint: str) -> str:
    """Return the value of the header Authorization for a request to an endpoint."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(time.time()) + VALID_SECONDS}
    if has_contact():
        claims["sub"] = settings.CHAT_VAPID_CONTACT
    # Vapid.sign() would refuse a site without a contact, and an endpoint whose host is an IPv6 address.
    token = jwt.sign(claims, _read_key(settings.CHAT_VAPID_KEY).private_key)
    return f"vapid t={token}, k={get_public_key()}"
