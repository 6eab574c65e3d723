"""README.md prints commands that start the site. A copy of the repository runs each of them on a free port."""

import contextlib
import re
import socket

import pytest

from tests.scripts.printed import Copy, find_block, read_blocks, read_section, wait_until_ready
from tests.valkey import free_port

pytestmark = [pytest.mark.live, pytest.mark.no_database]

PAGE, WAYS, DEPLOY = "README.md", "Other ways to start it", "Deploy it in five lines"


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path)


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def url(port):
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def adapt(port, valkey_url, tmp_path):
    """Return a function that puts this test's port, Redis and database into commands, in place of the printed ones."""

    def adapt(text):
        for printed, own in {
            "redis://localhost:6379/0": valkey_url,
            "redis://:secret@redis:6379/0": valkey_url,
            "postgres://chat:secret@db/chat": f"sqlite:///{tmp_path}/db.sqlite3",
            "8000": str(port),
            "9000": str(port),
        }.items():
            text = text.replace(printed, own)
        return text

    return adapt


@pytest.fixture
def prepared(copy):
    """Return the first block of commands, which every way to start the site needs."""
    block = read_blocks(PAGE, WAYS)[0]
    assert block.splitlines()[0] == "bin/setup"
    return block + "\n"


def test_serve_starts_as_printed_and_prints_what_the_page_says(copy, adapt, url):
    (command,) = read_blocks(PAGE, "Start it")
    printed = re.search(r"^ +(Chat is ready at .+\n)", read_section(PAGE, "Start it"), re.MULTILINE)[1]
    with copy.running(command, PORT=adapt("8000")) as run:
        wait_until_ready(url, run)
        assert adapt(printed) in run.read_output()


def test_serve_takes_the_port_and_the_host_as_printed(copy, adapt, port, url):
    for printed in ("`PORT=9000 bin/serve`", "`HOST=0.0.0.0 bin/serve`"):
        assert printed in read_section(PAGE, "Start it")
    # Each start of the whole site costs 12 s of CPU, so this one has both variables.
    with copy.running(adapt("PORT=9000 HOST=0.0.0.0 bin/serve")) as run:
        wait_until_ready(url, run)
        assert "Other machines can open http://" in run.read_output()
        wait_until_ready(url, run, host=f"{socket.gethostname()}:{port}")


def test_one_process_starts_as_printed(copy, prepared, adapt, url):
    with copy.running(prepared + adapt(find_block(PAGE, WAYS, "runserver 8000"))) as run:
        wait_until_ready(url, run)


def test_two_processes_start_as_printed(copy, prepared, adapt, url):
    with contextlib.ExitStack() as stack:
        interface = stack.enter_context(copy.running(prepared + adapt(find_block(PAGE, WAYS, "--noworker"))))
        worker = stack.enter_context(copy.running(adapt(find_block(PAGE, WAYS, "runworker"))))
        wait_until_ready(url, interface, worker)


def test_honcho_starts_all_processes_as_printed(copy, prepared, adapt, url):
    with copy.running(prepared + adapt(find_block(PAGE, WAYS, "honcho"))) as run:
        wait_until_ready(url, run)
        for name in ("web.1", "worker.1", "worker.2", "tasks.1", "monitor.1", "delay.1", "release.1"):
            assert f"{name} " in run.read_output()


def test_the_lines_of_the_deployment_start_the_site(copy, adapt, url):
    (block,) = read_blocks(PAGE, DEPLOY)
    assert len(block.splitlines()) == 5
    with copy.running(adapt(block)) as run:
        wait_until_ready(url, run, host="chat.example.com")
