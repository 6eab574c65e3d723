"""
Browsers: a cookie tells browsers apart, and remains when a login ends.

With this cookie, the site

- keeps the handle of a guest for the guest's own browser;
- keeps banned and muted guests from escaping the ban or the mute as other guests;
- keeps a visitor who was removed from a board from asking again under another name;
- lets the owner of an account sign in while other people guess passwords.

The cookie names nobody and gives no rights. The database stores only the digest of its value. This module writes no
rows.
"""

import re
import secrets

from django.http import HttpRequest, HttpResponse

from chat.services.digests import digest_secret

COOKIE = "browser"
COOKIE_SECONDS = 400 * 24 * 3600  # browsers keep no cookie for longer
_ID = re.compile(r"[A-Za-z0-9_-]{43}")


def find_browser(request: HttpRequest) -> str | None:
    """Return the digest of the browser's id, or None if the browser has no id yet."""
    id = request.COOKIES.get(COOKIE, "")
    return digest_secret(id) if _ID.fullmatch(id) else None


def get_browser(request: HttpRequest) -> str:
    """Return the digest of the browser's id. A browser without an id gets one with the response."""
    if find_browser(request) is None:
        request.COOKIES[COOKIE] = secrets.token_urlsafe(32)
    request.keeps_browser = True
    return digest_secret(request.COOKIES[COOKIE])


def keep_browser(request: HttpRequest, response: HttpResponse, is_secure: bool) -> None:
    """Put the browser's id into the response, for COOKIE_SECONDS from now, if a view has called `get_browser`."""
    if getattr(request, "keeps_browser", False):
        options = {"max_age": COOKIE_SECONDS, "httponly": True, "samesite": "Lax", "secure": is_secure}
        response.set_cookie(COOKIE, request.COOKIES[COOKIE], **options)
