"""
A process that is killed during a deletion leaves no batch half deleted, and a later run or sweep deletes the rest.

Each test kills a real process with SIGKILL, between two statements or after the commit.
"""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.processes import ROOT, Database, make_environment

pytestmark = pytest.mark.process

FILL = """
from datetime import timedelta
from django.utils import timezone
from chat.models import Message, Room, Task
from chat.services import people, retention, rooms, tasks
from chat.protocol import Start
alice = people.sign_up("Alice", "correct horse")
room = rooms.create_room(alice, "garden", "Garden")
old = timezone.now() - timedelta(days=40)
Message.objects.bulk_create(
    Message(room=room, number=n, offset=n, author=alice, ref=f"r{n}", body=f"Message {n}", created_at=old)
    for n in range(1, 451)
)
Room.objects.update(offset=450)
retention.set_rule("garden", 30, "test")
for ref in ("t1", "t2"):
    event = Start(ref=ref, task="export", params={"format": "json"})
    tasks.run_task(tasks.start_task(rooms.join_room(alice, "garden"), event).task_id)
"""
# The process dies in the transaction of the third batch, after the deletion of the rows and before the commit.
KILL_IN_BATCH = """
import os, signal
from django.db import connection
from chat.services import retention
batches = []
def kill(execute, sql, params, many, context):
    if sql.startswith('UPDATE "chat_room" SET "kept_from"'):
        batches.append(sql)
        if len(batches) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, params, many, context)
with connection.execute_wrapper(kill):
    list(retention.run_retention("test"))
"""
KILL_BEFORE_FILE = """
import os, signal
from chat.models import Person, Task
from chat.services import files, tasks
files.stores.delete = lambda name: os.kill(os.getpid(), signal.SIGKILL)
tasks.delete_task(Person.objects.get(handle="Alice"), Task.objects.get(ref="t1").id)
"""
SWEEP = """
import os
from pathlib import Path
from django.conf import settings
from chat.services import files, tasks
young = files.sweep_files()
for path in Path(settings.CHAT_FILES).rglob("*"):
    os.utime(path, (0, 0))
print(young, files.sweep_files(), files.sweep_files())
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    database = Database(folder)
    database.files = folder / "files"
    paths = {"CHAT_VAR": str(folder), "CHAT_FILES": str(database.files)}
    database.environment = make_environment(DATABASE_URL=database.url, REDIS_URL="", **paths)
    filled = run(database, FILL)
    assert filled.returncode == 0, filled.stderr.decode()
    yield database
    database.drop()


def run(site, script):
    command = [sys.executable, "-c", f"import django\ndjango.setup()\n{script}"]
    return subprocess.run(command, cwd=ROOT, env=site.environment, capture_output=True, timeout=90)


def count_logged(site):
    [(messages,)] = site.query("SELECT coalesce(sum(messages), 0) FROM chat_retentionentry WHERE act = 'run'")
    return messages


def read_names(site):
    return {name for (name,) in site.query("SELECT result_file FROM chat_task")}


def find_files(site) -> dict[str, Path]:
    return {str(path.relative_to(site.files)): path for path in site.files.rglob("*") if path.is_file()}


def test_a_result_whose_deletion_was_killed_is_swept_later_and_others_stay(site):
    before = read_names(site)
    assert len(before) == 2 and set(find_files(site)) == before
    assert run(site, KILL_BEFORE_FILE).returncode == -signal.SIGKILL
    kept = read_names(site)
    assert len(kept) == 1, "the row is deleted before the file"
    assert set(find_files(site)) == before
    # The sweep keeps the file while it is young, and deletes the file when it is old.
    assert run(site, SWEEP).stdout == b"0 1 0\n"
    assert set(find_files(site)) == kept


def test_a_run_of_retention_that_is_killed_leaves_no_half_batch_and_the_next_one_continues(site):
    assert run(site, KILL_IN_BATCH).returncode == -signal.SIGKILL
    state = "SELECT min(number), count(*) FROM chat_message"
    assert site.query(state) == [(201, 250)]
    assert site.query("SELECT kept_from FROM chat_room") == [(201,)]
    assert count_logged(site) == 200
    done = subprocess.run(
        [sys.executable, "manage.py", "retention", "run"], cwd=ROOT, env=site.environment, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert site.query(state) == [(None, 0)]
    assert site.query('SELECT kept_from, "offset" FROM chat_room') == [(451, 450)]
    assert count_logged(site) == 450
