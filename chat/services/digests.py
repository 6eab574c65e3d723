"""
Digests of secrets: the database stores digests instead of the secrets themselves.

The secrets are tokens, keys of hooks and invitations, session ids on boards, recovery codes, the ids of browsers, and
the secrets of links in mails.
"""

import hashlib


def digest_secret(secret: str) -> str:
    """Return the SHA-256 digest of a secret, or of a text that is too long for a name, as 64 hex digits."""
    # The site makes each secret from at least 80 random bits. Nobody can guess such a secret, so a fast hash is safe.
    # The digests of other texts, such as e-mail addresses, do not protect these texts.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
