"""The source of the package and of these tests has only what Python 3.8 has. `bin/matrix` runs it there."""

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parent.parent.parent
PATHS = [
    path for folder in ("channels_transport", "tests/channels_transport") for path in (ROOT / folder).rglob("*.py")
]
NEWER_METHODS = {"removeprefix", "removesuffix", "bit_count"}
# For each function, the argument that newer Pythons have added.
NEWER_ARGUMENTS = {"zip": "strict", "Popen": "process_group", "dataclass": "slots"}


GENERIC = {"dict", "list", "tuple", "set", "frozenset", "type"}


def find_generic(tree):
    """Yield the line of each type such as `list[str]` that is evaluated. Annotations are not evaluated."""
    names = GENERIC | {
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "collections.abc"
        for name in node.names
    }
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in names:
            yield node.lineno
        for field, value in ast.iter_fields(node):
            if field not in ("annotation", "returns"):
                children = value if isinstance(value, list) else [value]
                waiting += [child for child in children if isinstance(child, ast.AST)]


def find_newer(tree):
    """Yield (line, name) of each use of a feature that Python 3.8 lacks."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in NEWER_METHODS:
            yield node.lineno, node.attr
        elif isinstance(node, ast.Attribute) and ast.dump(node.value) == ast.dump(ast.Name("functools", ast.Load())):
            if node.attr == "cache":
                yield node.lineno, "functools.cache"
        elif isinstance(node, ast.Call):
            function = getattr(node.func, "id", getattr(node.func, "attr", ""))
            for keyword in node.keywords:
                if keyword.arg and NEWER_ARGUMENTS.get(function) == keyword.arg:
                    yield node.lineno, f"{function}({keyword.arg})"
        elif isinstance(node, ast.ImportFrom) and node.module == "datetime":
            yield from ((node.lineno, "datetime.UTC") for name in node.names if name.name == "UTC")


@pytest.mark.parametrize("path", PATHS, ids=[str(path.relative_to(ROOT)) for path in PATHS])
def test_a_module_has_no_newer_features(path):
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))
    assert list(find_newer(tree)) == [] and list(find_generic(tree)) == []


def test_newer_features_are_found():
    lines = [
        "import functools",
        "from datetime import UTC",
        "zip(a, strict=1)",
        "''.removeprefix(a)",
        "functools.cache",
    ]
    assert sorted(line for line, _ in find_newer(ast.parse("\n".join(lines)))) == [2, 3, 4, 5]


def test_types_that_are_evaluated_are_found():
    lines = [
        "from collections.abc import Callable",
        "a: list[int] = set[int]()",
        "b = Callable[..., int]",
        "tuple[int]",
    ]
    assert sorted(find_generic(ast.parse("\n".join(lines)))) == [2, 3, 4]
