"""Both stores of files: a file is complete or cannot be read, and no name leads out of the store."""

import errno
import os
import stat
from pathlib import Path

import pytest

from chat.services import files
from chat.services.files import database, directory, stores
from chat.services.files.names import check_kind, check_name
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["directory", "database"])
def store(request, settings, tmp_path):
    settings.CHAT_FILES = "database:" if request.param == "database" else str(tmp_path / "files")
    return stores.find_stores()[0]


@pytest.fixture
def root(settings, tmp_path):
    settings.CHAT_FILES = str(tmp_path / "files")
    return tmp_path / "files"


def save(*parts, name=None):
    writer = files.create(name or files.make_name("results"))
    for part in parts:
        writer.write(part)
    writer.finish()
    return writer.name


def content(name):
    return b"".join(files.read(name))


def test_a_file_is_read_as_it_was_written_and_deleted(store):
    long = os.urandom(directory.READ_BYTES * 2 + 7)
    name = save(b"one, ", b"", long)
    assert content(name) == b"one, " + long
    [info] = store.find("results")
    assert (info.name, info.size, info.is_complete) == (name, len(long) + 5, True)
    assert list(store.find("pictures")) == []
    assert files.delete(name) and not files.delete(name)
    assert list(store.find("results")) == []
    with pytest.raises(files.FileLost):
        files.read(name)


def test_a_file_without_a_part_is_empty(store):
    assert content(save()) == b""


def test_an_unfinished_file_cannot_be_read_and_is_listed(store):
    writer = files.create(files.make_name("results"))
    writer.write(b"half")
    with pytest.raises(files.FileLost):
        files.read(writer.name)
    assert [(info.name, info.is_complete) for info in store.find("results")] == [(writer.name, False)]
    writer.discard()
    writer.discard()
    assert list(store.find("results")) == []


def test_a_file_that_was_deleted_while_it_was_written_is_not_finished(store):
    writer = files.create(files.make_name("results"))
    writer.write(b"half")
    assert files.delete(writer.name)
    with pytest.raises(files.FileLost):
        writer.finish()
    assert list(store.find("results")) == []


def test_a_second_file_with_the_same_name_is_refused(store):
    writer = files.create(files.make_name("results"))
    with pytest.raises(Exception, match="exist|UNIQUE|unique"):
        files.create(writer.name)


def test_a_restored_file_replaces_the_one_with_its_name(store):
    name = save(b"before")
    for text in (b"first", b"second"):
        files.put(name, [text])
        assert content(name) == text
    with pytest.raises(ZeroDivisionError):
        files.put(name, (b"x"[1 // 0 :] for _ in range(1)))
    assert list(store.find("results")) == []


def test_a_file_that_becomes_too_large_is_refused(store):
    writer = files.create(files.make_name("results"), 10)
    writer.write(b"12345")
    writer.write(b"67890")
    with pytest.raises(files.FileTooLarge):
        writer.write(b"1")
    assert writer.size == 10


@pytest.mark.parametrize(
    "name",
    [
        *("", "/", "results", "../secret-key", "results/../../secret-key", "/etc/passwd", "results/ab/../x"),
        "results/ab/" + "cd" * 16,  # the folder is not the beginning of the name
        "results/ab/" + "ab" * 16 + "\n",
        "results/ab/" + "ab" * 16 + ".new",
        "Results/ab/" + "ab" * 16,
        "results/ab/" + "ab" * 15,
        "results/ab\0/" + "ab" * 16,
    ],
)
def test_other_names_are_refused_for_reading_deleting_and_creating(store, name):
    for use in (store.read, store.delete, lambda name: store.create(name, 10), check_name):
        with pytest.raises(ValueError):
            use(name)


@pytest.mark.parametrize("kind", ["", "..", "a/b", "A", "x" * 21, "results\n"])
def test_other_kinds_are_refused(store, kind):
    for use in (files.make_name, check_kind, lambda kind: list(store.find(kind))):
        with pytest.raises(ValueError):
            use(kind)


def test_names_cannot_be_guessed():
    names = {files.make_name("results") for _ in range(100)}
    assert len(names) == 100 and all(len(name.rpartition("/")[2]) == 32 for name in names)


def test_only_the_owner_can_read_the_directory(root):
    umask = os.umask(0)
    try:
        path = root / save(b"secret")
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, path.parent.parent, root):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_group_can_read_the_directory_if_nginx_serves_it(root, settings):
    settings.CHAT_X_ACCEL = "/protected/"
    umask = os.umask(0o077)
    try:
        path = root / save(b"for nginx")
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    for folder in (path.parent, path.parent.parent, root):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o750


def test_links_are_not_followed(root, tmp_path):
    name = save(b"mine")
    (tmp_path / "secret").write_text("of somebody else")
    link = root / name
    link.unlink()
    link.symlink_to(tmp_path / "secret")
    with pytest.raises(OSError):
        files.read(name)
    assert list(stores.find_stores()[0].find("results")) == []


def test_a_file_stays_readable_while_it_is_deleted(root):
    name = save(b"x" * directory.READ_BYTES, b"the end")
    parts = files.read(name)
    next(parts)
    files.delete(name)
    assert list(parts) == [b"the end"]


def test_the_content_is_on_the_disk_before_the_file_has_its_name(root, monkeypatch):
    steps = []
    fsync, rename = os.fsync, os.rename
    monkeypatch.setattr(os, "fsync", lambda fd: (steps.append(os.readlink(f"/proc/self/fd/{fd}")), fsync(fd)))
    monkeypatch.setattr(os, "rename", lambda *paths: (steps.append("rename"), rename(*paths)))
    path = str(root / save(b"text"))
    assert steps[-3:] == [f"{path}.new", "rename", os.path.dirname(path)]
    # The names of new folders are written to the disk, too.
    assert steps[:2] == [str(root), str(root / "results")]


def test_a_full_disk_raises_an_error_and_leaves_no_unfinished_file(root, monkeypatch):
    def fill(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    writer = files.create(files.make_name("results"))
    writer.write(b"text")
    with monkeypatch.context() as patch:
        # Some file systems reserve the space only now.
        patch.setattr(os, "fsync", fill)
        with pytest.raises(files.NoSpace):
            writer.finish()
    writer.discard()
    writer = files.create(files.make_name("results"))
    with open("/dev/full", "wb", buffering=0) as writer._file, pytest.raises(files.NoSpace):
        writer.write(b"text")
    writer.discard()
    assert list(stores.find_stores()[0].find("results")) == []


def test_no_file_is_written_if_the_disk_has_less_than_the_reserved_space(root, monkeypatch):
    writer = files.create(files.make_name("results"))
    monkeypatch.setattr(directory, "RESERVED_BYTES", 1 << 62)
    with pytest.raises(files.NoSpace):
        writer.write(b"text")
    with pytest.raises(files.NoSpace):
        files.create(files.make_name("results"))


def test_a_part_that_the_system_writes_in_two_steps_is_complete(root, monkeypatch):
    writer = files.create(files.make_name("results"))
    short = writer._file

    class Short:
        fileno, close = short.fileno, short.close

        def write(self, data):
            return short.write(data[:3])

        def __enter__(self):
            return self

        def __exit__(self, *error):
            short.close()

    writer._file = Short()
    writer.write(b"12345678")
    writer.finish()
    assert content(writer.name) == b"12345678"


def test_files_in_the_database_stay_readable_when_the_site_gets_a_directory(settings, tmp_path):
    settings.CHAT_FILES = "database:"
    old = save(b"old")
    settings.CHAT_FILES = str(tmp_path)
    new = save(b"new")
    assert (content(old), content(new)) == (b"old", b"new")
    assert files.delete(old) and files.delete(new)


def test_a_large_file_is_deleted_from_the_database_in_small_steps(settings, monkeypatch, django_assert_max_num_queries):
    settings.CHAT_FILES = "database:"
    monkeypatch.setattr(database, "MAX_DELETED", 2)
    name = save(*[b"x"] * 6)
    with django_assert_max_num_queries(12):
        files.delete(name)


def test_the_sentence_about_the_directory_names_the_setting_or_the_folder(settings, tmp_path, monkeypatch):
    settings.CHAT_FILES = "database:"
    assert files.find_problem() is None
    settings.CHAT_FILES = str(tmp_path / "missing" / "files")
    assert files.find_problem() is None and not (tmp_path / "missing").exists(), "the first file makes the directory"
    (tmp_path / "file").touch()
    settings.CHAT_FILES = str(tmp_path / "file" / "files")
    assert "correct CHAT_FILES" in files.find_problem()
    settings.CHAT_FILES = str(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda *arguments: False)
        assert f"give {tmp_path} to the user of the processes" in files.find_problem()
        # As in a folder of another user.
        patch.setattr(Path, "exists", fail_with(PermissionError()))
        assert f"give {tmp_path} to the user of the processes" in files.find_problem()
    monkeypatch.setattr(stores, "LOW_BYTES", 1 << 62)
    monkeypatch.setattr(stores, "LOW_SHARE", 2)
    assert "is nearly full" in files.find_problem()


@pytest.mark.parametrize(
    "first, length", [(0, 4), (0, 99), (3, 1), (4, 4), (2, 9), (9, 5), (13, 1), (14, 5), (99, 1), (5, 0)]
)
def test_a_range_has_exactly_its_bytes(store, first, length):
    name = save(b"0123", b"", b"456789", b"abcd")
    assert b"".join(files.read_range(name, first, length)) == b"0123456789abcd"[first : first + length]


def test_a_range_of_a_large_file_is_read_in_small_parts(store):
    part = os.urandom(directory.READ_BYTES)
    name = save(part, part, part)
    parts = list(files.read_range(name, 10, 2 * directory.READ_BYTES))
    assert b"".join(parts) == (part * 3)[10 : 10 + 2 * directory.READ_BYTES]
    assert max(map(len, parts)) <= directory.READ_BYTES


def test_a_missing_file_has_no_range(store):
    with pytest.raises(files.FileLost):
        files.read_range(files.make_name("results"), 0, 1)
