"""The files of imported messages: from the export, from a directory, from Slack, or only their names."""

import io
import json
import zipfile
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from PIL import Image

from chat.models import CustomEmoji, Message, Upload
from chat.services import files, outgoing
from chat.services.imports import Attached
from tests.chat.services.imports.helpers import count_rows, import_mattermost, import_slack, make_caller, read_room

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_files")]

AT = 1_600_000_000_000
ADDRESS = "https://files.slack.com/files-pri/T1-F0001/download/notes.txt?t=xoxe-1"


def make_picture():
    content = io.BytesIO()
    Image.new("RGB", (40, 20), "red").save(content, "JPEG", exif=b"Exif\x00\x00secret place")
    return content.getvalue()


@pytest.fixture
def slack(tmp_path):
    """Return the path of an export of Slack with two messages, of which the first has only files."""
    folder = tmp_path / "slack"
    (folder / "general").mkdir(parents=True)
    (folder / "users.json").write_text(json.dumps([{"id": "U1", "name": "alice"}]))
    (folder / "channels.json").write_text(json.dumps([{"id": "C1", "name": "general", "members": ["U1"]}]))
    found = [
        {"id": "F0001", "name": "notes.txt", "permalink": "https://x.slack.com/F0001", "url_private": ADDRESS},
        {"id": "F0002", "name": "photo.jpg", "permalink": "https://x.slack.com/F0002"},
    ]
    message = {"type": "message", "user": "U1", "text": "", "ts": "1551430000.000100", "files": found}
    later = {"type": "message", "user": "U1", "text": "later", "ts": "1551430001.000100"}
    (folder / "general" / "2019-03-01.json").write_text(json.dumps([message, later]))
    return folder


@pytest.fixture
def mattermost(tmp_path):
    """Return the path of an export of Mattermost with a text file, a picture, and a file that is missing."""
    channel = {"team": "t", "name": "general", "type": "O"}
    paths = ["2020/a/notes.txt", "2020/b/photo.jpg", "2020/c/lost.pdf"]
    post = {"team": "t", "channel": "general", "user": "alice", "message": "see", "create_at": AT}
    post["attachments"] = [{"path": path} for path in paths]
    user = {"username": "alice", "teams": [{"name": "t", "channels": [{"name": "general", "roles": "channel_user"}]}]}
    lines = [{"type": "version", "version": 1}, {"type": "channel", "channel": channel}]
    lines += [{"type": "user", "user": user}, {"type": "post", "post": post}]
    with zipfile.ZipFile(tmp_path / "mattermost.zip", "w") as export:
        export.writestr("import.jsonl", "\n".join(map(json.dumps, lines)))
        export.writestr(f"data/{paths[0]}", "Some notes")
        export.writestr(f"data/{paths[1]}", make_picture())
    return tmp_path / "mattermost.zip"


def read_only_message(handle="alice"):
    """Return the first message of the room `general`, and a function that downloads its files."""
    caller = make_caller(handle)
    message = read_room(caller, "general")[0]

    def download(file, field="url"):
        response = caller.browser.get(file[field])
        assert response.status_code == 200
        return b"".join(response.streaming_content) if response.streaming else response.content

    return message, download


def test_the_files_of_mattermost_are_in_its_export(mattermost):
    import_mattermost(mattermost)
    message, download = read_only_message()
    assert message["body"] == "see\n📎 lost.pdf"
    notes, photo = message["files"]
    assert (notes["name"], notes["type"], download(notes)) == ("notes.txt", "text/plain", b"Some notes")
    assert (photo["type"], photo["width"], photo["height"]) == ("image/jpeg", 40, 20)
    assert b"secret place" not in download(photo) and download(photo, "thumbnail")


def test_only_the_name_of_a_file_above_the_limit_is_kept(mattermost, own_files, capsys):
    import_mattermost(mattermost, file_bytes=len("Some notes") - 1)
    message, _ = read_only_message()
    assert message["body"].splitlines() == ["see", "📎 notes.txt", "📎 photo.jpg", "📎 lost.pdf"]
    assert "files" not in message and "files that are larger than --file-bytes: 2" in capsys.readouterr().out
    if own_files is not None:
        assert not [path for path in own_files.rglob("*") if path.is_file()]


def test_files_up_to_the_limit_are_kept(mattermost):
    import_mattermost(mattermost, file_bytes=len("Some notes"))
    message, download = read_only_message()
    assert [download(file) for file in message["files"]] == [b"Some notes"]


@pytest.mark.parametrize("text", ["-1", "nan", "100 MB"])
def test_the_limit_for_files_must_be_a_number_of_bytes(mattermost, text):
    with pytest.raises(CommandError, match=f"invalid number_of_bytes value: '{text}'"):
        call_command("import_mattermost", str(mattermost), f"--file-bytes={text}")


def test_a_symbolic_link_in_an_export_is_not_followed(mattermost, tmp_path):
    (tmp_path / "secret.txt").write_text("The secret of this machine")
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(mattermost) as export:
        export.extractall(folder)
    (folder / "data/2020/c").mkdir()
    (folder / "data/2020/c/lost.pdf").symlink_to(tmp_path / "secret.txt")
    (folder / "data/2020/d").symlink_to(tmp_path)
    import_mattermost(folder)
    assert [upload.name for upload in Upload.objects.order_by("position")] == ["notes.txt", "photo.jpg"]


def test_an_emoji_of_mattermost_with_a_new_name_and_a_readable_picture_is_imported(mattermost):
    add_emoji(mattermost, "ourlogo", make_picture())
    add_emoji(mattermost, "no_picture", b"x")
    add_emoji(mattermost, "smile", make_picture())
    import_mattermost(mattermost, dry_run=True)
    assert not CustomEmoji.objects.exists()
    import_mattermost(mattermost)
    assert [emoji.name for emoji in CustomEmoji.objects.all()] == ["ourlogo"]
    _, last = read_room(make_caller("alice"), "general")
    assert last["reactions"] == {":ourlogo:": ["alice"]} and "<img" in last["html"]


def add_emoji(path, name, picture):
    """Add an emoji to an export of Mattermost. For `ourlogo`, also add a message that has the emoji as a reaction."""
    with zipfile.ZipFile(path) as export:
        found = {entry: export.read(entry) for entry in export.namelist()}
    reaction = {"user": "alice", "emoji_name": name}
    post = {"team": "t", "channel": "general", "user": "alice", "message": "a :ourlogo:", "create_at": AT + 1}
    emoji = {"type": "emoji", "emoji": {"name": name, "image": f"emoji/{name}/image"}}
    lines = [emoji, {"type": "post", "post": {**post, "reactions": [reaction]}}] if name == "ourlogo" else [emoji]
    found["import.jsonl"] += b"\n" + "\n".join(map(json.dumps, lines)).encode()
    with zipfile.ZipFile(path, "w") as export:
        for entry, content in {**found, f"data/emoji/{name}/image": picture}.items():
            export.writestr(entry, content)


def test_a_second_import_stores_no_file_twice(mattermost, own_files):
    import_mattermost(mattermost)
    rows = count_rows(), Upload.objects.count()
    import_mattermost(mattermost)
    assert (count_rows(), Upload.objects.count()) == rows
    if own_files is not None:
        assert len([path for path in own_files.rglob("*") if path.is_file()]) == 3  # with the thumbnail


def test_the_files_of_slack_come_from_a_directory(slack, tmp_path):
    (tmp_path / "files" / "F0002").mkdir(parents=True)
    (tmp_path / "files" / "F0001-notes.txt").write_text("Some notes")
    (tmp_path / "files" / "F0002" / "photo.jpg").write_bytes(make_picture())
    import_slack(slack, files=str(tmp_path / "files"))
    message, download = read_only_message()
    assert message["body"] == "" and [file["name"] for file in message["files"]] == ["notes.txt", "photo.jpg"]
    assert download(message["files"][0]) == b"Some notes"


def test_files_of_slack_are_links_without_a_directory(slack):
    import_slack(slack)
    message, _ = read_only_message()
    assert message["body"] == "📎 [notes.txt](https://x.slack.com/F0001)\n📎 [photo.jpg](https://x.slack.com/F0002)"
    assert "files" not in message


def test_files_are_downloaded_from_slack(slack, monkeypatch):
    asked = []

    def send(method, url, **fields):
        asked.append(url)
        return SimpleNamespace(status_code=200, headers={"Content-Type": "text/plain"}, content=b"Some notes")

    monkeypatch.setattr(outgoing, "send", send)
    import_slack(slack, dry_run=True, download=True)
    assert asked == []
    import_slack(slack, download=True)
    message, download = read_only_message()
    assert asked == [ADDRESS] and download(message["files"][0]) == b"Some notes"
    assert message["body"] == "📎 [photo.jpg](https://x.slack.com/F0002)"


@pytest.mark.parametrize(
    "response",
    [
        {"status_code": 200, "headers": {"Content-Type": "text/html"}, "content": b"Sign in"},
        {"status_code": 404, "headers": {}, "content": b"x"},
    ],
)
def test_a_file_that_slack_refuses_becomes_a_link(slack, monkeypatch, response):
    monkeypatch.setattr(outgoing, "send", lambda *arguments, **fields: SimpleNamespace(**response))
    import_slack(slack, download=True)
    assert "[notes.txt](https://x.slack.com/F0001)" in read_only_message()[0]["body"]


@pytest.mark.parametrize(
    "address",
    ["http://files.slack.com/x", "https://slack.com.example/x", "https://example/files.slack.com", "https://[", ""],
)
def test_files_are_downloaded_from_no_other_address(address):
    assert Attached(is_downloading=True).find("F0001", address) is None


def test_a_failed_batch_leaves_no_files(mattermost, own_files, monkeypatch):
    def fail(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("chat.services.imports.writing.Writer._record", fail)
    with pytest.raises(KeyboardInterrupt):
        import_mattermost(mattermost)
    assert not Upload.objects.exists() and not Message.objects.exists()
    if own_files is not None:
        assert not [path for path in own_files.rglob("*") if path.is_file()]
    assert files.sweep_files() == 0


def test_an_import_that_is_interrupted_after_a_commit_keeps_the_files(mattermost, own_files, monkeypatch):
    real = transaction.Atomic.__exit__

    def interrupt(atomic, *error):
        real(atomic, *error)
        if not connection.in_atomic_block and Upload.objects.exists():
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(transaction.Atomic, "__exit__", interrupt)
        with pytest.raises(KeyboardInterrupt):
            import_mattermost(mattermost)
    import_mattermost(mattermost)
    message, download = read_only_message()
    assert download(message["files"][0]) == b"Some notes"


def test_a_damaged_file_and_a_site_without_files_leave_the_names_of_the_files(mattermost, settings):
    content = bytearray(mattermost.read_bytes())
    position = content.index(b"Some notes")
    content[position : position + 4] = b"Lost"
    mattermost.write_bytes(content)
    import_mattermost(mattermost)
    message, _ = read_only_message()
    assert message["body"] == "see\n📎 notes.txt\n📎 lost.pdf" and len(message["files"]) == 1
    settings.CHAT_UPLOAD_BYTES = 0
    import_mattermost(mattermost, source="again")
    assert Message.objects.latest("id").body == "see\n📎 notes.txt\n📎 photo.jpg\n📎 lost.pdf"


def test_a_full_disk_stops_the_import_and_the_next_run_continues(mattermost, monkeypatch):
    def fail(*arguments):
        raise files.NoSpace

    with monkeypatch.context() as patch:
        patch.setattr(files, "write", fail)
        with pytest.raises(CommandError, match="no space"):
            import_mattermost(mattermost)
    assert not Message.objects.exists()
    import_mattermost(mattermost)
    assert len(read_only_message()[0]["files"]) == 2


def test_a_directory_that_does_not_exist_stops_the_import(slack):
    with pytest.raises(CommandError, match="is not a directory"):
        import_slack(slack, files="/nowhere")


@pytest.mark.parametrize("path", ["{}/a.txt", "{}-a.txt", "folder/{}.txt"])
def test_the_files_of_an_own_export_come_from_a_directory(alice, room, tmp_path, path):
    key = "abcdefghij_-ABCDEFGHIJ"
    head = {"room": {"slug": "attic", "name": "Attic", "topic": ""}, "offset": 1}
    message = {"id": 1, "offset": 1, "author": {"handle": "Alice"}, "body": "", "at": "2026-11-20T09:30:00.000Z"}
    message["files"] = [{"id": key, "name": "a.txt", "url": "https://x.example/a"}]
    text = json.dumps(head)[:-1] + ',"messages":[\n' + json.dumps(message) + "\n]}\n"
    (tmp_path / "attic.json").write_text(text)
    file = tmp_path / "files" / path.format(key)
    file.parent.mkdir(parents=True)
    file.write_text("Notes")
    fields = {"same_handles": True, "public": True}
    call_command("import_export", str(tmp_path / "attic.json"), files=str(tmp_path / "files"), **fields)
    [found] = read_room(make_caller(), "attic")
    assert found["files"][0]["name"] == "a.txt" and Message.objects.get().body == ""
