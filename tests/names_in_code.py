"""
Find the names that the repository has: files, functions, methods and management commands.

tests/test_documentation.py uses this module. The module reads Python with `ast`, and JavaScript with regular
expressions. It imports and runs none of that code.
"""

import ast
import functools
import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("channels_transport", "chat", "chatproj", "tests", "benchmarks")
SKIPPED_FOLDERS = {
    ".git",
    "var",
    "node_modules",
    "vendor",
    "__pycache__",
    ".cache",
    ".pytest_cache",
    ".ruff_cache",
    ".mypy_cache",
    ".hypothesis",
    "test-results",
}


@functools.cache
def all_files() -> frozenset[str]:
    found = set()
    for folder, folders, names in os.walk(ROOT):
        # Each Python has an environment of its own: `.venv`, `.venv-3.12`.
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS and not name.startswith(".venv")]
        found.update(os.path.relpath(os.path.join(folder, name), ROOT) for name in names)
    return frozenset(found)


@functools.cache
def all_suffixes() -> frozenset[str]:
    """Return every part of a path that may stand for the path, such as `interface/server.py`. Folders end in `/`."""
    found = set()
    for path in all_files():
        parts = path.split("/")
        for start in range(len(parts)):
            for end in range(start + 1, len(parts) + 1):
                found.add("/".join(parts[start:end]) + ("" if end == len(parts) else "/"))
    return frozenset(found)


def names_in_python(tree: ast.AST) -> dict[str, set[str]]:
    """Return {class, or '' for the module: the names that are defined, imported or assigned there}."""
    found: dict[str, set[str]] = {"": set()}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            found.setdefault(node.name, set()).update(names_of_block(node.body), attributes_of_self(node))
    found[""] |= names_of_block(tree.body)
    return found


def names_of_block(body: list[ast.stmt]) -> set[str]:
    found = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.update(name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))
    return found


def attributes_of_self(node: ast.ClassDef) -> set[str]:
    return {
        inner.attr
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id == "self"
    }


def names_in_javascript(text: str) -> dict[str, set[str]]:
    """Return {class, or '' for the module: the names that are declared there}."""
    found: dict[str, set[str]] = {"": set(re.findall(r"\b(?:function|const|let|class) (\w+)", text))}
    for start in re.finditer(r"^(?:export )?class (\w+).*?^}", text, flags=re.DOTALL | re.MULTILINE):
        members = re.findall(r"^ +(?:static |async |get |set )*(#?\w+)(?: = |;|\()", start.group(), flags=re.MULTILINE)
        found.setdefault(start.group(1), set()).update(members)
    return found


@functools.cache
def all_owners() -> dict[str, set[str]]:
    """Return {module, package or class: its names}. Modules with the same name share one entry."""
    owners: dict[str, set[str]] = {}
    for path in all_files():
        parts = Path(path).with_suffix("").parts
        if path.endswith(".py") and parts[0] in PACKAGES:
            found = names_in_python(ast.parse((ROOT / path).read_text()))
            name = parts[-2] if parts[-1] == "__init__" else parts[-1]
            owners.setdefault(name, set()).update(found.pop(""))
            if len(parts) > 1:
                owners.setdefault(parts[-2], set()).add(name)  # a package contains its modules
            if parts[-1] == "__init__" and len(parts) > 2:
                owners.setdefault(parts[-3], set()).add(name)
        elif path.endswith((".js", ".mjs")):
            found = names_in_javascript((ROOT / path).read_text())
            owners.setdefault("", set()).update(found.pop(""))
        else:
            continue
        for owner, names in found.items():
            owners.setdefault(owner, set()).update(names)
    return owners


@functools.cache
def all_names() -> frozenset[str]:
    return frozenset(all_owners()).union(*all_owners().values())


@functools.cache
def all_commands() -> frozenset[str]:
    return frozenset(Path(path).stem for path in all_files() if "/management/commands/" in path)


@functools.cache
def all_sources() -> str:
    """
    Return the text of all Python code, all files in bin/, and the configuration in TOML and JSON.

    It contains names that are only strings in the code: settings, metrics, channels.
    """
    kept = [path for path in sorted(all_files()) if path.endswith((".py", ".toml", ".json")) or path.startswith("bin/")]
    return "\n".join(
        (ROOT / path).read_text(errors="replace") for path in kept if path != "tests/test_documentation.py"
    )
