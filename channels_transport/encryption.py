"""
The encryption of what Redis holds: the bodies of messages, channel sessions, and the texts of a site's own store.

The names of a roster (`seal`) are encrypted so that equal names stay equal. The keys are those of the layer's option
`symmetric_encryption_keys`, and mean the same as in asgi_redis: the first key encrypts, and all keys decrypt. So keys
can be replaced while the site runs. The names of keys, channels and groups, and the times of messages, are not
encrypted. This module connects to nothing.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import Sequence
from typing import Any

# Every text that Fernet encrypts begins with this letter. Messages that are not encrypted never begin with it.
FERNET_LETTER = b"g"
# No handle and no name contains this character.
SEAL = "\x02"
CANNOT_DECRYPT = "cannot be decrypted by this process: every process needs the same symmetric_encryption_keys"


class CannotDecrypt(ValueError):
    """None of this process' keys decrypts the content, or the content is encrypted and this process has no keys."""


class Crypter:
    """Encrypts with the first of several keys, and decrypts with all of them. Threads may share it."""

    def __init__(self, keys: Sequence[str | bytes]) -> None:
        try:
            from cryptography.exceptions import InvalidTag
            from cryptography.fernet import InvalidToken, MultiFernet
            from cryptography.hazmat.primitives.ciphers.aead import AESSIV
        except ImportError:
            raise ValueError("Cannot run with encryption without 'cryptography' installed.") from None
        self._errors = (InvalidToken, InvalidTag)
        data = [key.encode() if isinstance(key, str) else key for key in keys]
        self._fernet = MultiFernet([_make_fernet(key) for key in data])
        self._seals = [AESSIV(hashlib.sha512(b"seal\0" + key).digest()) for key in data]

    def encrypt(self, content: bytes) -> bytes:
        """Return the content, encrypted and signed."""
        return self._fernet.encrypt(content)

    def decrypt(self, content: bytes) -> bytes:
        """Return the decrypted content. Raise CannotDecrypt."""
        try:
            return self._fernet.decrypt(content)
        except self._errors:
            raise CannotDecrypt(CANNOT_DECRYPT) from None

    def seal(self, name: str) -> str:
        """
        Return a name, encrypted. The same name always gives the same text, so Redis can compare names.

        While the first key is being replaced, processes with the old key and with the new key return different texts.
        """
        return self._seal(self._seals[0], name)

    def seal_with_all(self, name: str) -> list[str]:
        """Return a list: the name, encrypted with each of the keys."""
        return [self._seal(seal, name) for seal in self._seals]

    def _seal(self, seal: Any, name: str) -> str:
        return SEAL + base64.b64encode(seal.encrypt(name.encode(), None)).decode()

    def unseal(self, sealed: str) -> str:
        """Return the name that was sealed. Raise CannotDecrypt."""
        if sealed[:1] == SEAL:
            content = base64.b64decode(sealed[1:])
            for seal in self._seals:
                with contextlib.suppress(*self._errors):
                    return seal.decrypt(content, None).decode()
        raise CannotDecrypt(CANNOT_DECRYPT)


class NoCrypter:
    """Encrypts nothing. It recognizes content that a process with keys has encrypted."""

    def encrypt(self, content: bytes) -> bytes:
        """Return the content."""
        return content

    def decrypt(self, content: bytes) -> bytes:
        """Return the content. Raise CannotDecrypt if it is encrypted."""
        if content[:1] == FERNET_LETTER:
            raise CannotDecrypt(CANNOT_DECRYPT)
        return content

    def seal(self, name: str) -> str:
        """Return the name."""
        return name

    def seal_with_all(self, name: str) -> list[str]:
        """Return a list that contains only the name."""
        return [name]

    def unseal(self, sealed: str) -> str:
        """Return the name. Raise CannotDecrypt if it is encrypted."""
        if sealed[:1] == SEAL:
            raise CannotDecrypt(CANNOT_DECRYPT)
        return sealed


def make_crypter(keys: Sequence[str | bytes] | None) -> Crypter | NoCrypter:
    """
    Return the object that encrypts with these keys. Without keys, it encrypts nothing.

    Raise ValueError if `keys` is a text instead of a list, or if the package `cryptography` is missing.
    """
    if not keys:
        return NoCrypter()
    if isinstance(keys, (str, bytes)):
        raise ValueError("symmetric_encryption_keys must be a list of possible keys")
    return Crypter(keys)


def _make_fernet(key: bytes) -> Any:
    from cryptography.fernet import Fernet

    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(key).digest()))
