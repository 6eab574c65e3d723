"""The second factor: its set-up, both steps of a sign-in, recovery codes, and the limits of attempts."""

import re

import pytest
from django.test import Client

from chat.models import AccountEntry, Login, RecoveryCode, SecondFactor, Token
from chat.services import people
from chat.services.people import second_factor, second_factor_changes, sign_in_steps
from tests import wire
from tests.chat.factors import (
    App,
    browser_with_factor,
    has_factor,
    is_signed_in,
    set_up,
    sign_in,
)
from tests.helpers import statements

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("time")]
PAGE = "/settings/two-factor/"


@pytest.fixture
def owner(alice):
    """
    Return (a signed-in browser of Alice, her app, her recovery codes).

    The set-up has used the code of the current 30 seconds.
    """
    return browser_with_factor()


def begin(next_page="/rooms/garden/"):
    """Return a browser that has given the right password on the page."""
    browser = Client()
    response = browser.post("/sign-in/", {"handle": "alice", "password": "correct horse", "next": next_page})
    assert response.status_code == 302 and response["Location"].startswith("/sign-in/code/?next=")
    return browser


# The set-up.


def test_the_set_up_shows_a_picture_without_styles_and_the_key_as_text(alice):
    browser = wire.browser_of(alice)
    browser.post(f"{PAGE}start/", {"proof": "correct horse"})
    page = browser.get(PAGE)
    text, secret = page.content.decode(), page.context["setup"].secret
    picture = re.search(r"<svg.*?</svg>", text, re.DOTALL)[0]
    assert "style=" not in picture and "<style" not in picture and "<script" not in picture
    assert "viewBox" in picture.partition(">")[0], "without it, the picture has another size than its element"
    assert secret[:4] + " " + secret[4:8] in text
    assert page["Cache-Control"].startswith("max-age=0") and 'autocomplete="one-time-code"' in text
    assert 'inputmode="numeric"' in text
    assert "unsafe-inline" not in page["Content-Security-Policy"]


def test_the_database_contains_neither_the_secret_nor_a_recovery_code(owner):
    browser, app, codes = owner
    assert app.totp.secret not in SecondFactor.objects.get().secret
    assert len(codes) == RecoveryCode.objects.count() == 10
    digests = {code.digest for code in RecoveryCode.objects.all()}
    assert not digests & set(codes) and all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)
    assert codes[0] not in browser.get(PAGE).content.decode()


def test_the_set_up_needs_the_password_and_a_right_code(alice):
    browser = wire.browser_of(alice)
    response = browser.post(f"{PAGE}start/", {"proof": "wrong"})
    assert response.status_code == 400 and response.context["setup"] is None
    response = browser.post(f"{PAGE}confirm/", {"code": "123456"})
    assert response.status_code == 400 and "Begin again." in response.content.decode()
    browser.post(f"{PAGE}start/", {"proof": "correct horse"})
    assert browser.post(f"{PAGE}confirm/", {"code": "000000"}).status_code == 400
    assert not has_factor(alice)


def test_the_set_up_ends_after_some_time_and_can_be_cancelled(alice, time):
    browser = wire.browser_of(alice)
    browser.post(f"{PAGE}start/", {"proof": "correct horse"})
    app = App(browser.get(PAGE).context["setup"].secret)
    browser.post(f"{PAGE}cancel/")
    assert browser.post(f"{PAGE}confirm/", {"code": app.code()}).status_code == 400
    browser.post(f"{PAGE}start/", {"proof": "correct horse"})
    app = App(browser.get(PAGE).context["setup"].secret)
    app.now = time.now = time.now + 16 * 60
    assert browser.post(f"{PAGE}confirm/", {"code": app.code()}).status_code == 400
    assert not has_factor(alice)


def test_a_guest_and_a_stranger_have_no_page_of_the_second_factor(charlie):
    for browser in (Client(), wire.browser_of(charlie)):
        assert browser.get(PAGE)["Location"].startswith("/sign-in/")
        assert browser.post(f"{PAGE}start/", {"proof": "x"})["Location"].startswith("/sign-in/")


def test_an_app_that_is_confirmed_twice_keeps_its_recovery_codes(alice, monkeypatch):
    browser = wire.browser_of(alice)
    browser.post(f"{PAGE}start/", {"proof": "correct horse"})
    app = App(browser.get(PAGE).context["setup"].secret)
    codes = browser.post(f"{PAGE}confirm/", {"code": app.code()}).context["codes"]
    # The second request of a double click has read the session before the first one changed it.
    earlier = second_factor_changes.Setup(app.totp.secret, "")
    monkeypatch.setattr(second_factor_changes, "find_setup", lambda request, issuer: earlier)
    response = browser.post(f"{PAGE}confirm/", {"code": app.code()})
    assert response.status_code == 400 and "set up already" in response.content.decode()
    assert sign_in(Client(), code=codes[0]).status_code == 200


def test_an_unknown_action_is_not_found(alice):
    assert wire.browser_of(alice).post(f"{PAGE}nonsense/").status_code == 404


# The sign-in on the page.


def test_the_password_alone_creates_no_login_and_the_page_asks_for_the_code(owner, time):
    _, app, _ = owner
    browser = begin()
    assert not is_signed_in(browser) and Login.objects.count() == 1
    assert browser.get("/sign-in/code/").status_code == 200
    key = browser.session.session_key
    app.now = time.now = time.now + 30
    response = browser.post(
        "/sign-in/code/", {"code": f" {app.code()[:3]} {app.code()[3:]} ", "next": "/rooms/garden/"}
    )
    assert (response.status_code, response["Location"]) == (302, "/rooms/garden/")
    assert is_signed_in(browser) and sign_in_steps.PENDING_KEY not in browser.session
    assert browser.session.session_key != key, (
        "the session key must change at the sign-in, because somebody else may know the earlier key"
    )


def test_the_page_of_the_code_redirects_browsers_without_the_password(owner, alice):
    assert Client().get("/sign-in/code/?next=/x/")["Location"] == "/sign-in/?next=/x/"
    assert Client().post("/sign-in/code/", {"code": "123456"}).status_code == 302


def test_the_state_between_the_steps_ends_after_five_minutes_and_with_a_new_password(owner, alice, time):
    _, app, _ = owner
    late = begin()
    app.now = time.now = time.now + 5 * 60 + 1
    assert late.post("/sign-in/code/", {"code": app.code()})["Location"].startswith("/sign-in/?")
    changed = begin()
    alice.set_password("another secret")
    alice.save()
    assert changed.post("/sign-in/code/", {"code": app.code()})["Location"].startswith("/sign-in/?")
    assert not is_signed_in(late) and not is_signed_in(changed)


def test_the_next_page_is_on_this_site(owner, time):
    _, app, _ = owner
    browser = begin("https://evil.example/")
    app.now = time.now = time.now + 30
    response = browser.post("/sign-in/code/?next=//evil.example", {"code": app.code()})
    assert response["Location"] == "/"


def test_a_code_is_accepted_once_and_one_step_early_or_late(owner, time):
    _, app, _ = owner
    app.now = time.now = time.now + 300
    first = app.code(-1)
    for code, status in [(app.code(-2), 401), (first, 200), (first, 401), (app.code(1), 200), (app.code(), 401)]:
        assert sign_in(Client(), code=code).status_code == status, code
    assert sign_in(Client(), code=app.code(2)).status_code == 401


def test_only_one_of_two_requests_with_the_same_code_succeeds(owner, alice, time, monkeypatch):
    _, app, codes = owner
    app.now = time.now = time.now + 30
    find_step, results = second_factor.find_step, []

    def find_and_be_overtaken(secret, text):
        step = find_step(secret, text)
        monkeypatch.setattr(second_factor, "find_step", find_step)
        # The other request comes after this one has read the row, and before it writes.
        results.append(sign_in(Client(), code=app.code()).status_code)
        return step

    monkeypatch.setattr(second_factor, "find_step", find_and_be_overtaken)
    results.append(sign_in(Client(), code=app.code()).status_code)
    assert results == [200, 401]


# Recovery codes.


def test_a_recovery_code_signs_in_once(owner):
    _, _, codes = owner
    browser = begin()
    page = browser.get("/sign-in/code/?recovery=1").content.decode()
    assert 'inputmode="numeric"' not in page
    typed = codes[3].upper().replace("-", " ")
    assert browser.post("/sign-in/code/?recovery=1", {"code": typed}).status_code == 302
    assert "You have 9 recovery codes left." in browser.get("/settings/").content.decode()
    assert sign_in(Client(), code=codes[3]).status_code == 401
    assert sign_in(Client(), code=codes[4]).status_code == 200


def test_a_person_with_few_recovery_codes_is_redirected_to_the_page_that_makes_new_ones(owner):
    _, _, codes = owner
    pages = []
    for code in codes[:7]:
        browser = begin()
        pages.append(browser.post("/sign-in/code/?recovery=1", {"code": code, "next": "/x/"})["Location"])
    assert pages == ["/x/"] * 6 + [PAGE]
    assert "You have only 3 recovery codes left." in browser.get(PAGE).content.decode()
    for code in codes[7:]:
        browser = begin()
        browser.post("/sign-in/code/?recovery=1", {"code": code})
    page = browser.get(PAGE).content.decode()
    assert page.count("You have no recovery codes left.") == 2 and "0 recovery codes" not in page


def test_new_recovery_codes_replace_the_earlier_ones(owner, alice):
    browser, _, codes = owner
    response = browser.post(f"{PAGE}codes/", {"proof": "correct horse"})
    assert len(set(response.context["codes"]) | set(codes)) == 20
    assert sign_in(Client(), code=codes[0]).status_code == 401
    assert sign_in(Client(), code=response.context["codes"][0]).status_code == 200


def test_the_recovery_code_of_another_person_is_wrong(owner, bob):
    _, _, codes = owner
    other = Client()
    sign_in(other, "Bob", "battery staple")
    set_up(other, "battery staple")
    assert sign_in(Client(), "Bob", "battery staple", code=codes[0]).status_code == 401


# The API.


def test_the_api_says_that_a_code_is_needed(owner, time):
    _, app, _ = owner
    browser = Client()
    response = sign_in(browser)
    assert (response.status_code, response.json()["code"]) == (401, "second_factor_required")
    response = sign_in(browser, code="123456")
    assert (response.status_code, response.json()["code"]) == (401, "second_factor_required")
    assert sign_in(browser, code=7).json()["code"] == "invalid_field"
    app.now = time.now = time.now + 30
    assert sign_in(browser, code=app.code()).json()["handle"] == "Alice"


def test_without_the_password_nobody_learns_of_the_second_factor(owner, bob, django_assert_num_queries, time):
    _, app, _ = owner
    app.now = time.now = time.now + 30
    responses = []
    for handle in ("Alice", "Bob", "Nobody"):
        for fields in ({}, {"code": app.code()}):
            with django_assert_num_queries(3) as queries:
                response = sign_in(Client(), handle, "a wrong password", **fields)
            responses.append((response.status_code, response.content, tuple(statements(queries.captured_queries))))
    assert len(set(responses)) == 1 and responses[0][0] == 401
    # The wrong password did not use the code up.
    assert sign_in(Client(), code=app.code()).status_code == 200


def test_an_account_without_a_second_factor_ignores_a_code(bob):
    assert sign_in(Client(), "Bob", "battery staple", code="123456").status_code == 200


# Limits.


def test_wrong_codes_are_limited_and_right_codes_are_not(owner, time):
    browser, app, _ = owner
    stranger = Client(REMOTE_ADDR="203.0.113.7")
    codes = [sign_in(stranger, code="000000").json()["code"] for _ in range(7)]
    assert codes == ["second_factor_required"] * 5 + ["rate_limited"] * 2
    for _ in range(8):
        app.now = time.now = time.now + 60
        assert sign_in(browser, code=app.code()).status_code == 200


def test_an_attacker_at_many_addresses_is_limited_and_the_owner_is_not(owner, time):
    browser, app, _ = owner
    found = [sign_in(Client(REMOTE_ADDR=f"203.0.{n}.7"), code="000000").json()["code"] for n in range(25)]
    assert found.count("second_factor_required") == 20
    app.now = time.now = time.now + 30
    assert sign_in(browser, code=app.code()).status_code == 200


# Changes.


def test_a_change_ends_the_other_logins_and_is_in_the_log(alice):
    other = Client()
    sign_in(other)
    browser, app, _ = browser_with_factor()
    assert not is_signed_in(other) and is_signed_in(browser)
    browser.post(f"{PAGE}codes/", {"proof": "correct horse"})
    browser.post(f"{PAGE}off/", {"proof": "correct horse"})
    assert not has_factor(alice) and not RecoveryCode.objects.exists()
    assert list(AccountEntry.objects.values_list("act", flat=True)) == ["factor_on", "new_codes", "factor_off"]
    assert AccountEntry.objects.filter(person=alice, actor=alice, address="127.0.0.1").count() == 3


def test_a_change_of_the_second_factor_accepts_an_unused_code_of_the_app_instead_of_the_password(owner, alice, time):
    browser, app, codes = owner
    assert browser.post(f"{PAGE}off/", {"proof": app.code()}).status_code == 400, "the code of the set-up is used"
    app.now = time.now = time.now + 30
    assert browser.post(f"{PAGE}codes/", {"proof": app.code()}).status_code == 200
    assert browser.post(f"{PAGE}off/", {"proof": codes[0]}).status_code == 400
    app.now = time.now = time.now + 30
    assert browser.post(f"{PAGE}off/", {"proof": app.code()}).status_code == 302
    assert not has_factor(alice)


def test_another_app_replaces_the_first_one_only_when_it_is_confirmed(owner, time):
    browser, app, _ = owner
    browser.post(f"{PAGE}start/", {"proof": "correct horse"})
    app.now = time.now = time.now + 30
    assert sign_in(Client(), code=app.code()).status_code == 200
    other = App(browser.get(PAGE).context["setup"].secret)
    other.now = time.now
    assert browser.post(f"{PAGE}confirm/", {"code": other.code()}).status_code == 200
    app.now = other.now = time.now = time.now + 30
    assert sign_in(Client(), code=app.code()).status_code == 401
    assert sign_in(Client(), code=other.code()).status_code == 200


def test_guesses_of_the_proof_are_limited(owner):
    browser, _, _ = owner
    statuses = [browser.post(f"{PAGE}off/", {"proof": "000000"}).status_code for _ in range(6)]
    assert statuses == [400] * 5 + [429]


def test_after_a_change_of_the_secret_key_codes_of_the_app_fail_and_recovery_codes_work(owner, settings, time):
    _, app, codes = owner
    app.now = time.now = time.now + 30
    settings.SECRET_KEY = "another key"
    assert sign_in(Client(), code=app.code()).status_code == 401
    assert sign_in(Client(), code=codes[0]).status_code == 200


def test_the_secret_of_one_person_is_unreadable_for_another(owner, bob, time):
    _, app, _ = owner
    SecondFactor.objects.create(person=bob, secret=SecondFactor.objects.get().secret)
    assert sign_in(Client(), "Bob", "battery staple", code=app.code()).status_code == 401


def test_tokens_of_bots_are_not_affected(owner, alice):
    _, key = people.make_token(alice, "bot")
    assert Token.objects.count() == 1
    headers = {"HTTP_AUTHORIZATION": f"Bearer {key}"}
    assert Client().get("/api/rooms/", **headers).status_code == 200
