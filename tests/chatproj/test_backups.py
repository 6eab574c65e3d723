"""A backup of a running site is complete and can be verified. A restore deletes nothing by mistake."""

import hashlib
import json
import os
import secrets
import shutil
import stat
import subprocess
import sys
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from channels import DEFAULT_CHANNEL_LAYER, channel_layers

from channels_transport import site_state
from channels_transport.layer import RedisChannelLayer
from chat.services import files
from chatproj import backups
from chatproj.backups import archive, databases, manifest
from chatproj.management.commands import restore
from tests.live.processes import ROOT, Database, make_environment

pytestmark = [pytest.mark.process]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("backups")
    database = Database(folder)
    paths = {"CHAT_VAR": str(folder), "CHAT_FILES": str(folder / "files")}
    database.environment = make_environment(DATABASE_URL=database.url, REDIS_URL="", **paths)
    add_room(database, "garden")
    for content in ("an export", "another"):
        add_file(folder / "files", content)
    yield database
    database.drop()


def add_file(root, content, ending=""):
    digits = secrets.token_hex(16)
    path = root / "results" / digits[:2] / (digits + ending)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def add_room(database, slug):
    now = datetime.now(UTC).replace(tzinfo=None)
    columns = 'slug, name, topic, access, "offset", created_at, changed_at'
    database.query(
        f"INSERT INTO chat_room ({columns}) VALUES (%s, %s, '', 'public', 7, %s, %s)", slug, slug, str(now), str(now)
    )


def files_of(site):
    """Return {name: content} of the files in the directory of the site."""
    root = Path(site.environment["CHAT_FILES"])
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def rooms_of(database):
    return [slug for (slug,) in database.query("SELECT slug FROM chat_room ORDER BY slug")]


def run(site, *arguments, input=None, **changed):
    command = [sys.executable, "manage.py", *map(str, arguments)]
    environment = {**site.environment, **changed}
    return subprocess.run(command, cwd=ROOT, env=environment, input=input, capture_output=True, timeout=90)


def refused(site, *arguments, **more):
    done = run(site, *arguments, **more)
    assert done.returncode == 1, done.stdout
    return done.stderr.decode()


def test_a_backup_is_restored_into_the_same_kind_of_database_and_clients_learn_of_it(site, tmp_path):
    backup = tmp_path / "one.tar"
    done = run(site, "backup", backup)
    assert done.returncode == 0, done.stderr
    assert "files: 2)" in done.stderr.decode()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert "exists already" in refused(site, "backup", backup)
    assert sorted(os.listdir(tmp_path)) == ["one.tar"]
    add_room(site, "attic")
    add_person(site)
    before = files_of(site)
    shutil.rmtree(site.environment["CHAT_FILES"])
    assert "not empty" in refused(site, "restore", backup)
    # The backup is read from a pipe.
    done = run(site, "restore", "-", "--replace", input=backup.read_bytes())
    assert done.returncode == 0, done.stderr
    assert rooms_of(site) == ["garden"] and files_of(site) == before and len(before) == 2
    ((epoch,),) = site.query("SELECT epoch FROM chat_room")
    assert len(epoch) == 16


def test_a_backup_with_files_is_restored_into_a_database_without_tables(site, tmp_path):
    backup = tmp_path / "one.tar"
    assert run(site, "backup", backup).returncode == 0
    new = Database(tmp_path)
    new.environment = {**site.environment, "DATABASE_URL": new.url, "CHAT_FILES": str(tmp_path / "files")}
    new.remove_tables()
    done = run(new, "restore", backup)
    assert done.returncode == 0, done.stderr
    assert "garden" in rooms_of(new) and files_of(new) == files_of(site) != {}
    new.drop()


def add_person(database):
    now = str(datetime.now(UTC).replace(tzinfo=None))
    columns = "handle, handle_key, password, is_guest, is_active, is_staff, is_superuser, created_at, seen_at"
    database.query(
        f"INSERT INTO chat_person ({columns}) VALUES ('Bob', 'bob', '!', %s, %s, %s, %s, %s, %s)",
        *(False, True, False, False, now, now),
    )


def test_a_damaged_backup_is_refused_before_anything_changes(site, tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "chat-2020-01-01T000000Z.backup.tar").write_bytes(b"old")
    assert run(site, "backup", folder, "--keep", 1).returncode == 0
    (backup,) = folder.iterdir()
    assert run(site, "restore", backup, "--verify").returncode == 0
    content = bytearray(backup.read_bytes())
    with tarfile.open(backup) as opened:
        start, of_a_file = (opened.getmembers()[number].offset_data for number in (1, 3))
    damaged = tmp_path / "damaged.tar"
    content[of_a_file] ^= 1
    damaged.write_bytes(content)
    assert "checksum differs" in refused(site, "restore", damaged, "--verify")
    content[of_a_file] ^= 1
    content[start + 5000] ^= 1
    damaged.write_bytes(content)
    assert "checksum differs" in refused(site, "restore", damaged, "--verify")
    damaged.write_bytes(content[: start + 100])
    assert "not a complete backup" in refused(site, "restore", damaged, "--replace")
    assert "garden" in rooms_of(site)


def test_the_processes_that_report_prevent_a_restore(valkey_url, monkeypatch):
    layer = RedisChannelLayer(hosts=[valkey_url])
    monkeypatch.setattr(channel_layers[DEFAULT_CHANNEL_LAYER], "channel_layer", layer)
    assert list(databases.find_living()) == []
    running = [site_state.ProcessReport(kind) for kind in ("interface", "monitor", "worker")]
    for report in running:
        report.write()
    assert sorted(databases.find_living()) == [report.name for report in running]
    for report in running:
        report.end()
    assert list(databases.find_living()) == []


def test_a_process_that_is_silent_prevents_a_restore_for_a_minute(monkeypatch):
    """A monitor in a long sweep does not report, and writes to the database."""
    silent = [{"name": "monitor:host.7", "silent_seconds": 59.0}, {"name": "worker:host.8", "silent_seconds": 61.0}]
    monkeypatch.setattr(site_state, "is_shared", lambda: True)
    monkeypatch.setattr(site_state, "read_processes", lambda: silent)
    assert list(databases.find_living()) == ["monitor:host.7"]
    with pytest.raises(backups.BackupError, match="monitor:host.7"):
        restore.Command()._check_stopped()


def test_a_backup_has_the_complete_files_also_if_they_are_deleted_after_it_has_kept_them(tmp_path, settings):
    settings.CHAT_FILES = str(tmp_path / "files")
    first, second = add_file(tmp_path / "files", "one"), add_file(tmp_path / "files", "two")
    add_file(tmp_path / "files", "half", ending=".new")
    (tmp_path / "files" / "results" / "notes").write_text("of somebody else")
    found = list(files.find_paths())
    assert sorted(path for _, path in found) == sorted([first, second])
    (tmp_path / "copy").mkdir()
    second.unlink()
    [kept] = backups.keep_files(found, tmp_path / "copy")
    first.unlink()
    assert (kept.size, backups.find_file(tmp_path / "copy", 0).read_text()) == (3, "one")


def test_a_file_whose_name_leads_out_of_the_folder_is_not_restored(tmp_path, settings):
    settings.CHAT_FILES = str(tmp_path / "files")
    (tmp_path / "copy" / "files").mkdir(parents=True)
    (tmp_path / "copy" / "files" / "0").write_text("text")
    evil = manifest.KeptFile("../../secret-key", 4, "")
    with pytest.raises(ValueError):
        restore._restore_files(manifest.Manifest(2, "", "", "", 0, "", {}, {}, [evil]), tmp_path / "copy")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy"]


def make_archive(folder, names):
    """Return an archive in which each file has the same content."""
    kept = [manifest.KeptFile(name, 1, hashlib.sha256(b"x").hexdigest()) for name in names]
    (folder / "files").mkdir()
    (folder / "database.sqlite3").write_bytes(b"x")
    for number in range(len(kept)):
        (folder / "files" / str(number)).write_bytes(b"x")
    made = backups.make_manifest(folder / "database.sqlite3", "sqlite", {}, {}, kept)
    backups.pack(made, folder / "database.sqlite3", folder / "made.tar")
    return folder / "made.tar"


def test_the_manifest_of_a_million_files_is_small_enough_to_be_read():
    kept = [manifest.KeptFile(f"results/3f/{number:032x}", 10**6, "0" * 64) for number in range(100)]
    made = manifest.Manifest(2, "", "", "", 0, "", {}, {}, kept)
    assert len(made.dump()) * 10_000 < archive.MAX_MANIFEST_BYTES


def test_a_wrong_name_of_a_file_is_found_before_anything_changes(tmp_path):
    (tmp_path / "read").mkdir()
    found, _ = backups.unpack(make_archive(tmp_path, ["../secret-key"]), tmp_path / "read")
    with pytest.raises(backups.BackupError, match="secret-key"):
        restore._check_names(found)


def test_a_restore_to_a_full_disk_says_what_to_do(tmp_path, settings, monkeypatch):
    settings.CHAT_FILES = str(tmp_path / "files")
    (tmp_path / "read").mkdir()
    found, copy = backups.unpack(make_archive(tmp_path, ["results/00/" + "0" * 32]), tmp_path / "read")
    monkeypatch.setattr("chat.services.files.directory.RESERVED_BYTES", 2**60)
    with pytest.raises(backups.BackupError, match="need more space"):
        restore._restore_files(found, copy.parent)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_root_does_not_restore_files_that_the_site_could_not_read(tmp_path, settings):
    settings.CHAT_FILES = str(tmp_path / "files")
    database = databases.PostgreSQL()
    restore._check_owner(database)
    os.chown(tmp_path, 1, 1)
    with pytest.raises(backups.BackupError, match="as this user"):
        restore._check_owner(database)


def test_a_manifest_of_the_first_format_has_no_files_and_a_newer_one_is_refused():
    old = {"format": 1, "made_at": "", "database": "sqlite", "file": "", "size": 0, "sha256": "", "migrations": {}}
    old["counts"] = {}
    assert manifest.Manifest.load(json.dumps(old).encode()).files == []
    with pytest.raises(ValueError, match="newer version"):
        manifest.Manifest.load(json.dumps({**old, "format": 3, "more": 1}).encode())
    with pytest.raises(ValueError, match="not the manifest"):
        manifest.Manifest.load(json.dumps({**old, "more": 1}).encode())


def test_a_backup_of_thousands_of_files_can_be_restored(tmp_path):
    """The manifest names each file, so it grows with them."""
    (tmp_path / "source" / "files").mkdir(parents=True)
    copy = tmp_path / "source" / "database.sqlite3"
    copy.write_text("rows")
    kept = [manifest.KeptFile(f"results/ab/ab{number:030}", 0, manifest.digest(copy)) for number in range(6500)]
    for number in range(len(kept)):
        (tmp_path / "source" / "files" / str(number)).touch()
    made = backups.make_manifest(copy, "sqlite", {}, {}, kept)
    assert len(made.dump()) > 1024 * 1024
    backups.pack(made, copy, tmp_path / "backup.tar")
    (tmp_path / "target").mkdir()
    assert backups.unpack(tmp_path / "backup.tar", tmp_path / "target")[0] == made


@pytest.mark.parametrize("place, order", [("/srv/files", ["files", "rows"]), ("database:", ["rows", "files"])])
def test_files_in_a_directory_are_restored_before_the_rows_and_files_in_the_database_after_them(
    place, order, settings, monkeypatch
):
    settings.CHAT_FILES = place
    steps = []
    monkeypatch.setattr(restore, "_restore_files", lambda *arguments: steps.append("files"))
    monkeypatch.setattr(restore, "call_command", lambda *arguments, **options: None)
    database = type("Database", (), {"restore": lambda self, copy: steps.append("rows")})()
    restore._restore_all(database, None, Path("/tmp/copy"))
    assert steps == order
