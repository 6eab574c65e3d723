"""Sign-up that is open, by invitation or closed: the ways to get an account, and the kinds of invitations."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from chat.models import Invitation, Member, Person
from chat.protocol import ChatError
from chat.services import account_invitations, invitations, people, rooms
from chat.services.people import openid
from tests import wire
from tests.chat.helpers import Browser

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def with_openid(settings):
    """Switch OpenID Connect on. No test of this module asks the provider."""
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_NAME = "https://login.example", "chat", "Example"


def set_modes(settings, mode):
    settings.CHAT_SIGN_UP = settings.OIDC_SIGN_UP = mode


def by_page(browser, handle, key=None):
    if key:
        browser.get(f"/invite/{key}/")
    browser.post("/sign-up/", {"handle": handle, "password": PASSWORD})


def by_api(browser, handle, key=None):
    body = {"handle": handle, "password": PASSWORD, **({"invitation": key} if key else {})}
    browser.post("/api/users/", body, content_type="application/json")


def by_openid(browser, handle, key=None):
    browser.get(f"/invite/{key}/" if key else "/sign-in/")
    session = browser.session
    openid.keep_pending(session, openid.Identity("https://login.example", f"subject of {handle}", [], "/", "sign-in"))
    session.save()
    browser.cookies["sessionid"] = session.session_key
    browser.post("/sign-in/openid/new/", {"handle": handle})


WAYS = {"page": by_page, "api": by_api, "openid": by_openid}


def gets_account(way, key=None, handle="Dora"):
    """Try to create an account in a new browser. Return whether the browser is then signed in with it."""
    browser = Client()
    WAYS[way](browser, handle, key)
    session = browser.get("/api/session/").json()
    assert (session["role"] == "member") == Person.objects.filter(handle=handle).exists()
    return session["role"] == "member"


@pytest.fixture
def cellar(alice):
    """Return Alice's private room."""
    return rooms.create_room(alice, "cellar", "The cellar", is_private=True)


@pytest.mark.parametrize("way", WAYS)
def test_the_mode_decides_in_every_way_whether_a_person_gets_an_account(way, settings):
    assert gets_account(way, handle="Ann")
    key = account_invitations.make_invitation(None, uses=5)[1]
    set_modes(settings, "invitation")
    assert not gets_account(way, handle="Ben")
    assert not gets_account(way, "made-up", handle="Cyd")
    assert gets_account(way, key, handle="Dan")
    set_modes(settings, "closed")
    assert not gets_account(way, handle="Eve") and not gets_account(way, key, handle="Fay")
    assert Invitation.objects.get().uses_left == 4


def test_openid_has_a_mode_of_its_own(settings):
    settings.CHAT_SIGN_UP, settings.OIDC_SIGN_UP = "closed", "open"
    assert not gets_account("page", handle="Ann") and gets_account("openid", handle="Ben")
    settings.CHAT_SIGN_UP, settings.OIDC_SIGN_UP = "open", "closed"
    assert gets_account("page", handle="Cyd") and not gets_account("openid", handle="Dan")


@pytest.mark.parametrize("way", WAYS)
def test_an_invitation_creates_no_account_after_its_last_use_its_end_or_its_revocation(way, settings):
    set_modes(settings, "invitation")
    key = account_invitations.make_invitation(None, uses=1)[1]
    assert gets_account(way, key, "Ann") and not gets_account(way, key, "Ben")
    expired, key = account_invitations.make_invitation(None)
    Invitation.objects.filter(id=expired.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert not gets_account(way, key, "Cyd")
    revoked, key = account_invitations.make_invitation(None)
    account_invitations.revoke_from_site(revoked.id)
    assert not gets_account(way, key, "Dan")


def test_a_revoked_invitation_is_no_longer_valid_in_a_browser_that_has_opened_it(settings):
    set_modes(settings, "invitation")
    invitation, key = account_invitations.make_invitation(None)
    browser = Client()
    assert browser.get(f"/invite/{key}/")["Location"] == "/sign-up/"
    assert "You are invited to this site" in browser.get("/sign-up/").content.decode()
    account_invitations.revoke_from_site(invitation.id)
    page = browser.post("/sign-up/", {"handle": "Dora", "password": PASSWORD}).content.decode()
    assert "You need an invitation to create an account" in page and not Person.objects.exists()


def test_a_failed_sign_up_uses_no_invitation(settings, alice):
    set_modes(settings, "invitation")
    key = account_invitations.make_invitation(None)[1]
    assert not gets_account("page", key, handle="x" * 40)
    browser = Client()
    browser.get(f"/invite/{key}/")
    assert (
        "This handle is taken" in browser.post("/sign-up/", {"handle": "alice", "password": PASSWORD}).content.decode()
    )
    assert Invitation.objects.get().uses_left == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_sign_up_with_a_link_into_a_room_joins_the_room(way, settings, cellar):
    set_modes(settings, "invitation")
    key = account_invitations.make_invitation(None, "cellar", uses=2)[1]
    assert gets_account(way, key)
    assert Member.objects.get(person__handle="Dora", room=cellar).role == Member.MEMBER
    assert Invitation.objects.get().uses_left == 1


def test_the_sign_up_with_the_last_use_leads_to_the_room(settings, cellar):
    set_modes(settings, "invitation")
    key = account_invitations.make_invitation(None, "cellar")[1]
    browser = Client()
    page = browser.get(f"/invite/{key}/").content.decode()
    assert "The cellar" in page and f"/sign-up/?next=/invite/{key}/" in page
    form = {"handle": "Dora", "password": PASSWORD, "next": f"/invite/{key}/"}
    assert browser.post("/sign-up/", form)["Location"] == "/rooms/cellar/"
    assert browser.get("/rooms/cellar/").status_code == 200


@pytest.mark.parametrize("way", WAYS)
def test_a_moderators_link_creates_accounts_only_if_members_may_invite(way, settings, alice, cellar):
    set_modes(settings, "invitation")
    key = invitations.create_invitation(alice, "cellar", uses=3)[1]
    assert not gets_account(way, key, "Ann")
    settings.CHAT_MEMBERS_INVITE = True
    assert gets_account(way, key, "Ben")
    rooms.apply_role(Member.objects.get(person=alice), Member.MEMBER)
    assert not gets_account(way, key, "Cyd"), "Alice may no longer invite to her room"


def test_with_an_open_sign_up_a_link_into_a_room_is_used_by_joining(alice, cellar):
    key = invitations.create_invitation(alice, "cellar", uses=1)[1]
    assert gets_account("page", key)
    assert Invitation.objects.get().uses_left == 1
    assert invitations.accept_invitation(Person.objects.get(handle="Dora"), key) == cellar


def test_a_link_is_valid_only_while_its_maker_may_invite(settings, root):
    set_modes(settings, "invitation")
    key = account_invitations.make_invitation(root, uses=None)[1]
    assert gets_account("page", key, "Ann")
    Person.objects.filter(id=root.id).update(is_staff=False)
    assert not gets_account("page", key, "Ben")
    settings.CHAT_MEMBERS_INVITE = True
    assert gets_account("page", key, "Cyd")
    Person.objects.filter(id=root.id).update(is_active=False)
    assert not gets_account("page", key, "Dan")


def test_an_account_cannot_use_a_link_for_a_new_account(alice, as_alice):
    key = account_invitations.make_invitation(None)[1]
    assert as_alice("POST", "/api/invitations/", {"key": key}) == (403, "forbidden")
    assert as_alice.browser.get(f"/invite/{key}/")["Location"] == "/"


# The next tests are about the pages.


@pytest.mark.parametrize(
    "mode, sentence",
    [
        ("invitation", "You need an invitation to create an account. Ask somebody on this site for a link."),
        ("closed", "Nobody can create an account here now. Ask an operator of this site."),
    ],
)
def test_the_page_says_in_one_sentence_what_to_do(settings, mode, sentence):
    set_modes(settings, mode)
    page = Client().get("/sign-up/").content.decode()
    assert sentence in page and 'name="password"' not in page and 'data-testid="openid"' not in page
    assert ('data-testid="sign-up-link"' in Client().get("/").content.decode()) == (mode == "invitation")


def test_operators_make_and_revoke_links_on_the_page(settings, admin_browser, root, room):
    set_modes(settings, "invitation")
    assert "/invitations/" in admin_browser.get("/settings/").content.decode()
    form = {"uses": 2, "days": 3, "room": "garden", "handle": ""}
    page = admin_browser.post("/invitations/", form).content.decode()
    key = page.split("/invite/")[1].split("/")[0]
    assert gets_account("page", key)
    assert key not in admin_browser.get("/invitations/").content.decode()
    invitation = Invitation.objects.get()
    assert (invitation.uses_left, invitation.created_by) == (1, root)
    assert timedelta(days=2, hours=23) < invitation.expires_at - timezone.now() < timedelta(days=3)
    assert admin_browser.post(f"/invitations/{invitation.id}/revoke/")["Location"] == "/invitations/"
    assert not Invitation.objects.exists() and Person.objects.filter(handle="Dora").exists()


def test_operators_read_and_delete_invitations_in_the_admin(admin_browser, alice, cellar):
    invitation, key = invitations.create_invitation(alice, "cellar")
    for path in ("", f"{invitation.id}/change/"):
        page = admin_browser.get(f"/admin/chat/invitation/{path}").content.decode()
        assert "cellar" in page and invitation.digest not in page
    assert admin_browser.post(f"/admin/chat/invitation/{invitation.id}/delete/", {"post": "yes"}).status_code == 302
    with pytest.raises(ChatError):
        invitations.get_invitation(key)


def test_members_see_only_their_own_links_and_give_no_handles(settings, alice, bob, root):
    browser = wire.browser_of(alice)
    assert browser.get("/invitations/").status_code == 403
    assert "/invitations/" not in browser.get("/settings/").content.decode()
    settings.CHAT_MEMBERS_INVITE = True
    foreign, _ = account_invitations.make_invitation(root)
    page = browser.post("/invitations/", {"uses": 1, "days": 1, "handle": "support"}).content.decode()
    assert "/invite/" in page and 'name="handle"' not in page and "Root" not in page
    own = Invitation.objects.get(created_by=alice)
    assert own.handle is None
    assert browser.post(f"/invitations/{foreign.id}/revoke/").status_code == 404
    assert wire.browser_of(bob).post(f"/invitations/{own.id}/revoke/").status_code == 404
    assert wire.browser_of(root).post(f"/invitations/{own.id}/revoke/").status_code == 302


def test_the_data_of_a_person_lists_their_links(settings, root, room):
    account_invitations.make_invitation(root, handle="support")
    account_invitations.make_invitation(root, "garden")
    data = json.loads("".join(people.write_own_data(root)))
    assert [(link["room"], link["handle"]) for link in data["invitations"]] == [(None, "support"), ("garden", None)]


def test_strangers_and_guests_make_no_links(settings, charlie):
    settings.CHAT_MEMBERS_INVITE = True
    assert Client().get("/invitations/")["Location"] == "/sign-in/?next=/invitations/"
    assert Client().post("/invitations/1/revoke/")["Location"] == "/sign-in/?next=/invitations/"
    response = wire.browser_of(charlie).get("/invitations/")
    assert response.status_code == 403 and "Only accounts can invite people to this site." in response.content.decode()


def test_the_page_says_why_a_person_can_make_no_links(settings, alice, admin_browser):
    refused = "Only operators of this site can invite people to it."
    assert refused in wire.browser_of(alice).get("/invitations/").content.decode()
    settings.CHAT_SIGN_UP = settings.OIDC_SIGN_UP = "closed"
    closed = "Nobody can create an account here now: CHAT_SIGN_UP is closed."
    assert closed in admin_browser.get("/invitations/").content.decode()


def test_only_moderators_of_a_private_room_make_links_into_it(settings, alice, bob, root, cellar):
    settings.CHAT_MEMBERS_INVITE = True
    assert account_invitations.make_invitation(alice, "cellar")[0].room == cellar
    for person, code in [(bob, "not_found"), (root, "not_found")]:
        with pytest.raises(ChatError) as refusal:
            account_invitations.make_invitation(person, "cellar")
        assert refusal.value.code == code


@pytest.mark.parametrize(
    "form",
    [{"uses": 0}, {"uses": "x"}, {"days": 400}, {"room": "nowhere"}, {"handle": "alice"}, {"handle": "a\u202eb"}],
)
def test_a_wrong_form_makes_no_link(admin_browser, alice, form):
    response = admin_browser.post("/invitations/", {"uses": 1, "days": 7, **form})
    assert response.status_code == 400 and not Invitation.objects.exists()


# The next tests are about the command.


def test_the_command_makes_lists_and_revokes_links(settings, room, capsys):
    set_modes(settings, "invitation")
    settings.PUBLIC_URL = None
    call_command("invite", "--room", "garden", "--uses", "2", "--expires", "1d")
    link, line = capsys.readouterr().out.splitlines()
    assert "uses left: 2, room garden" in line and gets_account("page", link.split("/")[-2])
    call_command("invite", "--list")
    assert "uses left: 1" in capsys.readouterr().out
    call_command("invite", "--revoke", str(Invitation.objects.get().id))
    assert not Invitation.objects.exists()
    with pytest.raises(CommandError, match="There is no such invitation"):
        call_command("invite", "--revoke", "1")
    set_modes(settings, "closed")
    with pytest.raises(CommandError, match="CHAT_SIGN_UP is closed"):
        call_command("invite")


# The next tests are about reserved handles.

# With a Cyrillic А, a dotless i, a small L for a capital I, a Cyrillic ѕ, and wide letters.
LOOKALIKES = [
    "admin",
    "ADMIN",
    "Admin",
    "\u0410DMIN",
    "adm\u0131n",
    "ADMlN",
    "\u0455upport",
    "\uff53\uff55pport",
    "all",
]


def take_as_guest(handle):
    return Client().post("/api/guests/", {"handle": handle}, content_type="application/json").status_code


def take_as_guest_by_page(handle):
    return 409 if "is reserved" in Client().post("/guest/", {"handle": handle}).content.decode() else 201


def take_by_page(handle):
    page = Client().post("/sign-up/", {"handle": handle, "password": PASSWORD}).content.decode()
    return 409 if "is reserved" in page else 201


def take_by_api(handle):
    body = {"handle": handle, "password": PASSWORD}
    return Client().post("/api/users/", body, content_type="application/json").status_code


def take_by_openid(handle):
    return 201 if gets_account("openid", handle=handle) else 409


def take_on_a_new_board(handle):
    body = {"name": "Plans", "handle": handle}
    headers = {"HTTP_ACCEPT": "application/json"}
    return Client().post("/new_board", body, content_type="application/json", **headers).status_code


@pytest.mark.parametrize(
    "take",
    [take_as_guest, take_as_guest_by_page, take_by_page, take_by_api, take_by_openid, take_on_a_new_board],
    ids=lambda take: take.__name__,
)
def test_nobody_takes_a_reserved_handle(take):
    assert [take(handle) for handle in LOOKALIKES] == [409] * len(LOOKALIKES)
    assert take("Adminton") == 201


def test_a_visitor_of_a_board_cannot_take_a_reserved_handle(db):
    socket = Browser().follow(Browser().make_board(name="Plans")).door()
    for number, handle in enumerate(LOOKALIKES):
        answer = socket.ask("knock", ref=f"r{number}", handle=handle)
        assert (answer["type"], answer["code"]) == ("rejected", "taken")
    assert socket.ask("knock", ref="x", handle="Dora")["type"] == "ack"
    assert socket.ask("knock", ref="y", handle="admin")["code"] == "taken"


def test_a_profile_cannot_have_a_reserved_name(as_alice, alice, root):
    assert as_alice("PATCH", "/api/profile/", {"name": "Admin"}) == (409, "taken")
    assert as_alice("PATCH", "/api/profile/", {"name": "Alice Admin"})[0] == 200
    assert wire.Caller(root)("PATCH", "/api/profile/", {"name": "Admin"})[0] == 200


def test_people_who_have_a_reserved_handle_keep_it(settings, alice):
    settings.CHAT_RESERVED_HANDLES = ("alice",)
    assert people.find_person("Alice", PASSWORD) == alice
    assert wire.Caller(alice)("PATCH", "/api/profile/", {"name": "Alice"})[0] == 200
    settings.CHAT_RESERVED_HANDLES = ()
    assert take_by_api("admin") == 201


@pytest.mark.parametrize("way", WAYS)
def test_an_operator_gives_a_reserved_handle_with_a_link(way, root, capsys):
    call_command("invite", "--handle", "Support")
    key = capsys.readouterr().out.split("/invite/")[1].split("/")[0]
    assert not gets_account(way, key, "admin"), "the link gives only its own handle"
    assert gets_account(way, key, "Support")
    assert not gets_account(way, key, "support2") or Invitation.objects.get().uses_left == 0
    assert not gets_account(way, account_invitations.make_invitation(root, handle="security")[1], "webmaster")


def test_only_operators_give_reserved_handles(settings, alice, root):
    settings.CHAT_MEMBERS_INVITE = True
    with pytest.raises(ChatError, match="Only operators can give somebody a handle"):
        account_invitations.make_invitation(alice, handle="support")
    key = account_invitations.make_invitation(root, handle="support", uses=9)[1]
    assert Invitation.objects.get().uses_left == 1
    Person.objects.filter(id=root.id).update(is_staff=False)
    assert not gets_account("api", key, "support"), "the maker of the link is no longer an operator"
