"""
Digests of secrets: the database stores digests instead of the secrets themselves.

The secrets are tokens, keys of invitations, session ids on boards, and the ids of browsers.
"""

import hashlib


def digest_secret(secret: str) -> str:
    """Return the SHA-256 digest of a secret, as 64 hex digits."""
    # The site makes each secret from at least 192 random bits. Nobody can guess such a secret, so a fast hash is safe.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
