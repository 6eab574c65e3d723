"""The code in channels_transport/docs/leaving.md is that of `examples/leaving`, which the tests of this folder run."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "channels_transport" / "docs" / "leaving.md").read_text()
EXAMPLE = ROOT / "examples" / "leaving"
# A file in backticks and a colon at the end of a paragraph, and the indented block after it.
BLOCK = re.compile(r"[iI]n\s+`([\w./]+)`:\n\n((?: {4,}.*\n|\n)+)")
BLOCKS = BLOCK.findall(PAGE)
IN_LISTS = re.findall(r"^ {2}\S.*:\n\n {6}\S", PAGE, re.MULTILINE)


def words_of(text):
    """Return the lines of a text without their indentation."""
    return "\n".join(line.strip() for line in text.strip().splitlines() if line.strip())


def test_every_block_of_code_names_its_file():
    assert len(BLOCKS) == len(re.findall(r"^\S.*\n\n {4,}\S", PAGE, re.MULTILINE)) + len(IN_LISTS) >= 15


@pytest.mark.parametrize("path, code", BLOCKS)
def test_the_code_of_the_page_is_the_code_of_the_example(path, code):
    assert words_of(code) in words_of((EXAMPLE / path).read_text())


def test_every_named_file_of_the_example_exists():
    paths = re.findall(r"`((?:before|after|talk)/[\w./]+\w)`", PAGE)
    assert paths
    assert [path for path in paths if not (EXAMPLE / path).exists()] == []
