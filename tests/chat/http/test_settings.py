"""The API and the page of a person's settings: profile, preferences, logins, tokens and data."""

import io
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from chat.models import Login, Member, Profile, Token
from chat.protocol import Command, Edit, Post, React, Vote
from chat.services import announcements, blocks, bookmarks, commands, people, polls, rooms, workspace
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(alice):
    """Return the browser in which Alice is signed in."""
    return sign_in("Alice", "correct horse", HTTP_USER_AGENT="Firefox on a desk")


def sign_in(handle, password, **headers):
    browser = Client(**headers)
    response = browser.post("/api/session/", {"handle": handle, "password": password}, content_type="application/json")
    assert response.status_code == 200, response.content
    return browser


def patch(browser, path, **fields):
    return browser.patch(path, fields, content_type="application/json")


def picture():
    file = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(file, "PNG")
    return file.getvalue()


# The next tests are about the API.


def test_a_profile_is_changed_and_seen_by_others(browser, bob):
    assert patch(browser, "/api/profile/", name="Alice Liddell", other=1).json()["name"] == "Alice Liddell"
    found = wire.browser_of(bob).get("/api/people/?handle=alice&handle=bob").json()["people"]
    assert [(person["handle"], person["name"]) for person in found] == [("Alice", "Alice Liddell"), ("Bob", "")]
    assert wire.browser_of(bob).get("/api/people/?q=ali").json()["people"][0]["handle"] == "Alice"


def test_strangers_see_no_profiles_settings_logins_or_data(alice):
    for path in (
        "/api/people/?handle=alice",
        "/api/profile/",
        "/api/preferences/",
        "/api/logins/",
        "/api/profile/data/",
    ):
        response = Client().get(path)
        assert (response.status_code, response.json()["code"]) == (401, "not_signed_in"), path


def test_a_picture_is_stored_shown_and_removed(browser):
    stored = browser.put("/api/profile/picture/", picture(), content_type="image/png").json()["picture"]
    response = Client().get(f"/pictures/{stored}/")
    assert response["Content-Type"] == "image/webp" and "immutable" in response["Cache-Control"]
    assert browser.delete("/api/profile/picture/").json()["picture"] == ""
    assert Client().get(f"/pictures/{stored}/").status_code == 404


def test_preferences_are_changed_and_checked(browser):
    assert patch(browser, "/api/preferences/", theme="dark").json()["theme"] == "dark"
    assert patch(browser, "/api/preferences/", theme="pink").json()["code"] == "invalid_field"
    assert browser.get("/api/preferences/").json()["theme"] == "dark"


def test_the_page_of_a_room_contains_the_preference_where_rooms_open(browser, room):
    assert 'data-opens-at="unread"' in browser.get(f"/rooms/{room.slug}/").content.decode()
    patch(browser, "/api/preferences/", opens_at="last")
    assert 'data-opens-at="last"' in browser.get(f"/rooms/{room.slug}/?pane=1").content.decode()


def test_a_person_sees_the_browsers_and_signs_one_out(browser):
    phone = sign_in("Alice", "correct horse", HTTP_USER_AGENT="Safari on a phone")
    found = browser.get("/api/logins/").json()["logins"]
    assert [(login["browser"], login["own"]) for login in found] == [
        ("Safari on a phone", False),
        ("Firefox on a desk", True),
    ]
    assert browser.delete(f"/api/logins/{found[0]['id']}/").status_code == 204
    assert phone.get("/api/session/").json()["handle"] is None
    assert browser.get("/api/session/").json()["handle"] == "Alice"


def test_a_person_signs_out_everywhere_else(browser, bob):
    sign_in("Alice", "correct horse")
    browser_of_bob = sign_in("Bob", "battery staple")
    assert browser.delete("/api/logins/").json() == {"ended": 1, "tokens": 0}
    assert len(browser.get("/api/logins/").json()["logins"]) == 1
    own = browser.get("/api/logins/").json()["logins"][0]["id"]
    assert browser_of_bob.delete(f"/api/logins/{own}/").status_code == 404, "nobody ends a login of another person"


def test_the_list_of_logins_is_correct_after_signing_out_and_after_a_new_password(browser):
    other = sign_in("Alice", "correct horse")
    other.delete("/api/session/")
    assert Login.objects.count() == 1
    browser.post("/password/", {"old_password": "correct horse", "new_password": "a new secret"})
    assert [login["own"] for login in browser.get("/api/logins/").json()["logins"]] == [True]


def test_the_data_of_a_person_are_complete_json(browser, alice, bob, room):
    member = rooms.join_room(alice, "garden")
    for number in range(5):
        rooms.post_message(member, Post(f"r{number}", f"Message “{number}”"))
    rooms.post_message(rooms.join_room(bob, "garden"), Post("b1", "Bob's words"))
    people.make_token(alice, "My bot")
    content = b"".join(browser.get("/api/profile/data/")).decode()
    data = json.loads(content)
    assert [message["body"] for message in data["messages"]] == [f"Message “{number}”" for number in range(5)]
    assert data["rooms"][0]["room"] == "garden" and data["tokens"][0]["name"] == "My bot"
    assert data["sign_ins"][0]["browser"] == "Firefox on a desk"
    assert "Bob's words" not in content and "correct horse" not in content


def test_the_data_contain_what_a_person_has_chosen_and_written(browser, alice, bob, room):
    member, other = rooms.join_room(alice, "garden"), rooms.join_room(bob, "garden")
    rooms.post_message(member, Post("r1", "first"))
    rooms.edit_message(member, Edit("e1", 1, "second"))
    rooms.post_message(other, Post("b1", "@Alice hello"))
    rooms.set_reaction(member, React("x1", 3, "👍", True))
    workspace.set_level(alice, "garden", "mentions")
    workspace.set_favourite(alice, "garden", True)
    bookmarks.set_bookmark(alice, "garden", 3)
    blocks.block_person(alice, bob)
    announcements.whisper(alice, "for you")
    rooms.post_message(member, Post("t1", "third", thread=3))
    commands.run_command(other, Command("p1", "poll", '"Lunch?" "Pizza" "Sushi"'))
    polls.vote(member, Vote("v1", 6, [1]))
    commands.run_command(member, Command("m1", "remind", "in 20 minutes tea"))
    data = json.loads(b"".join(browser.get("/api/profile/data/")))
    assert (data["rooms"][0]["level"], data["rooms"][0]["favourite"]) == ("mentions", 0)
    third_message = {"room": "garden", "message": 3}
    assert data["reactions"] == [{**third_message, "emoji": "👍"}] and data["mentions"] == [third_message]
    assert {**third_message, "at": data["bookmarks"][0]["at"]} == data["bookmarks"][0]
    assert data["threads"] == [{**third_message, "state": "followed", "read": 5}]
    assert [block["handle"] for block in data["blocks"]] == ["Bob"]
    assert [body["body"] for body in data["earlier_bodies"]] == ["first"]
    assert [whisper["text"] for whisper in data["whispers"]] == ["for you"]
    assert data["webhooks"] == []
    assert data["votes"] == [{"room": "garden", "message": 6, "option": "Sushi"}]
    assert [(reminder["room"], reminder["text"]) for reminder in data["reminders"]] == [("garden", "tea")]


def test_the_data_do_not_contain_the_new_address_of_a_room_that_the_person_may_not_read(browser, alice, bob):
    rooms.create_room(bob, "attic", "The attic", is_private=True)
    member = Member.objects.create(person=alice, room=rooms.get_room("attic"))
    rooms.post_message(member, Post("r1", "Hello"))
    rooms.apply_role(member, Member.BANNED)
    secret = rooms.change_address(bob, "attic").slug
    content = b"".join(browser.get("/api/profile/data/")).decode()
    assert secret not in content
    assert [message["body"] for message in json.loads(content)["messages"]] == ["Hello"]


def test_the_data_of_a_person_without_messages_are_json(browser):
    assert json.loads(b"".join(browser.get("/api/profile/data/")))["messages"] == []


@pytest.mark.parametrize(
    "agent, words",
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("curl/8.0", "A browser"),
        ("", "A browser"),
    ],
)
def test_a_browser_is_named_in_words(agent, words):
    assert Login(agent=agent).browser == words


# The next tests are about the page.


def test_guests_and_strangers_are_asked_to_sign_in(charlie):
    for client in (Client(), wire.browser_of(charlie)):
        assert client.get("/settings/").url == "/sign-in/?next=/settings/"
        assert client.post("/settings/profile/").url == "/sign-in/?next=/settings/"


def test_the_sections_profile_and_preferences_show_what_is_stored_and_change_it(browser):
    fields = {"name": "Alice Liddell", "status": "", "emoji": "", "time_zone": "Europe/London"}
    assert browser.post("/settings/profile/", fields).status_code == 302
    fields = {
        "theme": "dark",
        "opens_at": "last",
        "notify": "all",
        "sound": "on",
        "quiet_from": "22:00",
        "quiet_to": "7:00",
    }
    assert browser.post("/settings/preferences/", fields).status_code == 302
    page = browser.get("/settings/").content.decode()
    assert 'value="Alice Liddell"' in page and 'value="22:00"' in page and 'data-theme="dark"' in page
    assert "Your preferences are changed." in page and "This browser" in page


def test_an_invalid_field_shows_its_error_and_changes_nothing(browser):
    response = browser.post("/settings/profile/", {"name": "x" * 65})
    assert response.status_code == 400 and b"at most 64" in response.content
    assert not Profile.objects.exists()
    assert browser.post("/settings/preferences/", {"theme": "pink"}).status_code == 400


def test_a_picture_is_uploaded_by_the_form(browser):
    file = io.BytesIO(picture())
    file.name = "me.png"
    assert browser.post("/settings/picture/", {"picture": file}).status_code == 302
    assert browser.get("/settings/").content.decode().count('src="/pictures/') == 1
    assert browser.post("/settings/no-picture/").status_code == 302
    assert Profile.objects.get().picture == ""
    assert browser.post("/settings/picture/", {}).status_code == 400


def test_a_token_is_shown_once_and_can_be_revoked(browser):
    browser.post("/settings/token/", {"name": "My bot", "scopes": ["read"], "expires": "90"})
    page = browser.get("/settings/").content.decode()
    assert "Copy it now" in page and "Copy it now" not in browser.get("/settings/").content.decode()
    browser.post("/settings/revoke-token/", {"id": Token.objects.get().id})
    assert not Token.objects.exists()


def test_buttons_end_logins(browser):
    sign_in("Alice", "correct horse")
    browser.post("/settings/end-other-logins/")
    assert Login.objects.count() == 1
    assert browser.post("/settings/end-login/", {"id": "x"}).status_code == 404
    assert browser.post("/settings/unknown/").status_code == 404


def test_an_account_is_deleted_only_with_its_password(browser):
    assert browser.post("/settings/delete/", {"password": "wrong"}).status_code == 400
    response = browser.post("/settings/delete/", {"password": "correct horse"}, follow=True)
    assert b"Your account is deleted." in response.content
    assert browser.get("/api/session/").json()["handle"] is None


# The next tests are about the tokens and the button that signs out everywhere.


def test_the_form_makes_a_token_with_scopes_rooms_and_an_end(browser, room, bob):
    rooms.create_room(bob, "attic", "The attic", is_private=True)
    page = browser.get("/settings/").content.decode()
    assert 'value="garden"' in page and "attic" not in page
    assert page.count("checked") == 2 and '<option value="90" selected>' in page
    fields = {"name": "My bot", "scopes": ["read"], "rooms": ["garden"], "expires": "30", "survives": "on"}
    assert browser.post("/settings/token/", fields).status_code == 302
    token = Token.objects.get()
    assert (token.get_scopes(), token.only_rooms, token.survives_password_change) == (["read"], True, True)
    assert [reached.slug for reached in token.rooms.all()] == ["garden"]
    assert 29 <= (token.expires_at - timezone.now()).days <= 30
    page = browser.get("/settings/").content.decode()
    assert "never used" in page and "Scopes: read" in page and "Ends soon" not in page


def test_a_token_of_the_form_may_have_no_end_and_reach_all_rooms(browser, room):
    browser.post("/settings/token/", {"name": "My bot", "scopes": ["read", "post", "rooms"], "expires": ""})
    token = Token.objects.get()
    assert (token.expires_at, token.only_rooms, token.survives_password_change) == (None, False, False)
    page = browser.get("/settings/").content.decode()
    assert "never ends" in page and "all rooms" in page and "Scopes: read, post, rooms" in page


@pytest.mark.parametrize(
    "fields",
    [{}, {"scopes": ["admin"]}, {"scopes": ["read"], "rooms": ["attic"]}, {"scopes": ["read"], "expires": "8"}],
)
def test_the_form_refuses_what_it_does_not_offer(browser, bob, room, fields):
    rooms.create_room(bob, "attic", "The attic", is_private=True)
    response = browser.post("/settings/token/", {"name": "My bot", "expires": "90", **fields})
    assert response.status_code == 400 and b'role="alert"' in response.content
    assert not Token.objects.exists()


def test_a_group_of_checkboxes_names_its_help_and_its_error(browser, room):
    page = browser.post("/settings/token/", {"name": "My bot", "expires": "90"}).content.decode()
    for name in ("token_rooms_help", "token_scopes_errors"):
        assert f'id="{name}"' in page and f'aria-describedby="{name}"' in page


def test_the_page_warns_of_a_token_that_ends_soon(browser, alice):
    ends = timezone.now() + timedelta(days=6)
    people.make_token(alice, "bot", people.TokenLimits(expires_at=ends))
    assert "Ends soon" in browser.get("/settings/").content.decode()


@pytest.mark.parametrize("fields, here, tokens", [({}, "Alice", 1), ({"own": "on", "tokens": "on"}, None, 0)])
def test_the_button_signs_out_everywhere(browser, alice, fields, here, tokens):
    phone = sign_in("Alice", "correct horse")
    people.make_token(alice, "bot")
    response = browser.post("/settings/everywhere/", fields, follow=True)
    assert b"You are signed out in all" in response.content
    assert phone.get("/api/session/").json()["handle"] is None
    assert (browser.get("/api/session/").json()["handle"], Token.objects.count()) == (here, tokens)


def test_a_person_hides_the_previews_of_links(room, alice):
    browser = wire.browser_of(alice)
    assert b"data-hide-previews" not in browser.get("/rooms/garden/").content
    patch(browser, "/api/preferences/", hide_previews=True)
    assert b"data-hide-previews" in browser.get("/rooms/garden/").content
