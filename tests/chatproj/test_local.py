"""The files of `bin/serve` in `var/`, and how other commands find them."""

import fcntl
import stat
import threading
from urllib.parse import unquote, urlsplit

import pytest

from chatproj import local

pytestmark = pytest.mark.no_database


@pytest.fixture
def var(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "VAR", tmp_path / "a folder" / "var")
    return local.VAR


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_there_is_no_secret_key_before_one_is_made(var):
    assert local.secret_key() is None
    assert not var.exists()


def test_the_secret_key_is_long_private_and_permanent(var):
    key = local.ensure_secret_key()
    assert len(key) >= 50
    assert local.ensure_secret_key() == local.secret_key() == key
    assert mode(var / "secret-key") == 0o600
    assert mode(var) == 0o700
    assert [path.name for path in var.iterdir()] == ["secret-key"]


def test_an_empty_key_file_of_an_interrupted_run_is_replaced(var):
    local.make_var()
    (var / "secret-key").touch()
    assert len(local.ensure_secret_key()) >= 50


def test_threads_that_ask_at_the_same_time_get_one_key(var):
    keys = []
    threads = [threading.Thread(target=lambda: keys.append(local.ensure_secret_key())) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 16
    assert len(set(keys)) == 1


def test_the_redis_url_is_found_only_while_serve_holds_the_lock(var):
    local.write_private("redis-url", "redis://:secret@127.0.0.1:1234/0")
    assert mode(var / "redis-url") == 0o600
    assert local.redis_url() is None
    with open(var / "serve.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert local.redis_url() == "redis://:secret@127.0.0.1:1234/0"
    assert local.redis_url() is None


def test_a_serve_that_started_no_redis_has_no_url(var):
    local.make_var()
    with open(var / "serve.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert local.is_serve_running()
        assert local.redis_url() is None


def test_the_database_url_works_with_special_characters_in_the_folder_name(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "VAR", tmp_path / "a b?#%20")
    url = urlsplit(local.database_url())
    assert url.scheme == "sqlite"
    assert unquote(url.path[1:]) == str(tmp_path / "a b?#%20" / "db.sqlite3")


# The next tests are about the address of the site.


@pytest.mark.parametrize(
    "content, port, url",
    [
        ("123 http://127.0.0.1:8011/", None, "http://127.0.0.1:8011"),
        ("123 http://127.0.0.1:8011/", 8011, "http://127.0.0.1:8011"),
        ("123 http://[::1]:8011/", None, "http://[::1]:8011"),
        ("123 http://192.0.2.7:8011/", 8011, "http://192.0.2.7:8011"),
        ("123 http://127.0.0.1:8011/", 9000, "http://127.0.0.1:9000"),
        ("123 ", None, "http://127.0.0.1:8000"),
        ("", 9000, "http://127.0.0.1:9000"),
    ],
)
def test_the_site_has_the_address_of_a_running_serve(var, content, port, url):
    local.make_var()
    with open(var / "serve.lock", "w+") as lock:
        lock.write(content)
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert local.site_url(port) == url
    # If the lock is free, the file has the address of a run that has ended.
    assert local.site_url(port) == f"http://127.0.0.1:{port or 8000}"


def test_the_site_has_a_default_address_before_the_first_run(var):
    assert local.site_url(None) == "http://127.0.0.1:8000"
