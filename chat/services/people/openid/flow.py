"""
The sign-in itself: the authorization code flow with PKCE, a state and a nonce, all bound to the browser's session.

A started sign-in is kept in the login session, and is used once. This module writes the browser's session, and no rows.
"""

import logging
import secrets
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from chat import protocol

from .errors import (
    ProviderError,
    UntrustedToken,
    make_cancelled_error,
    make_clock_error,
    make_refused_error,
    make_state_error,
    make_unreachable_error,
    make_untrusted_error,
)

logger = logging.getLogger(__name__)

STARTED = "openid-started"  # holds the started sign-ins in the login session, by their states
PENDING = "openid-pending"  # holds the identity of a person whom this site does not know yet
LIFETIME_SECONDS = 600
MAX_STARTED = 5  # sign-ins of one browser; the newest stay
# The claims from which a handle is suggested, in this order.
NAMES = ("preferred_username", "nickname", "name", "given_name")


class Identity(NamedTuple):
    """
    The account with which a person has signed in at the provider, and what the sign-in is for.

    - `issuer`, `subject`: they identify the account at the provider.
    - `names`: the person's names at the provider. They are only suggestions, because the person can choose them.
    - `next_page`: the page to open afterwards.
    - `purpose`: `sign-in`; `connect`, to connect a signed-in person's account; `recent`, to prove who is signed in.
    """

    issuer: str
    subject: str
    names: list[str]
    next_page: str
    purpose: str


def start(session: SessionBase, redirect_uri: str, next_page: str, purpose: str = "sign-in") -> str:
    """
    Return the address of the provider for a new sign-in, and keep its secrets in the browser's session.

    `redirect_uri` is this site's address to which the provider sends the browser back. Raise `unavailable` if the
    provider does not answer.
    """
    from . import provider

    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    more = {"prompt": "login", "max_age": "0"} if purpose == "recent" else {}
    try:
        address = provider.make_address(redirect_uri, state, nonce, verifier, **more)
    except ProviderError as failure:
        logger.warning("OpenID Connect: %s", failure)
        raise make_unreachable_error() from None
    entry = {"nonce": nonce, "verifier": verifier, "next": next_page, "purpose": purpose, "at": time.time()}
    others = list(session.get(STARTED, {}).items())[1 - MAX_STARTED :]
    session[STARTED] = {**dict(others), state: entry}
    return address


def finish(session: SessionBase, redirect_uri: str, answer: Mapping[str, str]) -> Identity:
    """
    Return who has signed in at the provider.

    `answer` has the parameters with which the provider sent the browser back. Raise `forbidden` or
    `unavailable` for each reason to sign nobody in. In every case, the same answer is refused the next time.
    """
    started = session.get(STARTED, {})
    entry = started.pop(answer.get("state", ""), None)
    if entry is not None:
        # Without this condition, each made-up answer would store a session.
        session[STARTED] = started
    if entry is None or not 0 <= time.time() - entry["at"] <= LIFETIME_SECONDS:
        raise make_state_error()
    if answer.get("iss", settings.OIDC_ISSUER) != settings.OIDC_ISSUER:
        # Another provider answers instead of this provider: the mix-up attack of RFC 9207.
        logger.warning("OpenID Connect: the answer names another issuer")
        raise make_untrusted_error()
    if "error" in answer:
        raise _read_error(answer["error"])
    return _read_identity(redirect_uri, answer, entry)


def _read_error(code):
    if code == "access_denied":
        return make_cancelled_error()
    logger.warning("OpenID Connect: the provider refuses a sign-in: %s", code[:100])
    return make_unreachable_error() if code in ("server_error", "temporarily_unavailable") else make_refused_error()


def _read_identity(redirect_uri, answer, entry):
    from authlib.integrations.base_client import OAuthError

    from . import id_tokens, provider

    try:
        if "iss" not in answer and provider.get_metadata().get("authorization_response_iss_parameter_supported"):
            raise UntrustedToken("the answer does not name its issuer")
        tokens = provider.exchange_code(redirect_uri, answer.get("code", ""), entry["verifier"])
        claims = id_tokens.read_claims(tokens, entry["nonce"], is_recent=entry["purpose"] == "recent")
    except ProviderError as failure:
        logger.warning("OpenID Connect: %s", failure)
        raise make_unreachable_error() from None
    except OAuthError as failure:
        logger.warning("OpenID Connect: the provider refuses a code: %s", str(failure.error)[:100])
        raise make_refused_error() from None
    except UntrustedToken as failure:
        logger.warning("OpenID Connect: an ID token is not valid: %s", failure)
        raise (make_clock_error() if failure.is_about_time else make_untrusted_error()) from None
    return Identity(settings.OIDC_ISSUER, claims["sub"], _read_names(tokens, claims), entry["next"], entry["purpose"])


def _read_names(tokens: dict[str, Any], claims: dict[str, Any]) -> list[str]:
    from . import provider

    if not any(name in claims for name in NAMES):
        claims = provider.fetch_user(tokens.get("access_token"), claims["sub"])
    return [claims[name][:200] for name in NAMES if protocol.is_storable(claims.get(name))]


def find_provider_problem() -> str | None:
    """Return why the provider cannot be used, for an operator, or None if its addresses and keys can be read."""
    from . import provider

    try:
        provider.get_keys()
    except ProviderError as failure:
        return str(failure)
    return None


def keep_pending(session: SessionBase, identity: Identity) -> None:
    """Keep who has signed in at the provider, until the person has chosen a handle or connected an account."""
    session[PENDING] = {**identity._asdict(), "at": time.time()}


def read_pending(session: SessionBase) -> Identity | None:
    """Return the identity that `keep_pending` kept in the last LIFETIME_SECONDS, or None."""
    kept = dict(session.get(PENDING) or {})
    if not kept or not 0 <= time.time() - kept.pop("at") <= LIFETIME_SECONDS or kept["issuer"] != settings.OIDC_ISSUER:
        return None
    return Identity(**kept)


def forget_pending(session: SessionBase) -> None:
    """Forget what `keep_pending` kept."""
    session.pop(PENDING, None)
