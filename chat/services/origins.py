"""
Decide which pages belong to this site, by the header Origin of a request or a handshake.

Browsers put the origin of the page into `Origin`, and no page can forge it. This module must not know requests.
"""

from django.conf import settings
from django.http.request import split_domain_port, validate_host


def is_own_origin(origin: str, host: str) -> bool:
    """
    Return whether a page of this site opened a websocket. `host` is the header Host of the handshake.

    With PUBLIC_URL, only this origin counts. Without it, ALLOWED_HOSTS must allow `host`, and the origin must have the
    same host and port as `host`, and the scheme http or https.
    """
    if settings.PUBLIC_URL:
        return origin == settings.PUBLIC_URL
    return validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS) and _is_origin_of(origin, host)


def may_change(origin: str, host: str) -> bool:
    """
    Return whether a page may send requests that change something. The caller has checked that ALLOWED_HOSTS allows
    `host`.

    Unlike a websocket, a request may also come from a page at another address of this site. An example is the admin in
    the local network.
    """
    return (bool(settings.PUBLIC_URL) and origin == settings.PUBLIC_URL) or _is_origin_of(origin, host)


def _is_origin_of(origin: str, host: str) -> bool:
    # A proxy that ends TLS may not tell this site that the browser uses https.
    return origin in (f"http://{host}", f"https://{host}")
