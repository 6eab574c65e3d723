"""Reports of messages: each reader can report a message once, and each report is decided once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.models import AuditEntry, Message, Report
from chat.protocol import Edit, Remove
from chat.services import moderation, rooms
from tests.chat.helpers import assert_refused
from tests.chat.services.moderation.helpers import give_role, make_person, post, read_audit_log
from tests.helpers import statements

pytestmark = pytest.mark.django_db


@pytest.fixture
def reported(room, alice, bob, charlie):
    """Return two reports of Bob's message, on which Alice can decide."""
    post(room, bob)
    return [moderation.report_message(person, room, 1, "Rude")[0] for person in (charlie, make_person("Dora"))]


def test_a_reader_can_report_a_message_once(room, alice, bob, charlie):
    post(room, alice)
    give_role(room, bob, "muted")
    for person in (bob, charlie):
        report, is_new = moderation.report_message(person, room, 1, " Rude ")
        assert (report.reason, report.body, report.reporter, report.is_open) == ("Rude", "Hello", person, True)
        assert is_new
        again, is_new = moderation.report_message(person, room, 1, "Something else")
        assert (is_new, again.id, again.reason) == (False, report.id, "Rude")
    assert Report.objects.count() == 2


def test_invalid_reports_are_rejected(room, alice, bob):
    post(room, alice)
    post(room, alice, "r2")
    rooms.remove_message(rooms.join_room(alice, "garden"), Remove("r3", 2))
    assert_refused("forbidden", moderation.report_message, alice, room, 1, "Rude")
    for number in (2, 9):
        assert_refused("not_found", moderation.report_message, bob, room, number, "Rude")
    for reason, code in [("", "empty"), (" ", "empty"), ("x" * 501, "too_long"), (None, "invalid_field")]:
        assert_refused(code, moderation.report_message, bob, room, 1, reason)
    assert not Report.objects.exists()
    moderation.report_message(bob, room, 1, "x" * 500)


def test_a_report_keeps_the_message_text_of_its_time(room, alice, bob):
    post(room, bob)
    report, _ = moderation.report_message(alice, room, 1, "Rude")
    rooms.edit_message(rooms.join_room(bob, "garden"), Edit("r2", 1, "Nice"))
    rooms.remove_message(rooms.join_room(bob, "garden"), Remove("r3", 1))
    report.refresh_from_db()
    assert report.body == "Hello" and report.is_open
    # A second report by the same person returns the first report, although the message was removed.
    assert moderation.report_message(alice, room, 1, "Rude") == (report, False)


def test_dismissing_a_report_keeps_the_message(room, alice, bob, reported):
    closed = moderation.close_report(alice, room, reported[0].id, "dismiss")
    assert (closed.closed_by, closed.outcome, closed.is_open) == (alice, "dismissed", False)
    assert Message.objects.get().body == "Hello"
    assert moderation.find_reports(alice, room) == ([reported[1]], False)
    assert moderation.find_reports(alice, room, is_open=False) == (reported[::-1], False)
    assert read_audit_log() == [("Alice", "report", "Bob", 1, "open", "dismissed")]
    assert AuditEntry.objects.get().reason == "Rude"


def test_a_moderator_can_remove_a_reported_message_from_an_archived_room(room, alice, reported):
    rooms.set_archived(alice, room.slug, True)
    room.refresh_from_db()
    closed = moderation.close_report(alice, room, reported[0].id, "remove")
    assert closed.outcome == "removed" and Message.objects.get().is_removed


@pytest.mark.django_db(transaction=True)
def test_removing_a_message_closes_all_of_its_reports(room, alice, bob, reported, enter):
    tab = enter(bob)
    closed = moderation.close_report(alice, room, reported[0].id, "remove")
    assert (closed.outcome, closed.closed_by) == ("removed", alice)
    assert tab.seen("message")[-1]["removed"] is True
    assert moderation.find_reports(alice, room) == ([], False)
    closings = [("Alice", "report", "Bob", 1, "open", "removed")] * 2
    assert read_audit_log() == [("Alice", "remove", "Bob", 1, "", ""), *closings]


def test_a_dismissed_report_stays_dismissed_if_the_message_is_removed_later(room, alice, reported):
    moderation.close_report(alice, room, reported[0].id, "dismiss")
    moderation.close_report(alice, room, reported[1].id, "remove")
    assert [report.outcome for report in Report.objects.order_by("id")] == ["dismissed", "removed"]


def test_a_moderators_direct_removal_closes_the_reports(room, alice, reported):
    rooms.remove_message(rooms.join_room(alice, "garden"), Remove("r9", 1))
    assert {report.outcome for report in Report.objects.all()} == {"removed"}


def test_a_report_of_a_message_that_its_author_removed_can_be_closed(room, alice, bob, reported):
    rooms.remove_message(rooms.join_room(bob, "garden"), Remove("r9", 1))
    assert moderation.close_report(alice, room, reported[0].id, "remove").outcome == "removed"
    assert moderation.close_report(alice, room, reported[1].id, "dismiss").outcome == "dismissed"
    assert [entry[1] for entry in read_audit_log()] == ["report", "report"]


@pytest.mark.django_db(transaction=True)
def test_reports_are_published_to_moderators_only(room, alice, bob, charlie, enter):
    owner, second_tab, others = enter(alice), enter(alice), [enter(bob), enter(charlie)]
    others[0].post("r1")
    others[0].post("r2")
    first, second = [moderation.report_message(charlie, room, number, "Rude")[0] for number in (1, 2)]
    moderation.report_message(charlie, room, 1, "Rude")
    assert owner.seen("reported") == second_tab.seen("reported") == [{"type": "reported"}] * 2
    moderation.close_report(alice, room, first.id, "dismiss")
    assert len(owner.seen("reported")) == 3
    owner.ask("remove", ref="r3", id=2)
    assert len(owner.seen("reported")) == 4
    assert [tab.seen("reported") for tab in others] == [[], []]


def test_closing_many_reports_costs_no_more_statements_than_closing_one(room, alice, reported):
    member = rooms.join_room(alice, "garden")
    for number in range(5):
        moderation.report_message(make_person(f"Reader {number}"), room, 1, "Rude")
    with CaptureQueriesContext(connection) as queries:
        rooms.remove_message(member, Remove("r9", 1))
    tables = [f"{verb} {table}" for verb, table in statements(queries)]
    assert tables.count("SELECT chat_report") == tables.count("UPDATE chat_report") == 1
    assert tables.count("INSERT chat_auditentry") == 2


def test_the_second_moderator_gets_the_first_moderators_decision(room, alice, zoe, reported):
    give_role(room, zoe, "moderator")
    moderation.close_report(alice, room, reported[0].id, "dismiss")
    second = moderation.close_report(zoe, room, reported[0].id, "remove")
    assert (second.outcome, second.closed_by) == ("dismissed", alice) and len(read_audit_log()) == 1
    assert not Message.objects.get().is_removed


def test_a_moderator_cannot_decide_on_reports_of_their_own_messages(room, alice, bob, zoe):
    post(room, alice)
    report, _ = moderation.report_message(bob, room, 1, "Rude")
    assert moderation.find_reports(alice, room) == ([], False)
    for action in ("dismiss", "remove"):
        assert_refused("not_found", moderation.close_report, alice, room, report.id, action)
    give_role(room, zoe, "moderator")
    assert moderation.close_report(zoe, room, report.id, "dismiss").outcome == "dismissed"


def test_a_report_of_another_room_is_not_found(room, alice, zoe, reported):
    attic = rooms.create_room(zoe, "attic", "Attic")
    for report_id in (reported[0].id, 999):
        assert_refused("not_found", moderation.close_report, zoe, attic, report_id, "dismiss")
    assert_refused("invalid_field", moderation.close_report, alice, room, reported[0].id, "burn")
