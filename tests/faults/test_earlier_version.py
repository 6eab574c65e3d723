"""
The earlier version works on the tables of this version. During a deploy, both versions run on the new tables, and an
operator may have to go back to the earlier one.

This code migrates the database. Then the earlier version's own live tests run on it, with the code of that version. The
earlier version is the newest tag before this commit, or else the commit before the newest migration was added.
CHAT_EARLIER_VERSION names another commit.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.long, pytest.mark.process]

ROOT = Path(__file__).resolve().parent.parent.parent
# Posts, refs and exports write the rows that migrations change most. These tests take about a minute.
CHOSEN = ("test_chat.py", "test_refs.py", "test_tasks.py")
SECONDS = 600
# The tests of the earlier version call `migrate` of their `tests.live.processes`. This plugin replaces the function, so
# that it runs the migrations of this code.
PLUGIN = """
import subprocess
import sys

from tests.live import processes


def migrate(database_url):
    environment = processes.make_environment(DATABASE_URL=database_url)
    command = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(command, cwd={root!r}, env=environment, check=True)
    shown = subprocess.run(
        [sys.executable, "manage.py", "showmigrations", "chat"], cwd={root!r}, env=environment, capture_output=True
    )
    with open({log!r}, "ab") as log:
        log.write(shown.stdout)


processes.migrate = migrate
"""


def git(*arguments):
    """Return what a command of git prints, or None if it fails."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def find_newest_migration():
    return max((ROOT / "chat" / "migrations").glob("[0-9]*.py"))


def find_earlier_version():
    """Return the commit of the earlier version. Skip the test if this folder does not have its history."""
    if git("rev-parse", "--git-dir") is None:
        pytest.skip("this folder is not a clone, so it has no earlier version")
    named = os.environ.get("CHAT_EARLIER_VERSION")
    tags = (git("tag", "--merged", "HEAD^", "--sort=-creatordate") or "").split()
    if named or tags:
        return named or tags[0]
    added = git("log", "--diff-filter=A", "--format=%H", "-1", "--", str(find_newest_migration()))
    if added == "":
        return "HEAD"  # the migration is not committed yet
    # In a shallow clone, the oldest commit seems to add every file, and has no parent.
    before = added and git("rev-parse", "--verify", "--quiet", f"{added}^")
    if not before:
        pytest.skip(
            "this clone is shallow and has no tag, so it does not contain the earlier version: git fetch --unshallow"
        )
    return before


def unpack(commit, folder):
    archive = folder.with_suffix(".tar")
    assert git("archive", f"--output={archive}", commit) is not None, f"there is no commit {commit}"
    folder.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", folder], check=True)


def test_the_live_tests_of_the_earlier_version_pass_on_the_tables_of_this_version(tmp_path):
    commit = find_earlier_version()
    earlier, log = tmp_path / "earlier", tmp_path / "migrations"
    unpack(commit, earlier)
    (tmp_path / "new_tables.py").write_text(PLUGIN.format(root=str(ROOT), log=str(log)))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "CHAT_VAR": str(tmp_path / "var"), "SECRET_KEY": "x" * 50}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    paths = [path for name in CHOSEN if (earlier / (path := f"tests/live/{name}")).exists()]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "new_tables", "-p", "no:cacheprovider", "-m", "not alone"]
    done = subprocess.run(
        [*command, *paths],
        cwd=earlier,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
    )
    assert done.returncode == 0, f"the tests of {commit} failed:\n{done.stdout.decode()[-8000:]}"
    assert f"[X] {find_newest_migration().stem}" in log.read_text(), "the tests ran on other tables"
