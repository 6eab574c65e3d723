"""
The identity of the site for push services, by RFC 8292 (VAPID): a key pair, and a signature in each request.

A browser accepts pushes only from the site with the public key for which it has subscribed. So after a change of the
key, each browser has to subscribe again, which its next page does by itself.
"""

import json
import time
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings

from .encryption import decode, encode, write_point

KEY_BYTES = 32
VALID_SECONDS = 12 * 3600  # push services accept at most a day


class KeyPair(NamedTuple):
    """A private and a public key as texts in base64url."""

    private: str
    public: str


def is_push_on() -> bool:
    """Return whether the site sends pushes. Without a key, it shows nothing about them."""
    return bool(settings.CHAT_VAPID_KEY)


def make_key_pair() -> KeyPair:
    """Return a new pair of keys."""
    key = generate_private_key(SECP256R1())
    private = key.private_numbers().private_value.to_bytes(KEY_BYTES, "big")
    return KeyPair(encode(private), encode(write_point(key.public_key())))


def get_public_key() -> str | None:
    """Return the public key with which browsers subscribe, or None if the site sends no pushes."""
    return _read_key(settings.CHAT_VAPID_KEY)[1] if is_push_on() else None


@lru_cache(maxsize=4)
def _read_key(text: str) -> tuple[EllipticCurvePrivateKey, str]:
    key = derive_private_key(int.from_bytes(decode(text), "big"), SECP256R1())
    return key, encode(write_point(key.public_key()))


def sign_request(endpoint: str) -> str:
    """Return the value of the header Authorization for a request to an endpoint."""
    key, public = _read_key(settings.CHAT_VAPID_KEY)
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(time.time()) + VALID_SECONDS}
    if settings.CHAT_VAPID_CONTACT:
        claims["sub"] = settings.CHAT_VAPID_CONTACT
    signed = f"{_encode_json({'typ': 'JWT', 'alg': 'ES256'})}.{_encode_json(claims)}"
    numbers = decode_dss_signature(key.sign(signed.encode(), ECDSA(SHA256())))
    signature = b"".join(number.to_bytes(KEY_BYTES, "big") for number in numbers)
    return f"vapid t={signed}.{encode(signature)}, k={public}"


def _encode_json(value: dict) -> str:
    return encode(json.dumps(value, separators=(",", ":")).encode())
