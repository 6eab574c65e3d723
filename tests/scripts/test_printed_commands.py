"""The commands that the pages print: each exists and accepts its arguments, and these tests run some of them."""

import os
import re
import shlex
import shutil
import sqlite3
import subprocess

import pytest
from django.core.management import get_commands, load_command_class

from tests.live.processes import Database
from tests.names_in_code import ROOT
from tests.scripts.printed import Copy, find_block, read_blocks, read_section

OPERATIONS = "docs/operations.md"
PAGES = ["README.md", "CONTRIBUTING.md", "benchmarks/README.md"]
PAGES += sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md"))
MANAGE = re.compile(r"manage\.py ([a-z][^`\n|&;#]*)")
SCRIPT = re.compile(r"(?<![\w./-])(bin/[a-z_]+(?:\.py)?)((?: [^`\n|&;#]+)?)")
SNAPSHOT = "chat-2026-11-20"  # the name of the copy that the page restores


def find_all(pattern):
    """Return the commands of all pages, in code spans and in indented lines."""
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


@pytest.mark.process
@pytest.mark.no_database
@pytest.mark.parametrize("word", ["sqlite3 var", ".venv/bin/python"])
def test_the_printed_backup_and_restore_of_sqlite_bring_the_rows_back(stored, word):
    if word.startswith("sqlite3") and not shutil.which("sqlite3"):
        pytest.skip("needs the program sqlite3")
    stored.run(find_block(OPERATIONS, "Backup", word))
    (backup,) = stored.folder.glob("chat-*.sqlite3")
    assert rooms_in(backup) == [("welcome",)]
    backup.rename(stored.folder / f"{SNAPSHOT}.sqlite3")
    with sqlite3.connect(stored.folder / "var" / "db.sqlite3") as database:
        database.execute("UPDATE chat_room SET slug = 'changed'")
    stored.run(find_block(OPERATIONS, "Restore", "db.sqlite3.new"))
    assert rooms_in(stored.folder / "var" / "db.sqlite3") == [("welcome",)]


@pytest.mark.process
@pytest.mark.no_database
def test_the_printed_check_of_a_backup_runs(stored):
    command = re.search(r"`(sqlite3 chat-[^`]+)`", read_section(OPERATIONS, "Backup"))[1]
    if not shutil.which("sqlite3"):
        pytest.skip("needs the program sqlite3")
    shutil.copy(stored.folder / "var" / "db.sqlite3", stored.folder / f"{SNAPSHOT}.sqlite3")
    assert stored.run(command) == "ok\n"


@pytest.mark.process
def test_the_printed_backup_and_restore_of_postgresql_bring_the_rows_back(copy, tmp_path):
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        pytest.skip("needs PostgreSQL: bin/test --postgres")
    database = Database(tmp_path)
    try:
        database.query("INSERT INTO django_session VALUES ('kept', '', now())")
        copy.run(find_block(OPERATIONS, "Backup", "pg_dump"), DATABASE_URL=database.url)
        (backup,) = copy.folder.glob("chat-*.dump")
        backup.rename(copy.folder / f"{SNAPSHOT}.dump")
        assert "django_session" in copy.run(f"pg_restore --list {SNAPSHOT}.dump")
        database.query("DELETE FROM django_session")
        copy.run(find_block(OPERATIONS, "Restore", "pg_restore"), DATABASE_URL=database.url)
        assert database.query("SELECT session_key FROM django_session") == [("kept",)]
    finally:
        database.drop()


@pytest.mark.no_database
def test_the_printed_unit_for_systemd_is_valid(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("needs systemd")
    (unit,) = [block for block in read_blocks(OPERATIONS, "Supervision") if "ExecStart" in block]
    path = tmp_path / "chat-worker@.service"
    # The check requires a program that exists.
    path.write_text(unit.replace("/srv/chat/.venv/bin/python", shutil.which("env")) + "\n")
    done = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True)
    assert str(path) not in done.stderr and path.name not in done.stderr, done.stderr
