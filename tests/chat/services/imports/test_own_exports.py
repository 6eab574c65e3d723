"""The export of a room, imported and exported again, is the same file."""

import io
import json
import re
import zipfile

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from chat.models import Member, Message, Room, Thread, Upload
from chat.protocol import Edit, Post, React, Remove
from chat.services import rooms
from tests.chat.services.imports.helpers import count_rows
from tests.chat.services.tasks.helpers import run, run_for_bytes
from tests.chat.services.uploads.helpers import make_image, names_in_store, post, upload, upload_picture
from tests.chat.services.uploads.helpers import read as read_stored

pytestmark = pytest.mark.django_db(transaction=True)

BODIES = ["Hello", "@Bob see", "```\ncode\n```", "\u2028 line", "😀 ünïcode", "]}", 'a "quote"', "x" * 4000]


@pytest.fixture
def export(alice, bob, charlie, room, tmp_path):
    """Return the path of an export of the room `garden`, which is then deleted."""
    members = [rooms.join_room(person, "garden") for person in (alice, bob, charlie)]
    for index, body in enumerate(BODIES * 2):
        reply_to = index if index % 5 == 4 else None
        rooms.post_message(members[index % 3], Post(f"r{index}", body, reply_to=reply_to))
    rooms.post_message(members[0], Post("t1", "in the thread", thread=1))
    rooms.post_message(members[1], Post("t2", "in the thread too", thread=1))
    rooms.edit_message(members[0], Edit("e1", 1, "Hello, everybody"))
    rooms.set_reaction(members[2], React("x1", 2, "👍", True))
    rooms.set_reaction(members[1], React("x2", 2, "👍", True))
    rooms.remove_message(members[1], Remove("d1", 5))
    rooms.post_message(members[1], Post("last", "The end"))
    path = tmp_path / "garden.json"
    path.write_text(run(alice, "export", format="json"))
    rooms.delete_room(room)
    return path


def read(path_or_text):
    """Return an export without the time at which it was made."""
    return json.loads(path_or_text) | {"exported_at": None}


def test_an_import_of_an_export_gives_the_same_export(export, alice):
    call_command("import_export", str(export), same_handles=True, public=True)
    again = run(alice, "export", format="json")
    assert read(again) == read(export.read_text())
    assert again.split("\n")[1:] == export.read_text().split("\n")[1:]
    assert Thread.objects.get().number == 1 and Thread.objects.get().count == 2


def test_a_conversation_goes_on_after_the_last_offset(export, alice):
    call_command("import_export", str(export), same_handles=True, public=True)
    offset = read(export.read_text())["offset"]
    ack = rooms.post_message(rooms.join_room(alice, "garden"), Post("r99", "Further")).ack
    assert (ack["id"], ack["offset"]) == (offset + 1, offset + 1)


def test_a_room_is_private_unless_the_operator_says_that_it_is_public(export):
    call_command("import_export", str(export), same_handles=True)
    room = Room.objects.get()
    assert room.access == "private" and room.slug.startswith("garden-")
    assert set(Member.objects.values_list("person__handle", flat=True)) == {"Alice", "Bob", "Charlie"}


def test_without_same_handles_the_authors_are_new_people(export, capsys):
    call_command("import_export", str(export), public=True)
    authors = set(Message.objects.values_list("author__handle", flat=True))
    assert authors == {"Alice-2", "Bob-2", "Charlie-2"}
    assert Message.objects.get(number=2).body == "@Bob-2 see"
    assert "Alice Alice -> Alice-2" in capsys.readouterr().out


@pytest.mark.parametrize(
    "line, change, problem",
    [
        (3, lambda text: text[:-10], "line 3: this is not JSON"),
        (3, lambda text: text.replace('"id":2', '"id":1'), "line 3: 'id' must ascend"),
        (3, lambda text: text.replace('"author":{"handle":"Bob"}', '"author":{}'), "line 3.*'handle' must be a text"),
        (3, lambda text: text.replace('"👍"', '"no emoji"'), "line 3: 'no emoji' is not an emoji"),
        (1, lambda text: "{}", "line 1: this is not an export of a room"),
        (-1, lambda text: "", "the file is not complete"),
    ],
)
def test_a_wrong_line_stops_the_import_before_it_begins(export, line, change, problem):
    lines = export.read_text().removesuffix("\n").split("\n")
    index = line - 1 if line > 0 else line
    lines[index] = change(lines[index])
    export.write_text("\n".join(lines))
    rows = count_rows()
    with pytest.raises(CommandError, match=f"garden.json, .*{problem}"):
        call_command("import_export", str(export))
    assert count_rows() == rows


@pytest.fixture
def archive(alice, bob, room, tmp_path, own_files):
    """Return the path of an export of the room `garden` with its files. The room is then deleted, with its files."""
    members = [rooms.join_room(person, "garden") for person in (alice, bob)]
    photo = upload_picture(members[0], make_image(size=(60, 30)))
    post(members[0], "r1", upload(members[0], "my notes.txt", b"Some notes"), photo, body="Hello")
    # An attachment may have the name of a transcript.
    post(members[1], "r2", upload(members[1], "messages.json", b"{}"))
    rooms.post_message(members[1], Post("r3", "The end"))
    path = tmp_path / "garden.zip"
    path.write_bytes(run_for_bytes(alice, "export", format="json", files=True))
    rooms.delete_room(room)
    assert not Upload.objects.exists() and not names_in_store()
    return path


def read_archive(path_or_file):
    """Return (the transcript, {path: bytes} of the files). The ids of files, which are new, are numbers from 0."""
    with zipfile.ZipFile(path_or_file) as found:
        content = {name: found.read(name) for name in found.namelist()}
    text = content.pop("messages.json").decode()
    ids = [file["id"] for message in json.loads(text)["messages"] for file in message.get("files", ())]
    for number, id in enumerate(ids):
        text = text.replace(id, str(number))
    return read(text), {
        path.replace(id, str(ids.index(id))): content[path] for path in content for id in ids if id in path
    }


def test_an_import_of_an_export_with_files_gives_the_same_files(archive, alice):
    call_command("import_export", str(archive), same_handles=True, public=True)
    again = run_for_bytes(alice, "export", format="json", files=True)
    transcript, contents = read_archive(io.BytesIO(again))
    assert (transcript, contents) == read_archive(archive)
    assert sorted(contents)[::2] == ["files/0/my notes.txt", "files/2/messages.json"] and len(contents) == 3
    assert "files of which only the name" not in transcript["messages"][0]["body"]


def test_unpacked_exports_are_imported_from_folders_beside_each_other(archive, alice, tmp_path):
    folders = [tmp_path / "exports" / slug for slug in ("garden", "attic")]
    for folder in folders:
        zipfile.ZipFile(archive).extractall(folder)
    transcript = folders[1] / "messages.json"
    transcript.write_text(transcript.read_text().replace('"slug":"garden"', '"slug":"attic"'))
    next(folders[1].glob("files/*/my notes.txt")).write_bytes(b"Other notes")
    call_command("import_export", str(tmp_path / "exports"), same_handles=True, public=True)
    notes = Upload.objects.filter(name="my notes.txt")
    assert {upload.room.slug: read_stored(upload.stored) for upload in notes} == {
        "garden": b"Some notes",
        "attic": b"Other notes",
    }


@pytest.mark.parametrize("path", ["../files/x/secret.txt", "{}/files/x/secret.txt", "messages.json", "files/x/none"])
def test_a_path_that_is_not_beside_the_transcript_names_no_file(archive, alice, tmp_path, path):
    folder = tmp_path / "exports" / "garden"
    zipfile.ZipFile(archive).extractall(folder)
    secret = tmp_path / "exports" / "files" / "x" / "secret.txt"
    secret.parent.mkdir(parents=True)
    secret.write_text("secret")
    transcript = folder / "messages.json"
    path = path.format(secret.parents[2])
    transcript.write_text(re.sub(r'"path":"[^"]*my notes.txt"', f'"path":"{path}"', transcript.read_text()))
    call_command("import_export", str(folder), same_handles=True, public=True)
    assert not Upload.objects.filter(name="my notes.txt").exists() and Upload.objects.count() == 2
    assert "my notes.txt" in Message.objects.get(number=1).body
