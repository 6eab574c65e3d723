"""
Bundles: the modules of the browser's code, joined into a few files.

A room needs about 140 modules. Over HTTP/1.1 a browser loads six files at a time, and each file takes a round trip. A
room took eight seconds on a network with round trips of 300 ms and 80 kB/s. A bundle is one file, and compresses
better.

There is no build step: this module joins the files when `collectstatic` or a server looks for static files. With DEBUG,
pages load the modules themselves, so an engineer sees the files that they edit.

Every page with scripts, except the offline page, has the entry module `page.js`, and most have a second one of their
own. Each entry module has a bundle with all that it imports, except what the page has loaded before. The workspace,
which shows rooms, has a third one, `first-view.js`. This small bundle arrives first, and draws the messages that the
page contains.

Each module that is loaded later with `import()` has a bundle too. A module may be in several bundles. The browser runs
a module only once, because only its first definition counts.

This works for modules in which imports and exports begin a line, as in all of the chat's own code. Any other form
raises `BundleError`. Libraries and catalogues of languages stay files of their own.
"""

import posixpath
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from chat.http.code_comments import remove_comments

CLIENT = Path(__file__).resolve().parent.parent / "static" / "chat"
# The client's folder among the static files, and the folder of bundles in it.
CLIENT_PREFIX = "chat/"
FOLDER = "bundles"
# The entry module of all pages except the pages of ALONE.
COMMON = "page.js"
ENTRIES = (
    COMMON,
    "board.js",
    "first-view.js",
    "lobby.js",
    "offline.js",
    "operations.js",
    "operators.js",
    "settings.js",
    "workspace.js",
)
# Entry modules that a page loads before another one, in addition to COMMON.
EARLIER = {"workspace.js": ("first-view.js",)}
# The entry module of a page that does not load COMMON.
ALONE = ("offline.js",)
# Modules in these folders import nothing, and stay as they are.
SEPARATE = ("languages/", "vendor/")

# `define` records a module. `load` runs it and returns its exports. After a failure, the next `load` runs it again.
RUNTIME = """\
const chat = (globalThis.chatModules ??= {
  factories: new Map(),
  exports: new Map(),
  define(name, factory) {
    if (!this.factories.has(name)) this.factories.set(name, factory);
  },
  load(name) {
    if (!this.exports.has(name)) {
      const loading = this.run(name);
      loading.catch(() => this.exports.delete(name));
      this.exports.set(name, loading);
    }
    return this.exports.get(name);
  },
  async run(name) {
    if (!this.factories.has(name)) await import(new URL(name, this.bundles).href);
    const url = new URL(`../${name}`, this.bundles).href;
    const importFile = (path) => import(new URL(path, url).href);
    return this.factories.get(name)((path) => this.load(path), importFile, url);
  },
});
"""

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)";$', re.MULTILINE)
_BARE_IMPORT = re.compile(r'^import "(\.[^"]+)";$', re.MULTILINE)
_REEXPORT = re.compile(r'^export \{([^}]*)\} from "(\.[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) (\w+))", re.MULTILINE)
_DYNAMIC = re.compile(r'\bimport\("(\.[^"]+)"\)')
_COMPUTED = re.compile(r"\bimport\((?!\")")
_INLINE_COMMENT = re.compile(r"/\*\*? .*?\*/")
_LEFT_OVER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


class BundleError(Exception):
    """A module has an import or an export in a form that `bundles` does not know."""


@cache
def make_bundles() -> dict[str, str]:
    """Return {path: text} of all bundles. A path is relative to the client's folder, such as `bundles/page.js`."""
    graph = get_graph()
    return {f"{FOLDER}/{name}": _join(name, graph.list_modules(name)) for name in graph.bundled}


class Graph:
    """
    The imports of each module, at once (`static`) or later (`dynamic`). A name is relative to the client's folder.

    `closures` has a list for each module: the module and all that it imports at once, each module after its imports.
    """

    def __init__(self) -> None:
        self.static: dict[str, list[str]] = {}
        self.dynamic: dict[str, list[str]] = {}
        for name in ENTRIES:
            self._visit(name)
        self.closures = {name: self._collect_imports(name) for name in self.static}
        later = [target for targets in self.dynamic.values() for target in targets]
        self.bundled = list(dict.fromkeys([*ENTRIES, *later]))

    def list_modules(self, name: str) -> list[str]:
        """Return the modules of a bundle, without the modules that every page has already when it loads the bundle."""
        if name in ENTRIES:
            earlier = (*EARLIER.get(name, ()), COMMON) if name != COMMON and name not in ALONE else ()
            loaded = {module for entry in earlier for module in self.closures[entry]}
        else:
            pages = [entry for entry in ENTRIES if name in self._reach(entry)]
            loaded = set.intersection(*({*self.closures[COMMON], *self.closures[page]} for page in pages))
        return [module for module in self.closures[name] if module not in loaded]

    def _visit(self, name: str) -> None:
        if name in self.static:
            return
        code = _INLINE_COMMENT.sub("", _read(name))
        found = [*_IMPORT.findall(code), *_REEXPORT.findall(code), *(("", path) for path in _BARE_IMPORT.findall(code))]
        self.static[name] = [_resolve(name, path) for _, path in found]
        targets = [_resolve(name, path) for path in _DYNAMIC.findall(code)]
        self.dynamic[name] = [target for target in targets if not target.startswith(SEPARATE)]
        for target in (*self.static[name], *self.dynamic[name]):
            self._visit(target)

    def _collect_imports(self, name: str) -> list[str]:
        """Return a module and all that it imports at once, directly or indirectly. Each module follows its imports."""
        found: dict[str, None] = {}

        def visit(module: str) -> None:
            if module not in found:
                for target in self.static[module]:
                    visit(target)
                found[module] = None

        visit(name)
        return list(found)

    def _reach(self, entry: str) -> set[str]:
        """Return all modules that a page with this entry module may load, at once or later."""
        found, waiting = set(), [entry]
        while waiting:
            module = waiting.pop()
            if module not in found:
                found.add(module)
                waiting += [*self.static[module], *self.dynamic[module]]
        return found


@cache
def get_graph() -> Graph:
    """Return the graph of the modules. They are read once per process, because they change only with a new release."""
    return Graph()


@cache
def _read(name: str) -> str:
    return remove_comments((CLIENT / name).read_bytes()).decode()


def _resolve(name: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def _join(name: str, modules: Iterable[str]) -> str:
    depth = "../" * name.count("/")
    base = f'chat.bundles ??= new URL("./{depth}", import.meta.url).href;\n'
    start = f'await chat.load("{name}");\n' if name in ENTRIES else ""
    return RUNTIME + base + "".join(_wrap(module) for module in modules) + start


def _wrap(name: str) -> str:
    """Return the code that defines a module."""
    exports: list[str] = []

    def load_names(match: re.Match) -> str:
        names = re.sub(r"(\w+) as (\w+)", r"\1: \2", " ".join(match[1].split()))
        return f'const {{ {names} }} = await $load("{_resolve(name, match[2])}");'

    def load_exports(match: re.Match) -> str:
        exports.extend(name.split(" as ")[-1].strip() for name in match[1].strip(" ,").split(","))
        return load_names(match)

    def load_later(match: re.Match) -> str:
        target = _resolve(name, match[1])
        return f'$importFile("{match[1]}")' if target.startswith(SEPARATE) else f'$load("{target}")'

    def export(match: re.Match) -> str:
        exports.append(match[1])
        return ""

    code = _IMPORT.sub(load_names, _read(name))
    code = _BARE_IMPORT.sub(lambda match: f'await $load("{_resolve(name, match[1])}");', code)
    code = _EXPORT.sub(export, _REEXPORT.sub(load_exports, code))
    code = _COMPUTED.sub("$importFile(", _DYNAMIC.sub(load_later, code)).replace("import.meta.url", "$url")
    if left := _LEFT_OVER.search(code):
        raise BundleError(f"{name}: write this import or export in a form that bundles.py knows: {left[0]}")
    return (
        f'chat.define("{name}", async ($load, $importFile, $url) => {{\n'
        f"{code.strip()}\nreturn {{ {', '.join(exports)} }};\n}});\n"
    )
