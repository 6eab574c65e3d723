"""
Names that look alike: the skeleton of a text, by the data of Unicode's Technical Standard 39 (Security Mechanisms).

Two texts with the same skeleton look alike, if differences of case and repeated white space do not count. The site
only compares skeletons with each other, and never shows them.

The data are in `table.txt`, which `make_table.py` writes. The database stores skeletons, so a change of the table needs
a migration that computes them again. This package imports nothing of this project.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("table.txt")


def make_skeleton(text: str) -> str:
    """
    Return the skeleton of a text. Texts that look alike have the same skeleton, ignoring case and repeated white space.

    The case is dropped after the characters are replaced, because the two cases of a letter may look like different
    letters: `I` looks like `l`, but `i` does not.
    """
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text))
    replaced = unicodedata.normalize("NFD", decomposed.translate(_read_table()))
    return " ".join(replaced.casefold().split())


@cache
def _read_table() -> dict[int, str]:
    """Return {code point: the text that it looks like}. Invisible characters look like the empty text."""
    table = {}
    for line in TABLE.read_text(encoding="ascii").splitlines():
        if line and not line.startswith("#"):
            prototype, _, sources = line.partition(":")
            text = "".join(chr(int(code, 16)) for code in prototype.split())
            table.update(dict.fromkeys(_read_codes(sources), text))
    return table


def _read_codes(sources: str) -> Iterator[int]:
    """Yield the code points in a list of numbers and of ranges such as `E0000-E0FFF`."""
    for source in sources.split():
        first, _, last = source.partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)
