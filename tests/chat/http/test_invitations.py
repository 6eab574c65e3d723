"""Private rooms: their visibility, invitations, and leaving."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from chat.models import Invitation, Member, Room
from chat.protocol import ChatError
from chat.services import invitations, moderation, people, rooms
from chat.services.invitations import accept_invitation, create_invitation
from tests import wire
from tests.wire import Caller

pytestmark = pytest.mark.django_db(transaction=True)

LINKS = "/api/rooms/cellar/invitations/"


@pytest.fixture
def cellar(alice):
    """Return Alice's private room."""
    return rooms.create_room(alice, "cellar", "The cellar", "Wine", is_private=True)


@pytest.fixture
def key(alice, cellar):
    """Return the key of an invitation to the cellar."""
    return create_invitation(alice, "cellar")[1]


def roles():
    """Return the role of each member of the cellar, by handle."""
    return dict(Member.objects.filter(room__slug="cellar").values_list("person__handle", "role"))


def is_refused(code, action, *arguments):
    """Call an action that must raise a ChatError. Return whether the error has this code."""
    with pytest.raises(ChatError) as refusal:
        action(*arguments)
    return refusal.value.code == code


# The next tests are about private rooms.


def test_a_private_room_made_by_the_api_is_listed_for_members_only(as_alice, as_bob):
    status, body = as_alice("POST", "/api/rooms/", {"slug": "cellar", "name": "The cellar", "private": True})
    assert (status, body["private"]) == (201, True)
    assert body["slug"].startswith("cellar-")
    assert [room["slug"] for room in as_alice("GET", "/api/rooms/")[1]["rooms"]] == [body["slug"]]
    for other in (as_bob, Caller()):
        assert other("GET", "/api/rooms/")[1]["rooms"] == []
        assert "The cellar" not in other.browser.get("/").content.decode()
    assert "private" not in as_alice("POST", "/api/rooms/", {"slug": "garden", "name": "Garden"})[1]
    assert as_alice("POST", "/api/rooms/", {"slug": "x", "name": "X", "private": "yes"}) == (400, "invalid_field")


@pytest.mark.parametrize("checked, access", [({"private": "on"}, "private"), ({}, "public")])
def test_the_lobbys_form_makes_a_private_room(alice, checked, access):
    browser = wire.browser_of(alice)
    response = browser.post("/rooms/", {"name": "The cellar", "slug": "cellar", **checked})
    assert response.status_code == 302 and Room.objects.get().access == access
    assert ('aria-label="Private"' in browser.get("/").content.decode()) == bool(checked)


def test_a_private_room_is_not_found_by_other_people(cellar, as_bob, bob):
    assert as_bob("GET", "/api/rooms/cellar/messages/") == (404, "not_found")
    assert as_bob("POST", "/api/rooms/cellar/messages/", {"ref": "r1", "body": "Hello"}) == (404, "not_found")
    assert as_bob("GET", LINKS) == as_bob("POST", LINKS, {}) == as_bob("DELETE", LINKS + "1/") == (404, "not_found")
    assert as_bob.browser.get("/rooms/cellar/").status_code == 404
    assert wire.Socket("/chat/cellar/", as_bob.browser).connect().code == 4404


# The next tests make, list and revoke invitations.


def test_the_key_of_an_invitation_is_shown_once_and_stored_as_a_digest(as_alice, cellar):
    status, body = as_alice("POST", LINKS, {})
    assert status == 201 and body["url"].startswith("http://testserver/invite/")
    key = body.pop("url").split("/")[-2]
    assert (body["uses_left"], body["created_by"]) == (None, "Alice") and len(key) >= 32
    assert as_alice("GET", LINKS) == (200, {"invitations": [body]})
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM chat_invitation")
        assert key not in str(cursor.fetchall())


@pytest.mark.parametrize(
    "body, days, uses",
    [
        (None, 7, None),
        ({}, 7, None),
        ({"uses": 3}, 7, 3),
        ({"expires_in": 86400, "uses": None}, 1, None),
        ({"expires_in": 365 * 86400}, 365, None),
    ],
)
def test_an_invitation_expires_and_may_have_a_number_of_uses(as_alice, cellar, body, days, uses):
    text = json.dumps(body) if body is not None else b""
    assert as_alice("POST", LINKS, text)[1]["uses_left"] == uses
    lifetime = Invitation.objects.get().expires_at - timezone.now()
    assert timedelta(days=days, minutes=-1) < lifetime <= timedelta(days=days)


@pytest.mark.parametrize(
    "body",
    [
        {"uses": 0},
        {"uses": -1},
        {"uses": "1"},
        {"uses": True},
        {"uses": 10001},
        {"expires_in": 0},
        {"expires_in": 365 * 86400 + 1},
        {"expires_in": 1.5},
    ],
)
def test_an_invalid_invitation_is_refused(as_alice, cellar, body):
    assert as_alice("POST", LINKS, body) == (400, "invalid_field")
    assert not Invitation.objects.exists()


def test_only_owners_and_moderators_invite(alice, bob, cellar, key, as_bob):
    accept_invitation(bob, key)
    member = Member.objects.get(person=bob)
    for role in (Member.MEMBER, Member.GUEST, Member.MUTED, Member.BANNED):
        rooms.apply_role(member, role)
        for call in (("GET", LINKS), ("POST", LINKS, {}), ("DELETE", f"{LINKS}{Invitation.objects.get().id}/")):
            assert as_bob(*call) == (403, "forbidden")
    rooms.apply_role(member, Member.MODERATOR)
    assert as_bob("POST", LINKS, {})[0] == 201


def test_strangers_cannot_invite(cellar):
    assert Caller()("POST", LINKS, {}) == Caller()("GET", LINKS) == (401, "not_signed_in")


def test_nobody_can_create_an_invitation_to_a_public_room(as_alice, room):
    assert as_alice("POST", "/api/rooms/garden/invitations/", {}) == (403, "forbidden")


def test_a_room_has_a_limit_of_open_invitations(alice, cellar, monkeypatch):
    monkeypatch.setattr(invitations, "MAX_OPEN", 1)
    create_invitation(alice, "cellar")
    assert is_refused("forbidden", create_invitation, alice, "cellar")
    Invitation.objects.update(uses_left=0)
    create_invitation(alice, "cellar")


def test_a_revoked_invitation_is_not_accepted_and_its_members_stay(as_alice, bob, charlie, key):
    accept_invitation(bob, key)
    path = f"{LINKS}{Invitation.objects.get().id}/"
    assert as_alice.browser.delete(path).status_code == 204
    assert as_alice("DELETE", path) == as_alice("DELETE", f"{LINKS}{10**12}/") == (404, "not_found")
    assert is_refused("not_found", accept_invitation, charlie, key)
    assert roles() == {"Alice": "owner", "Bob": "member"}


@pytest.mark.parametrize("role", [Member.BANNED, Member.MUTED, Member.MEMBER, None])
def test_an_invitation_becomes_invalid_when_its_maker_may_no_longer_invite(as_alice, alice, bob, charlie, cellar, role):
    accept_invitation(bob, create_invitation(alice, "cellar")[1])
    moderation.change_role(alice, cellar, bob, Member.MODERATOR)
    _, key = create_invitation(bob, "cellar")
    member = Member.objects.get(person=bob)
    if role is None:
        member.delete()
    else:
        moderation.change_role(alice, cellar, bob, role)
    assert is_refused("not_found", accept_invitation, charlie, key)
    assert [link["created_by"] for link in as_alice("GET", LINKS)[1]["invitations"]] == ["Alice"]


def test_an_invitation_of_a_deactivated_account_is_not_valid(as_alice, alice, bob, charlie, key, root):
    accept_invitation(bob, key)
    moderation.change_role(alice, Room.objects.get(slug="cellar"), bob, "moderator")
    link = create_invitation(bob, "cellar")[1]
    bob.is_active = False
    bob.save(update_fields=["is_active"])
    assert is_refused("not_found", accept_invitation, charlie, link)
    assert [found["created_by"] for found in as_alice("GET", LINKS)[1]["invitations"]] == ["Alice"]


def test_an_invitation_of_another_room_is_not_revoked(as_alice, alice, key):
    rooms.create_room(alice, "attic", "Attic", is_private=True)
    assert as_alice("DELETE", f"/api/rooms/attic/invitations/{Invitation.objects.get().id}/") == (404, "not_found")


# The next tests accept invitations.


def test_an_account_that_accepts_becomes_a_member_and_a_guest_stays_a_guest(bob, charlie, key):
    assert accept_invitation(bob, key).slug == accept_invitation(charlie, key).slug == "cellar"
    assert roles() == {"Alice": "owner", "Bob": "member", "Charlie": "guest"}
    assert wire.Socket("/chat/cellar/", wire.browser_of(bob)).connect().seen("joined")


def test_accepting_by_the_api_returns_the_room(as_bob, key):
    room = {"slug": "cellar", "name": "The cellar", "topic": "Wine"}
    assert as_bob("POST", "/api/invitations/", {"key": key}) == (200, {"room": room})
    assert as_bob("POST", "/api/invitations/", {"key": "x"}) == (404, "not_found")
    assert as_bob("POST", "/api/invitations/", {"key": 7}) == (400, "invalid_field")
    assert as_bob("POST", "/api/invitations/", {}) == (400, "missing_field")
    assert Caller()("POST", "/api/invitations/", {"key": key}) == (401, "not_signed_in")


def test_invalid_invitations_get_the_same_answer(alice, bob, cellar):
    responses = set()
    for change in ({"uses_left": 0}, {"expires_at": timezone.now()}, None):
        invitation, key = create_invitation(alice, "cellar")
        found = Invitation.objects.filter(id=invitation.id)
        found.update(**change) if change else found.delete()
        for text in (key, "x", "é" * 300):
            for browser in (wire.browser_of(bob), Caller().browser):
                for response in (browser.get(f"/invite/{text}/"), browser.post(f"/invite/{text}/")):
                    responses.add((response.status_code, response.content))
    assert len(responses) == 1 and responses.pop()[0] == 404
    assert roles() == {"Alice": "owner"}


def test_opening_an_invitation_does_not_use_it_up(alice, bob, cellar):
    _, key = create_invitation(alice, "cellar", uses=1)
    for browser in (wire.browser_of(bob), Caller().browser):
        for _ in range(2):
            page = browser.get(f"/invite/{key}/")
            assert page.status_code == 200 and b"The cellar" in page.content
    assert roles() == {"Alice": "owner"} and Invitation.objects.get().uses_left == 1
    response = wire.browser_of(bob).post(f"/invite/{key}/")
    assert (response.status_code, response.url) == (302, "/rooms/cellar/")
    assert Invitation.objects.get().uses_left == 0


def test_a_stranger_picks_a_name_before_accepting_an_invitation(key):
    browser = Caller().browser
    page = browser.post(f"/invite/{key}/").content.decode()
    assert 'action="/guest/"' in page and f'value="/invite/{key}/"' in page
    response = browser.post("/guest/", {"handle": "Dora", "next": f"/invite/{key}/"})
    assert response.url == f"/invite/{key}/" and roles() == {"Alice": "owner"}
    assert browser.post(response.url).url == "/rooms/cellar/"
    assert roles() == {"Alice": "owner", "Dora": "guest"}


def test_a_member_who_accepts_again_does_not_reduce_the_uses(alice, bob, cellar):
    _, key = create_invitation(alice, "cellar", uses=2)
    for _ in range(3):
        accept_invitation(bob, key)
        accept_invitation(alice, key)
    assert Invitation.objects.get().uses_left == 1


def test_a_banned_person_cannot_accept_an_invitation(alice, bob, key):
    accept_invitation(bob, key)
    rooms.apply_role(Member.objects.get(person=bob), Member.BANNED)
    assert is_refused("forbidden", accept_invitation, bob, key)
    assert wire.browser_of(bob).post(f"/invite/{key}/").status_code == 403
    assert roles()["Bob"] == "banned"


@pytest.mark.parametrize(
    ("role", "may_enter"), [(Member.MODERATOR, True), (Member.OWNER, True), (Member.MEMBER, False)]
)
def test_a_ban_of_a_guest_does_not_stop_moderators_and_owners_with_the_same_browser(key, role, may_enter):
    guest = people.sign_up_guest("Guest", browser="b" * 64)
    bob = people.sign_up("Bob of the browser", "correct horse", browser="b" * 64)
    for person in (guest, bob):
        accept_invitation(person, key)
    rooms.apply_role(Member.objects.get(person=bob), role)
    rooms.apply_role(Member.objects.get(person=guest), Member.BANNED)
    if may_enter:
        assert accept_invitation(bob, key).slug == "cellar"
    else:
        assert is_refused("forbidden", accept_invitation, bob, key)


def test_only_one_of_two_people_gets_the_last_use_of_an_invitation(alice, bob, charlie, cellar, monkeypatch):
    _, key = create_invitation(alice, "cellar", uses=1)
    get_invitation = invitations.get_invitation

    def let_charlie_accept_first(key):
        found = get_invitation(key)
        monkeypatch.setattr(invitations, "get_invitation", get_invitation)
        accept_invitation(charlie, key)
        return found

    monkeypatch.setattr(invitations, "get_invitation", let_charlie_accept_first)
    assert is_refused("not_found", accept_invitation, bob, key)
    assert roles() == {"Alice": "owner", "Charlie": "guest"} and Invitation.objects.get().uses_left == 0


def test_two_tabs_of_one_person_use_an_invitation_once(alice, bob, cellar, monkeypatch):
    _, key = create_invitation(alice, "cellar", uses=2)
    accept_invitation(bob, key)
    # The second tab checked the membership before the first tab stored it.
    monkeypatch.setattr(invitations, "_find_member", lambda person, room: None)
    assert accept_invitation(bob, key).slug == "cellar"
    assert Invitation.objects.get().uses_left == 1


# The next tests are about people who leave a room, and about the sweep of invitations.


def test_leaving_a_private_room_closes_the_sockets(bob, as_bob, key):
    accept_invitation(bob, key)
    socket = wire.Socket("/chat/cellar/", as_bob.browser).connect()
    assert as_bob.browser.delete("/api/rooms/cellar/membership/").status_code == 204
    socket.read()
    assert socket.code == 4403 and roles() == {"Alice": "owner"}
    assert as_bob("DELETE", "/api/rooms/cellar/membership/") == (404, "not_found")


@pytest.mark.parametrize("role", ["owner", "muted", "banned"])
def test_owners_and_muted_or_banned_people_cannot_leave(bob, as_bob, key, role):
    accept_invitation(bob, key)
    rooms.apply_role(Member.objects.get(person=bob), role)
    assert as_bob("DELETE", "/api/rooms/cellar/membership/") == (403, "forbidden")
    assert roles()["Bob"] == role


def test_a_public_room_can_be_left_and_entered_again(bob, as_bob, room):
    assert as_bob("DELETE", "/api/rooms/garden/membership/") == (403, "forbidden")  # no member yet
    socket = wire.Socket("/chat/garden/", as_bob.browser).connect()
    assert as_bob.browser.delete("/api/rooms/garden/membership/").status_code == 204
    socket.read()
    assert socket.code == 4403 and not Member.objects.filter(person=bob, room=room).exists()
    wire.Socket("/chat/garden/", as_bob.browser).connect()
    assert Member.objects.filter(person=bob, room=room).exists()
    # A public room needs no invitations.
    page = as_bob.browser.get("/rooms/garden/").content
    assert b"menu-leave" in page and b"menu-invite" not in page


def test_the_sweep_deletes_expired_and_used_up_invitations(alice, bob, cellar):
    for uses, is_expired in ((None, False), (1, False), (None, True)):
        invitation, _ = create_invitation(alice, "cellar", uses=uses)
        expires_at = timezone.now() + timedelta(days=-1 if is_expired else 1)
        Invitation.objects.filter(id=invitation.id).update(expires_at=expires_at)
    Invitation.objects.filter(uses_left=1).update(uses_left=0)
    assert invitations.sweep_invitations() == 2 and Invitation.objects.count() == 1


@pytest.mark.parametrize("role", [Member.BANNED, Member.MUTED, Member.OWNER])
def test_a_role_that_changes_during_the_request_prevents_leaving(bob, key, role, monkeypatch):
    accept_invitation(bob, key)
    get_room_for = rooms.get_room_for

    def change_role_after_check(person, slug, action):
        room = get_room_for(person, slug, action)
        Member.objects.filter(person=bob).update(role=role)
        return room

    monkeypatch.setattr(rooms, "get_room_for", change_role_after_check)
    assert is_refused("forbidden", invitations.leave_room, bob, "cellar")
    assert Member.objects.get(person=bob).role == role
