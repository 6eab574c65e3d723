"""
Write `table.txt` from the data of ICU, the Unicode Consortium's own library. The site never runs this script.

To take a newer version of Unicode's data, run these commands, then write a migration that computes the stored skeletons
again, as `0010_handles` does:

    python -m venv /tmp/icu && /tmp/icu/bin/pip install pyicu-wheels
    /tmp/icu/bin/python chat/protocol/lookalikes/make_table.py
"""

from itertools import groupby
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("table.txt")
HEADER = """\
# Characters that look alike, by Unicode's Technical Standard 39, version {version}. Written by make_table.py.
# Each line: the text that the characters look like, a colon, and these characters, as hexadecimal code points.
# Invisible characters look like nothing.
# The data are under the Unicode License, https://www.unicode.org/license.txt: copyright 1991-2024 Unicode, Inc.
"""


def make_lines(icu: Any) -> list[str]:
    """Return the lines of the table: one for each text that other characters look like."""
    checker, decomposer = icu.SpoofChecker(), icu.Normalizer2.getNFDInstance()
    sources: dict[str, list[int]] = {}
    for code in (*range(0xD800), *range(0xE000, 0x110000)):
        skeleton = checker.getSkeleton(0, chr(code))
        # Characters that decompose are not in the table, because texts are decomposed before they are looked up.
        if decomposer.isNormalized(chr(code)) and skeleton != chr(code):
            sources.setdefault(skeleton, []).append(code)
    lines = sorted((make_codes(skeleton), make_ranges(codes)) for skeleton, codes in sources.items())
    return [f"{prototype}: {codes}" for prototype, codes in lines]


def make_codes(text: str) -> str:
    """Return the code points of a text."""
    return " ".join(f"{ord(character):04X}" for character in text)


def make_ranges(codes: list[int]) -> str:
    """Return ascending code points. Code points without a gap between them become a range."""
    groups = [[code for _, code in group] for _, group in groupby(enumerate(codes), lambda pair: pair[1] - pair[0])]
    return " ".join(f"{group[0]:04X}-{group[-1]:04X}" if group[1:] else f"{group[0]:04X}" for group in groups)


if __name__ == "__main__":
    import icu

    TABLE.write_text(HEADER.format(version=icu.UNICODE_VERSION) + "\n".join(make_lines(icu)) + "\n", encoding="ascii")
