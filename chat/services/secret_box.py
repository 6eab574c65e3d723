"""
The encryption of secrets that the site must read again, such as the secret of a second factor.

The key is derived from SECRET_KEY, so a copy of the database alone reveals no secret. After a change of SECRET_KEY,
nobody can read the secrets that were encrypted before it. This module stores nothing.
"""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE_BYTES = 12
KEY_BYTES = 32


class UnreadableSecret(Exception):
    """The text was encrypted with another SECRET_KEY or for another owner, or it was changed."""


def encrypt(secret: str, owner: str) -> str:
    """Return a secret as encrypted text. Only `decrypt` with the same `owner` can read it."""
    nonce = os.urandom(NONCE_BYTES)
    return base64.urlsafe_b64encode(nonce + _make_cipher().encrypt(nonce, secret.encode(), owner.encode())).decode()


def decrypt(text: str, owner: str) -> str:
    """Return the secret of an encrypted text. Raise UnreadableSecret."""
    try:
        content = base64.urlsafe_b64decode(text)
        return _make_cipher().decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], owner.encode()).decode()
    except (InvalidTag, ValueError):
        raise UnreadableSecret from None


def _make_cipher() -> AESGCM:
    derivation = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"chat: secrets in the database")
    return AESGCM(derivation.derive(settings.SECRET_KEY.encode()))
