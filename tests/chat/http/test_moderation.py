"""The API of moderation: each call with its rights, statuses, codes and shapes."""

from urllib.parse import quote

import pytest

from chat.models import AuditEntry, Member, Message, Person, Report, Room
from chat.services import limits, moderation, people, rooms
from tests import wire
from tests.chat.helpers import Browser, ask, key_of, knock, role_of
from tests.helpers import fail_with
from tests.wire import Caller

pytestmark = pytest.mark.django_db(transaction=True)

MEMBERS, REPORTS, AUDIT = "/api/rooms/garden/members/", "/api/rooms/garden/reports/", "/api/rooms/garden/audit/"
REPORT_MESSAGE = "/api/rooms/garden/messages/1/reports/"
BODY = {"role": "muted", "handle": "Bob", "action": "dismiss", "reason": "Rude"}
MODERATORS_CALLS = [
    ("GET", MEMBERS),
    ("PUT", MEMBERS),
    ("GET", f"{MEMBERS}Bob/"),
    ("PUT", f"{MEMBERS}Bob/"),
    ("GET", REPORTS),
    ("PUT", f"{REPORTS}1/"),
    ("GET", AUDIT),
]
CALLS = [*MODERATORS_CALLS, ("POST", REPORT_MESSAGE)]


# The next tests are about the right to moderate.


@pytest.mark.parametrize("method, path", CALLS)
def test_strangers_must_sign_in_to_moderate(room, method, path):
    assert Caller()(method, path, BODY) == (401, "not_signed_in")


@pytest.mark.parametrize("method, path", MODERATORS_CALLS)
@pytest.mark.parametrize("role", [Member.MEMBER, Member.MUTED, None])
def test_only_moderators_can_moderate(author_member, charlie, as_bob, method, path, role):
    if role is None:
        assert Caller(charlie)(method, path, BODY) == (403, "forbidden")
    else:
        rooms.apply_role(author_member, role)
        assert as_bob(method, path, BODY) == (403, "forbidden")
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("method, path", CALLS)
@pytest.mark.parametrize("access", [Room.PRIVATE, Room.BOARD, None])
def test_a_hidden_or_unknown_room_cannot_be_moderated(author_member, charlie, method, path, access):
    if access is None:
        path = path.replace("garden", "attic")
    Room.objects.update(access=access or Room.PUBLIC)
    assert Caller(charlie)(method, path, BODY) == (404, "not_found")


@pytest.mark.parametrize("method, path", CALLS)
def test_a_foreign_page_cannot_moderate_with_a_persons_cookies(author_member, alice, method, path):
    status, _ = Caller(alice, enforce_csrf_checks=True)(method, path, BODY)
    assert status == 200 if method == "GET" else status == 403
    assert role_of("Bob") == "member"


@pytest.mark.parametrize("path", [MEMBERS, f"{MEMBERS}Bob/", REPORTS, f"{REPORTS}1/", AUDIT, REPORT_MESSAGE])
def test_other_methods_of_moderation_are_refused(as_alice, room, path):
    assert as_alice("DELETE", path) == (405, "method_not_allowed")


@pytest.mark.parametrize("method, path", [call for call in CALLS if call[0] != "GET"])
def test_moderation_counts_against_the_rate_limit(author_member, as_alice, monkeypatch, method, path):
    monkeypatch.setattr(limits, "check_event", fail_with(limits.CloseConnection(4429)))
    assert as_alice(method, path, BODY) == (429, "rate_limited")
    assert role_of("Bob") == "member" and not Report.objects.exists()


def test_operators_moderate_without_a_role(author_member, charlie):
    Person.objects.filter(id=charlie.id).update(is_staff=True)
    Room.objects.update(access=Room.PRIVATE)
    status, body = Caller(charlie)("PUT", f"{MEMBERS}Alice/", {"role": "banned"})
    assert (status, body["role"]) == (200, "banned")


def test_a_moderator_can_moderate_with_a_token(author_member, alice):
    _, key = people.make_token(alice, "bot")
    assert Caller(key=key)("PUT", f"{MEMBERS}Bob/", {"role": "muted"})[0] == 200
    assert Caller(key=key)("GET", AUDIT)[1]["entries"][0]["actor"] == {"handle": "Alice"}


# The next tests are about roles.


def test_giving_a_role_returns_the_member(as_alice, author_member):
    status, body = as_alice("PUT", f"{MEMBERS}Bob/", {"role": "muted", "seconds": 600, "reason": "Shouting"})
    assert status == 200 and set(body) == {"handle", "role", "until", "joined_at"}
    assert (body["handle"], body["role"]) == ("Bob", "muted") and body["until"].endswith("Z")
    assert as_alice("GET", f"{MEMBERS}bob/") == (200, body)
    assert AuditEntry.objects.get().reason == "Shouting"
    status, body = as_alice("PUT", f"{MEMBERS}Bob/", {"role": "member", "seconds": None, "reason": None})
    assert (status, body["role"], body["until"]) == (200, "member", None)
    assert as_alice("PUT", f"{MEMBERS}Bob/", {"role": "member", "was": "muted"}) == (404, "not_found")


HANDLES = ["a/b", "/", "//", "🙂", "Zoë B.", "50%", "a%2Fb", "?", "#x", ".", "a b", "members/x"]


@pytest.mark.parametrize("handle", HANDLES)
def test_a_person_with_any_handle_can_be_given_a_role(as_alice, room, handle):
    people.sign_up_guest(handle)
    if handle == ".":
        # Browsers remove this segment from an address, even if it is escaped.
        status, member = as_alice("PUT", MEMBERS, {"handle": handle, "role": "banned"})
    else:
        status, member = as_alice("PUT", f"{MEMBERS}{quote(handle, safe='')}/", {"role": "banned"})
    assert status == 200 and member["handle"] == handle and role_of(handle) == "banned"


@pytest.mark.parametrize("handle", [*HANDLES, ".."])
def test_the_role_of_a_person_with_any_handle_can_be_read(as_alice, room, handle):
    rooms.join_room(people.sign_up_guest(handle), "garden")
    status, body = as_alice("GET", f"{MEMBERS}?handle={quote(handle, safe='')}")
    assert (status, [member["handle"] for member in body["members"]]) == (200, [handle])
    assert as_alice("GET", f"{MEMBERS}?handle=Nobody") == (404, "not_found")


@pytest.mark.parametrize(
    "path, body, expected",
    [
        (f"{MEMBERS}Nobody/", {"role": "muted"}, (404, "not_found")),
        (f"{MEMBERS}Bob/", {}, (400, "missing_field")),
        (MEMBERS, {"role": "muted"}, (400, "missing_field")),
        (f"{MEMBERS}Bob/", {"role": "king"}, (400, "invalid_field")),
        (f"{MEMBERS}Bob/", "[]", (400, "not_an_object")),
        (f"{MEMBERS}Bob/", {"role": "muted", "seconds": 1.5}, (400, "invalid_field")),
        (f"{MEMBERS}Alice/", {"role": "muted"}, (403, "forbidden")),
        (f"{MEMBERS}Bob/", {"role": "muted", "reason": "x" * 501}, (400, "too_long")),
        (f"{MEMBERS}{'x' * 40}/", {"role": "muted"}, (404, "not_found")),
    ],
)
def test_an_invalid_change_of_role_is_refused(as_alice, author_member, path, body, expected):
    assert as_alice("PUT", path, body) == expected
    assert role_of("Bob") == "member" and not AuditEntry.objects.exists()


def test_a_person_who_is_not_in_the_room_is_not_found(as_alice, room, bob):
    for handle in ("Bob", "Nobody"):
        assert as_alice("GET", f"{MEMBERS}{handle}/") == (404, "not_found")


def test_the_list_of_members_has_pages_and_a_filter_by_role(as_alice, author_member, charlie):
    rooms.apply_role(author_member, Member.MUTED)
    moderation.change_role(None, author_member.room, charlie, "banned")
    status, body = as_alice("GET", MEMBERS)
    assert [(member["handle"], member["role"]) for member in body["members"]] == [
        ("Alice", "owner"),
        ("Bob", "muted"),
        ("Charlie", "banned"),
    ]
    assert (status, body["more"]) == (200, False)
    assert [member["handle"] for member in as_alice("GET", f"{MEMBERS}?role=banned")[1]["members"]] == ["Charlie"]
    assert as_alice("GET", f"{MEMBERS}?page=1")[1] == {"members": [], "more": False}
    assert as_alice("GET", f"{MEMBERS}?role=king") == (400, "invalid_field")
    assert as_alice("GET", f"{MEMBERS}?page=-1") == (400, "invalid_field")


# The next tests are about reports and the audit log.


def test_a_person_reports_a_message_once_and_moderators_see_it(as_alice, author_member, charlie):
    as_charlie = Caller(charlie)
    status, made = as_charlie("POST", REPORT_MESSAGE, {"reason": "Rude"})
    assert status == 201 and set(made) == {"id", "message", "reason", "at"} and made["message"] == 1
    assert as_charlie("POST", REPORT_MESSAGE, {"reason": "Very rude"}) == (200, made)
    [report] = as_alice("GET", REPORTS)[1]["reports"]
    assert report == {
        "id": made["id"],
        "message": 1,
        "author": {"handle": "Bob"},
        "body": "Hello",
        "reason": "Rude",
        "reporter": {"handle": "Charlie", "guest": True},
        "at": made["at"],
        "outcome": None,
        "closed_by": None,
        "closed_at": None,
    }


@pytest.mark.parametrize(
    "path, body, expected",
    [
        (REPORT_MESSAGE, {}, (400, "missing_field")),
        (REPORT_MESSAGE, {"reason": ""}, (400, "empty")),
        (REPORT_MESSAGE, {"reason": "x" * 501}, (400, "too_long")),
        (REPORT_MESSAGE.replace("1", "9"), BODY, (404, "not_found")),
        (REPORT_MESSAGE.replace("1", str(2**63)), BODY, (404, "not_found")),
    ],
)
def test_an_invalid_report_is_refused(as_alice, author_member, path, body, expected):
    assert as_alice("POST", path, body) == expected


def test_authors_cannot_report_their_own_message(as_bob, author_member):
    assert as_bob("POST", REPORT_MESSAGE, {"reason": "Rude"}) == (403, "forbidden")


def test_a_closed_report_and_the_audit_log_name_the_moderator(as_alice, author_member, charlie):
    report_id = Caller(charlie)("POST", REPORT_MESSAGE, {"reason": "Rude"})[1]["id"]
    for action, code in [("burn", "invalid_field"), (None, "invalid_field")]:
        assert as_alice("PUT", f"{REPORTS}{report_id}/", {"action": action}) == (400, code)
    assert as_alice("PUT", f"{REPORTS}{report_id}/", {}) == (400, "missing_field")
    assert as_alice("PUT", f"{REPORTS}{report_id + 1}/", {"action": "remove"}) == (404, "not_found")
    status, body = as_alice("PUT", f"{REPORTS}{report_id}/", {"action": "remove"})
    assert (status, body["outcome"], body["closed_by"]) == (200, "removed", {"handle": "Alice"}) and body["closed_at"]
    assert as_alice("GET", REPORTS)[1]["reports"] == []
    assert as_alice("GET", f"{REPORTS}?all=1")[1]["reports"] == [body]
    assert Message.objects.get().is_removed
    closing, removal = as_alice("GET", AUDIT)[1]["entries"]
    assert (closing["act"], closing["before"], closing["after"]) == ("report", "open", "removed")
    assert closing["reason"] == "Rude"
    assert (removal["act"], removal["message"], removal["person"]) == ("remove", 1, {"handle": "Bob"})


def test_the_audit_log_names_no_actor_for_a_command(as_alice, author_member):
    moderation.change_role(None, author_member.room, "Bob", "muted", 60, "Because")
    [entry] = as_alice("GET", AUDIT)[1]["entries"]
    assert entry.pop("at").endswith("Z") and entry.pop("id")
    assert entry == {
        "actor": None,
        "act": "role",
        "person": {"handle": "Bob"},
        "message": None,
        "before": "member",
        "after": "muted",
        "seconds": 60,
        "reason": "Because",
    }


def test_an_operator_moderates_the_visitor_of_a_board_by_handle(bob, root):
    owner = Browser().make_board(handle="Olga")
    guest = Browser().follow(owner)
    knock(guest, "Bob")
    ask(owner.door(), "admit", visitor=key_of("Bob"))
    socket = guest.room()
    path = f"/api/rooms/{Room.objects.get().slug}/members/"
    status, body = Caller(root)("PUT", f"{path}bob/", {"role": "banned"})
    assert (status, body["handle"], body["role"]) == (200, "Bob", "banned")
    socket.read()
    assert socket.code == 4403
    assert not Member.objects.filter(person=bob).exists()
    assert Caller(root)("GET", f"{path}Bob/")[1]["role"] == "banned"
    _, body = Caller(root)("GET", path)
    assert [(member["handle"], member["role"]) for member in body["members"]] == [("Olga", "owner"), ("Bob", "banned")]


def test_a_person_who_is_not_on_the_board_is_not_found(bob, root):
    Browser().make_board(handle="Olga")
    path = f"/api/rooms/{Room.objects.get().slug}/members/Bob/"
    assert Caller(root)("PUT", path, {"role": "muted"}) == (404, "not_found")


def test_the_api_moderates_a_private_room(as_alice, author_member):
    Room.objects.update(access=Room.PRIVATE)
    assert as_alice("PUT", f"{MEMBERS}Bob/", {"role": "muted"})[1]["role"] == "muted"
    assert wire.Socket("/chat/garden/", wire.browser_of(author_member.person)).connect().seen("joined")


# The next test is about earlier bodies.


def test_moderators_read_the_earlier_bodies_of_a_message(as_alice, as_bob, bob, enter):
    tab = enter(bob)
    tab.post("r1", "One")
    tab.ask("edit", ref="r2", id=1, body="Two")
    path = "/api/rooms/garden/messages/1/history/"
    versions = as_alice("GET", path)[1]["versions"]
    assert [(version["body"], version["by"]) for version in versions] == [
        ("One", {"handle": "Bob"}),
        ("Two", {"handle": "Bob"}),
    ]
    assert all(version["at"].endswith("Z") for version in versions)
    assert as_bob("GET", path) == (403, "forbidden")
    assert as_alice("GET", "/api/rooms/garden/messages/2/history/") == (404, "not_found")
