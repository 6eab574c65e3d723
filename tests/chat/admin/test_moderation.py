"""The admin's moderation pages: roles, reports, and the audit log."""

import pytest

from chat.models import AuditEntry, Member, Message, Room
from chat.services import moderation
from tests.chat.helpers import role_of, save

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_ban_closes_the_sockets(admin_browser, enter, bob):
    tab = enter(bob)
    member = Member.objects.get(person=bob)
    save(admin_browser, f"/admin/chat/member/{member.id}/change/", role="banned")
    tab.read()
    assert tab.code == 4403


def test_deleting_a_member_closes_the_sockets(admin_browser, enter, bob):
    tab = enter(bob)
    member = Member.objects.get(person=bob)
    save(admin_browser, f"/admin/chat/member/{member.id}/delete/", post="yes")
    tab.read()
    assert tab.code == 4403 and not Member.objects.filter(person=bob).exists()


def test_a_mute_leaves_the_sockets_open(admin_browser, enter, bob):
    tab = enter(bob)
    member = Member.objects.get(person=bob)
    save(admin_browser, f"/admin/chat/member/{member.id}/change/", role="muted")
    assert tab.post("r1")["code"] == "muted" and tab.code is None


def test_a_mute_with_an_end_is_recorded_in_the_audit_log(admin_browser, root, author_member):
    save(admin_browser, f"/admin/chat/member/{author_member.id}/change/", role="muted", minutes="10", reason="Shouting")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.seconds, entry.reason, role_of("Bob")) == (root, 600, "Shouting", "muted")
    response = admin_browser.post(f"/admin/chat/member/{author_member.id}/change/", {"role": "banned", "minutes": "10"})
    assert response.status_code == 200 and b"Only a mute has minutes" in response.content and role_of("Bob") == "muted"


def test_saving_a_mute_without_a_change_keeps_its_end(admin_browser, author_member):
    until = moderation.change_role(None, author_member.room, "Bob", "muted", 600).muted_until
    save(admin_browser, f"/admin/chat/member/{author_member.id}/change/", role="muted", minutes="", reason="")
    author_member.refresh_from_db()
    assert author_member.muted_until == until and AuditEntry.objects.count() == 1


def test_lifting_a_ban_does_not_make_a_non_member_a_member_of_a_private_room(admin_browser, room, bob):
    Room.objects.update(access=Room.PRIVATE)
    room.refresh_from_db()
    member = moderation.change_role(None, room, bob, "banned")
    save(admin_browser, f"/admin/chat/member/{member.id}/change/", role="member")
    assert role_of("Bob") is None


def test_an_operator_bans_a_person_who_was_never_in_the_room(admin_browser, room, bob):
    save(admin_browser, "/admin/chat/member/add/", room=room.id, person=bob.id, role="banned")
    assert role_of("Bob") == "banned" and AuditEntry.objects.count() == 1


def test_operators_cannot_moderate_themselves(admin_browser, root, room):
    response = admin_browser.post("/admin/chat/member/add/", {"room": room.id, "person": root.id, "role": "owner"})
    assert response.status_code == 403 and b"You cannot change your own role" in response.content
    assert role_of("Root") is None


@pytest.mark.parametrize("by", ["page", "list"])
def test_deleting_a_member_is_recorded_in_the_audit_log(admin_browser, author_member, by):
    if by == "page":
        save(admin_browser, f"/admin/chat/member/{author_member.id}/delete/", post="yes")
    else:
        save(
            admin_browser,
            "/admin/chat/member/",
            action="delete_selected",
            _selected_action=[author_member.id],
            post="yes",
        )
    assert role_of("Bob") is None and AuditEntry.objects.get().before == "member"


@pytest.mark.parametrize("action, outcome", [("dismiss", "dismissed"), ("remove_messages", "removed")])
def test_actions_close_reports(admin_browser, root, author_member, alice, action, outcome):
    report, _ = moderation.report_message(alice, author_member.room, 1, "Rude")
    for _ in range(2):
        save(admin_browser, "/admin/chat/report/", action=action, _selected_action=[report.id])
    report.refresh_from_db()
    assert (report.outcome, report.closed_by) == (outcome, root)
    assert Message.objects.get().is_removed == (outcome == "removed")


def test_reports_and_the_audit_log_are_read_only(admin_browser, author_member, alice):
    report, _ = moderation.report_message(alice, author_member.room, 1, "<b>Rude</b>")
    moderation.change_role(None, author_member.room, "Bob", "muted")
    for name, row in (("report", report), ("auditentry", AuditEntry.objects.get())):
        listed = admin_browser.get(f"/admin/chat/{name}/", {"q": "Bob"})
        assert b"Bob" in listed.content and b"<b>Rude" not in listed.content
        assert admin_browser.get(f"/admin/chat/{name}/{row.id}/change/").status_code == 200
        for page in ("add/", f"{row.id}/change/", f"{row.id}/delete/"):
            assert admin_browser.post(f"/admin/chat/{name}/{page}", {"reason": "x", "post": "yes"}).status_code == 403
        admin_browser.post(
            f"/admin/chat/{name}/", {"action": "delete_selected", "_selected_action": [row.id], "post": "yes"}
        )
        row.refresh_from_db()
