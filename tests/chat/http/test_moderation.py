"""Moderation by the JSON API, the command and the operators' pages: each call, its statuses, its codes, its shapes."""

from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command

from chat.models import AuditEntry, Member, Message, Person, Report, Room
from chat.protocol import Post
from chat.services import limits, moderation, people, rooms
from tests import wire
from tests.chat.helpers import Browser, ask, key_of, knock, save
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


@pytest.fixture
def spoken(room, bob):
    """Bob has said something in the garden, and is a member."""
    member = rooms.join_room(bob, "garden")
    rooms.post_message(member, Post("r1", "Hello"))
    return member


def role_of(handle):
    return Member.objects.filter(person__handle=handle).values_list("role", flat=True).first()


# Who may call.


@pytest.mark.parametrize("method, path", CALLS)
def test_strangers_must_sign_in_first(room, method, path):
    assert Caller()(method, path, BODY) == (401, "not_signed_in")


@pytest.mark.parametrize("method, path", MODERATORS_CALLS)
@pytest.mark.parametrize("role", [Member.MEMBER, Member.MUTED, None])
def test_only_moderators_may(spoken, charlie, as_bob, method, path, role):
    if role is None:
        assert Caller(charlie)(method, path, BODY) == (403, "forbidden")
    else:
        rooms.apply_role(spoken, role)
        assert as_bob(method, path, BODY) == (403, "forbidden")
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("method, path", CALLS)
@pytest.mark.parametrize("access", [Room.PRIVATE, Room.BOARD, None])
def test_a_room_that_one_may_not_know_of_is_not_there(spoken, charlie, method, path, access):
    if access is None:
        path = path.replace("garden", "attic")
    Room.objects.update(access=access or Room.PUBLIC)
    assert Caller(charlie)(method, path, BODY) == (404, "not_found")


@pytest.mark.parametrize("method, path", CALLS)
def test_a_foreign_page_cannot_act_with_somebodys_cookies(spoken, alice, method, path):
    status, _ = Caller(alice, enforce_csrf_checks=True)(method, path, BODY)
    assert status == 200 if method == "GET" else status == 403
    assert role_of("Bob") == "member"


@pytest.mark.parametrize("path", [MEMBERS, f"{MEMBERS}Bob/", REPORTS, f"{REPORTS}1/", AUDIT, REPORT_MESSAGE])
def test_other_methods_are_named(as_alice, room, path):
    assert as_alice("DELETE", path) == (405, "method_not_allowed")


@pytest.mark.parametrize("method, path", [call for call in CALLS if call[0] != "GET"])
def test_who_acts_too_often_is_told_to_wait(spoken, as_alice, monkeypatch, method, path):
    def refuse(person_id, ref=None):
        raise limits.CloseConnection(4429)

    monkeypatch.setattr(limits, "check_event", refuse)
    assert as_alice(method, path, BODY) == (429, "rate_limited")
    assert role_of("Bob") == "member" and not Report.objects.exists()


def test_operators_need_no_role(spoken, charlie):
    Person.objects.filter(id=charlie.id).update(is_staff=True)
    Room.objects.update(access=Room.PRIVATE)
    status, body = Caller(charlie)("PUT", f"{MEMBERS}Alice/", {"role": "banned"})
    assert (status, body["role"]) == (200, "banned")


def test_a_moderators_bot_moderates(spoken, alice):
    _, key = people.make_token(alice, "bot")
    assert Caller(key=key)("PUT", f"{MEMBERS}Bob/", {"role": "muted"})[0] == 200
    assert Caller(key=key)("GET", AUDIT)[1]["entries"][0]["actor"] == {"handle": "Alice"}


# Roles.


def test_a_role_is_given_and_the_answer_says_how_somebody_stands(as_alice, spoken):
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
def test_any_handle_can_be_named(as_alice, room, handle):
    people.sign_up_guest(handle)
    if handle == ".":
        # Browsers take such a step out of an address, however it is written.
        answer = as_alice("PUT", MEMBERS, {"handle": handle, "role": "banned"})
    else:
        answer = as_alice("PUT", f"{MEMBERS}{quote(handle, safe='')}/", {"role": "banned"})
    assert answer[0] == 200 and answer[1]["handle"] == handle and role_of(handle) == "banned"


@pytest.mark.parametrize(
    "path, body, answer",
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
def test_what_makes_no_sense_is_refused(as_alice, spoken, path, body, answer):
    assert as_alice("PUT", path, body) == answer
    assert role_of("Bob") == "member" and not AuditEntry.objects.exists()


def test_a_standing_that_is_not_there_is_not_found(as_alice, room, bob):
    for handle in ("Bob", "Nobody"):
        assert as_alice("GET", f"{MEMBERS}{handle}/") == (404, "not_found")


def test_the_list_of_members_comes_in_pages_and_by_role(as_alice, spoken, charlie, monkeypatch):
    rooms.apply_role(spoken, Member.MUTED)
    moderation.change_role(None, spoken.room, charlie, "banned")
    status, body = as_alice("GET", MEMBERS)
    assert [(one["handle"], one["role"]) for one in body["members"]] == [
        ("Alice", "owner"),
        ("Bob", "muted"),
        ("Charlie", "banned"),
    ]
    assert (status, body["more"]) == (200, False)
    assert [one["handle"] for one in as_alice("GET", f"{MEMBERS}?role=banned")[1]["members"]] == ["Charlie"]
    assert as_alice("GET", f"{MEMBERS}?page=1")[1] == {"members": [], "more": False}
    assert as_alice("GET", f"{MEMBERS}?role=king") == (400, "invalid_field")
    assert as_alice("GET", f"{MEMBERS}?page=-1") == (400, "invalid_field")


# Reports and the log.


def test_a_report_is_made_once_and_seen_by_moderators(as_alice, spoken, charlie):
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
        "reporter": {"handle": "Charlie"},
        "at": made["at"],
        "outcome": None,
        "closed_by": None,
        "closed_at": None,
    }


@pytest.mark.parametrize(
    "path, body, answer",
    [
        (REPORT_MESSAGE, {}, (400, "missing_field")),
        (REPORT_MESSAGE, {"reason": ""}, (400, "empty")),
        (REPORT_MESSAGE, {"reason": "x" * 501}, (400, "too_long")),
        (REPORT_MESSAGE.replace("1", "9"), BODY, (404, "not_found")),
        (REPORT_MESSAGE.replace("1", str(2**63)), BODY, (404, "not_found")),
    ],
)
def test_a_report_that_makes_no_sense_is_refused(as_alice, spoken, path, body, answer):
    assert as_alice("POST", path, body) == answer


def test_ones_own_message_is_not_reported(as_bob, spoken):
    assert as_bob("POST", REPORT_MESSAGE, {"reason": "Rude"}) == (403, "forbidden")


def test_a_report_is_closed_and_the_log_says_by_whom(as_alice, spoken, charlie):
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


def test_the_log_names_nobody_for_the_shell(as_alice, spoken):
    moderation.change_role(None, spoken.room, "Bob", "muted", 60, "Because")
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


# The command.


def moderate(*arguments):
    call_command("moderate", *arguments)


@pytest.mark.parametrize(
    "word, role",
    [("mute", "muted"), ("ban", "banned"), ("member", "member"), ("moderator", "moderator"), ("owner", "owner")],
)
def test_a_command_gives_a_role(spoken, word, role, capsys):
    moderate("garden", "bob", word)
    assert role_of("Bob") == role and capsys.readouterr().out == f"Bob: {role}\n"


def test_a_command_lifts_only_what_it_names(spoken, capsys):
    moderate("garden", "Bob", "ban")
    with pytest.raises(CommandError, match="Bob is not muted in this room"):
        moderate("garden", "Bob", "unmute")
    moderate("garden", "Bob", "unban")
    assert role_of("Bob") == "member"


@pytest.mark.parametrize("length, seconds", [("90s", 90), ("10m", 600), ("2h", 7200), ("7d", 604800), ("45", 45)])
def test_a_command_mutes_for_a_time_with_a_reason(spoken, length, seconds, capsys):
    moderate("garden", "Bob", "mute", "--for", length, "--reason", "Shouting")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.seconds, entry.reason) == (None, seconds, "Shouting")
    assert capsys.readouterr().out.startswith("Bob: muted until 20")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["attic", "Bob", "mute"], "There is no such room"),
        (["garden", "Nobody", "mute"], "nobody with this handle"),
        (["garden", "Bob"], "Say whom, and what"),
        (["garden"], "Say whom, and what"),
        (["garden", "Bob", "shout"], "Say whom, and what"),
        (["garden", "Bob", "mute", "--for", "soon"], "length of time"),
        (["garden", "Bob", "ban", "--for", "1h"], "only with the role 'muted'"),
        (["attic", "--list"], "no such room"),
        (["garden", "Bob", "mute", "--for", "400d"], "must be an integer"),
    ],
)
def test_a_command_that_makes_no_sense_says_so_in_a_sentence(spoken, arguments, words):
    with pytest.raises(CommandError, match=words):
        moderate(*arguments)
    assert role_of("Bob") == "member"


def test_a_command_names_a_handle_that_looks_like_an_option(room):
    people.sign_up_guest("-x-")
    moderate("garden", "--", "-x-", "ban")
    assert role_of("-x-") == "banned"


def test_a_command_lists_who_stands_how(spoken, capsys):
    moderate("garden", "Bob", "mute", "--for", "1h")
    capsys.readouterr()
    moderate("garden", "--list")
    first, second = capsys.readouterr().out.splitlines()
    assert first == "Alice: owner" and second.startswith("Bob: muted until ")


def test_an_operator_moderates_who_has_the_handle_on_that_board(bob, root):
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


def test_who_is_not_on_a_board_has_no_standing_there(bob, root):
    Browser().make_board(handle="Olga")
    path = f"/api/rooms/{Room.objects.get().slug}/members/Bob/"
    assert Caller(root)("PUT", path, {"role": "muted"}) == (404, "not_found")


# The operators' pages.


def test_an_operator_gives_a_role_for_a_time_and_it_is_noted(office, root, spoken):
    save(office, f"/admin/chat/member/{spoken.id}/change/", role="muted", minutes="10", reason="Shouting")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.seconds, entry.reason, role_of("Bob")) == (root, 600, "Shouting", "muted")
    answer = office.post(f"/admin/chat/member/{spoken.id}/change/", {"role": "banned", "minutes": "10"})
    assert answer.status_code == 200 and b"Only a mute has an end" in answer.content and role_of("Bob") == "muted"


def test_a_mute_that_an_operator_only_looks_at_stays_as_it_is(office, spoken):
    until = moderation.change_role(None, spoken.room, "Bob", "muted", 600).muted_until
    save(office, f"/admin/chat/member/{spoken.id}/change/", role="muted", minutes="", reason="")
    spoken.refresh_from_db()
    assert spoken.muted_until == until and AuditEntry.objects.count() == 1


def test_an_operator_lifts_the_ban_of_an_outsider_of_a_closed_room(office, room, bob):
    Room.objects.update(access=Room.PRIVATE)
    room.refresh_from_db()
    member = moderation.change_role(None, room, bob, "banned")
    save(office, f"/admin/chat/member/{member.id}/change/", role="member")
    assert role_of("Bob") is None


def test_an_operator_bans_somebody_who_was_never_there(office, room, bob):
    save(office, "/admin/chat/member/add/", room=room.id, person=bob.id, role="banned")
    assert role_of("Bob") == "banned" and AuditEntry.objects.count() == 1


def test_operators_do_not_moderate_themselves_either(office, root, room):
    answer = office.post("/admin/chat/member/add/", {"room": room.id, "person": root.id, "role": "owner"})
    assert answer.status_code == 403 and b"You cannot change your own role" in answer.content
    assert role_of("Root") is None


@pytest.mark.parametrize("by", ["page", "list"])
def test_a_standing_that_an_operator_takes_away_is_noted(office, spoken, by):
    if by == "page":
        save(office, f"/admin/chat/member/{spoken.id}/delete/", post="yes")
    else:
        save(office, "/admin/chat/member/", action="delete_selected", _selected_action=[spoken.id], post="yes")
    assert role_of("Bob") is None and AuditEntry.objects.get().before == "member"


@pytest.mark.parametrize("action, outcome", [("dismiss", "dismissed"), ("remove_messages", "removed")])
def test_operators_close_reports(office, root, spoken, alice, action, outcome):
    report, _ = moderation.report_message(alice, spoken.room, 1, "Rude")
    for _ in range(2):
        save(office, "/admin/chat/report/", action=action, _selected_action=[report.id])
    report.refresh_from_db()
    assert (report.outcome, report.closed_by) == (outcome, root)
    assert Message.objects.get().is_removed == (outcome == "removed")


def test_reports_and_the_log_are_read_and_not_written(office, spoken, alice):
    report, _ = moderation.report_message(alice, spoken.room, 1, "<b>Rude</b>")
    moderation.change_role(None, spoken.room, "Bob", "muted")
    for name, row in (("report", report), ("auditentry", AuditEntry.objects.get())):
        listed = office.get(f"/admin/chat/{name}/", {"q": "Bob"})
        assert b"Bob" in listed.content and b"<b>Rude" not in listed.content
        assert office.get(f"/admin/chat/{name}/{row.id}/change/").status_code == 200
        for page in ("add/", f"{row.id}/change/", f"{row.id}/delete/"):
            assert office.post(f"/admin/chat/{name}/{page}", {"reason": "x", "post": "yes"}).status_code == 403
        office.post(f"/admin/chat/{name}/", {"action": "delete_selected", "_selected_action": [row.id], "post": "yes"})
        row.refresh_from_db()


def test_a_private_room_is_moderated_by_the_same_calls(as_alice, spoken):
    Room.objects.update(access=Room.PRIVATE)
    assert as_alice("PUT", f"{MEMBERS}Bob/", {"role": "muted"})[1]["role"] == "muted"
    assert wire.Socket("/chat/garden/", wire.browser_of(spoken.person)).connect().seen("joined")
