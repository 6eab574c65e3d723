"""Every way to sign in limits wrong passwords, and an attacker cannot lock out the owner of an account."""

import pytest
from django.contrib.auth.hashers import get_hasher, identify_hasher, make_password
from django.test import Client

from chat.models import KnownPlace, Person
from chat.services import people
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)

ATTACKER, OWNER = "203.0.113.9", "198.51.100.7"
RIGHT = "correct horse"


def by_api(client, password, address, handle="Alice"):
    fields = {"handle": handle, "password": password}
    return client.post("/api/session/", fields, "application/json", REMOTE_ADDR=address)


def by_page(client, password, address, handle="Alice"):
    return client.post("/sign-in/", {"handle": handle, "password": password}, REMOTE_ADDR=address)


def by_invitation(client, password, address, handle="Alice"):
    fields = {"handle": handle, "password": password, "next": "/invite/some-key/"}
    return client.post("/sign-in/", fields, REMOTE_ADDR=address)


def by_admin(client, password, address, handle="Alice"):
    fields = {"username": handle, "password": password, "next": "/admin/"}
    return client.post("/admin/login/?next=/admin/", fields, REMOTE_ADDR=address)


WAYS = [by_api, by_page, by_invitation, by_admin]


def is_limited(response):
    return response.status_code == 429


@pytest.fixture(autouse=True)
def few_attempts(settings):
    limits = {"wrong_passwords_here": (3, 0.001), "wrong_passwords": (6, 0.001)}
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, **limits}


@pytest.fixture
def staff(alice):
    Person.objects.filter(id=alice.id).update(is_staff=True)
    return alice


def attack(attempts, addresses=(ATTACKER,), way=by_api):
    """Send wrong passwords from new browsers. Return how many of them were checked."""
    return sum(
        not is_limited(way(Client(), f"wrong {number}", address)) for address in addresses for number in range(attempts)
    )


@pytest.mark.parametrize("way", WAYS)
def test_wrong_passwords_for_one_account_from_one_address_are_limited(staff, way):
    assert attack(5, way=way) == 3
    # The limit applies before the check of the password, so a refused attacker learns nothing about a password.
    assert is_limited(way(Client(), RIGHT, ATTACKER))


@pytest.mark.parametrize("way", WAYS)
def test_all_ways_to_sign_in_share_the_limits(staff, way):
    attack(3)
    assert is_limited(way(Client(), RIGHT, ATTACKER))
    assert not is_limited(way(Client(), RIGHT, OWNER))


def test_a_refusal_says_when_to_try_again(alice):
    attack(3)
    response = by_api(Client(), RIGHT, ATTACKER)
    assert (response.status_code, response.json()["code"]) == (429, "rate_limited")
    assert response.json()["retry_after"] > 900 and int(response["Retry-After"]) > 900


def test_different_spellings_of_a_handle_count_for_one_account(alice):
    spellings = ["alice", "ALICE", "Alice ", "\uff21lice", "\u0410lice"]
    checked = [not is_limited(by_api(Client(), "wrong", ATTACKER, spelling)) for spelling in spellings]
    assert checked == [True] * 3 + [False] * 2


def test_wrong_passwords_from_many_addresses_are_limited_for_the_account(alice):
    assert attack(1, [f"203.0.113.{number}" for number in range(10)]) == 6
    assert is_limited(by_api(Client(), RIGHT, "203.0.113.99"))


def test_addresses_of_one_ipv6_network_count_as_one(alice):
    assert attack(1, [f"2001:db8:1:2::{number}" for number in range(1, 6)]) == 3


def test_attempts_for_one_account_do_not_limit_another_account(alice, bob):
    attack(5)
    assert by_api(Client(), "battery staple", ATTACKER, "Bob").status_code == 200


def test_right_passwords_do_not_count(alice):
    assert [by_api(Client(), RIGHT, ATTACKER).status_code for _ in range(10)] == [200] * 10


@pytest.mark.parametrize("address", [OWNER, ATTACKER])
def test_the_owner_signs_in_from_a_known_browser_during_an_attack(alice, address):
    browser = Client()
    assert by_api(browser, RIGHT, OWNER).status_code == 200
    browser.delete("/api/session/")
    attack(4, [f"203.0.113.{number}" for number in range(12)])
    assert is_limited(by_api(Client(), RIGHT, "192.0.2.1"))
    assert by_api(browser, RIGHT, address).status_code == 200


def test_the_owner_signs_in_from_a_known_address_during_an_attack(alice):
    by_api(Client(), RIGHT, OWNER)
    attack(4, [f"203.0.113.{number}" for number in range(12)])
    assert by_api(Client(), RIGHT, OWNER).status_code == 200
    assert is_limited(by_api(Client(), RIGHT, "192.0.2.1"))


def test_the_browser_of_a_sign_up_is_known(db):
    browser = Client()
    fields = {"handle": "Alice", "password": RIGHT}
    assert browser.post("/api/users/", fields, "application/json", REMOTE_ADDR=OWNER).status_code == 201
    browser.delete("/api/session/")
    attack(4, [f"203.0.113.{number}" for number in range(12)])
    assert by_api(browser, RIGHT, "192.0.2.1").status_code == 200


def test_wrong_passwords_from_a_known_browser_are_limited(alice):
    browser = Client()
    by_api(browser, RIGHT, OWNER)
    assert [is_limited(by_api(browser, "wrong", OWNER)) for _ in range(5)] == [False] * 3 + [True] * 2


def test_a_browser_that_is_known_for_one_account_is_unknown_for_another_account(alice, bob):
    browser = Client()
    by_api(browser, "battery staple", OWNER, "Bob")
    attack(4, [f"203.0.113.{number}" for number in range(12)])
    assert is_limited(by_api(browser, RIGHT, OWNER))


def test_wrong_old_passwords_on_the_password_page_are_limited_per_login(alice):
    browser = wire.browser_of(alice)
    form = {"old_password": "wrong", "new_password": "horse correct"}
    assert [is_limited(browser.post("/password/", form)) for _ in range(5)] == [False] * 3 + [True] * 2
    assert is_limited(browser.post("/password/", {**form, "old_password": RIGHT}))
    # The owner's other browser is not affected.
    other = wire.browser_of(alice)
    assert other.post("/password/", {**form, "old_password": RIGHT}).status_code == 302


def test_a_new_password_makes_other_browsers_unknown(alice):
    browser, other = Client(), Client()
    for client in (browser, other):
        by_api(client, RIGHT, OWNER)
    browser.post("/password/", {"old_password": RIGHT, "new_password": "horse correct"})
    assert [place.digest for place in alice.known_places.all()] == [people.browsers.digest_secret(id_of(browser))]


def id_of(client):
    return client.cookies["browser"].value


def test_the_password_page_of_the_admin_redirects_to_that_of_the_site(staff):
    response = wire.browser_of(Person.objects.get(id=staff.id)).post("/admin/password_change/", {"old_password": "x"})
    assert (response.status_code, response["Location"]) == (302, "/password/")


def test_signing_in_to_the_admin_ends_the_browsers_earlier_login(staff, enter, bob):
    socket = enter(bob)
    assert by_admin(socket.browser, RIGHT, OWNER).status_code == 302
    socket.read()
    assert socket.code == 4401
    assert socket.browser.get("/admin/").status_code == 200


def test_people_who_are_no_operators_cannot_sign_in_to_the_admin(alice):
    browser = Client()
    response = by_admin(browser, RIGHT, OWNER)
    assert response.status_code == 200 and b"correct handle and password" in response.content
    assert browser.get("/api/session/").json()["handle"] is None


def test_failures_run_the_same_queries_and_hash_once_for_known_and_unknown_handles(
    alice, charlie, monkeypatch, django_assert_num_queries
):
    hashed = []
    hasher = type(get_hasher())
    encode = hasher.encode
    monkeypatch.setattr(hasher, "encode", lambda *args: (hashed.append(1), encode(*args))[1])
    for handle in ("Alice", "Nobody", "Charlie"):
        with django_assert_num_queries(3):
            assert by_api(Client(), "wrong", ATTACKER, handle).status_code == 401
    assert len(hashed) == 3


def test_a_sign_in_replaces_the_hash_of_an_older_hasher(alice, settings):
    settings.PASSWORD_HASHERS = [*settings.PASSWORD_HASHERS, "django.contrib.auth.hashers.UnsaltedSHA1PasswordHasher"]
    Person.objects.filter(id=alice.id).update(password=make_password(RIGHT, hasher="unsalted_sha1"))
    assert by_api(Client(), "wrong", OWNER).status_code == 401
    browser = Client()
    assert by_api(browser, RIGHT, OWNER).status_code == 200
    assert browser.get("/api/session/").json()["handle"] == "Alice"
    alice.refresh_from_db()
    assert identify_hasher(alice.password).algorithm == get_hasher().algorithm and alice.check_password(RIGHT)


def test_the_id_of_a_browser_is_hidden_from_scripts_and_outlives_the_login(alice):
    browser = Client()
    response = by_api(browser, RIGHT, OWNER)
    cookie = response.cookies["browser"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and int(cookie["max-age"]) > 300 * 24 * 3600
    browser.delete("/api/session/")
    by_api(browser, RIGHT, OWNER)
    assert id_of(browser) == cookie.value and len(cookie.value) == 43
    assert not KnownPlace.objects.filter(digest__contains=cookie.value).exists()


@pytest.mark.parametrize("path", ["/", "/api/session/", "/rooms/garden/", "/healthz"])
def test_a_browser_gets_an_id_only_when_it_is_needed(room, path):
    assert "browser" not in Client().get(path).cookies


@pytest.mark.parametrize("id", ["", "x", "x" * 44, "ü" * 43, "x" * 42 + "\n"])
def test_a_malformed_id_is_replaced(alice, id):
    browser = Client()
    browser.cookies["browser"] = id
    by_api(browser, RIGHT, OWNER)
    assert len(id_of(browser)) == 43 and id_of(browser) != id


def test_only_the_newest_known_places_are_kept(alice, monkeypatch):
    monkeypatch.setattr(people.sign_ins, "MAX_PLACES", 3)
    for number in range(5):
        by_api(Client(), RIGHT, f"198.51.100.{number}")
    assert alice.known_places.count() == 3


def test_requests_with_invalid_tokens_count_as_attempts_to_sign_in(alice, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "sign_ins": (2, 0.01)}
    key = people.make_token(alice, "bot")[1]
    headers = {"HTTP_AUTHORIZATION": "Bearer wrong", "REMOTE_ADDR": ATTACKER}
    statuses = [Client().get("/api/rooms/", **headers).status_code for _ in range(3)]
    assert statuses == [401, 401, 429]
    headers["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    assert Client().get("/api/rooms/", **headers).status_code == 200


@pytest.mark.parametrize("path", ["/sign-in/", "/api/session/"])
def test_other_spellings_of_the_longest_handle_sign_in(db, path):
    people.sign_up("é" * 32, "correct horse")
    for typed in ("e\u0301" * 32, " " + "É" * 32 + " "):
        fields = {"handle": typed, "password": "correct horse"}
        if path.startswith("/api/"):
            assert Client().post(path, fields, "application/json").status_code == 200
        else:
            assert Client().post(path, fields).status_code == 302


def test_the_forms_do_not_cut_off_a_handle_of_emoji(db):
    handle = "😀" * 31 + "😎"
    assert b"maxlength" not in Client().get("/guest/").content
    assert Client().post("/guest/", {"handle": handle}).status_code == 302
    response = Client().post("/guest/", {"handle": "x" * 33})
    assert response.status_code == 400 and b"33 characters" in response.content
