"""
ID tokens: the signed statement of the provider about who has signed in.

joserfc checks the signature, and Authlib checks the claims. This module also checks that the subject can be stored, and
how recent the sign-in is. It must not find or change a person.
"""

import time
from typing import Any

from authlib.oidc.core import CodeIDToken
from django.conf import settings
from joserfc import jwt
from joserfc.errors import (
    ExpiredTokenError,
    InvalidKeyIdError,
    JoseError,
    MissingClaimError,
)
from joserfc.jws import JWSRegistry

from chat import protocol
from chat.models import MAX_SUBJECT

from . import provider
from .errors import UntrustedToken

# `none` is missing, because a token with this algorithm has no signature. HS256 and similar algorithms are missing:
# with them, the client's secret or a public key of the provider could make a valid signature.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY_SECONDS = 60  # the clocks of the provider and of this site may differ by this much
MAX_TOKEN = 64 * 1024  # characters
RECENT_SECONDS = 600  # a sign-in that must be recent is at most this old
_ABOUT_TIME = ("exp", "iat", "nbf", "auth_time")


def read_claims(tokens: dict[str, Any], nonce: str, is_recent: bool = False) -> dict[str, Any]:
    """
    Return the claims of the ID token in the provider's answer.

    `nonce` is the one of this sign-in. With `is_recent`, the token must say that the person has just signed in at the
    provider. Raise UntrustedToken if the token is missing or not valid, and ProviderError if the keys cannot be
    fetched.
    """
    text = tokens.get("id_token")
    if not isinstance(text, str) or len(text) > MAX_TOKEN:
        raise UntrustedToken("there is no ID token")
    try:
        token = _decode(text)
        claims = CodeIDToken(token.claims, token.header, _make_options(), _make_parameters(tokens, nonce, is_recent))
        claims.validate(leeway=LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as failure:
        raise UntrustedToken(_describe(failure), _is_about_time(failure)) from None
    _check_subject(claims.get("sub"))
    # A time in the future, or one that is no number, is not recent either.
    now = int(time.time())
    if is_recent and not now - RECENT_SECONDS - LEEWAY_SECONDS <= claims["auth_time"] <= now + LEEWAY_SECONDS:
        raise UntrustedToken("the person did not sign in at the provider just now", is_about_time=True)
    return dict(claims)


def _decode(text):
    registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    try:
        return jwt.decode(text, provider.get_keys(), registry=registry)
    except InvalidKeyIdError:
        return jwt.decode(text, provider.get_keys(is_outdated=True), registry=registry)


def _make_options():
    return {
        "iss": {"essential": True, "value": settings.OIDC_ISSUER},
        "aud": {"essential": True, "value": settings.OIDC_CLIENT_ID},
    }


def _make_parameters(tokens, nonce, is_recent):
    parameters = {"nonce": nonce, "client_id": settings.OIDC_CLIENT_ID, "access_token": tokens.get("access_token")}
    return {**parameters, "max_age": RECENT_SECONDS} if is_recent else parameters


def _check_subject(subject):
    if not protocol.is_storable(subject) or not 0 < len(subject) <= MAX_SUBJECT:
        raise UntrustedToken("the subject is not a text of 1 to 255 characters")


def _is_about_time(failure):
    if isinstance(failure, ExpiredTokenError):
        return True
    claim = getattr(failure, "claim", None)
    return claim in _ABOUT_TIME and not isinstance(failure, MissingClaimError)


def _describe(failure):
    # The text of a KeyError or an AttributeError may contain a claim.
    return f"{type(failure).__name__}: {failure}" if isinstance(failure, JoseError) else type(failure).__name__
