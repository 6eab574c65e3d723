"""
The encryption of pushes for a browser, by RFC 8291 (`aes128gcm`): the push service cannot read them.

This module knows no rows and sends nothing. The package `cryptography`, which TLS and OpenID Connect need too, has all
primitives. So a library for Web Push would only add its own HTTP client, which does not check addresses.
"""

import base64
import binascii
import os

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

POINT_BYTES = 65
SECRET_BYTES = 16
SALT_BYTES = 16
RECORD_BYTES = 4096  # the whole push is one record
LAST_RECORD = b"\x02"


def encrypt(content: bytes, public_key: bytes, secret: bytes) -> bytes:
    """Return the body of a push with this content for the browser with these keys."""
    return _encrypt(content, public_key, secret, generate_private_key(SECP256R1()), os.urandom(SALT_BYTES))


def _encrypt(content: bytes, public_key: bytes, secret: bytes, own_key: EllipticCurvePrivateKey, salt: bytes) -> bytes:
    own_point = write_point(own_key.public_key())
    shared = own_key.exchange(ECDH(), read_point(public_key))
    material = _derive(shared, secret, b"WebPush: info\0" + public_key + own_point, 32)
    key = _derive(material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(material, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([POINT_BYTES]) + own_point
    return header + AESGCM(key).encrypt(nonce, content + LAST_RECORD, None)


def _derive(material: bytes, salt: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=purpose).derive(material)


def read_point(point: bytes) -> EllipticCurvePublicKey:
    """Return a public key from its uncompressed form of POINT_BYTES. Raise ValueError."""
    if len(point) != POINT_BYTES:
        raise ValueError("not an uncompressed point of P-256")
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)


def write_point(key: EllipticCurvePublicKey) -> bytes:
    """Return a public key in its uncompressed form of POINT_BYTES."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def decode(text: str) -> bytes:
    """Return the bytes of a text in base64url, with or without padding. Raise ValueError."""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def encode(content: bytes) -> str:
    """Return bytes as text in base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
