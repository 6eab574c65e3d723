"""A process touches ALIVE_FILE at most once a second, and only logs an error if it cannot write the file."""

import pytest

from channels_transport import alive, touch_alive_file

pytestmark = pytest.mark.no_database


@pytest.fixture(autouse=True)
def first_time(monkeypatch):
    """Forget when the file was touched last."""
    monkeypatch.setattr(alive, "_touch_at", 0)


def test_the_file_is_made_and_then_touched_at_most_once_a_second(tmp_path, settings, monkeypatch):
    settings.ALIVE_FILE = str(tmp_path / "alive")
    touch_alive_file()
    (tmp_path / "alive").unlink()
    touch_alive_file()
    assert not (tmp_path / "alive").exists()
    monkeypatch.setattr(alive, "_touch_at", 0)
    touch_alive_file()
    assert (tmp_path / "alive").read_bytes() == b""


def test_nothing_is_written_without_the_setting(tmp_path, settings, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings.ALIVE_FILE = None
    touch_alive_file()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_logged_once(tmp_path, settings, monkeypatch, caplog):
    settings.ALIVE_FILE = str(tmp_path)
    for _ in range(3):
        monkeypatch.setattr(alive, "_touch_at", 0)
        touch_alive_file()
    assert caplog.text.count("ALIVE_FILE cannot be written: [Errno 21] Is a directory") == 1
