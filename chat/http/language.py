"""
The language of pages and of error texts: the one that the person chose, or the best one for the browser.

A person's choice is a preference in the database. Only requests for pages find the language there. A cookie repeats the
choice, so the other requests need no query. This module must not translate anything.
"""

from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from chat.http.responses import accepts_json
from chat.models import Preferences
from chat.services import people

# Django has a name of its own for one of the languages that a preference can have.
DJANGO_NAMES = {"zh": "zh-hans"}
COOKIE_SECONDS = 365 * 24 * 3600
# Django 2.2 keeps up to 1,000 headers and 1,000 names of languages in memory, and reads headers of any length.
MAX_ACCEPT_LANGUAGE = 500  # characters, as later versions of Django allow


class LanguageMiddleware:
    """
    Answer in the language of the request.

    The language ends with the request, because a worker also runs consumers, whose texts must not depend on the last
    request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.read_preferences = cache(lambda: _read_preferences(request))
        preferences = None if accepts_json(request) else request.read_preferences()
        kept = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        chosen = kept if preferences is None else DJANGO_NAMES.get(preferences.language, preferences.language)
        with translation.override(_find_language(request, chosen)):
            response = self.get_response(request)
            response.setdefault("Content-Language", translation.get_language())
        patch_vary_headers(response, ["Accept-Language"])
        if chosen != kept:
            _keep(response, chosen)
        return response


def find_language(request: HttpRequest) -> str:
    """Return the language of a request from its cookie and its headers, without a query."""
    return _find_language(request, request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))


def list_languages() -> list[tuple[str, str]]:
    """Return each language that a preference can have, with the language's own name for itself."""
    names = dict(settings.LANGUAGES)
    return [(code, names[DJANGO_NAMES.get(code, code)]) for code in people.LANGUAGES]


def override_language(request: HttpRequest, preference: str) -> translation.override:
    """
    Return a context manager whose block runs in the language of a preference.

    A request that changes the preference uses this function for the texts after the change.
    """
    return translation.override(_find_language(request, DJANGO_NAMES.get(preference, preference)))


def _find_language(request: HttpRequest, chosen: str) -> str:
    if chosen in dict(settings.LANGUAGES):
        return chosen
    # Without the cookie, Django uses the languages of the browser.
    request.COOKIES.pop(settings.LANGUAGE_COOKIE_NAME, None)
    accepted = request.META.get("HTTP_ACCEPT_LANGUAGE", "")
    if len(accepted) > MAX_ACCEPT_LANGUAGE:
        request.META["HTTP_ACCEPT_LANGUAGE"] = accepted[:MAX_ACCEPT_LANGUAGE].rpartition(",")[0]
    return translation.get_language_from_request(request)


def _keep(response: HttpResponse, language: str) -> None:
    """Store Django's name of a language in a cookie. An empty `language` deletes the cookie."""
    if not language:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
        return
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=COOKIE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _read_preferences(request: HttpRequest) -> Preferences | None:
    return people.get_preferences(request.user) if request.user.is_authenticated else None
