"""
The template tags that load the JavaScript modules of a page, in bundles or, with DEBUG, as they are.

The head of the page announces these files. Without the announcement, the browser finds the imports of a module only
after it has loaded that module: one round trip for each level of imports. This code must not name a JavaScript module:
the templates name their entry modules, and the files say what they import.
"""

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join

from chat.http import bundles

register = template.Library()


def list_imports(*entries: str) -> list[str]:
    """
    Return all modules that the entry modules import, directly or through other modules.

    With one entry, each module comes before the modules that it imports.

    A name is the path of a static file, such as `chat/board.js`. The entry modules themselves are not in the list: the
    page loads them with `<script>`. Raise KeyError for a module that does not exist.
    """
    names = [entry.removeprefix(bundles.CLIENT_PREFIX) for entry in entries]
    closures = bundles.get_graph().closures
    found = dict.fromkeys(module for name in names for module in reversed(closures[name]))
    return [bundles.CLIENT_PREFIX + module for module in found if module not in names]


def _find_bundle(entry: str) -> str:
    """Return the path of the bundle of an entry module: `chat/bundles/page.js` for `chat/page.js`."""
    return f"{bundles.CLIENT_PREFIX}{bundles.FOLDER}/{entry.removeprefix(bundles.CLIENT_PREFIX)}"


@register.simple_tag
def module_preloads(*entries: str) -> str:
    """
    Write a `<link rel="modulepreload">` for each bundle of a page; with DEBUG, for each module that the entries import.

    Usage: `{% module_preloads 'chat/page.js' 'chat/board.js' %}`. Raise KeyError for a module that does not exist.
    """
    imported = list_imports(*entries)
    names = imported if settings.DEBUG else map(_find_bundle, entries)
    return format_html_join("\n  ", '<link rel="modulepreload" href="{}">', ((static(name),) for name in names))


@register.simple_tag
def module_script(entry: str) -> str:
    """Write the `<script>` that runs an entry module from its bundle; with DEBUG, from its own file."""
    name = entry if settings.DEBUG else _find_bundle(entry)
    return format_html('<script type="module" src="{}"></script>', static(name))
