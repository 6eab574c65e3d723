"""The addresses of the site, made from its URL patterns, so that the tables of the tests contain each new address."""

import re

from django.urls import URLPattern, URLResolver

from chatproj.urls import urlpatterns

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# What a parameter becomes if a table has no value for it.
ANY_ID = "1"


def list_addresses(values=None, patterns=urlpatterns, prefix="/"):
    """
    Return {path: view} of all URL patterns, with `values` in place of the parameters.

    Leave out patterns that are regular expressions: a static file, and the answer to every unknown path under /api/.
    """
    found = {}
    for pattern in patterns:
        route = getattr(pattern.pattern, "_route", None)
        if route is None:
            continue
        path = prefix + PARAMETER.sub(lambda match: str((values or {}).get(match[1], ANY_ID)), route)
        if isinstance(pattern, URLResolver):
            found.update(list_addresses(values, pattern.url_patterns, path))
        elif isinstance(pattern, URLPattern):
            found[path] = pattern.callback
    return found
