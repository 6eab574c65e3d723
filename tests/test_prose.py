"""Texts and names are plain English: FOLDERS have no wording of PLAINER, and test names state a behaviour."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (
    "channels_transport",
    "chat",
    "chatproj",
    "templates",
    "tests",
    "benchmarks",
    "bin",
    "clients",
    "deploy",
    "docs",
    "examples",
    ".ci",
)
SUFFIXES = {".py", ".js", ".mjs", ".cjs", ".html", ".css", ".md", ".sh", ".in", ".toml", ""}
# {wording: what to write instead}
PLAINER = {
    r"\bany more\b": "any longer; or say what changed",
    r"\bfor ever\b": "forever; or a time",
    r"\bso many\b": "the number, or 'this many'",
    r"\bone too many\b": "the limit that is exceeded",
    r"\b(of|by|for|to) (that|those) (one|that|who)\b": "the noun",
    r"\b[Ww]hoever\b": "the person, the client, the caller",
    r"\blest\b": "so that ... not",
    r"\bsaid goodbye\b": "disconnected",
    r"\bin hand\b": "the current message, the current turn",
    r"\bin vain\b": "what did not arrive or did not happen",
    r"\bjam(s|med)?\b": "block",
    # At the start of a sentence of a comment, a docstring or a page.
    r"(?:^\s*(?:#|//|\*|\"\"\")?\s*|[.:;] )Who [a-z]+(?! you)": "a noun as the subject: the client, a member",
}
THIS_FILE = Path(__file__).resolve()


def find_files():
    """Return the text files of the root and of FOLDERS, without generated files."""
    found = [path for path in ROOT.iterdir() if path.suffix in (".md", ".in", ".toml")]
    for folder in FOLDERS:
        found += [path for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    return sorted(path for path in found if path.is_file() and path != THIS_FILE and not is_generated(path))


def is_generated(path):
    return {"node_modules", ".cache", "__pycache__", "migrations", "vendor"} & set(path.parts) or path.name.startswith(
        "requirements"
    )


def find_wordings(path):
    """Return a line of text for each wording in a file that PLAINER replaces."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []
    return [
        f"{path.relative_to(ROOT)}:{number}: {match[0].strip()!r}: write {plainer}"
        for number, line in enumerate(lines, 1)
        for pattern, plainer in PLAINER.items()
        if (match := re.search(pattern, line))
    ]


def test_every_wording_is_plain():
    found = [wording for path in find_files() for wording in find_wordings(path)]
    assert not found, "\n".join(found)


def test_test_names_state_a_behaviour():
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for name in re.findall(r"\bdef (test_(?:who|what|whoever|whom)_\w*)", path.read_text())
    ]
    assert not found, "\n".join(found)
