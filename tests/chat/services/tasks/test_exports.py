"""The files of exports and statistics: a parser reads all messages back, and hostile text in them does no harm."""

import csv
import io
import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from chat import protocol
from chat.models import FilePart, Message, Person, Room, Task
from chat.services import commands, people, polls, rooms, tasks
from chat.services.tasks import export, statistics
from chat.services.tasks.formats import escape_formula
from tests.chat.helpers import assert_refused
from tests.chat.services.tasks.helpers import run

pytestmark = pytest.mark.django_db

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    '"><svg onload=alert(3)>',
    "</body></html>",
    "[a](javascript:alert(4))",
    'a, "b"\r\nc',
    '=HYPERLINK("http://evil")',
    "+1",
    "-1",
    "@SUM(A1)",
    "\u2028 line",
    "😀 ünïcode",
    "</style><style>*{display:none}",
    "]}",
    "```\n=1\n```",
    "＝1",
    "'quoted'",
]

CSV_HEADER = "id,at,author,body,edited_at,removed,reply_to,reactions,guest,files,thread\r\n"


def post(member, ref, body, **fields):
    return rooms.post_message(member, protocol.Post(ref=ref, body=body, **fields))


@pytest.fixture
def member(alice, room):
    return rooms.join_room(alice, "garden")


@pytest.fixture
def hostile_room(member):
    Person.objects.update(handle="=<b>Alice")
    Room.objects.update(name="</title><script>alert(5)</script>", topic='"<i>')
    for number, body in enumerate(HOSTILE):
        post(member, f"r{number}", body)


class Page(HTMLParser):
    """A page, read as lists of its tags and attributes."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes


def test_an_export_contains_the_votes_of_a_poll(alice, bob, member):
    commands.run_command(member, protocol.Command("p1", "poll", '"<b>Lunch?" "<i>Pizza" "Sushi"'))
    polls.vote(rooms.join_room(bob, "garden"), protocol.Vote("v1", 1, [0]))
    [message] = json.loads(run(bob, "export", format="json"))["messages"]
    assert message["poll"]["options"][0] == {"text": "<i>Pizza", "votes": 1, "voters": ["Bob"]}
    page = run(bob, "export", format="html")
    assert "&lt;b&gt;Lunch?" in page and "<bdi>&lt;i&gt;Pizza</bdi>: 1 (Bob)" in page and "<bdi>Sushi</bdi>: 0" in page


def test_json_contains_all_messages_in_order(alice, member):
    post(member, "r1", "first")
    post(member, "r2", "second", reply_to=1)
    rooms.set_reaction(member, protocol.React(ref="r3", id=1, emoji="🎉", on=True))
    rooms.edit_message(member, protocol.Edit(ref="r4", id=2, body="2nd"))
    post(member, "r5", "third")
    rooms.remove_message(member, protocol.Remove(ref="r6", id=5))
    parts = json.loads(run(alice, "export", format="json"))
    assert parts["room"] == {"slug": "garden", "name": "The garden", "topic": "Roses and weeds"}
    assert (parts["offset"], parts["from"], parts["to"]) == (6, None, None)
    assert [message["id"] for message in parts["messages"]] == [1, 2, 5]
    first, second, third = parts["messages"]
    assert (first["author"], first["reactions"]) == ({"handle": "Alice"}, {"🎉": ["Alice"]})
    assert (second["body"], second["reply_to"]) == ("2nd", 1) and second["edited_at"]
    assert (third["body"], third["removed"]) == ("", True)
    event = rooms.get_page(member.room, None, 50)[0][0]
    assert first == {name: event[name] for name in first}


def test_each_format_says_to_which_thread_a_reply_belongs(alice, member):
    post(member, "r1", "first")
    rooms.post_message(member, protocol.Post("r2", "second", thread=1))
    first, second = json.loads(run(alice, "export", format="json"))["messages"]
    assert "thread" not in first and second["thread"] == {"root": 1}
    rows = list(csv.DictReader(io.StringIO(run(alice, "export", format="csv"), newline="")))
    assert [row["thread"] for row in rows] == ["", "1"]
    assert 'in the thread of <a href="#m1">#1</a>' in run(alice, "export", format="html")


def test_an_empty_room_gives_complete_files(alice, room):
    assert json.loads(run(alice, "export", format="json"))["messages"] == []
    assert run(alice, "export", format="csv") == f"\ufeff{CSV_HEADER}"
    assert run(alice, "export", format="csv", bom=False) == CSV_HEADER
    assert run(alice, "export", format="html").endswith("</html>\n")
    assert "<svg" not in run(alice, "statistics")


def test_json_contains_hostile_text_unchanged(alice, hostile_room):
    parts = json.loads(run(alice, "export", format="json"))
    assert [message["body"] for message in parts["messages"]] == HOSTILE


def test_the_csv_module_reads_the_csv_back(alice, hostile_room):
    text = run(alice, "export", format="csv")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert [row["body"].removeprefix("'") for row in rows] == [body.removeprefix("'") for body in HOSTILE]
    assert text.count("\r\n") == len(HOSTILE) + 1 + sum(body.count("\r\n") for body in HOSTILE)
    assert [row["id"] for row in rows] == [str(number + 1) for number in range(len(HOSTILE))]


def test_no_csv_field_begins_like_a_formula(alice, hostile_room):
    for row in csv.reader(io.StringIO(run(alice, "export", format="csv"), newline="")):
        assert not [field for field in row if re.match(r"\s*[=+\-@＝＋－＠]", field)]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r1", "\n1", " =1", "\u00a0=1", "＝1"])
def test_a_formula_is_escaped(text):
    assert escape_formula(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "1", "a=1", "'=1", " a", "👍 +1"])
def test_other_text_is_not_escaped(text):
    assert escape_formula(text) == text


def test_the_page_runs_no_script_from_a_message(alice, hostile_room):
    for kind, params in [("export", {"format": "html"}), ("statistics", {})]:
        text = run(alice, kind, **params)
        page = Page(text)
        assert not {"script", "img", "iframe", "link", "base", "form", "object"} & set(page.tags), kind
        assert page.tags.count("style") == 1 and page.tags.count("title") >= 1
        assert not [name for name, _ in page.attributes if name.startswith("on")], kind
        assert not [value for name, value in page.attributes if name == "href" and not re.match("#m|http", value)]
        assert text.count("</html>") == 1 and "Content-Security-Policy" in text
        assert "&lt;/title&gt;" in text and "=&lt;b&gt;Alice" in text


def test_the_page_groups_messages_by_day(alice, member):
    post(member, "r1", "**first**")
    post(member, "r2", "second", reply_to=1)
    rooms.set_reaction(member, protocol.React(ref="r3", id=1, emoji="🎉", on=True))
    rooms.remove_message(member, protocol.Remove(ref="r4", id=2))
    Message.objects.filter(number=1).update(created_at=datetime(2026, 3, 1, 23, 59, tzinfo=UTC))
    text = run(alice, "export", format="html")
    assert "<h2>Sunday, 01 March 2026</h2>" in text and text.count("<h2>") == 2
    assert "<strong>first</strong>" in text and 'title="Alice">🎉 1<' in text
    assert "message removed" in text and 'in reply to <a href="#m1">#1</a>' in text


@pytest.fixture
def three_days(member):
    """Store the messages 1, 2 and 3, at noon of the first three days of March."""
    for number in (1, 2, 3):
        post(member, f"r{number}", f"body {number}")
        at = datetime(2026, 3, number, 12, tzinfo=UTC)
        Message.objects.filter(number=number).update(created_at=at)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, [1, 2, 3]),
        ("2026-03-02", None, [2, 3]),
        (None, "2026-03-02", [1, 2]),
        ("2026-03-02", "2026-03-02", [2]),
        ("2026-03-02T12:00:00Z", None, [2, 3]),
        ("2026-03-02T12:00:00.001Z", None, [3]),
        (None, "2026-03-02T12:00:00Z", [1]),
        ("2026-03-02T10:00Z", "2026-03-02", [2]),
        ("2027-01-01", None, []),
    ],
)
def test_only_the_period_is_exported(alice, three_days, start, end, expected):
    for form in ("json", "csv", "html"):
        text = run(alice, "export", format=form, **{"from": start, "to": end})
        assert re.findall(r"body (\d)", text) == [str(number) for number in expected], form


def test_messages_after_the_request_are_not_exported(alice, member, monkeypatch):
    monkeypatch.setattr(export, "BLOCK", 2)
    for number in range(5):
        post(member, f"r{number}", f"body {number}")
    member = rooms.join_room(alice, "garden")
    event = protocol.Start(ref="t1", task="export", params={"format": "json"})
    task_id = tasks.start_task(member, event).task_id
    post(member, "r5", "later")
    tasks.run_task(task_id)
    parts = json.loads(b"".join(tasks.read_result(tasks.get_result(alice, task_id))))
    assert [message["id"] for message in parts["messages"]] == [1, 2, 3, 4, 5] and parts["offset"] == 5


def test_a_long_result_in_the_database_has_parts_that_are_read_one_by_one(
    alice, member, settings, monkeypatch, django_assert_num_queries
):
    settings.CHAT_FILES = "database:"
    monkeypatch.setattr("chat.services.tasks.job.PART_BYTES", 1000)
    for number in range(30):
        post(member, f"r{number}", "x" * 100)
    run(alice, "export", format="json")
    task = Task.objects.get()
    parts = FilePart.objects.filter(file__name=task.result_file)
    count = parts.count()
    assert count > 5
    # One query for the file, and one for each part.
    with django_assert_num_queries(3):
        result = tasks.read_result(task)
        assert len(next(result)) < 2000 and next(result)
    parts.filter(number=count - 1).delete()
    with pytest.raises(LookupError):
        list(tasks.read_result(task))


def test_statistics_count_by_day_hour_and_person(alice, bob, three_days, monkeypatch):
    monkeypatch.setattr(statistics, "BLOCK", 2)
    post(rooms.join_room(bob, "garden"), "r4", "from Bob")
    Message.objects.filter(number=4).update(created_at=datetime(2026, 3, 3, 8, tzinfo=UTC))
    rooms.remove_message(rooms.join_room(alice, "garden"), protocol.Remove(ref="r5", id=1))
    text = run(alice, "statistics")
    assert "<b>4</b> messages" in text and "<b>2</b> authors" in text and "<b>1</b> removed messages" in text
    assert "<title>03 Mar 2026: 2</title>" in text and "<title>02 Mar 2026: 1</title>" in text
    assert "<title>12:00: 3</title>" in text and "<title>8:00: 1</title>" in text
    assert text.index("<title>Alice: 3</title>") < text.index("<title>Bob: 1</title>")


@pytest.fixture
def late_evening(member):
    """Store two messages: 23:30 UTC on 28 March and 00:30 UTC on 29 March. In Berlin both were written on the 29th."""
    for number, at in ((1, datetime(2026, 3, 28, 23, 30, tzinfo=UTC)), (2, datetime(2026, 3, 29, 0, 30, tzinfo=UTC))):
        post(member, f"r{number}", f"body {number}")
        Message.objects.filter(number=number).update(created_at=at)


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        (None, "2026-03-29", ["2"]),
        ("UTC", "2026-03-29", ["2"]),
        ("Europe/Berlin", "2026-03-29", ["1", "2"]),
        ("Asia/Kathmandu", "2026-03-28", []),
        ("America/New_York", "2026-03-28", ["1", "2"]),
    ],
)
def test_a_day_of_an_export_is_a_day_in_the_persons_zone(alice, late_evening, zone, day, expected):
    for form in ("json", "csv", "html"):
        text = run(alice, "export", format=form, zone=zone, **{"from": day, "to": day})
        assert re.findall(r"body (\d)", text) == expected, form


def test_only_the_page_has_times_in_the_persons_zone(alice, late_evening):
    page = run(alice, "export", format="html", zone="Europe/Berlin")
    assert "<h2>Sunday, 29 March 2026</h2>" in page and page.count("<h2>") == 1
    assert ">00:30</time>" in page and ">01:30</time>" in page
    assert 'title="29 March 2026, 00:30:00 (UTC+0100)"' in page
    assert "All times are in Europe/Berlin." in page and re.search(r"created on .* Europe/Berlin<", page)
    data = json.loads(run(alice, "export", format="json", zone="Europe/Berlin"))
    assert data["zone"] == "Europe/Berlin" and data["messages"][0]["at"] == "2026-03-28T23:30:00.000Z"
    assert "2026-03-28T23:30:00.000Z" in run(alice, "export", format="csv", zone="Europe/Berlin")
    assert "zone" not in json.loads(run(alice, "export", format="json"))


def test_statistics_count_in_the_persons_zone(alice, late_evening):
    text = run(alice, "statistics", zone="Europe/Berlin")
    assert "<title>29 Mar 2026: 2</title>" in text
    assert "<title>0:00: 1</title>" in text and "<title>1:00: 1</title>" in text
    assert "All times are in Europe/Berlin." in text
    text = run(alice, "statistics", zone=None)
    assert "<title>28 Mar 2026: 1</title>" in text and "<title>23:00: 1</title>" in text
    assert "All times are in UTC." in text


@pytest.mark.parametrize("kind", ["export", "statistics"])
@pytest.mark.parametrize(
    "zone", ["", "Mars/Base", "europe/berlin", "UTC' --", 1, ["UTC"], True, "x" * 10_000, "Factory"]
)
def test_an_unknown_zone_is_refused(alice, member, kind, zone):
    assert_refused("invalid_field", run, alice, kind, format="json", zone=zone)


@pytest.mark.parametrize("bom", ["yes", 0, []])
def test_the_byte_order_mark_is_true_or_false(alice, member, bom):
    assert_refused("invalid_field", run, alice, "export", format="csv", bom=bom)


def test_statistics_show_the_last_days_of_a_long_history(alice, three_days):
    Message.objects.filter(number=1).update(created_at=datetime(2020, 1, 1, tzinfo=UTC))
    text = run(alice, "statistics")
    assert f"the last {statistics.DAYS} days" in text
    assert text.count("Mar 2026: ") + text.count("Feb 2026: ") + text.count("Jan 2026: ") == statistics.DAYS
    assert "2020" not in text


def test_statistics_show_a_limited_number_of_authors(member, alice):
    for number in range(statistics.TOP + 3):
        guest = people.sign_up_guest(f"A guest with a long name {number}")
        post(rooms.join_room(guest, "garden"), "r1", "Hello")
    text = run(alice, "statistics")
    assert text.count('class="name"') == statistics.TOP and f"<b>{statistics.TOP + 3}</b> authors" in text
