"""A mistake in an export stops the import before it begins, and the error names the place. Dry runs store nothing."""

import json
import zipfile
from datetime import UTC, datetime

import pytest
from django.core.management.base import CommandError

from chat.models import Message, Person, Room
from chat.protocol import Post
from chat.services import rooms
from tests.chat.services.imports import generator
from tests.chat.services.imports.helpers import count_rows, import_mattermost, import_slack

pytestmark = pytest.mark.django_db(transaction=True)

USERS = [{"id": "U1", "name": "alice", "profile": {"email": "alice@example.com"}}]
CHANNELS = [{"id": "C1", "name": "general", "members": ["U1"]}]
VERSION = {"type": "version", "version": 1}
CHANNEL = {"type": "channel", "channel": {"team": "t", "name": "general", "type": "O"}}
POST = {"team": "t", "channel": "general", "user": "alice", "message": "x", "create_at": 1_600_000_000_000}


def message(text="Hello", ts="1551430000.000100", **fields):
    return {"type": "message", "user": "U1", "text": text, "ts": ts, **fields}


@pytest.fixture
def write_slack(tmp_path):
    """Return a function that writes an export of Slack with these messages of one day, as a directory."""

    def write(messages, users=USERS, channels=CHANNELS):
        folder = tmp_path / "slack"
        (folder / "general").mkdir(parents=True, exist_ok=True)
        (folder / "users.json").write_text(json.dumps(users))
        (folder / "channels.json").write_text(json.dumps(channels))
        text = messages if isinstance(messages, str) else json.dumps(messages)
        (folder / "general" / "2019-03-01.json").write_text(text)
        return folder

    return write


@pytest.fixture
def write_mattermost(tmp_path):
    """Return a function that writes a bulk export of Mattermost with these lines."""

    def write(*lines):
        path = tmp_path / "import.jsonl"
        path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
        return path

    return write


def assert_refused(run, path, problem):
    rows = count_rows()
    with pytest.raises(CommandError, match=problem):
        run(path)
    assert count_rows() == rows


DAY = "general/2019-03-01.json"


@pytest.mark.parametrize(
    "messages, problem",
    [
        ("[{", f"{DAY}: this is not JSON"),
        ("[\n{},\n{", f"{DAY}, line 3: this is not JSON"),
        ("{}", f"{DAY}: must be a list of objects"),
        ([message(), 7], f"{DAY}, item 2: must be an object"),
        ([message(ts=1551430000)], f"{DAY}, message 1: 'ts' must be a text"),
        ([message(), message(ts="yesterday")], f"{DAY}, message 2: 'ts' must be a time"),
        ([message(text=["a"])], f"{DAY}, message 1: 'text' must be a text"),
        ([message(reactions=[{"name": "+1", "users": 3}])], "message 1, 'reactions': 'users' must be a list"),
        ([message(edited={"ts": ""})], "message 1, 'edited': 'ts' must be a time"),
        ([message(files="x")], "message 1: 'files' must be a list"),
        ("[" * 100_000, f"{DAY}: this JSON is nested too deeply"),
        ("[NaN]", f"{DAY}: this is not JSON: NaN"),
    ],
)
def test_a_mistake_in_a_message_of_slack_stops_the_import(write_slack, messages, problem):
    assert_refused(import_slack, write_slack(messages), problem)


@pytest.mark.parametrize(
    "users, channels, problem",
    [
        ([{"name": "x"}], CHANNELS, "users.json, item 1: 'id' must be a text"),
        (USERS, [{"id": "C1"}], "channels.json, item 1: 'name' must be a text"),
        (
            USERS,
            [{"id": "C1", "name": "x", "members": [1]}],
            "channels.json, item 1: 'members' must be a list of texts",
        ),
    ],
)
def test_a_mistake_in_a_list_of_slack_stops_the_import(write_slack, users, channels, problem):
    assert_refused(import_slack, write_slack([], users, channels), problem)


@pytest.mark.parametrize(
    "lines, problem",
    [
        (["{"], "import.jsonl, line 1: this is not JSON"),
        ([{"type": "version", "version": 2}], "line 1: the first line must be the version 1"),
        ([VERSION, {"type": "post", "post": POST}], "line 2: the channel t/general is in no earlier line"),
        ([VERSION, CHANNEL, "", "nonsense"], "line 4: this is not JSON"),
        (
            [VERSION, CHANNEL, {"type": "post", "post": {**POST, "create_at": "x"}}],
            "line 3: 'create_at' must be a number",
        ),
        (
            [VERSION, CHANNEL, {"type": "post", "post": {**POST, "create_at": 2**50}}],
            "line 3: .* milliseconds since 1970",
        ),
        ([VERSION, CHANNEL, {"type": "post"}], "line 3: must be an object"),
        (
            [VERSION, {"type": "channel", "channel": {"team": "t", "name": "x", "type": "Z"}}],
            "line 2: 'type' of a channel",
        ),
        ([VERSION, {"type": "direct_post", "direct_post": {**POST, "channel_members": []}}], "line 2: .* its members"),
    ],
)
def test_a_mistake_in_a_line_of_mattermost_stops_the_import(write_mattermost, lines, problem):
    assert_refused(import_mattermost, write_mattermost(*lines), problem)


def test_a_file_that_is_no_export_is_refused(tmp_path):
    assert_refused(import_slack, tmp_path / "missing.zip", "Cannot read .*missing.zip")
    (tmp_path / "text.zip").write_text("no zip")
    assert_refused(import_slack, tmp_path / "text.zip", "is not an export of Slack")
    assert_refused(import_mattermost, tmp_path / "text.zip", "is not an export of Mattermost")


def test_an_export_that_was_packed_again_with_its_folder_is_imported(write_slack, tmp_path):
    folder = write_slack([message()])
    with zipfile.ZipFile(tmp_path / "again.zip", "w") as export:
        for path in folder.rglob("*.json"):
            export.write(path, f"Our export/{path.relative_to(folder)}")
            export.writestr(f"__MACOSX/Our export/._{path.name}", b"\x00")
    import_slack(tmp_path / "again.zip")
    assert Message.objects.get().body == "Hello"


def test_a_damaged_zip_file_is_refused(tmp_path):
    path = generator.write_slack(generator.make_history(50), tmp_path / "slack.zip")
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as export:
        start = export.getinfo("general/2019-03-01.json").header_offset
    content[start + 60 : start + 90] = b"x" * 30
    path.write_bytes(content)
    assert_refused(import_slack, path, "general/2019-03-01.json: cannot be read")


def test_a_damaged_zip_file_with_another_compression_is_refused(tmp_path):
    path = tmp_path / "slack.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as export:
        for name in ("users.json", "channels.json"):
            export.writestr(name, "[]" * 50)
        start = export.getinfo("users.json").header_offset + len("users.json") + 30
    content = bytearray(path.read_bytes())
    content[start + 4 : start + 9] = b"\xff" * 5
    path.write_bytes(content)
    assert_refused(import_slack, path, "users.json: cannot be read")
    version_needed = content.index(b"PK\x01\x02") + 6
    content[version_needed] = 200
    path.write_bytes(content)
    assert_refused(import_slack, path, "Cannot read")


def test_a_dry_run_stores_nothing_and_says_what_an_import_would_do(tmp_path, capsys):
    path = generator.write_slack(generator.make_history(120), tmp_path / "slack.zip")
    rows = count_rows()
    import_slack(path, dry_run=True)
    assert count_rows() == rows
    printed = capsys.readouterr().out
    for words in (
        "Messages: 120, of which 120 are new",
        "general (public, new), new messages: ",
        "People: 7 new",
        "reactions :ourlogo:",
        "This was a dry run: nothing is stored.",
    ):
        assert words in printed


def test_a_long_message_becomes_several_messages(write_slack, capsys):
    text = "\n".join(f"line {number} of 3000" for number in range(3000))
    reactions = [{"name": "+1", "users": ["U1"]}]
    answer = message("answer", "1.2", thread_ts="1.1")
    path = write_slack([message(text, "1.1", reactions=reactions), answer])
    import_slack(path, dry_run=True)
    assert "long messages that became several messages: 1\n" in capsys.readouterr().out
    import_slack(path)
    *parts, last = Message.objects.order_by("number")
    assert len(parts) > 10 and "\n".join(part.body for part in parts) == text
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert last.body == "answer" and last.thread_root == 1
    assert [part.reactions.count() for part in parts] == [1] + [0] * (len(parts) - 1)
    rows = count_rows()
    import_slack(path)
    assert count_rows() == rows


def test_an_import_of_messages_older_than_those_in_the_room_is_refused(write_slack, alice):
    import_slack(write_slack([message()]), same_handles=True)
    rooms.post_message(rooms.join_room(alice, "general"), Post("r1", "New here"))
    assert_refused(import_slack, write_slack([message(), message("Late", "1551430001.000100")]), "older than.* general")
    rooms.delete_room(Room.objects.get())
    import_slack(write_slack([message(), message("Late", "1551430001.000100")]), same_handles=True)
    assert [one.body for one in Message.objects.order_by("number")] == ["Hello", "Late"]


def test_a_room_with_the_same_slug_is_not_touched(write_slack, room, alice):
    rooms.create_room(alice, "general", "Ours")
    import_slack(write_slack([message()]))
    assert Message.objects.get().room.slug == "general-2"


def test_unusual_messages_of_slack_are_imported(write_slack):
    odd = [
        message("", ts="1.1"),
        message("", ts="1.2", files=[{"id": "F1", "name": "a [1].txt", "url_private": "https://x.example/a (1)"}]),
        message("", ts="1.3", files=[{"id": "F1", "name": "gone", "mode": "tombstone"}]),
        message("waves", ts="1.4", subtype="me_message"),
        message("This message was deleted.", ts="1.5", subtype="tombstone"),
        message("in thread", ts="1.6", thread_ts="1.5", subtype="thread_broadcast"),
        message("orphan", ts="1.7", thread_ts="0.9"),
        {"type": "message", "ts": "1.8", "text": "built", "subtype": "bot_message", "username": "CI", "bot_id": "B1"},
        {"type": "message", "ts": "1.9", "text": "nobody"},
        message("", ts="2.1", attachments=[{"fallback": "Only a fallback"}]),
        message("text", ts="2.2", attachments=[{"title": "T", "title_link": "https://x.example", "text": "*b*"}]),
        message("<https://x.example>", ts="2.3", attachments=[{"from_url": "https://x.example", "text": "preview"}]),
        message("", ts="2.4", blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": "a *block*"}}]),
        message("same", ts="2.5"),
        message("same", ts="2.5"),
        message("other, same time", ts="2.5"),
        message("new subtype", ts="2.6", subtype="of_the_future"),
        message("x joined", ts="2.7", subtype="channel_join"),
        message("nul\0 and \ud800", ts="2.8"),
        message("guest", ts="2.9", user="W9", user_profile={"display_name": "Zoe", "real_name": "Zoe X"}),
    ]
    import_slack(write_slack(odd))
    found = list(Message.objects.order_by("number").values_list("author__handle", "body"))
    assert found == [
        ("alice", "📎 [a (1).txt](https://x.example/a%20%281%29)"),
        ("alice", "📎 gone"),
        ("alice", "_waves_"),
        ("alice", ""),
        ("alice", "in thread"),
        ("alice", "orphan"),
        ("CI", "built"),
        ("unknown", "nobody"),
        ("alice", "Only a fallback"),
        ("alice", "text\n> [T](https://x.example)\n> **b**"),
        ("alice", "https://x.example"),
        ("alice", "a **block**"),
        ("alice", "same"),
        ("alice", "other, same time"),
        ("alice", "new subtype"),
        ("alice", "nul and \ufffd"),
        ("Zoe", "guest"),
    ]
    tombstone, broadcast, orphan = Message.objects.filter(number__in=(4, 5, 6)).order_by("number")
    assert tombstone.is_removed and broadcast.reply_to == 4 and orphan.reply_to is None
    assert tombstone.created_at == datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)
    assert not Person.objects.get(handle="Zoe").is_active


def test_the_newest_pinned_messages_stay_pinned(write_slack):
    import_slack(write_slack([message(f"m{n}", ts=f"1.{n:03}", pinned_to=["C1"]) for n in range(1, 61)]))
    pinned = Message.objects.filter(pinned_at__isnull=False).order_by("number")
    assert [one.number for one in pinned] == list(range(11, 61))
    assert all(one.pinned_at == one.created_at for one in pinned)


def test_unusual_conversations_of_slack_become_private_rooms(write_slack):
    folder = write_slack([], [*USERS, *({"id": f"U{n}", "name": f"u{n}"} for n in range(2, 12))])
    (folder / "dms.json").write_text(json.dumps([{"id": "D1", "members": ["U1", "U1"]}]))
    groups = [{"id": "G1", "name": "mpdm-many", "members": [f"U{n}" for n in range(1, 12)]}]
    (folder / "mpims.json").write_text(json.dumps(groups))
    for name, ts in (("D1", "1.1"), ("mpdm-many", "1.2")):
        (folder / name).mkdir()
        (folder / name / "1970-01-01.json").write_text(json.dumps([message("note", ts)]))
    import_slack(folder)
    assert set(Room.objects.values_list("name", "access")) >= {("alice", "private")}
    many = Room.objects.get(name__startswith="alice, u2")
    assert many.access == "private" and many.members.count() == 11 and many.people_key is None
