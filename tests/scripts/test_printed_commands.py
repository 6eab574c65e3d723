"""The commands that the pages print: each exists and accepts its arguments, and these tests run some of them."""

import os
import re
import shlex
import sqlite3

import pytest
from django.core.management import get_commands, load_command_class

from tests.names_in_code import ROOT
from tests.scripts.printed import Copy, find_block

DATA = "docs/data.md"
PAGES = ["README.md", "CONTRIBUTING.md", "benchmarks/README.md"]
PAGES += sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md"))
MANAGE = re.compile(r"manage\.py ([a-z][^`\n|&;#]*)")
SCRIPT = re.compile(r"(?<![\w./-])(bin/[a-z_]+(?:\.py)?)((?: [^`\n|&;#]+)?)")


def find_all(pattern):
    """Yield (page, match) of each command on all pages, in code spans and in indented lines."""
    for page in PAGES:
        for line in (ROOT / page).read_text().splitlines():
            spans = [line] if line.startswith("    ") else re.findall(r"`([^`]+)`", line)
            yield from ((page, match) for span in spans for match in pattern.finditer(span))


MANAGE_LINES = sorted({(page, match[1].strip()) for page, match in find_all(MANAGE) if " " in match[1].strip()})
SCRIPT_LINES = sorted({(match[1], match[2].strip()) for _, match in find_all(SCRIPT)})


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path)


@pytest.mark.no_database
@pytest.mark.parametrize(("page", "line"), MANAGE_LINES)
def test_a_printed_management_command_accepts_its_arguments(page, line):
    name, *arguments = shlex.split(line)
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    parser.parse_args(arguments)


@pytest.mark.no_database
@pytest.mark.parametrize(("script", "arguments"), SCRIPT_LINES)
def test_a_printed_script_exists_and_knows_its_options_and_files(script, arguments):
    assert os.access(ROOT / script, os.X_OK)
    text = (ROOT / script).read_text()
    for word in shlex.split(arguments):
        if word.startswith("--"):
            # A script of Bash has the option in a `case` or an `if`, a script of Python passes it to argparse.
            found = [f"{word})", f"= {word} ", f'"{word}"']
            assert any(form in text for form in found) or script == "bin/bench", word
        if word.startswith("tests/"):
            assert (ROOT / word).exists(), word


@pytest.fixture
def stored(copy):
    """Return a copy whose database holds one room."""
    block = "bin/setup && source .venv/bin/activate && python manage.py migrate -v0 && python manage.py firstroom"
    copy.run(block, SECRET_KEY="for tests only")
    return copy


def rooms_in(path):
    database = sqlite3.connect(path)
    try:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return database.execute("SELECT slug FROM chat_room").fetchall()
    finally:
        database.close()


def printed_command(heading, text):
    """Return a command that docs/data.md prints, without its comment."""
    lines = find_block(DATA, heading, text).splitlines()
    return next(line for line in lines if text in line).partition("#")[0].strip()


@pytest.mark.process
@pytest.mark.no_database
def test_the_printed_backup_and_restore_of_sqlite_bring_the_rows_back(stored):
    activate = "source .venv/bin/activate && "
    stored.run(activate + printed_command("Backup", "backup chat.tar"), SECRET_KEY="for tests only")
    with sqlite3.connect(stored.folder / "var" / "db.sqlite3") as database:
        database.execute("UPDATE chat_room SET slug = 'changed'")
    stored.run(activate + printed_command("Backup", "restore chat.tar --verify"), SECRET_KEY="for tests only")
    stored.run(activate + printed_command("Restore", "restore chat.tar --replace"), SECRET_KEY="for tests only")
    assert rooms_in(stored.folder / "var" / "db.sqlite3") == [("welcome",)]
