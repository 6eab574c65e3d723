"""Public functions of these packages have type annotations for all parameters and the result. mypy checks the types."""

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parent.parent
ANNOTATED = ("channels_transport", "chat/protocol", "chat/models", "chat/store", "chat/services", "chat/broadcast.py")


def find_files():
    """Yield the source files whose public functions need annotations."""
    for place in ANNOTATED:
        path = ROOT / place
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def find_public_functions(body):
    """Yield every public function and method in `body`, but none that is defined within a function."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from find_public_functions(node.body)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node


def find_missing(function):
    """Return the parameters of a function, and `return`, that have no annotation."""
    arguments = function.args
    parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    missing = [
        parameter.arg
        for parameter in parameters
        if parameter is not None and parameter.annotation is None and parameter.arg not in ("self", "cls")
    ]
    return missing + ([] if function.returns is not None else ["return"])


def test_public_functions_have_complete_annotations():
    missing = {
        f"{path.relative_to(ROOT)}:{function.lineno}: {function.name}": names
        for path in find_files()
        for function in find_public_functions(ast.parse(path.read_text()).body)
        if (names := find_missing(function))
    }
    assert missing == {}
