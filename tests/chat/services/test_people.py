"""People: handles, passwords, guests, tokens, and the connections that end with a login."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from chat.models import Message, Person, Token
from chat.services import people, rooms
from tests import wire
from tests.chat.helpers import assert_refused

pytestmark = pytest.mark.django_db(transaction=True)


def enter_by_token(key, **kwargs):
    return wire.Socket("/chat/garden/", origin=None, headers={"authorization": f"Bearer {key}"}, **kwargs).connect()


# The next tests are about handles.


def test_a_handle_is_kept_in_nfc_and_trimmed():
    assert people.sign_up(" Zoe\u0308 ", "correct horse").handle == "Zo\xeb"


@pytest.mark.parametrize("handle", ["Alice", "ALICE", " alice ", "Ａｌｉｃｅ", "Alice\ufe0f"])
def test_a_handle_is_taken_in_other_spellings(alice, handle):
    assert_refused("taken", people.sign_up, handle, "battery staple")
    assert_refused("taken", people.sign_up_guest, handle)


def test_the_handle_of_an_active_guest_is_taken(charlie):
    assert_refused("taken", people.sign_up, "charlie", "battery staple")
    assert_refused("taken", people.sign_up_guest, "CHARLIE")


@pytest.mark.parametrize(
    "handle, code",
    [
        ("", "empty"),
        ("x" * 33, "too_long"),
        ("a\nb", "invalid_field"),
        ("a\u202eb", "invalid_field"),
        (5, "invalid_field"),
    ],
)
def test_an_invalid_handle_is_refused(handle, code):
    assert_refused(code, people.sign_up_guest, handle)
    assert_refused(code, people.sign_up, handle, "battery staple")
    assert not Person.objects.exists()


def test_the_handle_of_a_guest_whose_login_has_expired_is_free(charlie, settings):
    long_ago = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE + 1)
    Person.objects.filter(id=charlie.id).update(seen_at=long_ago)
    new = people.sign_up_guest("charlie")
    charlie.refresh_from_db()
    assert new.id != charlie.id
    assert (charlie.handle, charlie.handle_key, charlie.is_active) == ("Charlie", None, False)


def test_an_account_keeps_its_handle_after_a_long_absence(alice):
    Person.objects.update(seen_at=timezone.now() - timedelta(days=9999))
    assert_refused("taken", people.sign_up_guest, "Alice")


def test_a_refused_sign_up_does_not_change_the_guests_handle(charlie):
    assert_refused("invalid_field", people.sign_up, "Charlie", "short", charlie)
    charlie.refresh_from_db()
    assert charlie.handle_key == "charlie" and charlie.is_active


def test_a_guest_who_signs_up_may_keep_the_handle(charlie, enter):
    socket = enter(charlie)
    socket.post("r1", "As a guest")
    browser = socket.browser
    response = browser.post("/api/users/", '{"handle": "Charlie", "password": "correct horse"}', "application/json")
    assert (response.status_code, response.json()["role"]) == (201, "member")
    socket.read()
    assert socket.code == 4401
    assert Message.objects.get().author.handle == "Charlie"
    account = Person.objects.get(handle_key="charlie")
    assert account.id != charlie.id and not account.is_guest


def test_another_person_cannot_take_a_guests_handle_by_signing_up(charlie, bob):
    assert_refused("taken", people.sign_up, "Charlie", "correct horse", bob)
    assert_refused("taken", people.sign_up, "Charlie", "correct horse", people.sign_up_guest("Dora"))


# The next tests are about passwords.


@pytest.mark.parametrize(
    "password, code",
    [
        ("short12", "invalid_field"),
        ("password1", "invalid_field"),
        ("", "invalid_field"),
        ("x" * 1001, "too_long"),
        (None, "invalid_field"),
        ("a\0bcdefgh", "invalid_field"),
        (12345678, "invalid_field"),
    ],
)
def test_a_weak_password_is_refused(password, code):
    assert_refused(code, people.sign_up, "Alice", password)
    assert not Person.objects.exists()


def test_a_password_of_8_characters_is_accepted_and_hashed():
    person = people.sign_up("Alice", "8 chars!")
    assert "8 chars!" not in person.password
    assert people.find_person("ALICE", "8 chars!") == person


@pytest.mark.parametrize(
    "handle, password",
    [
        ("Alice", "wrong"),
        ("Nobody", "correct horse"),
        ("Charlie", ""),
        ("Charlie", "!"),
        ("", ""),
        ("a\0", "correct horse"),
        (None, None),
        ("Alice", None),
        ("Alice", "x" * 1001),
        ("x" * 33, "a"),
        ("Alice", " correct horse "),
    ],
)
def test_a_wrong_handle_or_password_does_not_sign_in(alice, charlie, handle, password):
    assert people.find_person(handle, password) is None


def test_a_deactivated_person_cannot_sign_in(alice):
    Person.objects.update(is_active=False)
    assert people.find_person("Alice", "correct horse") is None


# The next tests are about the end of a login.


def test_signing_out_closes_only_the_connections_of_that_browser(alice, bob, enter):
    tab, phone, other = enter(alice), enter(alice), enter(bob)
    second_tab = wire.Socket("/chat/garden/", tab.browser).connect()
    assert tab.browser.delete("/api/session/").status_code == 200
    for socket in (tab, second_tab, phone, other):
        socket.read()
    assert (tab.code, second_tab.code, phone.code, other.code) == (4401, 4401, None, None)
    assert phone.post("r1")["type"] == "ack"


def test_a_socket_that_missed_its_close_is_closed_with_its_next_frame(alice, enter, monkeypatch):
    socket = enter(alice)
    monkeypatch.setattr("chat.broadcast.close_group", lambda *arguments: None)
    socket.browser.delete("/api/session/")
    socket.say("sync", cursor=0)
    assert socket.code == 4401 and not socket.seen("synced")[1:]


def test_the_login_ends_before_its_connections_are_closed(alice, enter, monkeypatch):
    socket = enter(alice)
    codes = []

    def close_group(group, code, but):
        codes.append(wire.Socket("/chat/garden/", socket.browser).connect().code)

    monkeypatch.setattr("chat.broadcast.close_group", close_group)
    socket.browser.delete("/api/session/")
    assert codes == [4401]


def test_a_guest_who_signs_out_frees_the_handle(charlie, enter):
    socket = enter(charlie)
    socket.browser.delete("/api/session/")
    socket.read()
    assert socket.code == 4401
    assert people.sign_up_guest("Charlie").id != charlie.id


def test_the_handle_of_a_guest_whom_the_history_shows_stays_taken(charlie, enter):
    socket = enter(charlie)
    socket.post("r1")
    socket.browser.delete("/api/session/")
    socket.read()
    assert socket.code == 4401
    for handle in ("Charlie", "CHARLIE", "Char1ie", "Charlie\ufe0f", "\u0421harlie"):
        assert_refused("taken", people.sign_up_guest, handle)
        assert_refused("taken", people.sign_up, handle, "correct horse")
    assert Message.objects.get().author == charlie


def test_the_handle_of_a_guest_who_voted_stays_taken(alice, charlie, enter, room):
    rooms.join_room(alice, "garden")
    enter(alice).ask("command", ref="p1", name="poll", text='"Lunch?" "Pizza" "Sushi"')
    socket = enter(charlie)
    assert socket.ask("vote", ref="v1", id=1, options=[0])["type"] == "ack"
    socket.browser.delete("/api/session/")
    assert_refused("taken", people.sign_up_guest, "Charlie")


def test_signing_in_as_another_person_ends_the_first_login(alice, bob, enter):
    socket = enter(bob)
    body = '{"handle": "alice", "password": "correct horse"}'
    assert socket.browser.post("/api/session/", body, "application/json").json()["handle"] == "Alice"
    socket.read()
    assert socket.code == 4401
    assert wire.Socket("/chat/garden/", socket.browser).connect().seen("joined")[0]["you"]["handle"] == "Alice"


def test_a_new_password_ends_all_other_logins(alice, enter, later):
    tab, phone = enter(alice), enter(alice)
    form = {"old_password": "correct horse", "new_password": "horse correct"}
    assert tab.browser.post("/password/", form).status_code == 302
    tab.read(), phone.read()
    assert (tab.code, phone.code) == (None, 4401)
    assert wire.Socket("/chat/garden/", phone.browser).connect().code == 4401
    assert phone.browser.get("/api/session/").json()["handle"] is None
    assert people.find_person("Alice", "correct horse") is None
    # This browser's own tabs reconnect later, when they have the new cookie.
    later.run()
    tab.read()
    assert tab.code == 4408
    assert wire.Socket("/chat/garden/", tab.browser).connect().code is None


def test_a_connection_with_the_old_password_cannot_send(alice, enter, monkeypatch):
    tab, phone = enter(alice), enter(alice)
    monkeypatch.setattr("chat.broadcast.close_group", lambda *arguments: None)
    tab.browser.post("/password/", {"old_password": "correct horse", "new_password": "horse correct"})
    phone.say("post", ref="r1", body="Hello")
    # The frame closes the connection with 4408. Only the next handshake finds that the phone's session has ended.
    assert phone.code == 4408 and not Message.objects.exists()
    assert wire.Socket("/chat/garden/", phone.browser).connect().code == 4401


def test_a_bot_whose_token_survives_keeps_its_connection_when_the_password_changes(alice, enter, later):
    surviving = people.TokenLimits(survives_password_change=True)
    tab, bot = enter(alice), enter_by_token(people.make_token(alice, "bot", surviving)[1])
    tab.browser.post("/password/", {"old_password": "correct horse", "new_password": "horse correct"})
    later.run()
    bot.read()
    assert bot.code is None and bot.post("r1")["type"] == "ack"


@pytest.mark.parametrize("old, new", [("wrong", "horse correct"), ("correct horse", "short"), ("", "horse correct")])
def test_a_password_change_needs_the_old_password_and_a_strong_new_one(alice, enter, old, new):
    socket = enter(alice)
    assert socket.browser.post("/password/", {"old_password": old, "new_password": new}).status_code == 400
    assert people.find_person("Alice", "correct horse") == alice
    assert socket.read() == [] and socket.code is None


def test_a_deactivated_person_loses_all_connections(alice, enter):
    socket, idle = enter(alice), enter(alice)
    Person.objects.filter(id=alice.id).update(is_active=False)
    socket.say("sync", cursor=0)
    assert socket.code == 4401
    people.close_connections(alice)
    idle.read()
    assert idle.code == 4401
    assert wire.Socket("/chat/garden/", socket.browser).connect().code == 4401


def test_a_login_ends_with_its_session(alice, enter):
    socket = enter(alice)
    session = socket.browser.session
    session.set_expiry(-1)
    session.save()
    socket.say("sync", cursor=0)
    assert socket.code == 4401


def test_the_time_of_the_last_visit_is_stored_at_most_once_an_hour(alice, enter, django_assert_num_queries):
    with django_assert_num_queries(0):
        people.touch_seen(alice)
    Person.objects.update(seen_at=timezone.now() - timedelta(hours=2))
    enter(Person.objects.get(id=alice.id))
    assert timezone.now() - Person.objects.get(id=alice.id).seen_at < timedelta(minutes=1)


# The next tests are about tokens.


def test_a_token_is_shown_once_and_stored_hashed(alice):
    token, key = people.make_token(alice, " Bot ")
    assert len(key) >= 43
    stored = Token.objects.get()
    assert stored.name == "Bot"
    assert key not in str(vars(stored)) and len(stored.digest) == 64
    assert people.find_token(f"Bearer {key}") == token
    assert people.find_token(f"bearer {key} ") == token


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic {key}",
        "{key}",
        "Bearer{key}",
        "Bearer {digest}",
        "Bearer {key}x",
        "Bearer ü\ud800",
        "Bearer a\0",
    ],
)
def test_a_malformed_or_unknown_token_is_not_found(alice, header):
    token, key = people.make_token(alice, "bot")
    header = header and header.replace("{key}", key).replace("{digest}", token.digest)
    assert people.find_token(header) is None


def test_guests_cannot_have_tokens_and_the_name_of_a_token_has_1_to_80_characters(alice, charlie):
    assert_refused("forbidden", people.make_token, charlie, "bot")
    assert_refused("empty", people.make_token, alice, " ")
    assert_refused("too_long", people.make_token, alice, "x" * 81)


def test_revoking_a_token_closes_only_its_connections(alice, enter, room):
    (token, key), (_, other_key) = people.make_token(alice, "bot"), people.make_token(alice, "other")
    bot, other, tab = enter_by_token(key), enter_by_token(other_key), enter(alice)
    people.revoke_token(alice, token.id)
    for socket in (bot, other, tab):
        socket.read()
    assert (bot.code, other.code, tab.code) == (4401, None, None)
    assert enter_by_token(key).code == 4401


def test_a_bot_that_missed_its_close_is_closed_with_its_next_frame(alice, room, monkeypatch):
    token, key = people.make_token(alice, "bot")
    bot = enter_by_token(key)
    monkeypatch.setattr("chat.broadcast.close_group", lambda *arguments: None)
    people.revoke_token(alice, token.id)
    bot.say("post", ref="r1", body="Hello")
    assert bot.code == 4401 and not Message.objects.exists()


def test_a_person_can_revoke_only_their_own_tokens(alice, bob):
    token, _ = people.make_token(alice, "bot")
    for person, number in [(bob, token.id), (alice, token.id + 1)]:
        assert_refused("not_found", people.revoke_token, person, number)
    assert Token.objects.count() == 1


def test_the_token_of_a_deactivated_person_is_refused(alice, room):
    _, key = people.make_token(alice, "bot")
    bot = enter_by_token(key)
    Person.objects.update(is_active=False)
    assert people.find_token(f"Bearer {key}") is None
    bot.say("sync", cursor=0)
    assert bot.code == 4401


def test_an_invalid_token_is_refused_despite_a_valid_cookie(alice, room):
    socket = wire.Socket("/chat/garden/", wire.browser_of(alice), headers={"authorization": "Bearer wrong"}).connect()
    assert socket.code == 4401


def test_a_token_takes_precedence_over_a_cookie(alice, bob, room):
    _, key = people.make_token(bob, "bot")
    headers = {"authorization": f"Bearer {key}"}
    socket = wire.Socket("/chat/garden/", wire.browser_of(alice), headers=headers).connect()
    assert socket.seen("joined")[0]["you"]["handle"] == "Bob"
    assert socket.post("r1")["type"] == "ack"
    assert Message.objects.get().author == bob


def test_a_password_is_not_cut_or_trimmed_on_the_page(db):
    browser = Client()
    browser.post("/sign-up/", {"handle": "Alice", "password": " spaces at both ends "})
    assert people.find_person("Alice", " spaces at both ends ") is not None
