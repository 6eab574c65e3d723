"""The steps of `manage.py serve`, one by one."""

import configparser
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from chat import broadcast
from chatproj import local
from chatproj.own_hosts import OwnHosts
from chatproj.serve import CannotServe, checks, configuration, lock, procfile, ready, supervise, valkey
from tests.stand_ins import Clock
from tests.valkey import free_port, running_cluster, running_valkey

pytestmark = pytest.mark.no_database


@pytest.fixture
def var(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "VAR", tmp_path / "var")
    return local.make_var()


@pytest.fixture
def listener():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


@pytest.fixture
def holder(var):
    """Start another process, which holds the folder's lock and has written its address. Yield the process."""
    code = (
        "import fcntl, os, time; f = open('serve.lock', 'w'); fcntl.flock(f, fcntl.LOCK_EX);"
        "f.write(f'{os.getpid()} http://127.0.0.1:8000/'); f.flush();"
        "print('held', flush=True); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=var, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


# The next tests are about the Procfile.


def test_a_procfile_is_read_in_order_without_comments_and_blank_lines():
    types = procfile.parse("# who\n\nweb: run --port ${PORT:-8000}\n  my-job_2:  work: hard  \n")
    assert types == [("web", "run --port ${PORT:-8000}"), ("my-job_2", "work: hard")]


@pytest.mark.parametrize("text", ["web", "web:", "web:   ", "we b: x", ": x"])
def test_a_line_without_a_command_is_refused_with_its_number(text):
    with pytest.raises(ValueError, match="line 2"):
        procfile.parse(f"# first\n{text}")


def test_a_duplicate_process_type_is_refused():
    with pytest.raises(ValueError, match="line 2 names web again"):
        procfile.parse("web: a\nweb: b")


def test_the_shell_is_replaced_by_the_command_also_after_assignments():
    assert procfile.ProcessType("web", "python x").shell == "exec python x"
    assert procfile.ProcessType("web", "A=1 python x").shell == "exec env A=1 python x"


def test_our_procfile_names_every_process_and_each_channel_has_workers():
    names = {entry.name: entry.command for entry in procfile.parse((local.ROOT / "Procfile").read_text())}
    assert list(names) == ["web", "worker", "tasks", "monitor", "delay", "release"]
    for name, command in {"web": "interface", "monitor": "monitor", "delay": "rundelay"}.items():
        assert f"manage.py {command}" in names[name]
    assert names["worker"].endswith(f"runworker --exclude-channels={broadcast.TASKS_CHANNEL}")
    assert names["tasks"].endswith(f"runworker --only-channels={broadcast.TASKS_CHANNEL}")


# The next tests are about the supervisor's configuration.


def read(programs):
    parser = configparser.RawConfigParser()
    parser.read_string(configuration.make_text(programs))
    return parser


def test_a_process_is_restarted_with_any_exit_code():
    section = read([configuration.Program("web", "exec x")])["program:web"]
    assert section["autorestart"] == "true"
    assert section["stopasgroup"] == section["killasgroup"] == "true"


def test_valkey_stops_last_and_all_processes_stop_within_ten_seconds():
    parser = read([configuration.Program("valkey", "exec v"), configuration.Program("worker", "exec w", 2)])
    # The supervisor stops the highest priority first.
    assert int(parser["group:chat"]["priority"]) > int(parser["group:store"]["priority"])
    assert int(parser["program:worker"]["stopwaitsecs"]) + int(parser["program:valkey"]["stopwaitsecs"]) < 9


def test_without_an_embedded_valkey_the_store_group_is_left_out():
    assert not read([configuration.Program("web", "exec x")]).has_section("group:store")


def test_several_processes_of_one_type_are_numbered():
    program = configuration.Program("worker", "exec w", 2)
    assert program.process_names == ["worker-1", "worker-2"]
    assert read([program])["program:worker"]["process_name"] == "worker-%(process_num)d"


def test_commands_are_in_the_environment_and_not_in_the_file():
    programs = [configuration.Program("a-b", "exec 'it' \"%\" ; # $PORT")]
    assert configuration.environment(programs, local.ROOT)["CHAT_RUN_a_b"] == "exec 'it' \"%\" ; # $PORT"
    assert "it" not in read(programs)["program:a-b"]["command"]


def test_the_wait_before_a_restart_grows_and_is_bounded():
    waits = [supervise.backoff_seconds(failures) for failures in range(1, 1000)]
    assert waits == sorted(waits)
    # The supervisor therefore starts a process again within one second, unless the process ends repeatedly.
    assert supervise.CHECK_SECONDS + waits[0] < 1
    assert waits[-1] <= 10


# The next tests are about the lock.


@pytest.fixture
def fresh_lock(var, monkeypatch):
    monkeypatch.setattr(lock, "_descriptor", None)
    yield
    if lock._descriptor is not None:
        os.close(lock._descriptor)


def test_a_second_serve_in_the_folder_gets_the_address_of_the_first(holder, fresh_lock):
    with pytest.raises(CannotServe, match=r"already running in this folder at http://127.0.0.1:8000/\."):
        lock.acquire()


def test_taking_the_lock_deletes_the_redis_url_of_the_last_run(var, fresh_lock):
    local.write_private("redis-url", "redis://gone")
    lock.acquire()
    assert local.is_serve_running()
    assert local.redis_url() is None


def test_serve_waits_for_a_run_that_is_still_stopping(holder, var, fresh_lock, monkeypatch, capsys):
    # The lock is held by the supervisor of a killed `serve`, so the pid in the file is no running process.
    gone = subprocess.Popen(["true"])
    gone.wait()
    (var / "serve.lock").write_text(f"{gone.pid} http://127.0.0.1:8000/")
    monkeypatch.setattr(lock, "time", Clock())
    with pytest.raises(CannotServe, match="does not stop"):
        lock.acquire()
    assert "still stopping" in capsys.readouterr().out


# The next tests are about the checks before the start.


def test_a_port_in_use_is_reported_in_one_sentence(listener):
    with pytest.raises(CannotServe, match=rf"^Port {listener} is in use; .*PORT={listener + 1} bin/serve\.$"):
        checks.check_port("127.0.0.1", listener)
    with pytest.raises(CannotServe, match="is in use"):
        checks.check_port("0.0.0.0", listener)


def test_an_address_of_another_machine_is_reported_in_one_sentence():
    with pytest.raises(CannotServe, match="192.0.2.1"):
        checks.check_port("192.0.2.1", free_port())
    with pytest.raises(CannotServe, match="not an address of this machine"):
        checks.check_port("not a host", free_port())


@pytest.mark.parametrize("text", ["0", "65536", "-1", "eight", "8000.5", "٣", "1e3"])
def test_an_invalid_port_is_refused(text, monkeypatch):
    monkeypatch.setenv("PORT", text)
    with pytest.raises(CannotServe, match="PORT must be"):
        checks.read_port()


@pytest.mark.parametrize("text", ["0", "-1", "two", "1000"])
def test_an_invalid_number_of_workers_is_refused(text, monkeypatch):
    monkeypatch.setenv("CHAT_WORKERS", text)
    with pytest.raises(CannotServe, match="CHAT_WORKERS must be"):
        checks.read_workers()


def test_host_port_and_workers_have_the_documented_defaults(monkeypatch):
    for name in ("PORT", "HOST", "CHAT_WORKERS"):
        monkeypatch.delenv(name, raising=False)
    assert (checks.read_host(), checks.read_port(), checks.read_workers()) == ("127.0.0.1", 8000, 2)


def test_a_redis_that_does_not_answer_is_reported_without_its_password():
    with pytest.raises(CannotServe, match="does not answer") as error:
        checks.check_redis("redis://:hunter2@127.0.0.1:1/0")
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("url", ["", "nonsense", "http://x", "redis://127.0.0.1:notaport/0"])
def test_an_invalid_redis_url_is_refused(url):
    with pytest.raises(CannotServe):
        checks.check_redis(url)


class OldRedis:
    def info(self, section):
        return {"redis_version": "6.2.14"}


def test_a_redis_cluster_is_refused():
    with running_cluster() as url, pytest.raises(CannotServe, match="part of a Redis Cluster"):
        checks.check_redis(url)


def test_each_server_of_redis_url_is_checked():
    with running_valkey() as url:
        checks.check_redis(url)
        with pytest.raises(CannotServe, match="does not answer"):
            checks.check_redis(f"{url},redis://:hunter2@127.0.0.1:1/0")
        with pytest.raises(CannotServe, match="the same server twice"):
            checks.check_redis(f"{url},{url}")


def test_an_old_redis_is_refused_with_its_version(monkeypatch):
    monkeypatch.setattr(checks, "make_client", lambda *args, **kwargs: OldRedis())
    with pytest.raises(CannotServe, match=r"6\.2\.14"):
        checks.check_redis("redis://127.0.0.1/0")


# The next tests are about the embedded Valkey.


@pytest.fixture
def short_var(monkeypatch):
    """Yield a folder whose path is short enough for a Unix socket."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    monkeypatch.setattr(local, "VAR", folder / "var")
    yield local.make_var()
    shutil.rmtree(folder)


def test_valkey_listens_on_a_socket_only_and_changes_its_password(short_var):
    first, second = valkey.configure(), valkey.configure()
    assert first.url != second.url and first.url.partition("@")[2] == second.url.partition("@")[2]
    assert second.url.partition("@")[2] == f"{short_var}/valkey.sock?db=0"
    text = (short_var / "valkey.conf").read_text()
    assert text.startswith(f'port 0\nunixsocket "{short_var}/valkey.sock"\nunixsocketperm 700\n')
    assert (short_var / "valkey.conf").stat().st_mode & 0o777 == 0o600
    password = second.url.split(":")[2].partition("@")[0]
    assert len(password) == 48 and not any(password in word for word in second.command)


def test_valkey_gets_a_private_folder_if_the_path_is_too_long(monkeypatch, tmp_path):
    monkeypatch.setattr(local, "VAR", tmp_path / ("a long name " * 9).strip())
    folders = []
    for _ in range(2):
        url = valkey.configure().url
        folders.append(Path(url.partition("@")[2].partition("?")[0]).parent)
        assert len(str(folders[-1])) < 60 and folders[-1].stat().st_mode & 0o777 == 0o700
    # The second start has deleted the folder of the first one.
    assert [folder.exists() for folder in folders] == [False, True]
    assert os.readlink(local.VAR / "valkey-folder") == str(folders[1])
    shutil.rmtree(folders[1])


@pytest.mark.process
def test_valkey_starts_with_its_configuration_and_passes_the_check(monkeypatch):
    # The configuration and the URL must escape the space, the quotes and the @ of this name.
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    monkeypatch.setattr(local, "VAR", folder / 'my "chat" @home')
    server = valkey.configure()
    process = subprocess.Popen(server.command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(CannotServe):
                checks.check_redis(server.url)
                break
            time.sleep(0.02)
        checks.check_redis(server.url)
        with pytest.raises(CannotServe, match="requires a password, but REDIS_URL contains none"):
            checks.check_redis("unix://" + server.url.partition("@")[2])
        assert (local.VAR / "valkey.sock").stat().st_mode & 0o777 == 0o700
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


# The next tests are about the address.


@pytest.mark.parametrize(
    "host, address",
    [("127.0.0.1", "127.0.0.1:80"), ("0.0.0.0", "127.0.0.1:80"), ("::", "[::1]:80"), ("::1", "[::1]:80")],
)
def test_the_printed_address_is_one_of_this_machine(host, address):
    assert ready.address(host, 80) == f"http://{address}/"


@pytest.fixture
def lan(monkeypatch):
    """Give this machine two addresses in a local network, and a name. Return the hosts that the site allows."""
    monkeypatch.setattr(ready, "find_addresses", lambda: ["192.168.1.5", "2001:db8::5"])
    monkeypatch.setattr(ready, "find_names", lambda: ["laptop", "laptop.local"])
    hosts = OwnHosts()
    hosts[:] = ["localhost", "127.0.0.1", "[::1]", "192.168.1.5", "[2001:db8::5]", "laptop", "laptop.local"]
    return hosts


def test_a_server_on_all_addresses_prints_the_addresses_for_other_machines(lan):
    ipv4, ipv6, name = "http://192.168.1.5:80/", "http://[2001:db8::5]:80/", "http://laptop:80/"
    assert ready.addresses_for_others("0.0.0.0", 80, lan) == [ipv4, name]
    assert ready.addresses_for_others("::", 80, lan) == [ipv4, ipv6, name]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_a_server_on_a_local_address_prints_nothing_for_other_machines(lan, host):
    assert ready.addresses_for_others(host, 80, lan) == []


def test_a_server_on_one_address_prints_that_address(lan):
    assert ready.addresses_for_others("192.168.1.5", 80, lan) == ["http://192.168.1.5:80/"]


def test_only_allowed_hosts_are_printed(lan):
    assert ready.addresses_for_others("0.0.0.0", 80, ["localhost"]) == []
    assert ready.addresses_for_others("0.0.0.0", 80, ["laptop"]) == ["http://laptop:80/"]
    assert ready.addresses_for_others("0.0.0.0", 80, [".a.example", "b.example"]) == ["http://b.example:80/"]
    assert "http://192.168.1.5:80/" in ready.addresses_for_others("0.0.0.0", 80, ["*"])


def test_the_health_check_uses_a_host_name_that_django_accepts():
    assert ready._host_header("127.0.0.1", 80, ["chat.example.com"]) == "chat.example.com"
    assert ready._host_header("127.0.0.1", 80, [".example.com"]) == "example.com"
    assert ready._host_header("127.0.0.1", 80, ["a", "127.0.0.1"]) == "127.0.0.1:80"
    assert ready._host_header("127.0.0.1", 80, ["*"]) == "127.0.0.1:80"
