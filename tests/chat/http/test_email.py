"""E-mail: the address of an account, a new password by a link, and the notices about an account."""

import pytest
from django.test import Client
from django.utils import timezone

from chat.models import AccountEntry, EmailAddress, KnownPlace, Mail, Preferences
from chat.services import people
from tests import wire
from tests.chat.factors import browser_with_factor, is_signed_in, sign_in
from tests.chat.helpers import deactivate
from tests.helpers import statements

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("time")]
ADDRESS = "Alice@example.com"
FORM = "/settings/email/"


def give_address(person, address=ADDRESS):
    """Give a person a confirmed address."""
    EmailAddress.objects.create(person=person, address=address, key=address.lower())


@pytest.fixture
def browser(alice):
    browser = Client()
    sign_in(browser)
    return browser


def ask(whom, **headers):
    """Ask for a new password on the page, let the worker run, and return the response."""
    response = Client(**headers).post("/password/forgotten/", {"whom": whom})
    wire.work()
    return response


# The address.


def test_an_address_counts_only_after_it_was_confirmed_on_the_page_of_its_link(browser, alice, mailbox):
    assert browser.post(FORM, {"email": ADDRESS, "proof": "correct horse"}).status_code == 302
    assert EmailAddress.objects.get().address == ""
    assert "is not confirmed yet" in browser.get("/settings/").content.decode()
    wire.work()
    (mail,) = mailbox.mails
    assert (mail.to, mail.sender, mail.message["To"]) == ([ADDRESS], "no-reply@localhost", ADDRESS)
    assert "Alice" not in mail.text.replace(ADDRESS, "")
    assert ADDRESS in browser.get(mail.link).content.decode()
    assert EmailAddress.objects.get().address == "", "a GET changes nothing"
    assert browser.post(mail.link)["Location"] == "/settings/"
    assert EmailAddress.objects.get().address == ADDRESS
    assert browser.post(mail.link).status_code == 404
    assert not Mail.objects.exists()


def test_only_the_account_that_entered_an_address_can_confirm_it(browser, bob, mailbox):
    browser.post(FORM, {"email": ADDRESS, "proof": "correct horse"})
    wire.work()
    link = mailbox.mails[0].link
    assert Client().get(link)["Location"] == f"/sign-in/?next={link}"
    other = wire.browser_of(bob)
    assert other.get(link).status_code == other.post(link).status_code == 404
    EmailAddress.objects.update(sent_at=timezone.now() - people.emails.LINK_LIFETIME)
    assert browser.post(link).status_code == 404


def test_a_change_of_the_address_needs_the_password_and_tells_the_former_address(browser, alice, mailbox):
    give_address(alice)
    assert browser.post(FORM, {"email": "new@example.com", "proof": "wrong"}).status_code == 400
    browser.post(FORM, {"email": "new@example.com", "proof": "correct horse"})
    wire.work()
    assert EmailAddress.objects.get().address == ADDRESS
    browser.post(mailbox.mails[0].link)
    wire.work()
    assert [mail.to[0] for mail in mailbox.mails] == ["new@example.com", ADDRESS]
    assert browser.post(FORM, {"email": "", "proof": "correct horse"}).status_code == 302
    wire.work()
    assert mailbox.mails[-1].to == ["new@example.com"] and EmailAddress.objects.get().address == ""
    assert AccountEntry.objects.filter(act="email").count() == 2


@pytest.mark.parametrize(
    "address",
    ["alice", "a@b", "a b@example.com", "a@example.com\nBcc: b@example.com", "a@example.com,b@example.com",
     "<a@example.com>", "ä@example.com", "a@exämple.com", "a@example.com\x00", "a" * 250 + "@example.com"],
)  # fmt: skip
def test_a_text_that_is_no_address_is_refused(browser, mailbox, address):
    assert browser.post(FORM, {"email": address, "proof": "correct horse"}).status_code == 400
    assert not Mail.objects.exists()


def test_a_sign_up_can_contain_an_address(db, mailbox):
    browser, fields = Client(), {"handle": "Dora", "password": "correct horse"}
    assert browser.post("/sign-up/", {**fields, "email": "nonsense"}).status_code == 400
    assert browser.post("/sign-up/", {**fields, "email": "dora@example.com"}).status_code == 302
    wire.work()
    assert browser.post(mailbox.mails[0].link).status_code == 302
    assert EmailAddress.objects.get().key == "dora@example.com"


def test_the_responses_about_people_and_profiles_contain_no_address(alice, bob, room):
    give_address(alice)
    caller = wire.browser_of(bob)
    for path in ("/api/people/?handle=alice", "/api/people/?q=ali", "/api/rooms/garden/people/"):
        assert b"example.com" not in caller.get(path).content
    assert b"example.com" not in wire.browser_of(alice).get("/api/profile/").content


def test_mails_to_foreign_addresses_are_limited(browser, mailbox):
    statuses = [browser.post(FORM, {"email": ADDRESS, "proof": "correct horse"}).status_code for _ in range(6)]
    assert statuses == [302] * 5 + [429]


def test_requests_of_strangers_do_not_keep_the_owner_from_changing_the_address(browser, alice, mailbox):
    give_address(alice)
    for number in range(6):
        ask("alice", REMOTE_ADDR=f"203.0.{number}.7")
    assert browser.post(FORM, {"email": "new@example.com", "proof": "correct horse"}).status_code == 302


def test_without_a_mail_server_the_pages_show_nothing_about_e_mail(browser, settings):
    assert settings.EMAIL_URL is None
    for path in ("/settings/", "/sign-in/", "/sign-up/"):
        text = (browser if path == "/settings/" else Client()).get(path).content.decode()
        assert "mail" not in text and "forgotten" not in text, path
    for path in ("/password/forgotten/", "/password/reset/1/x/", "/email/x/"):
        assert browser.get(path).status_code == 404
    assert browser.post(FORM, {"email": ADDRESS, "proof": "correct horse"}).status_code == 400


# A new password.


def test_a_link_changes_the_password_once_ends_all_logins_and_tells_the_person(browser, alice, mailbox):
    give_address(alice)
    _, kept = people.make_token(alice, "bot", people.TokenLimits(survives_password_change=True))
    _, ended = people.make_token(alice, "bot")
    assert ask("alice").status_code == 200
    (mail,) = mailbox.mails
    new = Client()
    assert new.get(mail.link).status_code == 200
    assert new.post(mail.link, {"new_password": "12345678"}).status_code == 400
    assert new.post(mail.link, {"new_password": "another secret"})["Location"] == "/sign-in/"
    assert not is_signed_in(browser) and not is_signed_in(new) and not KnownPlace.objects.exists()
    assert new.post(mail.link, {"new_password": "a third secret"}).status_code == 404
    assert sign_in(Client(), password="another secret").status_code == 200
    for key, status in ((kept, 200), (ended, 401)):
        assert Client().get("/api/rooms/", HTTP_AUTHORIZATION=f"Bearer {key}").status_code == status
    wire.work()
    assert [m.to[0] for m in mailbox.mails] == [ADDRESS, ADDRESS]
    assert "Your password was changed" in mailbox.mails[1].message["Subject"]
    assert AccountEntry.objects.get(act="reset").actor is None


def test_a_link_does_not_replace_the_second_factor(alice, mailbox, time):
    give_address(alice)
    _, app, _ = browser_with_factor()
    ask("alice")
    browser = Client()
    browser.post(mailbox.mails[0].link, {"new_password": "another secret"})
    assert sign_in(browser, password="another secret").json()["code"] == "second_factor_required"
    app.now = time.now = time.now + 30
    assert sign_in(browser, password="another secret", code=app.code()).status_code == 200


@pytest.mark.parametrize("event", ["an hour passes", "a sign-in", "a new password", "a new address", "deactivation"])
def test_each_of_these_events_ends_a_link_for_a_new_password(browser, alice, mailbox, time, event):
    give_address(alice)
    ask("alice")
    link = mailbox.mails[0].link
    assert Client().get(link).status_code == 200
    if event == "an hour passes":
        time.now += 3601
    elif event == "a sign-in":
        sign_in(Client())
    elif event == "a new password":
        browser.post("/password/", {"old_password": "correct horse", "new_password": "another secret"})
    elif event == "a new address":
        EmailAddress.objects.update(address="new@example.com")
    else:
        deactivate("Alice")
    assert Client().get(link).status_code == Client().post(link, {"new_password": "a third secret"}).status_code == 404


def test_a_link_of_another_person_or_with_another_token_is_refused(alice, bob, mailbox):
    give_address(alice)
    ask("alice")
    link = mailbox.mails[0].link
    token = link.split("/")[4]
    paths = [
        link.replace(f"/{alice.id}/", f"/{bob.id}/"),
        link.replace(token, token[:-1] + "x"),
        "/password/reset/0/-/",
    ]
    paths += [link.replace(token, text) for text in ("zzzzzzzzzzzzzzzz-x", "x", "-", token.swapcase() + "-", "%00-%0A")]
    for path in paths:
        assert Client().get(path).status_code == 404, path


def test_the_response_and_its_cost_do_not_depend_on_the_account(
    alice, bob, charlie, mailbox, django_assert_num_queries
):
    give_address(alice)
    responses = []
    for whom in (
        "alice",
        ADDRESS.upper(),
        "Bob",
        "Charlie",
        "nobody",
        "nobody@example.com",
        "x" * 400,
        "a\nBcc: b@c.de",
    ):
        with django_assert_num_queries(1) as queries:
            response = Client().post("/password/forgotten/", {"whom": whom})
        text = response.content.decode().replace(response.cookies["csrftoken"].value if response.cookies else "\0", "")
        responses.append((response.status_code, text.split("<main")[1], tuple(statements(queries.captured_queries))))
    assert len(set(responses)) == 1
    wire.work()
    assert [mail.to for mail in mailbox.mails] == [[ADDRESS], [ADDRESS]] and not Mail.objects.exists()


def test_an_address_that_is_not_confirmed_gets_no_link(alice, mailbox):
    EmailAddress.objects.create(person=alice, pending=ADDRESS)
    ask(ADDRESS)
    ask("alice")
    assert mailbox.mails == []


def test_one_mail_has_the_links_of_all_accounts_of_an_address(alice, bob, mailbox):
    give_address(alice)
    give_address(bob, "alice@EXAMPLE.com")
    ask("alice@example.com")
    (mail,) = mailbox.mails
    assert f"/password/reset/{alice.id}/" in mail.text and f"/password/reset/{bob.id}/" in mail.text


def test_a_handle_that_equals_an_address_does_not_receive_its_mails(alice, db, mailbox):
    give_address(alice)
    thief = people.sign_up("alice@example.com", "battery staple")
    give_address(thief, "thief@example.com")
    ask(ADDRESS)
    assert [mail.to for mail in mailbox.mails] == [[ADDRESS]]


def test_requests_are_limited_per_address_and_per_account(alice, mailbox):
    give_address(alice)
    assert [ask("alice").status_code for _ in range(6)] == [200] * 5 + [429]
    assert [ask(f"nobody {n}").status_code for n in range(6)] == [200] * 5 + [429]
    for n in range(6):
        ask("ALICE@example.com", REMOTE_ADDR=f"203.0.{n}.7")
    assert len(mailbox.mails) == 5, "the account has its own limit, which the response does not show"


def test_the_header_host_does_not_decide_the_link(alice, mailbox, settings):
    give_address(alice)
    settings.PUBLIC_URL = "https://chat.example.com"
    ask("alice", HTTP_HOST="localhost")
    assert f"https://chat.example.com/password/reset/{alice.id}/" in mailbox.mails[0].text
    assert "localhost" not in mailbox.mails[0].text
    settings.PUBLIC_URL = None
    assert ask("alice", HTTP_HOST="evil.example").status_code == 400
    ask("alice", HTTP_HOST="localhost:8000")
    assert "http://localhost:8000/password/reset/" in mailbox.mails[1].text


def test_mails_are_in_the_language_that_the_person_chose_or_in_that_of_the_request(alice, bob, mailbox):
    give_address(alice)
    ask("alice", HTTP_ACCEPT_LANGUAGE="de")
    assert "Passwort" in mailbox.mails[0].message["Subject"]
    Preferences.objects.create(person=alice, language="zh")
    browser = Client()
    sign_in(browser)
    browser.post("/password/", {"old_password": "correct horse", "new_password": "another secret"})
    wire.work()
    assert "密码" in mailbox.mails[1].message["Subject"]


# The notices.


def test_a_changed_password_and_a_second_factor_that_is_off_are_reported(alice, root, mailbox, time):
    give_address(alice)
    browser, _, _ = browser_with_factor()
    browser.post("/settings/two-factor/off/", {"proof": "correct horse"})
    browser.post("/password/", {"old_password": "correct horse", "new_password": "another secret"})
    wire.work()
    subjects = [mail.message["Subject"] for mail in mailbox.mails]
    assert subjects == ["Two-factor sign-in was switched off - testserver", "Your password was changed - testserver"]
    assert all("Alice" in mail.text for mail in mailbox.mails)


def test_a_person_without_an_address_gets_no_notice(alice, mailbox):
    wire.browser_of(alice).post("/password/", {"old_password": "correct horse", "new_password": "another secret"})
    wire.work()
    assert mailbox.mails == [] and not Mail.objects.exists()
