"""
The template tags that load the JavaScript modules of a page, in bundles or, with DEBUG, as they are.

Both are announced in the head of the page. Without that, the browser finds the imports of a module only after it has
loaded that module: one round trip for each level of imports. This code must not name a JavaScript module: the templates
name their entry modules, and the files say what they import.
"""

import re
from pathlib import Path

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join

from chat.http.bundles import FOLDER

STATIC = Path(__file__).resolve().parent.parent / "static"
# A static import begins a line. Dynamic imports must not match, because a page may never need those modules.
STATIC_IMPORT = re.compile(r'^(?:import|export)\b[^;"()]*\bfrom "(\.[^"]+)"|^import "(\.[^"]+)"', re.MULTILINE)

register = template.Library()


def _find_imports() -> dict[str, list[str]]:
    """Return the static imports of each module. A module's name is its path in `STATIC`, such as `chat/board.js`."""
    found = {}
    for path in sorted(STATIC.rglob("*.js")):
        targets = [first or second for first, second in STATIC_IMPORT.findall(path.read_text(encoding="utf-8"))]
        resolved = [(path.parent / target).resolve() for target in targets]
        found[path.relative_to(STATIC).as_posix()] = [target.relative_to(STATIC).as_posix() for target in resolved]
    return found


# The files are read once per process, because they change only with a new release.
IMPORTS = _find_imports()


def list_imports(*entries: str) -> list[str]:
    """
    Return all modules that the entry modules import, directly or through other modules; the nearest come first.

    The entry modules themselves are not in the list: the page loads them with `<script>`.
    """
    found = list(entries)
    # The list grows while the loop runs over it: this is a breadth-first search.
    for name in found:
        found += [imported for imported in dict.fromkeys(IMPORTS[name]) if imported not in found]
    return found[len(entries) :]


def _find_bundle(entry: str) -> str:
    """Return the path of the bundle of an entry module: `chat/bundles/page.js` for `chat/page.js`."""
    application, name = entry.split("/", 1)
    return f"{application}/{FOLDER}/{name}"


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
