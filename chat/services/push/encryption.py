"""
The encryption of pushes for a browser by RFC 8291, with the library http-ece: the push service cannot read them.

The module also reads and writes keys in the form that browsers use. It knows no rows and sends nothing.
"""

import base64
import binascii

import http_ece
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

POINT_BYTES = 65
SECRET_BYTES = 16
RECORD_BYTES = 4096  # the whole push is one record


def encrypt(content: bytes, public_key: bytes, secret: bytes) -> bytes:
    """Return the body of a push with this content for the browser with these keys."""
    own_key = generate_private_key(SECP256R1())
    return http_ece.encrypt(
        content, private_key=own_key, dh=public_key, auth_secret=secret, rs=RECORD_BYTES, version="aes128gcm"
    )


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
