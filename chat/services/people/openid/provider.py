"""
The provider: its addresses and keys, which each process keeps for an hour, and the exchange of a code for tokens.

A failure is kept too, for some seconds. While the provider is down, a process waits for it only once in this time, not
for each sign-in. This module must not trust a token.
"""

import time
from collections.abc import Callable
from typing import Any

import requests
from authlib.integrations.base_client import OAuthError
from django.conf import settings
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet

from .errors import ProviderError
from .requesting import ProviderSession, check_url, fetch_object, read_object

KEEP_SECONDS = 3600  # for the addresses and the keys
KEEP_FAILURE_SECONDS = 10
# An unknown key may be a new one. The keys are fetched again for it, but not more often than this.
ROTATION_SECONDS = 60
KEY_TYPES = ("RSA", "EC", "OKP")  # a symmetric key would let everybody who knows it sign tokens
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")

# {URL: (the time, by time.monotonic, until which the value is kept; when it was fetched; the value or the failure)}
_kept: dict[str, tuple[float, float, Any]] = {}


def forget() -> None:
    """Forget the addresses, the keys and the failures. Only tests call this."""
    _kept.clear()


def _keep(url: str, fetch: Callable[[str], Any], max_age: float = KEEP_SECONDS) -> Any:
    """Return the value at a URL, at most `max_age` seconds old. Raise ProviderError, also for a kept failure."""
    now = time.monotonic()
    until, fetched_at, value = _kept.get(url, (0.0, 0.0, None))
    is_failure = isinstance(value, ProviderError)
    if now >= until or (not is_failure and now - fetched_at >= max_age):
        try:
            value, seconds = fetch(url), KEEP_SECONDS
        except ProviderError as failure:
            value, seconds = failure, KEEP_FAILURE_SECONDS
        _kept[url] = (time.monotonic() + seconds, time.monotonic(), value)
    if isinstance(value, ProviderError):
        raise value
    return value


def get_metadata() -> dict[str, Any]:
    """Return what the provider says about itself. Raise ProviderError."""
    return _keep(f"{settings.OIDC_ISSUER.rstrip('/')}/.well-known/openid-configuration", _fetch_metadata)


def _fetch_metadata(url):
    found = fetch_object(url)
    if found.get("issuer") != settings.OIDC_ISSUER:
        raise ProviderError(f"the provider calls itself {found.get('issuer')!r}: OIDC_ISSUER must be the same text")
    for name in ENDPOINTS:
        check_url(found.get(name))
    return found


def get_keys(is_outdated: bool = False) -> KeySet:
    """
    Return the public keys with which the provider signs. Raise ProviderError.

    With `is_outdated`, keys that are older than ROTATION_SECONDS are fetched again.
    """
    return _keep(get_metadata()["jwks_uri"], _fetch_keys, ROTATION_SECONDS if is_outdated else KEEP_SECONDS)


def _fetch_keys(url):
    given = fetch_object(url).get("keys")
    found = [_import_key(key) for key in given] if isinstance(given, list) else []
    keys = [key for key in found if key is not None]
    if not keys:
        raise ProviderError("the provider has no key that can be read")
    return KeySet(keys)


def _import_key(key):
    """Return a public key for signatures, or None for a key of another kind, or one that cannot be read."""
    if not isinstance(key, dict) or key.get("kty") not in KEY_TYPES or key.get("use", "sig") != "sig":
        return None
    try:
        return JWKRegistry.import_key(key)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _open_session(redirect_uri: str | None = None) -> ProviderSession:
    secret = settings.OIDC_CLIENT_SECRET
    # The default of a provider that names no method is client_secret_basic.
    methods = get_metadata().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    by_post = "client_secret_basic" not in methods and "client_secret_post" in methods
    return ProviderSession(
        settings.OIDC_CLIENT_ID,
        secret,
        token_endpoint_auth_method=("client_secret_post" if by_post else "client_secret_basic") if secret else "none",
        scope=settings.OIDC_SCOPES,
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
    )


def make_address(redirect_uri: str, state: str, nonce: str, verifier: str, **more: str) -> str:
    """Return the address of the provider at which the person signs in. Raise ProviderError."""
    address = get_metadata()["authorization_endpoint"]
    with _open_session(redirect_uri) as session:
        return session.create_authorization_url(address, state=state, nonce=nonce, code_verifier=verifier, **more)[0]


def exchange_code(redirect_uri: str, code: str, verifier: str) -> dict[str, Any]:
    """
    Return the tokens for a code. Raise ProviderError, or OAuthError if the provider refuses the code.

    A failure is kept like those of other requests. Otherwise people who try again could keep all workers waiting.
    """
    address = get_metadata()["token_endpoint"]
    until, _, failure = _kept.get(address, (0.0, 0.0, None))
    if failure is not None and time.monotonic() < until:
        raise failure
    try:
        return _exchange_code(address, redirect_uri, code, verifier)
    except ProviderError as failure:
        _kept[address] = (time.monotonic() + KEEP_FAILURE_SECONDS, time.monotonic(), failure)
        raise


def _exchange_code(address, redirect_uri, code, verifier):
    with _open_session(redirect_uri) as session:
        try:
            return session.fetch_token(address, code=code, code_verifier=verifier)
        except (requests.RequestException, ValueError) as failure:
            raise ProviderError(f"the exchange of the code: {type(failure).__name__}") from None


def fetch_user(access_token: Any, subject: str) -> dict[str, Any]:
    """
    Return what the provider says about a person, or {} if it says nothing about the person with this subject.

    The answer is only used to suggest a handle, so a failure of this request is no error. Raise ProviderError if the
    addresses of the provider cannot be fetched.
    """
    address = get_metadata().get("userinfo_endpoint")
    if not address or not isinstance(access_token, str):
        return {}
    try:
        with ProviderSession(token={"access_token": access_token, "token_type": "Bearer"}) as session:
            found = read_object(session.get(check_url(address), headers={"Accept": "application/json"}))
    except (ProviderError, OAuthError, requests.RequestException):
        return {}
    return found if found.get("sub") == subject else {}
