"""Sign-in with OpenID Connect, against an honest and a hostile provider that runs in a thread of the tests."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.test import Client

from chat.management import doctor
from chat.models import AccountEntry, ExternalLogin, Person, SecondFactor
from chat.services import people
from chat.services.people import recovery_codes
from chat.services.people.openid import flow, provider, requesting
from tests import wire
from tests.channels_transport.doctor.checking import checked_text
from tests.security.openid_provider import CLIENT, SECRET, Provider, make_key

pytestmark = pytest.mark.django_db(transaction=True)

NEW, CALLBACK = "/sign-in/openid/new/", "/sign-in/openid/callback/"
UNREACHABLE = (503, "does not answer")
UNTRUSTED = (403, "is not valid, so nobody was signed in")
WRONG_TIME = (403, "is too old or from the future")
REFUSED = (403, "refused the sign-in")
NOT_STARTED = (403, "was not started in this browser")


@pytest.fixture(scope="module")
def running():
    server = Provider([make_key(1), make_key(2)])
    yield server
    server.stop()


@pytest.fixture
def server(running, settings):
    """Yield the provider, which the site uses."""
    running.reset()
    provider.forget()
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = running.issuer, CLIENT, SECRET
    settings.OIDC_NAME = "Example Login"
    keys = list(running.keys)
    yield running
    running.keys = keys
    provider.forget()


def start(browser, server, error=None, **query):
    """Start a sign-in and do what the provider's pages do. Return the parameters with which the browser comes back."""
    response = browser.get("/sign-in/openid/", query)
    assert response.status_code == 302, response.content.decode()
    return server.sign_in(response["Location"], error)


def sign_in(browser, server, **query):
    """Sign in at the provider, come back, and return the response."""
    return browser.get(CALLBACK, start(browser, server, **query))


def make_account(browser, server, handle="Alice", **query):
    assert sign_in(browser, server, **query)["Location"] == NEW
    response = browser.post(NEW, {"handle": handle})
    assert response.status_code == 302, response.content.decode()
    return response


def handle_of(browser):
    return browser.get("/api/session/").json()["handle"]


def has_failed(response, failure):
    status, text = failure
    return response.status_code == status and text in response.content.decode()


# The next tests are about an honest provider.


def test_the_first_sign_in_asks_for_a_handle_and_creates_an_account_without_a_password(server):
    browser = Client()
    assert sign_in(browser, server, next="/settings/")["Location"] == NEW
    assert handle_of(browser) is None and not Person.objects.exists()
    assert 'value="alice"' in browser.get(NEW).content.decode()
    assert browser.post(NEW, {"handle": "Alice"})["Location"] == "/settings/"
    person = Person.objects.get()
    assert (person.handle, person.has_usable_password(), person.is_guest) == ("Alice", False, False)
    login = ExternalLogin.objects.get()
    assert (login.issuer, login.subject, login.person) == (server.issuer, server.claims["sub"], person)
    assert handle_of(browser) == "Alice" and browser.get(NEW)["Location"] == "/sign-in/"


def test_later_sign_ins_find_the_account_by_the_subject_only(server):
    make_account(Client(), server)
    server.claims.update(preferred_username="mallory", name="Mallory", email="m@example.com")
    browser = Client()
    assert sign_in(browser, server)["Location"] == "/" and handle_of(browser) == "Alice"
    server.claims["sub"] = "another"
    assert sign_in(Client(), server)["Location"] == NEW


def test_an_equal_name_or_address_connects_nothing(server, alice):
    server.claims.update(preferred_username="Alice", email="alice@example.com", email_verified=True)
    browser = Client()
    sign_in(browser, server)
    assert handle_of(browser) is None
    page = browser.get(NEW).content.decode()
    assert 'value="Alice 2"' in page
    assert "This handle is taken" in browser.post(NEW, {"handle": "Alice"}).content.decode()


@pytest.mark.parametrize(
    "claims, suggested",
    [
        ({"preferred_username": "dora@example.com"}, "dora"),
        ({"preferred_username": "admin", "name": "Dora"}, "admin 2"),
        ({"preferred_username": "a\u202eb", "name": "Dora D."}, "Dora D."),
        ({"preferred_username": 7, "name": None}, "from-userinfo"),
        ({"preferred_username": "x" * 99}, "x" * 29),
        ({"preferred_username": "\ud800", "name": "Dora"}, "Dora"),
    ],
)
def test_a_suggested_handle_is_valid_and_free(server, claims, suggested):
    server.claims = {"sub": "1", **claims}
    if suggested == "from-userinfo":
        server.claims = {"sub": "1"}
    browser = Client()
    sign_in(browser, server)
    assert f'value="{suggested}"' in browser.get(NEW).content.decode()


def test_names_of_somebody_else_are_not_suggested(server):
    server.claims, server.lies = {"sub": "1"}, {"foreign userinfo"}
    browser = Client()
    sign_in(browser, server)
    assert "from-userinfo" not in browser.get(NEW).content.decode()


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "http:evil.example"]
)
def test_the_next_page_is_on_this_site(server, target):
    make_account(Client(), server)
    assert sign_in(Client(), server, next=target)["Location"] == "/"


def test_a_guest_who_signs_up_keeps_the_handle(server):
    browser = Client()
    assert browser.post("/guest/", {"handle": "Dora"}).status_code == 302
    make_account(browser, server, "Dora")
    assert browser.get("/api/session/").json()["role"] == "member"


def test_without_the_setting_nobody_can_sign_in_with_openid(settings):
    browser = Client()
    assert [browser.get(path).status_code for path in ("/sign-in/openid/", CALLBACK, NEW)] == [404, 404, 302]
    assert "openid" not in browser.get("/sign-in/").content.decode()


def test_starting_an_openid_sign_in_counts_against_the_sign_in_limit_of_the_ip_address(server, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "sign_ins": (1, 0.1)}
    assert Client().get("/sign-in/openid/").status_code == 302
    response = Client().get("/sign-in/openid/")
    assert (response.status_code, response["Retry-After"]) == (429, "10")


def test_a_deactivated_person_is_not_signed_in(server):
    make_account(Client(), server)
    Person.objects.update(is_active=False)
    browser = Client()
    assert has_failed(sign_in(browser, server), (403, "no longer active")) and handle_of(browser) is None


def test_no_log_line_contains_the_code_or_the_secret(server, caplog):
    browser = Client()
    answer = start(browser, server)
    server.lies = {"nonce"}
    browser.get(CALLBACK, answer)
    text = caplog.text
    assert "OpenID Connect" in text and answer["code"] not in text and SECRET not in text


# The next tests are about a hostile or a broken provider. Each row is one variant.


@pytest.mark.parametrize(
    "lie, failure",
    [
        ("state", NOT_STARTED),
        ("mix-up", UNTRUSTED),
        ("promised iss", UNTRUSTED),
        ("nonce", UNTRUSTED),
        ("no nonce", UNTRUSTED),
        ("audience", UNTRUSTED),
        ("two audiences without a party", UNTRUSTED),
        ("foreign party", UNTRUSTED),
        ("issuer", UNTRUSTED),
        ("at_hash", UNTRUSTED),
        ("no subject", UNTRUSTED),
        ("number as subject", UNTRUSTED),
        ("long subject", UNTRUSTED),
        ("subject that cannot be stored", UNTRUSTED),
        ("no expiry", UNTRUSTED),
        ("expired", WRONG_TIME),
        ("from the future", WRONG_TIME),
        ("not yet valid", WRONG_TIME),
        ("none", UNTRUSTED),
        ("HS256 with the public key", UNTRUSTED),
        ("HS256 with the secret", UNTRUSTED),
        ("foreign key", UNTRUSTED),
        ("changed claims", UNTRUSTED),
        ("unknown kid", UNTRUSTED),
        ("no ID token", UNTRUSTED),
        ("no tokens", UNREACHABLE),
    ],
)
def test_a_hostile_answer_signs_nobody_in(server, lie, failure):
    make_account(Client(), server)
    provider.forget()
    browser, server.lies = Client(), {lie}
    response = sign_in(browser, server)
    assert has_failed(response, failure), response.content.decode()
    assert handle_of(browser) is None and browser.get(NEW)["Location"] == "/sign-in/"
    assert 'data-testid="openid"' in response.content.decode(), "the page offers another attempt"


@pytest.mark.parametrize("lie", ["other issuer", "http endpoint", "broken endpoint", "redirect", "large"])
def test_a_provider_that_describes_itself_wrongly_is_not_used(server, lie):
    server.lies = {lie}
    response = Client().get("/sign-in/openid/")
    assert has_failed(response, UNREACHABLE) and len(server.requests) == 1


@pytest.mark.parametrize("lie", ["redirect", "large"])
def test_an_exchange_that_redirects_or_is_too_large_signs_nobody_in(server, lie):
    make_account(Client(), server)
    browser = Client()
    answer = start(browser, server)
    server.lies = {lie}
    assert has_failed(browser.get(CALLBACK, answer), UNREACHABLE) and "/elsewhere" not in server.requests


def test_the_site_waits_only_once_for_a_slow_provider(server, monkeypatch):
    monkeypatch.setattr(requesting, "TIMEOUT_SECONDS", 0.1)
    asked = []
    monkeypatch.setattr(provider, "fetch_object", lambda url: asked.append(url) or requesting.fetch_object(url))
    server.lies = {"slow"}
    for _ in range(3):
        assert has_failed(Client().get("/sign-in/openid/"), UNREACHABLE)
    assert len(asked) == 1


def test_a_failed_exchange_is_not_repeated_for_a_while(server, monkeypatch):
    browser = Client()
    answers = [start(browser, server) for _ in range(3)]
    server.lies = {"large"}
    for answer in answers[:2]:
        assert has_failed(browser.get(CALLBACK, answer), UNREACHABLE)
    assert server.requests.count("/token") == 1
    server.lies = set()
    later = provider.time.monotonic() + provider.KEEP_FAILURE_SECONDS
    monkeypatch.setattr(provider, "time", SimpleNamespace(monotonic=lambda: later))
    assert browser.get(CALLBACK, answers[2])["Location"] == NEW


def test_the_doctor_reports_a_provider_that_cannot_be_used(server, settings):
    assert checked_text(doctor.check_openid(), is_well=True)
    provider.forget()
    server.lies = {"other issuer"}
    assert "OIDC_ISSUER must be the same text" in checked_text(doctor.check_openid())
    settings.OIDC_ISSUER = None
    assert doctor.check_openid() == []


@pytest.mark.parametrize("lie", ["stalls", "breaks off"])
@pytest.mark.parametrize("moment", ["start", "exchange"])
def test_a_provider_that_stops_in_the_middle_of_an_answer_leads_to_a_clear_page(server, monkeypatch, lie, moment):
    browser = Client()
    answer = start(browser, server) if moment == "exchange" else None
    monkeypatch.setattr(requesting, "TIMEOUT_SECONDS", 0.1)
    server.lies = {lie}
    response = browser.get(CALLBACK, answer) if answer else browser.get("/sign-in/openid/")
    assert has_failed(response, UNREACHABLE), response.content.decode()


def test_a_provider_that_is_down_leads_to_a_clear_page(server, settings):
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    assert has_failed(Client().get("/sign-in/openid/"), UNREACHABLE)


@pytest.mark.parametrize(
    "error, failure",
    [
        ("access_denied", (403, "You cancelled the sign-in at Example Login")),
        ("invalid_scope", REFUSED),
        ("<script>", REFUSED),
        ("server_error", UNREACHABLE),
    ],
)
def test_an_error_of_the_provider_leads_to_a_clear_page(server, error, failure):
    browser = Client()
    response = browser.get(CALLBACK, start(browser, server, error))
    assert has_failed(response, failure) and "<script>" not in response.content.decode()


def test_an_answer_is_used_once(server):
    make_account(Client(), server)
    browser = Client()
    answer = start(browser, server)
    assert browser.get(CALLBACK, answer)["Location"] == "/"
    browser.post("/sign-out/")
    assert has_failed(browser.get(CALLBACK, answer), NOT_STARTED)
    assert has_failed(browser.get(CALLBACK, start(browser, server) | {"code": answer["code"]}), REFUSED)


def test_an_answer_is_accepted_only_from_the_browser_that_started_the_sign_in(server):
    make_account(Client(), server)
    answer = start(Client(), server)
    victim = Client()
    assert has_failed(victim.get(CALLBACK, answer), NOT_STARTED) and handle_of(victim) is None


def test_a_code_of_another_sign_in_is_refused(server):
    make_account(Client(), server)
    stolen = start(Client(), server)
    attacker = Client()
    own = start(attacker, server)
    assert has_failed(attacker.get(CALLBACK, {**own, "code": stolen["code"]}), REFUSED), "PKCE binds the code"


def test_a_started_sign_in_expires_and_a_browser_keeps_only_the_newest_five(server, monkeypatch):
    make_account(Client(), server)
    browser = Client()
    answers = [start(browser, server) for _ in range(flow.MAX_STARTED + 1)]
    assert has_failed(browser.get(CALLBACK, answers[0]), NOT_STARTED)
    monkeypatch.setattr(flow, "LIFETIME_SECONDS", -1)
    assert has_failed(browser.get(CALLBACK, answers[1]), NOT_STARTED)
    monkeypatch.undo()
    assert browser.get(CALLBACK, answers[2])["Location"] == "/"


def test_new_keys_are_fetched_at_most_once_a_minute(server, monkeypatch):
    make_account(Client(), server)
    server.keys = [make_key(3), *server.keys[1:]]
    assert has_failed(sign_in(Client(), server), UNTRUSTED), "the keys were fetched less than a minute ago"
    monkeypatch.setattr(provider, "ROTATION_SECONDS", 0)
    assert sign_in(Client(), server)["Location"] == "/"
    before = server.requests.count("/keys")
    assert sign_in(Client(), server)["Location"] == "/" and server.requests.count("/keys") == before


def test_an_answer_for_a_sign_in_that_was_not_started_stores_no_session(server):
    assert has_failed(Client().get(CALLBACK, {"state": "made-up", "code": "x"}), NOT_STARTED)
    assert not Session.objects.exists()


def test_an_answer_without_a_valid_state_is_refused(server):
    assert has_failed(Client().get(CALLBACK), NOT_STARTED)
    assert has_failed(Client().get(CALLBACK, {"state": "\0", "code": "x"}), NOT_STARTED)


# The next tests are about connecting an account with a password.


def test_a_person_connects_and_disconnects_their_account(server, alice):
    browser = wire.browser_of(alice)
    assert "purpose=connect" in browser.get("/settings/").content.decode()
    assert sign_in(browser, server, purpose="connect", next="/settings/")["Location"] == NEW
    assert "Your name at Example Login: <bdi>alice</bdi>" in browser.get(NEW).content.decode()
    assert "The password is wrong" in browser.post(NEW, {"password": "x"}).content.decode()
    assert browser.post(NEW, {"password": "correct horse"})["Location"] == "/settings/"
    other = Client()
    assert sign_in(other, server)["Location"] == "/" and handle_of(other) == "Alice"
    assert browser.post("/settings/disconnect-openid/")["Location"] == "/settings/"
    acts = AccountEntry.objects.filter(person=alice, actor=alice).order_by("id")
    assert list(acts.values_list("act", flat=True)) == ["connected", "disconnected"]
    assert sign_in(Client(), server)["Location"] == NEW


def test_another_site_cannot_connect_an_account(server, alice):
    browser = Client(enforce_csrf_checks=True)
    browser.cookies.update(wire.browser_of(alice).cookies)
    assert sign_in(browser, server, purpose="connect")["Location"] == NEW
    assert browser.post(NEW, {"password": "correct horse"}).status_code == 403
    assert not ExternalLogin.objects.exists()


def test_each_account_is_connected_once(server, alice, bob):
    browser = wire.browser_of(alice)
    sign_in(browser, server, purpose="connect")
    browser.post(NEW, {"password": "correct horse"})
    # Bob signs in at the provider with Alice's account there.
    other = wire.browser_of(bob)
    assert has_failed(sign_in(other, server, purpose="connect"), (403, "an account that does not belong to you"))
    assert handle_of(other) == "Bob"
    # Alice connects a second account of the provider.
    server.claims["sub"] = "second"
    sign_in(browser, server, purpose="connect")
    assert "is connected already" in browser.post(NEW, {"password": "correct horse"}).content.decode()


def test_an_account_without_a_password_cannot_be_disconnected_but_can_get_a_password(server):
    browser = Client()
    make_account(browser, server)
    assert browser.post("/settings/disconnect-openid/").status_code == 403
    form = {"new_password": "a new long password"}
    assert "Sign in with Example Login again" in browser.post("/password/", form).content.decode()
    assert sign_in(browser, server, purpose="recent", next="/password/")["Location"] == "/password/"
    assert browser.post("/password/", form)["Location"] == "/"
    assert people.find_person("Alice", form["new_password"])
    assert browser.post("/settings/disconnect-openid/").status_code == 302 and not ExternalLogin.objects.exists()


def test_an_account_without_a_password_is_deleted_only_after_a_recent_sign_in(server):
    browser = Client()
    make_account(browser, server)
    assert "again" in browser.post("/settings/delete/", {"password": "-"}).content.decode()
    for lie, failure in [("old sign-in", WRONG_TIME), ("no sign-in time", UNTRUSTED)]:
        server.lies = {lie}
        assert has_failed(sign_in(browser, server, purpose="recent"), failure)
    server.lies = set()
    assert Person.objects.get().is_active
    assert sign_in(browser, server, purpose="recent", next="/settings/")["Location"] == "/settings/"
    assert browser.post("/settings/delete/", {"password": "-"})["Location"] == "/"
    assert not Person.objects.get().is_active and not ExternalLogin.objects.exists()


def test_a_recent_sign_in_must_be_by_the_same_person(server):
    browser = Client()
    make_account(browser, server)
    server.claims["sub"] = "stranger"
    assert has_failed(sign_in(browser, server, purpose="recent"), (403, "an account that does not belong to you"))
    assert "again" in browser.post("/settings/delete/", {"password": "-"}).content.decode()


@pytest.mark.parametrize("moment", [9e12, float("nan"), 10**400, True, "now"])
def test_a_sign_in_at_an_impossible_time_is_not_recent(server, moment):
    browser = Client()
    make_account(browser, server)
    server.claims["auth_time"] = moment
    assert sign_in(browser, server, purpose="recent").status_code == 403
    assert "again" in browser.post("/settings/delete/", {"password": "-"}).content.decode()


def test_a_name_that_cannot_be_written_is_not_shown(server, alice):
    server.claims = {"sub": "1", "preferred_username": "\ud800", "name": "Dora"}
    browser = wire.browser_of(alice)
    sign_in(browser, server, purpose="connect")
    assert "<bdi>Dora</bdi>" in browser.get(NEW).content.decode()


def test_the_persons_data_names_the_account_at_the_provider(server):
    browser = Client()
    make_account(browser, server)
    data = b"".join(browser.get("/api/profile/data/").streaming_content).decode()
    assert server.claims["sub"] in data


def test_an_operator_disconnects_a_persons_account_in_the_admin(server, admin_browser):
    browser = Client()
    make_account(browser, server)
    login = ExternalLogin.objects.get()
    assert server.claims["sub"] in admin_browser.get(f"/admin/chat/externallogin/{login.id}/change/").content.decode()
    path = f"/admin/chat/externallogin/{login.id}/delete/"
    assert admin_browser.post(path, {"post": "yes"}).status_code == 302
    assert handle_of(browser) is None and sign_in(Client(), server)["Location"] == NEW


def test_the_tokens_of_a_person_end_when_an_operator_deletes_the_external_login(server, admin_browser):
    browser = Client()
    make_account(browser, server)
    person = Person.objects.get(handle="Alice")
    _, key = people.make_token(person, "bot", people.TokenLimits(survives_password_change=True))
    fields = {"action": "delete_selected", "_selected_action": [ExternalLogin.objects.get().id], "post": "yes"}
    admin_browser.post("/admin/chat/externallogin/", fields)
    assert handle_of(browser) is None and not ExternalLogin.objects.exists()
    assert Client().get("/api/workspace/", HTTP_AUTHORIZATION=f"Bearer {key}").status_code == 401


def test_only_superusers_disconnect_operators(server, alice, bob, root):
    for number, person in enumerate([root, alice]):
        ExternalLogin.objects.create(person=person, issuer=server.issuer, subject=f"s{number}")
    Person.objects.filter(id=bob.id).update(is_staff=True)
    codenames = ["delete_externallogin", "view_externallogin"]
    bob.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    operator = wire.browser_of(bob)
    paths = [f"/admin/chat/externallogin/{login.id}/delete/" for login in ExternalLogin.objects.order_by("id")]
    assert [operator.post(path, {"post": "yes"}).status_code for path in paths] == [403, 302]
    assert ExternalLogin.objects.get().person == root


def test_an_account_without_a_password_needs_no_second_factor_even_if_everyone_must_have_one(server, settings, alice):
    settings.CHAT_SECOND_FACTOR = "everyone"
    browser = Client()
    make_account(browser, server, "Dora")
    assert browser.get("/settings/").status_code == 200
    with_password = wire.browser_of(alice)
    assert with_password.get("/settings/")["Location"] == "/settings/two-factor/"


def test_the_settings_do_not_ask_for_a_password_that_the_person_does_not_have(server):
    browser = Client()
    make_account(browser, server)
    page = browser.get("/settings/").content.decode()
    assert 'type="password"' not in page and "You have no password here" in page
    assert "Sign in with Example Login again" in browser.post("/settings/delete/", {"password": "-"}).content.decode()


# The next tests are about sites on which only the provider signs people in.


def test_on_a_site_with_only_openid_just_operators_can_disconnect_their_external_login(server, settings, alice, root):
    for number, person in enumerate([alice, root]):
        ExternalLogin.objects.create(person=person, issuer=server.issuer, subject=f"s{number}")
    settings.OIDC_ONLY = True
    browser, operator = wire.browser_of(alice), wire.browser_of(root)
    assert "disconnect-openid" not in browser.get("/settings/").content.decode()
    assert browser.post("/settings/disconnect-openid/").status_code == 403
    assert "disconnect-openid" in operator.get("/settings/").content.decode()
    assert operator.post("/settings/disconnect-openid/").status_code == 302
    assert ExternalLogin.objects.get().person == alice, "without it, Alice could not sign in again"


def test_on_a_site_with_only_openid_just_operators_can_use_a_password(server, settings, alice, root):
    settings.OIDC_ONLY = True
    browser = Client()
    form = {"handle": "Alice", "password": "correct horse"}
    assert "There is no account" in browser.post("/sign-in/", form).content.decode()
    assert browser.post("/api/session/", form, content_type="application/json").status_code == 401
    assert browser.post("/admin/login/", {"username": "Alice", "password": "correct horse"}).status_code == 200
    new = {"handle": "Dora", "password": "correct horse"}
    assert "switched off" in browser.post("/sign-up/", new).content.decode()
    assert browser.post("/api/users/", new, content_type="application/json").status_code == 403
    assert handle_of(browser) is None
    assert 'name="password"' not in browser.get("/sign-up/").content.decode()
    make_account(browser, server, "Dora")
    operator = Client()
    assert operator.post("/sign-in/", {"handle": "Root", "password": "a long password"}).status_code == 302


# The next tests are about the second factor.


def test_a_person_who_has_set_up_a_second_factor_must_use_it_after_signing_in_at_the_provider_too(server):
    make_account(Client(), server)
    person = Person.objects.get()
    SecondFactor.objects.create(person=person, secret="encrypted")
    codes = recovery_codes.replace_codes(person)
    browser = Client()
    page = sign_in(browser, server, next="/settings/")["Location"]
    assert page == "/sign-in/code/?next=%2Fsettings%2F" and handle_of(browser) is None
    assert browser.post(f"{page}&recovery=1", {"code": codes[0]})["Location"] == "/settings/"
    assert handle_of(browser) == "Alice"


def test_an_account_without_a_password_sets_a_second_factor_up_only_after_a_recent_sign_in(server):
    browser = Client()
    make_account(browser, server)
    form = browser.get("/settings/two-factor/").context["forms"]["start"]
    assert form["proof"].is_hidden
    fields = {"proof": form["proof"].value()}
    response = browser.post("/settings/two-factor/start/", fields)
    assert response.status_code == 400 and "within ten minutes" in response.content.decode()
    sign_in(browser, server, purpose="recent")
    assert browser.post("/settings/two-factor/start/", fields).status_code == 302
    assert browser.get("/settings/two-factor/").context["setup"] is not None
