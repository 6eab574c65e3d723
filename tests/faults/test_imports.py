"""
Imports by real processes: an import that is killed continues, and an import of 100,000 messages needs little memory.

The second test prints the messages per second and the memory.
"""

import signal
import subprocess
import sys

import pytest

from tests.chat.services.imports import generator
from tests.live.processes import ROOT, Database, make_environment

pytestmark = [pytest.mark.process, pytest.mark.long]

MESSAGES = 100_000
# The whole export needs 300 MB when it is read at once.
MAX_GROWTH_MB = 50
# The process dies in the transaction of the third batch: its messages are inserted, and not committed.
KILL_IN_BATCH = """
import os, signal
from django.db import connection
from chat.services.imports import running
running.BATCH = 20
batches = []
def kill(execute, sql, params, many, context):
    if 'INTO "chat_importeditem"' in sql and "message" in str(params):
        batches.append(sql)
        if len(batches) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, params, many, context)
with connection.execute_wrapper(kill):
    call_command("import_slack", EXPORT)
"""
# A child process inherits the `ru_maxrss` of the tests, and some kernels have no VmHWM. So a thread reads the memory.
MEASURE = """
import os, threading, time
from tests.live.processes import read_memory
class Self:
    pid = os.getpid()
peak = before = read_memory(Self)
def watch():
    global peak
    while True:
        peak = max(peak, read_memory(Self))
        time.sleep(0.02)
threading.Thread(target=watch, daemon=True).start()
started_at = time.monotonic()
call_command(COMMAND, EXPORT)
print("measured", (peak - before) / 1e6, time.monotonic() - started_at)
"""


@pytest.fixture
def site(tmp_path):
    database = Database(tmp_path)
    database.environment = make_environment(DATABASE_URL=database.url, REDIS_URL="", CHAT_VAR=str(tmp_path))
    yield database
    database.drop()


def run(site, script, path, command="import_slack"):
    start = "import django\ndjango.setup()\nfrom django.core.management import call_command\n"
    text = f"{start}EXPORT, COMMAND = {str(path)!r}, {command!r}\n{script}"
    return subprocess.run([sys.executable, "-c", text], cwd=ROOT, env=site.environment, capture_output=True, text=True)


def count(site):
    return site.query("SELECT count(*) FROM chat_message")


def test_a_second_run_stores_the_batches_that_a_killed_import_did_not_commit(site, tmp_path):
    path = generator.write_slack(generator.make_history(100), tmp_path / "slack.zip")
    assert run(site, KILL_IN_BATCH, path).returncode == -signal.SIGKILL
    assert count(site) == [(40,)]
    done = run(site, "call_command(COMMAND, EXPORT)", path)
    assert done.returncode == 0, done.stderr
    assert count(site) == [(100,)]


@pytest.mark.parametrize("system", ["slack", "mattermost", "export"])
def test_a_hundred_thousand_messages_need_little_memory(site, tmp_path, system):
    writers = {"slack": generator.write_slack, "mattermost": generator.write_mattermost, "export": generator.write_own}
    history = generator.make_history(MESSAGES, people=300, is_one_room=system == "export")
    path = writers[system](history, tmp_path / "export")
    done = run(site, MEASURE, path, f"import_{system}")
    assert done.returncode == 0, done.stderr
    growth, seconds = map(float, done.stdout.split("measured ")[1].split())
    print(f"{system}: {MESSAGES / seconds:,.0f} messages/s, {growth:.0f} MB more than before")
    assert count(site) == [(MESSAGES,)] and growth < MAX_GROWTH_MB
    again = run(site, MEASURE, path, f"import_{system}")
    assert "Messages stored: 0." in again.stdout and count(site) == [(MESSAGES,)]
