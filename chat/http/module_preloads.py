"""
The template tag that lists the JavaScript modules of a page, so that the browser loads all of them at once.

Without the tag, the browser finds the imports of a module only after it has loaded that module: one round trip for each
level of imports. This code must not name a JavaScript module: the templates name their entry modules, and the files say
what they import.
"""

import re
from pathlib import Path

from django import template
from django.templatetags.static import static
from django.utils.html import format_html_join

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


@register.simple_tag
def module_preloads(*entries: str) -> str:
    """
    Write a `<link rel="modulepreload">` for each module that the entry modules of a page import.

    Usage: `{% module_preloads 'chat/ui/menus.js' 'chat/board.js' %}`. Raise KeyError for a module that does not exist.
    """
    links = ((static(name),) for name in list_imports(*entries))
    return format_html_join("\n  ", '<link rel="modulepreload" href="{}">', links)
