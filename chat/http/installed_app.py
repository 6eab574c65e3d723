"""
The files with which people install the site on a phone or a computer: the web manifest, the service worker, and the
page that the worker shows while the server cannot be reached.

These files contain nothing about a person: all requests in one language get the same files. This module must not write
rows.
"""

import json
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from chat.http import bundles
from chat.version import CLIENT_VERSION

FOLDER = Path(__file__).parent / "service_worker"
MANIFEST_SECONDS = 3600
# Two colours of chat.css. Pages name a light and a dark colour for the bars of the browser; a manifest has only one.
LIGHT_GROUND, ACCENT = "#faf9f6", "#0f766e"
ICON_SIZES = (192, 512)
SITE_NAME = "Chat"  # the name that all pages show, in every language


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """Return the web manifest, in the language of the request."""
    shortcuts = [
        {"name": gettext("Browse rooms"), "url": "/"},
        {"name": gettext("Settings"), "url": reverse("settings")},
    ]
    content = {
        "name": SITE_NAME,
        "short_name": SITE_NAME,
        "description": gettext("Rooms and direct messages of this site."),
        "lang": get_language(),
        "dir": "auto",
        # Without an id, browsers would take a changed start_url for another app.
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": LIGHT_GROUND,
        "theme_color": ACCENT,
        "categories": ["social", "productivity"],
        "icons": [*map(_describe_icon, ICON_SIZES), *(_describe_icon(size, "maskable") for size in ICON_SIZES)],
        "shortcuts": shortcuts,
    }
    response = JsonResponse(content, content_type="application/manifest+json")
    response["Cache-Control"] = f"max-age={MANIFEST_SECONDS}"
    return response


def _describe_icon(size: int, purpose: str = "any") -> dict[str, str]:
    name = f"icon-{size}.png" if purpose == "any" else f"icon-{purpose}-{size}.png"
    sizes = f"{size}x{size}"
    return {"src": static(f"chat/icons/{name}"), "sizes": sizes, "type": "image/png", "purpose": purpose}


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """
    Return the code of the service worker, after a line with the version of the client and the language.

    So the code differs for each version and language, and browsers install the new worker at the next visit. With
    CHAT_SERVICE_WORKER=off, return a worker that removes itself.
    """
    if settings.CHAT_SERVICE_WORKER:
        begin = f"self.SHELL = {json.dumps(_describe_shell(get_language()))};\n"
        text = begin + _read("service-worker.js")
    else:
        text = _read("removing-worker.js")
    response = HttpResponse(text, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


def _describe_shell(language: str) -> dict[str, object]:
    """Describe the files that the worker keeps: none with DEBUG, or if the static files are on another site."""
    files = f"{settings.STATIC_URL}{CLIENT_VERSION}/"
    keeps = static("chat/chat.css").startswith(files)
    catalogue = [] if language == "en" else [static(f"chat/languages/{language}.js")]
    names = ["chat/chat.css", "chat/offline.css", "chat/favicon.svg", OFFLINE_SCRIPT]
    needed = [*map(static, names), *catalogue]
    return {
        "version": f"{CLIENT_VERSION}-{language}",
        "files": files if keeps else "",
        "offline": reverse("offline"),
        "needed": needed if keeps else [],
    }


OFFLINE_SCRIPT = f"{bundles.CLIENT_PREFIX}{bundles.FOLDER}/offline.js"


@cache
def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Show the page for a browser without a connection. The service worker stores it: it contains no personal data."""
    response = render(request, "chat/offline.html")
    response["Cache-Control"] = "no-cache"
    return response
